"""The only package that compiles and fits networks."""

import competition.model  # noqa: F401  starts Keras quietly, before a module here imports it
