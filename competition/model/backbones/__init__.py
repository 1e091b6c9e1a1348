"""Backbones, and their registry."""
