"""The two stages of a part: what the networks are to see of its pictures, and what they say of it."""

import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from competition.images.squares import Shape, fill
from competition.images.whole import BadImage
from competition.scoring.blend import Blend
from competition.scoring.predictions import Probabilities
from competition.scoring.promise import Promise
from competition.tagging.catalogue import read_picture
from competition.tagging.columns import columns_of
from competition.tagging.job import Done, Job
from competition.threads import in_threads

THREADS = 4  # of a decoder, which waits for files, too
FIT = "give --workers fewer, or machines with more memory"
NUMBER, REASON = "number", "reason"  # columns beside image and product, until the part is written


def see(part: pa.Table, root: Path, shapes: Sequence[Shape]) -> pa.Table:
    """A part with the squares that networks see, a column for each shape, and why a picture cannot be read, else null.

    Pictures are read and decoded by several threads. The rows of a column are the bytes of its squares.
    """
    squares = {shape: np.zeros((len(part), *shape.sides), np.uint8) for shape in shapes}

    def one(row: int) -> str | None:
        try:
            fill({shape: images[row] for shape, images in squares.items()}, read_picture(root, names[row]))
        except BadImage as error:
            return str(error)
        return None

    names = part["image"].to_pylist()
    reasons = pa.array(in_threads(one, range(len(part)), threads=THREADS), pa.string())
    seen = part.append_column(REASON, reasons)
    for place, images in enumerate(squares.values()):
        seen = seen.append_column(str(place), _column(images))
    return seen


class Tagger:
    """The networks of a blend, which answer parts as `see` made them, and write them into a job.

    `batch_size` is the most squares that a network is given at once; by default, as many as `serve` gives it.
    """

    def __init__(self, blend: Blend, promise: Promise | None, job: Job, batch_size: int | None = None):
        from competition.model.devices import gpus, memory_explained  # Keras, which `see` does without
        from competition.model.loaded import Loaded

        gpus()  # set to take memory as needed
        self.blend, self.promise, self.job, self.shapes = blend, promise, job, blend.shapes
        with memory_explained(1, FIT):  # it answers one picture, so that it is ready
            self.loaded = Loaded(blend, step=batch_size)
        step = self.loaded.step
        self.explained = partial(memory_explained, step, f"try --batch-size {step // 2}" if step > 1 else FIT)

    def __call__(self, seen: pa.Table) -> Done:
        """Write a part. Raises InvalidInput if it cannot be written, or if a batch is too large for the memory."""
        number = seen[NUMBER][0].as_py()
        if len(seen) != len(self.job.rows_of(number)):
            raise RuntimeError(f"part {number} came with {len(seen)} rows: Ray Data has divided it")
        good = pc.is_null(seen[REASON])
        named = seen.select(["image", "product"])
        answered = named.filter(good)
        for name, values in columns_of(self.blend.tasks, self._predict(seen, good), self.promise).items():
            answered = answered.append_column(name, values)
        failed = named.append_column(REASON, seen[REASON]).filter(pc.invert(good))
        self.job.write(number, answered, failed)
        return Done(number, len(answered), len(failed))

    def _predict(self, seen: pa.Table, good: pa.ChunkedArray) -> Probabilities:
        rows = np.flatnonzero(good.to_numpy())
        if not len(rows):
            return {task.name: np.zeros((0, len(task))) for task in self.blend.tasks}
        squares = {shape: _array(seen[str(place)], shape) for place, shape in enumerate(self.shapes)}
        if len(rows) < len(seen):
            squares = {shape: images[rows] for shape, images in squares.items()}
        with self.explained():
            return self.loaded.predict_stacked(squares, self.blend)


def _column(images: np.ndarray) -> pa.Array:
    """Arrays (rows, …) uint8 as a column of bytes; nothing is copied."""
    count = math.prod(images.shape[1:])
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(count), len(images), [None, pa.py_buffer(images)])


def _array(column: pa.ChunkedArray, shape: Shape) -> np.ndarray:
    """The squares (rows, views, size, size, 3) uint8 in a column as `_column` made it."""
    (bytes_of_rows,) = column.chunks
    count = math.prod(shape.sides)
    flat = np.frombuffer(bytes_of_rows.buffers()[1], np.uint8, len(column) * count, bytes_of_rows.offset * count)
    return flat.reshape(-1, *shape.sides)
