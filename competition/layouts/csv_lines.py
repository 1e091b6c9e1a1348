"""The lines of CSV files, with their numbers, and the names of images in them."""

import codecs
import csv
import io
import posixpath
from collections.abc import Iterator
from pathlib import Path

from competition.errors import InvalidInput


def csv_rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of every line that is not blank.

    Raises InvalidInput for a file that is missing, not UTF-8 (a byte order mark is fine) or not CSV.
    """
    try:
        content = file.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidInput(
            f"{file}:{line}: byte {content[error.start]:#04x} is not UTF-8; save the file as UTF-8"
        ) from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        yield from ((reader.line_num, row) for row in reader if row)
    except csv.Error as error:
        raise InvalidInput(f"{file}:{reader.line_num}: not comma separated ({error})") from None


def name_problem(name: str) -> str | None:
    """Why a name cannot be that of an image below the folder of its file; None where it can."""
    if not name:
        return "the image name is empty"
    if name.startswith("/") or (".." in name and posixpath.normpath(name).split("/")[0] == ".."):
        return f"image {name!r} lies outside the folder of the file; allowed are paths below it"
    return None
