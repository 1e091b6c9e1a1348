"""Whether an exported network answers as the run does: differences, changed answers, and what they cost in mAP."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from competition.errors import InvalidInput
from competition.exporting.evidence import Evidence, together
from competition.exporting.formats import FLOAT, Format
from competition.images.warp import square
from competition.layouts.answers import answers
from competition.scoring.bootstrap import Estimate, compare_paired
from competition.scoring.fashionai import as_submitted
from competition.scoring.predictions import Predictions

LARGEST = 1e-3  # difference of a probability between a float format and the same weights in float32
ALIKE = 0.995  # share of the answers in which a float format should be as `competition submit`
Probabilities = Mapping[str, np.ndarray]
Script = Mapping[str, Callable]  # the names of predict.py


class Answered(NamedTuple):
    """What one network answered for the same images: in the run's `own` number format, as `competition submit` does; in
    Keras and float32; exported, by format; and exported, for pictures as predict.py reads them."""

    own: Predictions
    reference: Predictions
    exported: Mapping[Format, Predictions]
    scripted: Mapping[Format, Predictions]


@dataclass(frozen=True)
class Proof:
    """How the answers of a format differ from those of the same weights in Keras.

    `from_float32` and `from_own` are the largest differences of a probability from float32 and from the run's own
    number format. `changed` of the labelled `rows` have another answer than in float32, and `unlike` lists those that
    predict.py answers other than `competition submit`: (image, task, its answer, predict.py's).
    """

    format: Format
    from_float32: float
    from_own: float
    rows: int
    changed: int
    map: Estimate
    unlike: tuple[tuple[str, str, str, str], ...]

    @property
    def alike(self) -> float:
        """The share of the rows that predict.py answers as `competition submit`."""
        return 1 - len(self.unlike) / max(self.rows, 1)

    @property
    def is_good(self) -> bool:
        """Whether predict.py answers enough rows as `competition submit`; of int8 nothing is asked."""
        return self.format not in FLOAT or self.alike >= ALIKE


def answer(
    evidence: Evidence, reference: Probabilities, networks: Mapping[Format, Callable], script: Script
) -> Answered:
    """Ask the exported networks of one training for every picture, as it is read here and as predict.py reads it."""
    pictures, recipe = evidence.pictures, evidence.pictures.recipe
    exported, scripted = ({name: _empty(evidence.given) for name in networks} for _ in range(2))
    for row in tqdm(range(len(pictures)), f"proving {evidence.run.name}", unit="image", disable=None):
        ours = square(pictures[row], recipe.image_size, recipe.aspect)
        file = pictures.dataset.path(row)
        theirs = script["square"](file) if file.is_file() else ours  # a row of an array is no file
        alike = np.array_equal(ours, theirs)
        for name, network in networks.items():
            here = network(image=ours[None])
            there = here if alike else network(image=theirs[None])
            for task in recipe.tasks:
                exported[name][task.name][row] = np.asarray(here[task.ascii_name])[0]
                scripted[name][task.name][row] = np.asarray(there[task.ascii_name])[0]

    def predictions(probabilities: Probabilities) -> Predictions:
        return replace(evidence.given, probabilities={name: as_submitted(p) for name, p in probabilities.items()})

    by_format = ({name: predictions(given) for name, given in several.items()} for several in (exported, scripted))
    return Answered(evidence.given, predictions(reference), *by_format)


def _empty(like: Predictions) -> dict[str, np.ndarray]:
    return {name: np.empty(values.shape, np.float32) for name, values in like.probabilities.items()}


def prove(name: Format, by_seed: Sequence[Sequence[Answered]]) -> Proof:
    """The proof of a format, from the answers of a run's trainings in a list for each seed.

    Raises InvalidInput for a float format that differs by more than LARGEST.
    """
    every = [one for seed in by_seed for one in seed]
    from_float32, image, task = max(_largest(one.exported[name], one.reference) for one in every)
    if name in FLOAT and from_float32 > LARGEST:
        raise InvalidInput(
            f"{name} answers {task} of {image} with a probability that differs by {from_float32:.1e} from that of the "
            f"same weights in Keras and float32, and {LARGEST:g} is allowed; nothing was written: export the other "
            "formats, and please report this one with the recipe"
        )
    reference, exported, scripted, own = (
        together([[pick(one) for one in seed] for seed in by_seed])
        for pick in (
            lambda one: one.reference,
            lambda one: one.exported[name],
            lambda one: one.scripted[name],
            lambda one: one.own,
        )
    )
    labelled = sum(len(rows) for _, rows, *_ in reference.labelled_tasks())
    from_own = max(_largest(one.exported[name], one.own)[0] for one in every)
    gain = compare_paired(exported, reference)[-1].ap.difference
    changed = len(different(reference, exported))
    return Proof(name, from_float32, from_own, labelled, changed, gain, tuple(different(own, scripted)))


def _largest(one: Predictions, other: Predictions) -> tuple[float, str, str]:
    """The largest difference of a probability, infinite if one is no number, and the image and the task where it is."""
    found = []
    for task, values in one.probabilities.items():
        apart = np.abs(values - other.probabilities[task]).max(axis=1)
        apart = np.nan_to_num(apart, nan=np.inf)
        row = int(np.argmax(apart))
        found.append((float(apart[row]), str(one.images[row]), task))
    return max(found)


def different(one: Predictions, other: Predictions) -> list[tuple[str, str, str, str]]:
    """The labelled rows that two answer differently: image, task, and both answers; several labels in one text."""
    found = []
    for task, rows, given, _ in one.labelled_tasks():
        first, second = (answers(values, task) for values in (given, other.probabilities[task.name][rows]))
        for row in np.flatnonzero((first != second).any(axis=1)):
            texts = ("|".join(np.array(task.classes, object)[chosen[row]]) for chosen in (first, second))
            found.append((str(one.images[rows[row]]), task.name, *texts))
    return found
