"""The only place that compiles and fits."""
