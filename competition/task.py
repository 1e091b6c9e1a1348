"""A task: one question about an image, and its possible answers in a fixed order."""

import re
from dataclasses import dataclass
from typing import Literal

from competition.errors import InvalidInput

Kind = Literal["multiclass", "multilabel"]
DECIMALS = 8  # of a probability in a submission
LONGEST_NAME = 234  # characters: files are named after a task, and may have 255 with .csv and what `whole_file` adds
HALF = 0.5  # the probability above which a multilabel task's class counts as predicted


@dataclass(frozen=True)
class Task:
    """One question about an image.

    `classes` are in the order of the label letters, of the head's outputs and of the probabilities in a
    submission. `multiclass`: exactly one is true (softmax); `multilabel`: any number is (sigmoid).

    Raises InvalidInput if the name cannot name a layer and a file, or a class is repeated, or there are too few.
    """

    name: str
    classes: tuple[str, ...]
    kind: Kind = "multiclass"

    def __post_init__(self):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", self.name):
            raise InvalidInput(
                f"a task is named {self.name!r}; its name becomes that of a layer, so allowed are letters a to z, "
                "digits, '_', '-' and '.', a letter or digit first; rename it, also in the label files"
            )
        if len(self.name) > LONGEST_NAME:
            raise InvalidInput(
                f"a task is named {self.name!r}, which has {len(self.name)} characters; files of a run are named after "
                f"it, so at most {LONGEST_NAME} are allowed; rename it, also in the label files"
            )
        if len(set(self.classes)) != len(self.classes):
            twice = sorted({c for c in self.classes if self.classes.count(c) > 1})
            raise InvalidInput(f"task {self.name!r} names a class twice: {', '.join(twice)}")
        if len(self.classes) < 2 and self.kind == "multiclass":
            raise InvalidInput(f"task {self.name!r} has {len(self.classes)} class; a multiclass task needs two or more")

    def __len__(self) -> int:
        return len(self.classes)
