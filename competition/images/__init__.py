"""From image files to batches: decode, keep, warp, transform."""
