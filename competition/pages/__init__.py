"""Pages that explain a run or a data set to a person in a browser, each one file that needs nothing else."""
