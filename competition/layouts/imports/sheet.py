"""What a label file holds, whatever its format, on its way to a strict table."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from competition.errors import InvalidInput, Problem
from competition.layouts.notes import Note, in_words
from competition.layouts.table_cells import SEPARATOR

TRAIN, VALIDATION, TEST = "train", "validation", "test"


@dataclass(frozen=True)
class Reading:
    """How to read labels where looking at them does not settle it."""

    # The folder that holds the images.
    images: Path | None = None
    # The column that names the images.
    image_column: str | None = None
    # The ending of the images, where the labels name them without one, such as .jpg.
    extension: str | None = None
    # What stands between several values of a cell, such as " "; without a word, cells hold one value.
    separator: tuple[str, ...] | None = None
    # The words for a missing value; without a word, there are none.
    missing: tuple[str, ...] | None = None
    # The column that says which part an image belongs to: train, validation or test.
    split_column: str | None = None
    # Columns that are learned in any case: their values are classes, however many there are.
    class_columns: tuple[str, ...] = ()
    # Read numbers as classes, also where they look like quantities.
    numbers_are_classes: bool = False
    # Columns that are not learned.
    leave_out: tuple[str, ...] = ()


LOOKING = Reading()  # only what is found counts


@dataclass(frozen=True)
class Sheet:
    """Rows of labels as they were found.

    `cells[column]` (rows,) are texts, empty where nothing is known; those of the columns `several` hold any number of
    values with `|` between them, which alone means none. Row i comes from line (or record) `line[i]` of `file`, or of
    `files[i]` where there are several. `image` is the column that names the images. They lie in `root` or below; both
    are first guesses until `images.py` has looked. `part` (rows,) says train, validation or test; it is empty if the
    format knows no parts. `what` names the format. `said` is what was decided and could be meant differently.
    """

    file: Path
    what: str
    line: np.ndarray
    cells: Mapping[str, np.ndarray]
    root: Path
    image: str = ""
    part: np.ndarray = field(default_factory=lambda: np.array([], object))
    several: frozenset[str] = frozenset()
    said: tuple[Note, ...] = ()
    files: np.ndarray = field(default_factory=lambda: np.array([], object))

    def __len__(self) -> int:
        return len(self.line)

    @property
    def names(self) -> np.ndarray:
        """The names of the images as they are written, (rows,) object."""
        return self.cells[self.image]

    @property
    def labels(self) -> dict[str, np.ndarray]:
        """The columns besides the one that names the images."""
        return {column: values for column, values in self.cells.items() if column != self.image}

    @property
    def notes(self) -> list[str]:
        return in_words(self.said)

    def say(self, *notes: Note | str) -> "Sheet":
        return replace(self, said=(*self.said, *(Note(note) if isinstance(note, str) else note for note in notes)))

    def file_of(self, row: int) -> Path:
        return self.files[row] if len(self.files) else self.file

    def problem(self, row: int, text: str) -> Problem:
        return Problem(self.file_of(row), int(self.line[row]), text)

    def take(self, rows: np.ndarray) -> "Sheet":
        """The sheet of these rows, (k,) int or (rows,) bool."""
        cells = {column: values[rows] for column, values in self.cells.items()}
        part, files = (values[rows] if len(values) else values for values in (self.part, self.files))
        return replace(self, line=self.line[rows], cells=cells, part=part, files=files)

    def without(self, columns: Iterable[str]) -> "Sheet":
        gone = set(columns)
        return replace(self, cells={column: values for column, values in self.cells.items() if column not in gone})

    def with_cells(self, cells: Mapping[str, np.ndarray]) -> "Sheet":
        """The sheet with some columns replaced."""
        return replace(self, cells={**self.cells, **cells})


def sheet_of(
    file: Path, what: str, rows: Iterable[Mapping[str, object]], lines: Iterable[int] | None = None, **fields
) -> Sheet:
    """A sheet of records, each a mapping from column to value; what a record lacks is empty.

    Lists become several values, and an empty list none of them. Raises InvalidInput where there is no record.
    """
    rows, columns, several = list(rows), {}, set()
    if not rows:
        raise InvalidInput(f"{file} holds no record")
    for number, row in enumerate(rows):
        for column, value in row.items():
            if column not in columns:
                columns[column] = np.full(len(rows), "", object)
            if isinstance(value, list | tuple | set | np.ndarray):
                several.add(column)
            columns[column][number] = text_of(value, file)
    line = np.arange(1, len(rows) + 1) if lines is None else np.array([*lines], int)
    return Sheet(file, what, line, columns, file.parent, several=frozenset(several), **fields)


def text_of(value: object, file: Path) -> str:
    """A value of a record of `file` as the text of a cell. Raises InvalidInput for one of several that holds `|`."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, list | tuple | set | np.ndarray):
        texts = [text_of(one, file) for one in value]
        if bars := [text for text in texts if SEPARATOR in text]:
            raise InvalidInput(
                f"{file}: the value {bars[0]!r} holds {SEPARATOR!r}, which separates values in a table; rename it"
            )
        return SEPARATOR.join(dict.fromkeys(filter(None, texts))) or SEPARATOR
    return str(value)
