"""The stream of batches: made ahead by threads, in order, while the network works."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import keras
import tensorflow as tf

from competition.errors import InvalidInput
from competition.model.devices import THREADS
from competition.model.workers import here


@contextmanager
def stream(batches: Sequence, threads: int = THREADS) -> Iterator[tf.data.Dataset]:
    """All `batches[i]`, in order and once per pass, made ahead by threads while the network works.

    A batch is a nested structure of arrays; all have the same shapes and types. Each is made by one thread: OpenCV
    frees the interpreter lock. A worker of a cluster makes only the parts of its own devices. InvalidInput and OSError
    from a thread are raised here again.

    Keras' own PyDataset is not used: with several workers and replicas (3.15) it carries batches over into the next
    epoch, and with one worker tf.data's tuning thread can keep an epoch waiting for ten seconds.
    """
    batches = here().own(batches)
    failures, first = [], [batches[0]]  # it shows the shapes, and begins the first pass

    def make(index: int):
        return first.pop() if first and index == 0 else batches[index]

    def generate() -> Iterator:
        try:
            yield from in_order(make, len(batches), threads)
        except (InvalidInput, OSError) as failure:  # which TensorFlow wraps in an error of its own
            failures.append(failure)
            raise

    signature = keras.tree.map_structure(lambda array: tf.TensorSpec(array.shape, array.dtype), first[0])
    dataset = tf.data.Dataset.from_generator(generate, output_signature=signature)
    options = tf.data.Options()
    options.autotune.enabled = False
    options.threading.private_threadpool_size = 1
    try:
        counted = dataset.apply(tf.data.experimental.assert_cardinality(len(batches)))
        yield here().shared_out(counted.prefetch(1).with_options(options))
    except tf.errors.OpError:
        if failures:
            raise failures[0] from None
        raise


def in_order(make: Callable, count: int, threads: int) -> Iterator:
    """The results of `make` for 0 to `count` - 1, in order, up to `2 * threads` of them made ahead."""
    with ThreadPoolExecutor(threads) as pool:
        coming = deque()
        for index in range(count + 2 * threads):
            if index < count:
                coming.append(pool.submit(make, index))
            if index >= 2 * threads:
                yield coming.popleft().result()
