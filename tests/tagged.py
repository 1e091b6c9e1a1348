"""What the tests of tagging share: a catalogue with broken pictures and hostile names, and promises by hand."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from helpers import write
from pyarrow import parquet
from served import png

from competition.run import Run
from competition.scoring.blend import blend_of
from competition.scoring.promise import Promise, TaskPromise, Threshold
from competition.task import Task

HOSTILE = ("=1+1.png", "a,b\n.png", "\u202egpj.png", "deep/é.png")
BROKEN = ("broken.jpg", "empty.png")


def fill_folder(folder: Path, pictures: int = 40) -> list[str]:
    """Write a folder of pictures, some with hostile names, and two broken ones; their names in the order of a job."""
    names = [*HOSTILE, *(f"p/{number:03}.png" for number in range(pictures - len(HOSTILE)))]
    for seed, name in enumerate(names):
        write(folder / name, png(seed))
    for name, content in zip(BROKEN, (b"\xff\xd8\xff no", b""), strict=True):
        write(folder / name, content)
    write(folder / "notes.txt", "not a picture")
    return sorted([*names, *BROKEN])


def promised(run: Path, least: Mapping[str, Sequence[float]], confidences: Sequence[float] = (0.5,)) -> Promise:
    """Write a promise by hand that tags from these probabilities on: of a task one for all classes, or one of each."""
    tasks = {
        name: TaskPromise(99, tuple(_threshold(value) for value in values), np.sort(confidences))
        for name, values in least.items()
    }
    made = Promise(run=blend_of([run], ("plain",), "arithmetic").digest, source="by hand", tasks=tasks)
    made.write(Run(run), {})
    return made


def _threshold(value: float) -> Threshold:
    return Threshold(value, 99, 90, 90, 90) if value < np.inf else Threshold(value, 99, 0, 0, 0, 1234)


def read_parts(folder: Path) -> pd.DataFrame:
    """All rows of all parts (or errors), in their order; lists are lists."""
    tables = [parquet.read_table(path) for path in sorted(folder.glob("part-*.parquet"))]
    return pd.DataFrame(pa.concat_tables(tables).to_pylist()) if tables else pd.DataFrame()


def stacked(frame: pd.DataFrame, task: Task) -> np.ndarray:
    """The probabilities (rows, classes) of a task in the rows of parts."""
    return np.array(frame[f"{task.name}_probabilities"].tolist()).reshape(-1, len(task))
