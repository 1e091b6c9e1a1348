"""Speed and memory, measured as ratios within one run: absolute numbers of one machine say little about another."""
