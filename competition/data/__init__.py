"""Preparing a data set: checking its images, holding some out, dividing them into folds."""
