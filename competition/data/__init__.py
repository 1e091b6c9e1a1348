"""A data set made ready: images checked, held out, divided into folds."""
