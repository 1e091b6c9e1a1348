"""A column that says which part an image belongs to."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np

from competition.errors import InvalidInput, no_such
from competition.layouts.imports.sheet import TEST, TRAIN, VALIDATION, Reading, Sheet

# Words for a part, in small letters: those of labels and folders, those among the free tags of a tool, and numbers.
WORDS = {
    **dict.fromkeys(("train", "training", "train_set", "trainval", "trn", "tr", "fit", "unassigned"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "validate", "val_set", "va", "dev", "eval", "holdout"), VALIDATION),
    **dict.fromkeys(
        ("test", "testing", "test_set", "tst", "te", "ts", "query", "gallery", "publictest", "privatetest"), TEST
    ),
}
# As often something else: countries, answers of a questionnaire.
SHORT = ("tr", "trn", "te", "ts", "tst", "va", "fit", "dev", "query", "gallery", "unassigned")
CLEAR = {word: part for word, part in WORDS.items() if word not in SHORT}
TAGS = {word: WORDS[word] for word in ("train", "val", "validation", "test")}
BY_NUMBER = {"0": TRAIN, "1": VALIDATION, "2": TEST}  # of CelebA
# Columns that are called so say nothing else, also where all rows are of one part.
NAMES = (
    "split",
    "subset",
    "set",
    "part",
    "partition",
    "phase",
    "usage",
    "stage",
    "mode",
    "data_split",
    "evaluation_status",
    "dataset_split",
)
# Columns of yes and no that name one part.
FLAGGED = {
    **dict.fromkeys(("is_valid", "is_val", "is_validation"), (VALIDATION, TRAIN)),
    "is_test": (TEST, TRAIN),
    **dict.fromkeys(("is_train", "is_training", "is_training_image", "is_training_img"), (TRAIN, TEST)),
}
SAYS_PARTS = ("split", "data_split", "dataset_split", "partition")  # a column called so is never a label unasked
NUMBERED = ("partition", "split", "data_split", "dataset_split", "evaluation_status")
TRUTHS = {"true": True, "1": True, "1.0": True, "yes": True, "false": False, "0": False, "0.0": False, "no": False}


@cache
def part_in(text: str) -> str | None:
    """The part that a word in a text says, as train in train_images/a or test2017; None if none or several do."""
    words = [word.casefold() for word in re.findall("[A-Z]?[a-z]+|[A-Z]+(?![a-z])", text)]
    found = {WORDS[word] for word in words if word in WORDS}
    return found.pop() if len(found) == 1 else None


def find_parts(sheet: Sheet, reading: Reading) -> Sheet:
    """The sheet without the column that names the parts, and with them in `part`.

    Raises InvalidInput if the column named by the user holds other words, if several columns name parts, and if nothing
    is left to learn, or no image to train on.
    """
    labels = {column: values for column, values in sheet.labels.items() if column not in reading.class_columns}
    told = reading.split_column
    columns = {
        column: parts
        for column, values in labels.items()
        if (parts := parts_of(column, values, column == told)) is not None
    }
    if told is not None:
        columns = _named(sheet, told, columns)
    if not columns:
        _refuse_half_parts(sheet, labels)
        if len(sheet.part) and TRAIN not in sheet.part:
            what = f"there is no image to train on ({_counts(sheet.part)}); name the file that has those, too"
            raise InvalidInput(f"{sheet.file}: {what}")
        several = len(set(sheet.part)) > 1  # which the format says
        return sheet.say(f"images of each part: {_counts(sheet.part)}") if several else sheet
    if len(columns) > 1:
        raise InvalidInput(
            f"{sheet.file}: the columns {', '.join(columns)} all say train, validation or test; name one with "
            "--split-column and the others with --leave-out"
        )
    [(column, parts)] = columns.items()
    _refuse_nothing_to_learn(sheet, column, parts)
    found = replace(sheet.without([column]), part=parts)
    said = f"column {column!r} says which part an image belongs to: {_counts(parts)}"
    return found.say(f"{said} (--class-columns {column!r} learns it)")


def _refuse_nothing_to_learn(sheet: Sheet, column: str, parts: np.ndarray) -> None:
    """Raises InvalidInput where a column of parts leaves no other column, or no image to train on."""
    if [*sheet.labels] == [column]:
        raise InvalidInput(
            f"{sheet.file}: column {column!r} says which part an image belongs to, and there is no other to learn; if "
            f"it holds labels, --class-columns {column!r} learns it"
        )
    if TRAIN not in parts:
        raise InvalidInput(
            f"{sheet.file}: by column {column!r} there is no image to train on ({_counts(parts)}); leave it out, "
            f"--leave-out {column!r}, or name the file that has those to train on, too"
        )


def _named(sheet: Sheet, column: str, columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Of the columns that say parts, the one that the user names."""
    if column not in sheet.labels:
        raise InvalidInput(f"--split-column: {no_such('column', column, sheet.labels)}")
    if column not in columns:
        values = ", ".join(sorted(set(sheet.cells[column]))[:6])
        raise InvalidInput(
            f"{sheet.file}: column {column!r} holds {values}; allowed are train, validation (val, valid, dev), test"
        )
    return {column: columns[column]}


