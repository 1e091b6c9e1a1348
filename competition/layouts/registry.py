"""The layouts of label files by name, each a module that reads and writes its files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from competition.dataset import Dataset, Questions
from competition.errors import Choices, InvalidInput
from competition.layouts import arrays, cifar10, fashionai, fgo, flowers, folder, table
from competition.layouts.answers import Probabilities, Tasks
from competition.layouts.imported import ImportedTable
from competition.layouts.sample import Sample, is_sample
from competition.recipe import Recipe


class Layout(Protocol):
    """What the module of each layout provides.

    Each function that reads raises InvalidInput with every problem, with file and line. The name of an answer file ends
    in ENDING.
    """

    ENDING: str

    def read_labels(self, data: Path, tasks: Tasks) -> Dataset:
        """Every labelled image, with the recipe's tasks or, if it has none, those found."""

    def question_files(self, data: Path) -> list[Path]:
        """The files, or folders, of questions; there may be none."""

    def read_questions(self, file: Path, tasks: Tasks) -> Questions:
        """What is asked, with the codes of the answers that are known."""

    def write_answers(self, path: Path, questions: Questions, probabilities: Probabilities, tasks: Tasks) -> list[Path]:
        """Write `path` and what belongs beside it, all or nothing; return the files, `path` first."""


LAYOUTS: Mapping[str, Layout] = Choices(
    "layout",
    {
        "fashionai": fashionai,
        "table": table,
        "folder": folder,
        "fgo": fgo,
        "cifar10": cifar10,
        "flowers": flowers,
        "arrays": arrays,
    },
)


def reader_of(recipe: Recipe) -> Layout:
    """What reads the labels of a recipe."""
    if recipe.images or recipe.split_column:
        return ImportedTable(Path(recipe.images) if recipe.images else None, recipe.split_column)
    return LAYOUTS[recipe.layout]


def question_files(recipe: Recipe, data: Path) -> list[Path]:
    """The files, or folders, of questions: the one that the recipe names, or those that lie with the labels."""
    return [Path(recipe.questions)] if recipe.questions else reader_of(recipe).question_files(data)


def asking(
    recipe: Recipe,
    questions: Path,
    data: Path,
    tasks: Tasks,
    threshold: float | None = None,
    probabilities: bool = False,
) -> Layout | Sample:
    """What reads and answers a file of questions: the recipe's layout, or the shape of a sample of a submission.

    Raises InvalidInput for a threshold or `probabilities` that nothing would use.
    """
    if recipe.layout in ("table", "folder") and is_sample(questions, tasks):
        images = Path(recipe.images) if recipe.images else data if data.is_dir() else data.parent
        return Sample(images, threshold, probabilities)
    if threshold is not None or probabilities:
        flag = "--probabilities" if probabilities else "--threshold"
        raise InvalidInput(f"{flag} is for a sample of a submission, but {questions} is none")
    return reader_of(recipe)
