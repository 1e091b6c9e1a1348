"""Backbones: a module a network, and their registry."""
