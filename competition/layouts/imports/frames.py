"""Tables of pandas: Parquet, and workbooks of Excel; and the records of MATLAB's files."""

import zlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import pandas as pd

from competition.errors import InvalidInput
from competition.layouts.imports.sheet import Sheet, sheet_of

OLD = b"\xd0\xcf\x11\xe0"  # how .xls begins, and what is encrypted
PARQUET, EXCEL, MATLAB = (".parquet", ".pq"), (".xlsx", ".xlsm"), (".mat",)


def read_frame(file: Path) -> Sheet:
    """The rows of a table. Raises InvalidInput where a library is missing, or the file cannot be read."""
    try:
        frame = pd.read_parquet(file) if file.suffix.lower() in PARQUET else _workbook(file)
    except ImportError:
        name = "pyarrow" if file.suffix.lower() in PARQUET else "openpyxl"
        raise InvalidInput(
            f"{file} needs {name}, or a newer one, to be read: pip install --upgrade {name}; or save it as a CSV"
        ) from None
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        what = "a table of Parquet" if file.suffix.lower() in PARQUET else "a workbook of Excel"
        reason = str(error).partition("\n")[0]
        raise InvalidInput(f"{file} cannot be read as {what} ({reason}); write it anew, or save it as a CSV") from None
    if nested := [name for name in frame if frame[name].map(lambda one: isinstance(one, dict | bytes)).any()]:
        raise InvalidInput(
            f"{file} holds the pictures themselves, in column {nested[0]!r}; write them as files, and labels as a CSV"
        )
    rows = frame.rename(columns=str).to_dict("records")
    return sheet_of(file, "a table", rows, np.arange(2, len(rows) + 2))


def _workbook(file: Path) -> pd.DataFrame:
    if file.read_bytes()[: len(OLD)] == OLD:
        raise InvalidInput(f"{file} is an old workbook, or one with a password; save it as .xlsx without, or as a CSV")
    sheets = pd.read_excel(file, sheet_name=None, dtype=object)
    filled = {name: frame for name, frame in sheets.items() if len(frame)}
    if len(filled) != 1:
        found = ", ".join(filled) or "nothing"
        raise InvalidInput(f"{file} holds {len(filled)} sheets with rows ({found}); keep one, or save one as a CSV")
    return next(iter(filled.values()))


def read_matlab(file: Path) -> Sheet:
    """The records of a MATLAB file. Raises InvalidInput where it holds none, as where it holds only numbers."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        content = loadmat(file, simplify_cells=True)
    except NotImplementedError:
        raise InvalidInput(
            f"{file} is a MATLAB 7.3 file (HDF5); save it with -v7, or write its labels as a CSV"
        ) from None
    except (OSError, ValueError, TypeError, IndexError, zlib.error, MatReadError) as error:
        raise InvalidInput(f"{file} cannot be read as a file of MATLAB: {error}") from None
    tables = {name: value for name, value in content.items() if _is_records(value)}
    if len(tables) == 1:
        return sheet_of(file, "records of MATLAB", next(iter(tables.values())))
    shapes = [f"{name} {np.shape(value)}" for name, value in content.items() if not name.startswith("__")]
    raise InvalidInput(
        f"{file} holds {', '.join(shapes)}, but no records that name images; write its labels as a CSV, a line an image"
    )


def _is_records(value: object) -> bool:
    return isinstance(value, list | np.ndarray) and len(value) > 0 and all(isinstance(one, dict) for one in value)
