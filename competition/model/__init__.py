"""The network: a backbone by name, one head a task, and what it predicts. Importing it starts Keras, quietly."""

import os

from competition.quiet import quiet_start

# TensorFlow itself uses oneDNN, which has faster convolutions, only where there is AVX-512.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

with quiet_start():
    import keras  # noqa: F401

    import competition.model.devices  # noqa: F401  sets the number of threads before anything is computed
