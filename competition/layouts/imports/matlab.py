"""The records of MATLAB's files, read by a process of its own, because SciPy ends the process with a damaged one."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np

from competition.errors import InvalidInput
from competition.files import open_file
from competition.layouts.imports.sheet import Sheet, sheet_of

ENDINGS = (".mat",)
ROOM = 2**32  # bytes of memory for reading


def read_matlab(file: Path) -> Sheet:
    """The records of a MATLAB file. Raises InvalidInput where it holds none, as where it holds only numbers."""
    try:
        with open_file(file) as opened:
            command = [sys.executable, "-P", "-m", "competition.layouts.imports.matlab"]
            read = subprocess.run(command, stdin=opened, capture_output=True, text=True, encoding="utf-8", check=False)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from None
    found = {"problem": "it is damaged, and what reads it crashed"} if read.returncode else json.loads(read.stdout)
    if "problem" in found:
        raise InvalidInput(f"{file} cannot be read as a file of MATLAB: {found['problem']}")
    if len(found["tables"]) == 1:
        return sheet_of(file, "records of MATLAB", *found["tables"])
    raise InvalidInput(
        f"{file} holds {', '.join(found['shapes'])}, but no records that name images; write its labels as a CSV, a "
        "line an image"
    )


def main() -> None:
    """Read a file from the standard input, and write its tables of records, and the shapes of all it holds, as JSON."""
    from scipy.io import loadmat

    resource.setrlimit(resource.RLIMIT_AS, (ROOM, resource.getrlimit(resource.RLIMIT_AS)[1]))
    try:
        content = loadmat(sys.stdin.buffer, simplify_cells=True)
    except NotImplementedError:
        found = {"problem": "it is one of version 7.3 (HDF5); save it with -v7, or write its labels as a CSV"}
    except Exception as error:  # of any kind, where a file is damaged
        found = {"problem": str(error).partition("\n")[0] or type(error).__name__}
    else:
        named = {name: value for name, value in content.items() if not name.startswith("__")}
        tables = [_plain(value) for value in named.values() if _is_records(value)]
        found = {"tables": tables, "shapes": [f"{name} {np.shape(value)}" for name, value in named.items()]}
    sys.stdout.reconfigure(encoding="utf-8")
    json.dump(found, sys.stdout)


def _is_records(value: object) -> bool:
    return isinstance(value, list | np.ndarray) and len(value) > 0 and all(isinstance(one, dict) for one in value)


def _plain(value: object) -> object:
    """A value of NumPy as JSON has it."""
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, np.ndarray | list):
        return [_plain(one) for one in value] if np.ndim(value) else _plain(value.item())
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, str | int | float | bool | None) else str(value)


if __name__ == "__main__":
    main()
