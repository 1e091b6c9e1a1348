"""The image files in a folder and below it."""

import os
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from competition.errors import InvalidInput
from competition.images.decode import is_image

SKIPPED = ("node_modules", "site-packages", "__pycache__")  # folders that hold no data


def images_below(root: Path) -> Iterator[str]:
    """The paths (posix, relative to `root`) of the images in a folder and below it, hidden ones left out.

    Links to folders are followed, each folder once. Raises InvalidInput for a folder that cannot be listed.
    """
    for folder, files in _folders(root):
        here = Path(folder).relative_to(root).as_posix()
        yield from (posixpath.normpath(f"{here}/{name}") for name in sorted(files) if is_image(name) and name[0] != ".")


def _folders(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Every folder of data in a folder, and its files: each once, those that links lead to last, none above it."""
    waiting, known = [root], set(root.resolve().parents)
    for start in waiting:
        for folder, inner, files in os.walk(start, onerror=_refuse):
            inner[:] = sorted(name for name in inner if not name.startswith((".", "__MACOSX")) and name not in SKIPPED)
            real = Path(folder).resolve()
            if real in known:
                inner.clear()
                continue
            known.add(real)
            waiting += filter(Path.is_symlink, (Path(folder, name) for name in inner))  # which walk does not enter
            yield folder, files


def _refuse(error: OSError) -> NoReturn:
    raise InvalidInput(
        f"{error.filename} cannot be listed ({error.strerror}); change its permissions, or move it away"
    ) from error
