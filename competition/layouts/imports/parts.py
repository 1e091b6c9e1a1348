"""A column that says which part an image belongs to."""

from dataclasses import replace

import numpy as np

from competition.errors import InvalidInput, no_such
from competition.layouts.imports.sheet import TEST, TRAIN, VALIDATION, Reading, Sheet

# Words for a part, in small letters.
WORDS = {
    **dict.fromkeys(("train", "training", "trn", "tr", "fit", "unassigned"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "validate", "dev", "eval", "holdout"), VALIDATION),
    **dict.fromkeys(("test", "testing", "tst", "query"), TEST),
}
# Columns of yes and no that name one part.
FLAGGED = {"is_valid": VALIDATION, "is_val": VALIDATION, "is_validation": VALIDATION, "is_test": TEST}
TRUTHS = {"true": True, "1": True, "1.0": True, "yes": True, "false": False, "0": False, "0.0": False, "no": False}


def find_parts(sheet: Sheet, reading: Reading) -> Sheet:
    """The sheet without the column that names the parts, and with them in `part`.

    Raises InvalidInput if the column named by the user holds other words, or if several columns name parts.
    """
    columns = {column: parts for column, values in sheet.labels.items() if (parts := parts_of(column, values)) is not None}
    named = reading.split_column
    if named is not None:
        if named not in sheet.labels:
            raise InvalidInput(f"--split-column: {no_such('column', named, sheet.labels)}")
        if named not in columns:
            values = ", ".join(sorted(set(sheet.cells[named]))[:6])
            raise InvalidInput(
                f"{sheet.file}: column {named!r} holds {values}; allowed are train, validation (val, valid, dev) and test"
            )
        columns = {named: columns[named]}
    if len(columns) > 1:
        raise InvalidInput(
            f"{sheet.file}: the columns {', '.join(columns)} all say train, validation or test; name one with "
            "--split-column and the others with --leave-out"
        )
    for column, parts in columns.items():
        counts = {part: int((parts == part).sum()) for part in (TRAIN, VALIDATION, TEST)}
        said = ", ".join(f"{part} {count:,}" for part, count in counts.items() if count)
        found = replace(sheet.without([column]), part=parts)
        return found.say(f"column {column!r} says which part an image belongs to: {said}")
    return sheet


def parts_of(column: str, values: np.ndarray) -> np.ndarray | None:
    """The part of each row by a column, (rows,) object; None if the column says something else."""
    words = [value.casefold() for value in values]
    if column.casefold() in FLAGGED and set(words) <= set(TRUTHS):
        part = FLAGGED[column.casefold()]
        return np.array([part if TRUTHS[word] else TRAIN for word in words], object)
    if set(words) <= set(WORDS) and len({WORDS[word] for word in words}) > 1:
        return np.array([WORDS[word] for word in words], object)
    return None
