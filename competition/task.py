"""A task: one question about an image, and its possible answers in a fixed order."""

import unicodedata
from dataclasses import dataclass
from typing import Literal

from competition.errors import InvalidInput, unseen_in

Kind = Literal["multiclass", "multilabel"]
DECIMALS = 8  # of a probability in a submission
LONGEST_NAME = 234  # bytes: files are named after a task, and may have 255 with .csv and what `whole_file` adds
HALF = 0.5  # the probability above which a multilabel task's class counts as predicted


@dataclass(frozen=True)
class Task:
    """One question about an image.

    `classes` are in the order of the label letters, of the head's outputs and of the probabilities in a
    submission. `multiclass`: exactly one is true (softmax); `multilabel`: any number is (sigmoid).

    A name may have letters of any script; it is kept in Unicode's normal form NFC, in which an é is one letter.
    Raises InvalidInput if the name cannot name a layer and a file, or a class is repeated, or there are too few.
    """

    name: str
    classes: tuple[str, ...]
    kind: Kind = "multiclass"

    def __post_init__(self):
        object.__setattr__(self, "name", composed(self.name))  # the one way to set a field of a frozen dataclass
        if not (self.name[:1].isalnum() and all(map(may_be_in_a_name, self.name))):
            raise InvalidInput(
                f"a task is named {self.name!r}; its name becomes that of a layer, so allowed are letters of any "
                "script, digits, '_', '-' and '.', a letter or digit first; rename it, also in the label files"
            )
        if (count := len(self.ascii_name)) > LONGEST_NAME:
            written = "" if self.name.isascii() else f" when written in ASCII ({self.ascii_name})"
            raise InvalidInput(
                f"a task is named {self.name!r}, which has {count} characters{written}; files of a run are named after "
                f"it, so at most {LONGEST_NAME} are allowed; rename it, also in the label files"
            )
        if len(set(self.classes)) != len(self.classes):
            twice = sorted({c for c in self.classes if self.classes.count(c) > 1})
            raise InvalidInput(f"task {self.name!r} names a class twice: {', '.join(twice)}")
        if found := next(filter(unseen_in, self.classes), ""):
            raise InvalidInput(
                f"task {self.name!r} has the class {found!r}, which holds {unseen_in(found)}: it is not seen, or turns "
                "the text around it; rename the class, also in the label files"
            )
        if len(self.classes) < 2 and self.kind == "multiclass":
            raise InvalidInput(f"task {self.name!r} has {len(self.classes)} class; a multiclass task needs two or more")

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def ascii_name(self) -> str:
        """What layers and files are called, which not every script can name: another text for every name.

        An ASCII name is its own; others are written in Punycode, as in the name of a website: xn--wcsw84d for 图片.
        """
        return self.name if self.name.isascii() else f"xn--{self.name.encode('punycode').decode('ascii')}"


def composed(text: str) -> str:
    """Text in Unicode's normal form NFC: an é is one letter, also where it was written as an e and an accent."""
    return unicodedata.normalize("NFC", text)


def may_be_in_a_name(letter: str) -> bool:
    """Whether it is a letter, a digit, a mark that many scripts write on their letters, or one of '_', '-' and '.'."""
    return letter.isalnum() or letter in "_-." or unicodedata.category(letter).startswith("M")