def _counts(parts: np.ndarray) -> str:
    counts = {part: int((parts == part).sum()) for part in (TRAIN, VALIDATION, TEST)}
    return ", ".join(f"{part} {count:,}" for part, count in counts.items() if count)


def _refuse_half_parts(sheet: Sheet, labels: Mapping[str, np.ndarray]) -> None:
    """Raises InvalidInput for a column that says train and test in some rows, and something else in others."""
    for column, values in labels.items():
        known = _known(column.casefold(), {value.casefold() for value in set(values)})
        part_of = {value: known.get(value.casefold()) for value in set(values)}
        parts = {*part_of.values()} - {None}
        numbered = column.casefold() in NUMBERED and all(map(str.isdigit, part_of))
        named = column.casefold() in SAYS_PARTS and any(values)
        named |= column.casefold() in NAMES and all(map(part_in, part_of)) and len(set(map(part_in, part_of))) > 1
        if None in part_of.values() and (numbered or named or (TRAIN in parts and len(parts) > 1)):
            raise InvalidInput(
                f"{sheet.file}: column {column!r} says which part an image belongs to, but not in these rows; allowed "
                f"are train, validation (val, valid, dev) and test; or leave it out, --leave-out {column!r}, or learn "
                f"it, --class-columns {column!r}:",
                [sheet.problem(row, repr(value)) for row, value in enumerate(values) if not part_of[value]],
            )


def parts_of(column: str, values: np.ndarray, told: bool = False) -> np.ndarray | None:
    """The part of each row by a column, (rows,) object; None if the column says something else."""
    part_of = _part_of(column.casefold(), {value.casefold() for value in set(values)}, told)
    return np.array([part_of[value.casefold()] for value in values], object) if part_of else None


def _known(column: str, words: set[str]) -> Mapping[str, str]:
    """The words for parts that count in a column: all, if it is called so, or one of its words is a clear one."""
    return WORDS if column in NAMES or words & CLEAR.keys() else CLEAR


def _part_of(column: str, words: set[str], told: bool) -> Mapping[str, str]:
    """The part that each word of a column means; empty if the column says something else."""
    if column in FLAGGED and words <= TRUTHS.keys():
        yes, no = FLAGGED[column]
        return {word: yes if TRUTHS[word] else no for word in words}
    if column in NUMBERED and words == BY_NUMBER.keys():
        return BY_NUMBER
    known = _known(column, words) if not told else WORDS
    named = words <= known.keys() and (len({known[word] for word in words}) > 1 or column in NAMES)
    return known if words and named else {}
