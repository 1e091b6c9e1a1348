"""Submission files: written whole, and checked before anyone uploads them."""
