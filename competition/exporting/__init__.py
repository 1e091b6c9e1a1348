"""A run as a file that other programs run, and the proof that it answers alike."""
