"""The only place that compiles and fits."""

import competition.model  # noqa: F401  starts Keras quietly, before a module here imports it
