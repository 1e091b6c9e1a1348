"""Reading CSV files row by row with line numbers, and checking the names of images in them."""

import csv
import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from competition.errors import InvalidInput, Problem
from competition.files import open_file


def csv_rows(file: Path, strip: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of every line that is not blank; `strip` removes the spaces around cells.

    Raises InvalidInput for a file that is missing, not UTF-8 (a byte order mark is fine), not CSV, or holds a NUL.
    """
    try:
        with open_file(file, "r", encoding="utf-8-sig", newline="") as opened:
            # Line by line, because some files are large.
            reader = csv.reader(_without_nul(file, opened), strict=True)
            for row in filter(None, reader):
                yield reader.line_num, [cell.strip() for cell in row] if strip else row
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidInput(_first_bad_byte(file)) from None
    except csv.Error as error:
        raise InvalidInput(f"{file}:{reader.line_num}: not comma separated ({error})") from None


def _without_nul(file: Path, lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if "\0" in line:
            raise InvalidInput(f"{file}:{number}: a NUL character, which no name or answer may contain; delete it")
        yield line


def _first_bad_byte(file: Path) -> str:
    with open_file(file) as lines:
        for number, line in enumerate(lines, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return f"{file}:{number}: byte {line[error.start]:#04x} is not UTF-8; save the file as UTF-8"
    return f"{file} is not UTF-8; save it as UTF-8"


def rows_below(
    file: Path,
    rows: Iterable[tuple[int, list[str]]],
    header: Sequence[str],
    name: int,
    problem_of: Callable[[list[str]], str | None],
) -> tuple[list[tuple[int, list[str]]], list[Problem]]:
    """The good rows below a header, with their lines, and what is wrong with the others.

    A good row has a cell per column, no problem by `problem_of`, and in column number `name` no text of a row above.
    """
    good, problems, first = [], [], {}
    for line, cells in rows:
        if len(cells) != len(header):
            text = f"{len(cells)} cells in {','.join(cells)[:80]!r}; the header names {len(header)} columns"
        elif not (text := problem_of(cells)) and first.setdefault(cells[name], line) != line:
            text = f"{cells[name]} is already in line {first[cells[name]]}; keep one of the two"
        if text:
            problems.append(Problem(file, line, text))
        else:
            good.append((line, cells))
    return good, problems


def name_problem(name: str) -> str | None:
    """Why this cannot be the name of an image below the folder of the file; None if it can."""
    if not name:
        return "the image name is empty"
    if name.startswith("/") or (".." in name and posixpath.normpath(name).split("/")[0] == ".."):
        return f"image {name!r} lies outside the folder of the file; allowed are paths below it"
    return None
