"""Batches for Keras, made in threads while the network works."""

import os
from collections.abc import Sequence

import keras

THREADS = os.cpu_count() or 1


class Feed(keras.utils.PyDataset):
    """Any plain indexable of batches. Each thread makes whole batches; Keras hands them over in order.

    OpenCV frees the interpreter lock, so threads keep all cores busy, and nothing has to be copied or forked.
    """

    def __init__(self, batches: Sequence, threads: int = THREADS):
        super().__init__(workers=threads, max_queue_size=2 * threads)
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, index: int):
        return self.batches[index]
