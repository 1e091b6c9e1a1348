"""The network: a backbone by name, one head a task, and what it predicts. Importing it starts Keras, quietly."""

from competition.model.quiet import quiet_start

with quiet_start():
    import keras  # noqa: F401
