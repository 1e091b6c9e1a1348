"""What the tests of tagging share: a catalogue with broken pictures and hostile names, and promises by hand."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from helpers import write
from pyarrow import parquet
from served import TAGS, png
from small_data import COLOUR

from competition.data.check_images import inspect
from competition.dataset import ask_everything, one_row_an_image
from competition.model.answer import answer
from competition.run import Run
from competition.scoring.blend import Blend, blend_of
from competition.scoring.promise import Promise, TaskPromise, Threshold
from competition.tagging.catalogue import read_catalogue
from competition.tagging.job import Job, plan_of
from competition.tagging.stages import NUMBER, Tagger, see
from competition.task import Task

HOSTILE = ("=1+1.png", "a,b\n.png", "\u202egpj.png", "deep/é.png")
BROKEN = ("broken.jpg", "empty.png")
ROWS = 16  # of a part
LEAST = {"colour": (0.6,), "tags": (0.7, np.inf, 0.9)}  # probabilities, of one for all classes or of each


class Shop(NamedTuple):
    """A folder of pictures, their names in order, a run and its promise, and {task: probabilities} of the good ones."""

    folder: Path
    names: list[str]
    run: Run
    promise: Promise
    answers: dict[str, np.ndarray]

    @property
    def good(self) -> list[str]:
        return [name for name in self.names if name not in BROKEN]


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
    made = Promise(run=plain(Run(run)).digest, source="by hand", tasks=tasks)
    made.write(Run(run), {})
    return made


def _threshold(value: float) -> Threshold:
    return Threshold(value, 99, 90, 90, 90) if value < np.inf else Threshold(value, 99, 0, 0, 0, 1234)


def read_parts(folder: Path) -> pd.DataFrame:
    """All rows of all parts (or errors), in their order; lists are lists."""
    tables = [parquet.read_table(path) for path in sorted(folder.glob("part-*.parquet"))]
    return pd.DataFrame(pa.concat_tables(tables).to_pylist() if tables else [], dtype=object)


def stacked(frame: pd.DataFrame, task: Task) -> np.ndarray:
    """The probabilities (rows, classes) of a task in the rows of parts."""
    return np.array(frame[f"{task.name}_probabilities"].tolist()).reshape(-1, len(task))


def submitted(blend: Blend, folder: Path, names: list[str]) -> dict[str, np.ndarray]:
    """What `submit` answers for the pictures that can be read, (n, classes) float64."""
    good = [name for name in names if name not in BROKEN]
    images = one_row_an_image((COLOUR, TAGS), folder, folder, good, {})
    return answer(blend, ask_everything(folder, images), inspect(images, folder / "cache"), folder / "cache")


def plain(run: Run) -> Blend:
    """The blend of one run in its plain view."""
    return blend_of([run.folder], ("plain",), "arithmetic")


def numbered(rows: pa.Table, number: int) -> pa.Table:
    return rows.append_column(NUMBER, pa.array([number] * len(rows)))


def tagged(folder: Path, blend: Blend, promise, output: Path, numbers=None) -> Job:
    """A job whose parts are made one after the other, in this process."""
    catalogue = read_catalogue(folder, blend.tasks)
    job = Job(output, {**plan_of(catalogue, blend, promise), "part_rows": ROWS})
    tagger = Tagger(blend, promise, job)
    for number in range(len(job)) if numbers is None else numbers:
        rows = job.rows_of(number)
        tagger(see(numbered(catalogue.rows[rows.start : rows.stop], number), catalogue.root, blend.shapes))
    return job
