"""A drawn data set of game characters, in the two files of the published one: profiles, and colours per image."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from competition.drawing.characters import Profile, picture
from competition.drawing.output import file_name, refuse, write_lines, write_pictures
from competition.files import whole_folder
from competition.recipes.fgo import COLOURS, TASKS
from competition.task import Task

CHARACTERS = 40
OWN_COLOURS = 0.75  # the share of pictures that show a character in its own colours; the others are in any
SINGLE = tuple(task for task in TASKS if task.kind == "multiclass")
SYLLABLES = ("ar", "bel", "cu", "dra", "el", "fen", "gil", "ha", "is", "kar", "lan", "me", "nor", "os", "ra", "shu")


@dataclass(frozen=True)
class Sample:
    """One picture to draw: the name of its file, who is on it in which colours, and the seed of its details."""

    name: str
    profile: Profile
    colours: tuple[str, ...]
    seed: tuple[int, int, int]


def draw(folder: Path, images: int = 400, seed: int = 0, progress: bool = True, threads: int | None = None) -> None:
    """Draw `images` labelled pictures of 40 characters, and a quarter as many questions with their answers.

    profiles.csv and colors.csv hold the labels, questions.csv and answers.csv (in the merged layout) the questions.
    Equal arguments give equal bytes, for any number of threads. The folder appears when it is complete.

    Raises InvalidInput for a folder that is not empty, too few images to show every character, and a negative seed.
    """
    folder = Path(folder)
    refuse(folder, images, CHARACTERS, f"all {CHARACTERS} characters", seed)
    cast = characters(seed)
    labelled, asked = (samples(cast, count, (seed, 1 + k)) for k, count in enumerate((images, images // 4)))
    with whole_folder(folder) as unfinished:
        write_tables(unfinished, cast, labelled, asked)
        work = [(unfinished / "images" / sample.name, sample) for sample in (*labelled, *asked)]
        write_pictures(work, paint, progress, threads)


def characters(seed: int) -> list[Profile]:
    """The cast: each value of a task as often as the others, in any combination."""
    rng = np.random.default_rng((seed, 0))
    values = {task.name: dealt(task, rng) for task in SINGLE}
    names = {}
    while len(names) < CHARACTERS:
        names["".join(rng.choice(SYLLABLES, 3)).capitalize()] = None
    looks = rng.integers(2**31, size=CHARACTERS)
    return [
        Profile(
            name, **{task: drawn[k] for task, drawn in values.items()}, colours=some_colours(rng), looks=int(looks[k])
        )
        for k, name in enumerate(names)
    ]


def dealt(task: Task, rng: np.random.Generator) -> list[str]:
    """A value of the task for each character, all about equally often."""
    return [task.classes[k] for k in rng.permutation(np.arange(CHARACTERS) % len(task))]


def samples(cast: list[Profile], count: int, seed: tuple[int, int]) -> list[Sample]:
    """What is drawn: every character equally often, in random order, three times in four in its own colours."""
    rng = np.random.default_rng(seed)
    who = [cast[k] for k in rng.permutation(np.arange(count) % len(cast))]
    worn = [one.colours if rng.random() < OWN_COLOURS else some_colours(rng) for one in who]
    return [Sample(f"{file_name(*seed, k)}.jpg", who[k], worn[k], (*seed, k)) for k in range(count)]


def some_colours(rng: np.random.Generator) -> tuple[str, ...]:
    """One to four colours."""
    return tuple(str(colour) for colour in rng.choice(COLOURS, rng.integers(1, 5), replace=False))


def paint(sample: Sample) -> np.ndarray:
    """The picture of a sample."""
    return picture(sample.profile, sample.colours, np.random.default_rng(sample.seed))


def write_tables(folder: Path, cast: list[Profile], labelled: list[Sample], asked: list[Sample]) -> None:
    """profiles.csv and colors.csv of what is labelled, questions.csv and answers.csv of what is asked."""
    profiles = [",".join((one.name, *(getattr(one, task.name) for task in SINGLE))) for one in cast]
    write_lines(folder / "profiles.csv", [",".join(("name", *(task.name for task in SINGLE))), *profiles])
    write_lines(folder / "colors.csv", [",".join(("image_name", "name", *COLOURS)), *map(colour_row, labelled)])
    write_lines(folder / "questions.csv", ["image_name", *(sample.name for sample in asked)])
    columns = [f"{task.name}_{value}" for task in SINGLE for value in task.classes]
    header = ",".join(("image_name", "name", *COLOURS, *columns))
    write_lines(folder / "answers.csv", [header, *map(merged_row, asked)])


def colour_row(sample: Sample) -> str:
    """One line of colors.csv."""
    return ",".join((sample.name, sample.profile.name, *(str(int(colour in sample.colours)) for colour in COLOURS)))


def merged_row(sample: Sample) -> str:
    """One line of answers.csv: that of colors.csv, then 0 or 1 for each value of the other tasks."""
    values = [str(int(getattr(sample.profile, task.name) == value)) for task in SINGLE for value in task.classes]
    return ",".join((colour_row(sample), *values))
