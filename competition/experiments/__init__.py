"""Several trainings that belong together: cross-validations and sweeps."""
