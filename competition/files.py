"""Files and folders that are whole or not there at all, locks between processes, and small caches."""

import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from competition.errors import InvalidInput

CACHE = Path("cache")
DAY = 24 * 60 * 60  # seconds
WRITING, UNFINISHED = ".writing-", "-unfinished"
UMASK = os.umask(0)  # it can only be read by setting it, which threads must not do at the same time
os.umask(UMASK)


@contextmanager
def whole_file(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """A temporary path beside `path`, renamed to it when the block ends well and removed when it does not.

    So a file that exists is whole, also after a power cut where it is `durable`; a cache, which can be made again, need
    not wait for the disk. The name keeps its endings, because some writers choose the format by them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(path.parent)
    handle, name = tempfile.mkstemp(prefix=WRITING, suffix="".join(path.suffixes[-2:]), dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~UMASK)
        if durable:
            _sync(temporary)
        temporary.replace(path)
        if durable:
            _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """An empty folder to fill, which becomes `folder` when all is written; after an error nothing is left."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(folder.parent)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", suffix=UNFINISHED, dir=folder.parent))
    try:
        unfinished.chmod(0o777 & ~UMASK)
        yield unfinished
        unfinished.replace(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def refuse_filled(folder: Path) -> None:
    """Raises InvalidInput where a folder that is to be made holds something already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidInput(f"{folder} exists already and is not an empty folder: name another, or remove it first")


def _sync(path: Path) -> None:
    """Have a file, or the names in a folder, written to the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@cache
def _remove_leftovers(folder: Path) -> None:
    """Remove what processes that were killed left in a folder over a day ago; looked for once a process."""
    for path in [*folder.glob(f"{WRITING}*"), *folder.glob(f".*{UNFINISHED}")]:
        try:
            if path.stat().st_mtime < time.time() - DAY:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        except OSError:  # another process was quicker, or it is somebody else's: what is to be written comes first
            continue


@contextmanager
def locked(file: Path, *, wait: bool = True) -> Iterator[int | None]:
    """A lock that keeps other processes out of the block: the number of its open file.

    With `wait` False it is None where another process has the lock. A child that inherits the open file holds the
    lock, too.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield None
        else:
            yield opened.fileno()


class JsonCache(dict):
    """A dict that a JSON file remembers; entries that are spoilt, or not `valid`, are not there and made once more.

    So are some that two processes add at once: the last to write wins.
    """

    def __init__(self, file: Path, valid: Callable[[object], bool]):
        self.file = file
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            found = {}
        entries = found.items() if isinstance(found, dict) else ()
        super().__init__({key: value for key, value in entries if valid(value)})
        self.remembered = dict(self)

    def write(self) -> None:
        """Write the file where anything was added. Raises InvalidInput where that is not allowed."""
        if self == self.remembered:
            return
        try:
            with whole_file(self.file, durable=False) as path:
                path.write_text(json.dumps(self), encoding="utf-8")
        except OSError as error:
            raise InvalidInput(
                f"{self.file} cannot be written ({error.strerror}); start from a folder where you may write"
            ) from None
        self.remembered = dict(self)
