"""Tables of text: separated by commas, semicolons or tabs."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from competition.errors import InvalidInput, Problem
from competition.images.decode import is_image
from competition.layouts.imports.sheet import Sheet

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
NAMES_OF = {**SEPARATORS, " ": "blanks"}
INDEX = "Unnamed: 0"  # what pandas calls the index that it wrote without a name
LOOKED_AT = 50  # lines that are looked at to find the separator
csv.field_size_limit(2**31 - 1)  # read with another separator, the header of a wide table is one long cell


def read_delimited(file: Path, text: str) -> Sheet:
    """The rows below the header of a table. Raises InvalidInput with every line of other cells than the header."""
    lines, declared = text.splitlines(keepends=True), ""
    if match := re.fullmatch(r"sep=(.)\s*", lines[0]) if lines else None:
        declared, lines = match[1], ["\n", *lines[1:]]  # the numbers of lines stay those of the file
    separator = declared or find_separator(lines)
    notes = [f"columns are separated by {NAMES_OF.get(separator, repr(separator))}"] if separator != "," else []
    rows = _csv_rows(file, lines, separator)
    if not rows:
        raise InvalidInput(f"{file} is empty; a table's first line names its columns: image,colour,size")
    if rows[0][1][0].startswith("#") and len(rows[0][1]) == 1 < len(rows[-1][1]):
        raise InvalidInput(
            f"{file}:{rows[0][0]}: {separator.join(rows[0][1])[:80]!r} is a comment; the first line has to name the "
            "columns (image,colour,size), so delete the comments above them"
        )
    header, rows = _header(file, _without_ends(rows))
    if wrong := [
        Problem(file, line, f"{len(cells)} cells in {separator.join(cells)[:80]!r}; the header names {len(header)}")
        for line, cells in rows
        if len(cells) != len(header)
    ]:
        raise InvalidInput(f"{file} cannot be read as a table:", wrong)
    columns = list(zip(*(cells for _, cells in rows), strict=True)) or [()] * len(header)
    cells = {column: np.array(values, object) for column, values in zip(header, columns, strict=True)}
    return Sheet(file, "a table", np.array([line for line, _ in rows], int), cells, file.parent).say(*notes)


def find_separator(lines: Sequence[str]) -> str:
    """The separator that all lines have as often as the header; else one that the header has, or blanks."""
    shown = [line for line in lines[:LOOKED_AT] if line.strip()]
    counts = {one: len(next(csv.reader(shown[:1], delimiter=one), [])) for one in SEPARATORS}
    several = [one for one, count in counts.items() if count > 1]
    even = [one for one in several if all(len(row) == counts[one] for row in csv.reader(shown, delimiter=one))]
    if several:
        return (even or several)[0]
    blanks = [len(line.split()) for line in shown]
    return " " if len(set(blanks)) == 1 and blanks[0] > 1 else ","


def _csv_rows(file: Path, lines: Sequence[str], separator: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(
        io.StringIO("".join(lines), newline=""), delimiter=separator, strict=True, skipinitialspace=True
    )
    rows, start = [], 1
    try:
        for row in reader:
            rows.append((reader.line_num, row))
            start = reader.line_num + 1
    except csv.Error as error:
        quote = f"; a quote begins in line {start} and does not end" if reader.line_num > start else ""
        raise InvalidInput(f"{file}:{start}: not comma separated ({error}){quote}") from None
    return [(line, row) for line, row in rows if any(map(str.strip, row))]


def _without_ends(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """The rows without the cells at their ends that are empty in all of them, as spreadsheets write them."""
    width = max(_filled(cells) for _, cells in rows)
    return [(line, cells if len(cells) <= width else cells[:width]) for line, cells in rows]


def _filled(cells: Sequence[str]) -> int:
    """The number of cells up to the last that is not empty."""
    width = len(cells)
    while width and not cells[width - 1].strip():
        width -= 1
    return width


def _header(file: Path, rows: list) -> tuple[list[str], list]:
    """The names of the columns, and the rows below."""
    (line, header), *rows = rows
    header = [name.strip() for name in header]
    numbers = [name for name in header if name.isdigit()]
    if any(map(is_image, header)) or len(set(numbers)) < len(numbers):
        raise InvalidInput(
            f"{file}:{line}: the first line, {','.join(header)[:80]!r}, is about an image; expected is a header "
            "that names the columns (image,colour,size)"
        )
    if not header[0] and all(header[1:]):
        header[0] = INDEX
    problems = [Problem(file, line, f"column {place} has no name") for place, name in enumerate(header, 1) if not name]
    first: dict[str, int] = {}
    problems += [
        Problem(file, line, f"columns {first[name]} and {place} are both called {name!r}")
        for place, name in enumerate(header, start=1)
        if name and first.setdefault(name, place) < place
    ]
    if problems:
        raise InvalidInput(f"{file} cannot be read as a table:", problems)
    return header, rows
