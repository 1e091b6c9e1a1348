"""Lists of CelebA and DeepFashion: a count, a header, and columns separated by blanks."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from competition.errors import InvalidInput, Problem
from competition.images.decode import is_image
from competition.layouts.imports.containers import text_in
from competition.layouts.imports.parts import BY_NUMBER, WORDS
from competition.layouts.imports.sheet import Sheet

IMAGE = "image"
# Of CelebA and DeepFashion, and of Kaggle's CelebA.
PARTITION = ("list_eval_partition*.txt", "list_eval_partition*.csv")
# DeepFashion names its attributes and categories in a second file, a line each, which ends in a number.
NAMES = {"attribute_labels": "list_attr_cloth*.txt", "category_label": "list_category_cloth*.txt"}


def is_attribute_list(text: str) -> bool:
    """Whether the lines are about images and separated by blanks."""
    shown = [line for line in text.splitlines() if line.strip()][:4]
    if len(shown) < 2 or any(separator in line for separator in ",;\t" for line in shown):
        return False
    words = shown[-1].split()
    return len(words) > 1 and is_image(words[0])


def read_attribute_list(file: Path, text: str) -> Sheet:
    """The rows of a list, with the names and parts of the files beside it. Raises InvalidInput for uneven lines."""
    header, rows = _rows(file, text)
    columns, notes = header[1:], []
    deep_fashion = len(rows[0][1]) > len(header) == 2  # all values of an image stand under one name
    if deep_fashion:
        columns, note = _names_beside(file, header[1], len(rows[0][1]) - 1)
        notes.append(note)
    if problems := [
        Problem(file, line, f"{len(row)} values in {' '.join(row)[:80]!r}; expected are {len(columns) + 1}")
        for line, row in rows
        if len(row) != len(columns) + 1
    ]:
        raise InvalidInput(f"{file} cannot be read as a list of attributes:", problems)
    values = np.array([row for _, row in rows], object)
    cells = {IMAGE: values[:, 0], **{column: values[:, place] for place, column in enumerate(columns, start=1)}}
    cells, more = _named_categories(file, cells)
    line = np.array([line for line, _ in rows], int)
    sheet = Sheet(file, "a list of attributes", line, cells, file.parent, IMAGE).say(*notes, *more)
    return with_parts(_known(sheet, columns) if deep_fashion else sheet)


def _known(sheet: Sheet, columns: list[str]) -> Sheet:
    """DeepFashion's 1, -1 and 0 as yes, no and unknown, as its README says; other numbers stay."""
    meaning = {"1": "1", "-1": "0", "0": ""}
    found = {value for column in columns for value in sheet.cells[column]}
    if "-1" not in found or not found <= meaning.keys():
        return sheet
    cells = {column: np.array([meaning[value] for value in sheet.cells[column]], object) for column in columns}
    return sheet.with_cells(cells).say("1, -1 and 0 are yes, no and unknown, as in DeepFashion")


def _rows(file: Path, text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header, which names the images first, and the rows with their lines."""
    lines = [(number, line.split()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    count = None
    if len(lines[0][1]) == 1 and lines[0][1][0].isdigit():
        count, lines = int(lines[0][1][0]), lines[1:]
    (_, header), *rows = lines
    if count not in (None, len(rows)):
        raise InvalidInput(f"{file}:1: {count:,} rows are promised, and {len(rows):,} follow; download it again")
    if is_image(header[0]):
        raise InvalidInput(
            f"{file}: the first line, {' '.join(header)[:80]!r}, is about an image; expected is a line that names the "
            "columns: image label"
        )
    if (rows and len(rows[0][1]) == len(header) + 1 and len(header) != 2) or _names_no_image(header):
        header = [IMAGE, *header]  # CelebA's
    return header, rows


def _names_no_image(header: list[str]) -> bool:
    return not any(word in header[0].casefold() for word in ("image", "file", "name", "id"))


def _names_beside(file: Path, column: str, count: int) -> tuple[list[str], str]:
    for path in sorted(file.parent.glob(NAMES.get(column, "\0"))):
        names = [line.rsplit(None, 1)[0].strip() for line in text_in(path).splitlines() if line.strip()]
        if len(names[-count:]) == count:
            return names[-count:], f"attributes are named by {path.name}"
    return [f"{column}_{number}" for number in range(1, count + 1)], f"the {count} attributes have no names: {column}"


def _named_categories(file: Path, cells: dict[str, np.ndarray]) -> tuple[dict[str, np.ndarray], list[str]]:
    """Numbers of categories replaced by their names, counted from 1, where a file beside has them."""
    column = "category_label"
    for path in sorted(file.parent.glob(NAMES[column])) if column in cells else ():
        names = [line.rsplit(None, 1)[0].strip() for line in text_in(path).splitlines()[2:] if line.strip()]
        if all(value.isdigit() and 1 <= int(value) <= len(names) for value in cells[column]):
            named = np.array([names[int(value) - 1] for value in cells[column]], object)
            return {**cells, column: named}, [f"categories are named by {path.name}"]
    return cells, []


def is_named_so(file: Path) -> bool:
    """Whether a table is called like CelebA's list of attributes, of which Kaggle makes list_attr_celeba.csv."""
    return file.stem.startswith("list_attr")


def with_parts(sheet: Sheet) -> Sheet:
    """The sheet with the parts of the file beside it."""
    folders = (sheet.file.parent, sheet.file.parent.parent / "Eval")  # DeepFashion's labels lie in Anno/
    for path in sorted(path for folder in folders for pattern in PARTITION for path in folder.glob(pattern)):
        lines = [re.split(r"[\s,]+", line.strip()) for line in text_in(path).splitlines()]
        part_of = {line[0]: {**BY_NUMBER, **WORDS}.get(line[-1].casefold()) for line in lines if len(line) > 1}
        parts = np.array([part_of.get(name) for name in sheet.names], object)
        if path == sheet.file or not any(parts):
            continue
        if lost := [sheet.problem(row, name) for row, name in enumerate(sheet.names) if not parts[row]]:
            raise InvalidInput(
                f"{path} says for some images which part they belong to, but not for these; add them:", lost
            )
        return replace(sheet, part=parts).say(f"the parts are those of {path.name}")
    return sheet
