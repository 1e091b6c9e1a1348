"""Tables of pandas: Parquet, and workbooks of Excel."""

import re
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile

import numpy as np
import pandas as pd

from competition.errors import InvalidInput
from competition.files import open_file, refuse_bomb
from competition.layouts.imports.sheet import Sheet, sheet_of

OLD = b"\xd0\xcf\x11\xe0"  # how .xls begins, and what is encrypted
PARQUET, EXCEL = (".parquet", ".pq"), (".xlsx", ".xlsm")

# What pandas and openpyxl raise for files that are damaged.
DAMAGED = (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, SyntaxError, EOFError)
DAMAGED += (BadZipFile, zlib.error, NotImplementedError, RuntimeError, MemoryError)
CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")  # XFD1048576 is the last
ROWS = 2**20  # of a workbook
ANY_ROOM, SPARSE = 10**7, 1000  # cells that are always laid out, and how often those that are filled


def read_frame(file: Path) -> Sheet:
    """The rows of a table. Raises InvalidInput where a library is missing, or the file cannot be read."""
    try:
        with open_file(file) as opened:
            frame = pd.read_parquet(opened) if file.suffix.lower() in PARQUET else _workbook(file, opened)
    except ImportError:
        name = "pyarrow" if file.suffix.lower() in PARQUET else "openpyxl"
        raise InvalidInput(
            f"{file} needs {name}, or a newer one, to be read: pip install --upgrade {name}; or save it as a CSV"
        ) from None
    except InvalidInput:
        raise
    except DAMAGED as error:
        what = "a table of Parquet" if file.suffix.lower() in PARQUET else "a workbook of Excel"
        reason = (getattr(error, "strerror", None) or str(error)).partition("\n")[0]
        raise InvalidInput(f"{file} cannot be read as {what} ({reason}); write it anew, or save it as a CSV") from None
    if nested := [name for name in frame if frame[name].map(lambda one: isinstance(one, dict | bytes)).any()]:
        raise InvalidInput(
            f"{file} holds the pictures themselves, in column {nested[0]!r}; write them as files, and labels as a CSV"
        )
    rows = frame.rename(columns=str).to_dict("records")
    return sheet_of(file, "a table", rows, np.arange(2, len(rows) + 2))


def _workbook(file: Path, opened: IO[bytes]) -> pd.DataFrame:
    if opened.read(len(OLD)) == OLD:
        raise InvalidInput(f"{file} is an old workbook, or one with a password; save it as .xlsx without, or as a CSV")
    with ZipFile(opened) as archive:
        refuse_bomb(file, archive)
        for member in archive.infolist():
            with archive.open(member) as part:
                _refuse_empty_room(file, part)
    opened.seek(0)
    sheets = pd.read_excel(opened, sheet_name=None, dtype=object)
    filled = {name: frame for name, frame in sheets.items() if len(frame)}
    if len(filled) != 1:
        found = ", ".join(filled) or "nothing"
        raise InvalidInput(f"{file} holds {len(filled)} sheets with rows ({found}); keep one, or save one as a CSV")
    return next(iter(filled.values()))


def _refuse_empty_room(file: Path, part: IO[bytes]) -> None:
    """Raise InvalidInput for a sheet whose last cell is so far out that laying out the empty ones fills the memory."""
    filled = rows = columns = 0

    def start(tag: str, given: Mapping[str, str]) -> None:
        nonlocal filled, rows, columns
        place = given.get("r", "")
        if tag.endswith("row") and place.isdecimal():
            rows = max(rows, int(place[:9]))
        elif cell := CELL.fullmatch(place):
            number = 0
            for letter in cell[1]:
                number = 26 * number + ord(letter) - ord("A") + 1
            filled, rows, columns = filled + 1, max(rows, int(cell[2])), max(columns, number)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    with suppress(expat.ExpatError):  # no XML, or broken: what reads it says so
        parser.ParseFile(part)
    if rows > ROWS or rows * columns > max(ANY_ROOM, SPARSE * filled):
        raise InvalidInput(
            f"{file} has its last cell in row {rows:,} and column {columns:,}, and only {filled:,} cells are filled; "
            "delete the rows and columns that are empty, or save it as a CSV"
        )
