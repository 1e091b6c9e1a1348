"""From a multi-attribute label file to a checked, honestly scored submission."""

import os

# Keras reads it on import; losses, replicas and precision are only shown to be right on TensorFlow.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
