"""A task: one question about an image, and its possible answers in a fixed order."""

import re
from dataclasses import dataclass
from typing import Literal

from competition.errors import InvalidInput

Kind = Literal["multiclass", "multilabel"]
DECIMALS = 8  # of a probability in a submission
LONGEST_NAME = 234  # letters: files are named after a task, of at most 255 with .csv and what `whole_file` adds
HALF = 0.5  # the probability above which a label of a multilabel task is answered yes


@dataclass(frozen=True)
class Task:
    """One question about an image.

    `classes` stand in the order of the label letters, of the head's outputs and of the probabilities in a
    submission. `multiclass`: exactly one is true (softmax); `multilabel`: any number is (sigmoid).

    Raises InvalidInput where the name cannot name a network's head and a file, or the classes cannot be told apart.
    """

    name: str
    classes: tuple[str, ...]
    kind: Kind = "multiclass"

    def __post_init__(self):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", self.name):
            raise InvalidInput(
                f"a task is named {self.name!r}; its name becomes a part of the network, so allowed are letters "
                "a to z, digits, '_', '-' and '.'; rename it, also in the label files"
            )
        if len(self.name) > LONGEST_NAME:
            raise InvalidInput(
                f"a task is named {self.name!r}, which is {len(self.name)} letters; files of a run are named after it, "
                f"so allowed are {LONGEST_NAME}; rename it, also in the label files"
            )
        if len(set(self.classes)) != len(self.classes):
            twice = sorted({c for c in self.classes if self.classes.count(c) > 1})
            raise InvalidInput(f"task {self.name!r} names a class twice: {', '.join(twice)}")
        if len(self.classes) < 2 and self.kind == "multiclass":
            raise InvalidInput(f"task {self.name!r} has {len(self.classes)} class; choosing one takes at least two")

    def __len__(self) -> int:
        return len(self.classes)
