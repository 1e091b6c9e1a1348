"""From image files to batches: decode, cache, warp, transform."""
