"""The network: a backbone by name, one head a task, and what it predicts. Importing it starts Keras, quietly."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_start() -> Iterator[None]:
    """Hold back what native code writes to stderr in this block, and show it only if the block fails.

    TensorFlow logs that there is no GPU, and how it was built, before any setting of its log level counts.
    """
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(terminal, held.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(terminal, 2)
            os.close(terminal)


# TensorFlow itself uses oneDNN, which has faster convolutions, only where there is AVX-512.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

with quiet_start():
    import keras  # noqa: F401

    import competition.model.devices  # noqa: F401  sets the number of threads before anything is computed
