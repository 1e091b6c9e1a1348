"""From a multi-attribute label file to a checked, honestly scored submission."""

import os

# Keras reads it on import; losses, replicas and precision are tested on TensorFlow alone.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# OpenCV reads both on import. Without the limit a PNG of 48 kB can take 2.4 GB of memory; the log would repeat on
# stderr what BadImage says.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(2**26))
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
