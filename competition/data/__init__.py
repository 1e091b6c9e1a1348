"""From label files and photographs to arrays."""
