"""The layouts of label files by name, each a module that reads and writes its files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from competition.dataset import Dataset, Questions
from competition.errors import Choices
from competition.layouts import arrays, cifar10, fashionai, fgo, flowers, folder, table
from competition.layouts.answers import Probabilities, Tasks


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
