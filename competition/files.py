"""Files and folders that are complete or not there at all, locks between processes, and small caches."""

import errno
import fcntl
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from competition.errors import InvalidInput

CACHE = Path("cache")
DAY = 24 * 60 * 60  # seconds
WRITING, UNFINISHED = ".writing-", "-unfinished"
NO_FILES = {stat.S_IFIFO: "a pipe", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device", stat.S_IFSOCK: "a socket"}
UNPACKED, AS_LARGE = 2**28, 100  # bytes of an archive that are always unpacked, and how often its own size
UMASK = os.umask(0)  # it can only be read by setting it, which is not safe once there are threads
os.umask(UMASK)


def is_file(path: Path) -> bool:
    """Whether there is such a file; no, if its name is too long for one."""
    try:
        return path.is_file()
    except OSError:
        return False


def open_file(path: Path, mode: str = "rb", **options) -> IO:
    """Open a file to read it; `options` are those of `open`. Whatever others name is opened by this.

    Raises OSError for what is no file, a link to it included: a pipe would be waited for, for ever, and a device such
    as /dev/zero has no end.
    """
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # without waiting for who writes into a pipe
    try:
        kind = stat.S_IFMT(os.fstat(opened).st_mode)
        if kind == stat.S_IFDIR:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if kind in NO_FILES:
            raise OSError(errno.EINVAL, f"it is {NO_FILES[kind]}, and only a file can be read", str(path))
        return open(opened, mode, **options)  # noqa: PTH123  of a descriptor
    except BaseException:
        os.close(opened)
        raise


def read_bytes(path: Path) -> bytes:
    with open_file(path) as opened:
        return opened.read()


def read_text(path: Path, encoding: str = "utf-8") -> str:
    with open_file(path, "r", encoding=encoding) as opened:
        return opened.read()


def refuse_bomb(file: Path, archive: ZipFile) -> None:
    """Raise InvalidInput for an archive that unpacks to far more than a table or an array is ever packed.

    Python unpacks no more of a file in it than the archive's directory says.
    """
    packed, unpacked = file.stat().st_size, sum(member.file_size for member in archive.infolist())
    if unpacked > max(UNPACKED, AS_LARGE * packed):
        raise InvalidInput(
            f"{file} has {packed:,} bytes and would unpack to {unpacked:,}; allowed are {AS_LARGE} times as many as it "
            f"has, and {UNPACKED:,} at any rate, so it is damaged or made to fill the memory: get it anew"
        )


@contextmanager
def whole_file(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """A temporary path beside `path`, renamed to it when the block succeeds and removed when it fails.

    So a file that exists is complete, even after a power cut if `durable`; a cache, which can be made again, need not
    wait for the disk. The temporary name keeps the suffixes, because some writers choose the format by them.
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
    """An empty folder to fill, renamed to `folder` when the block succeeds and removed when it fails."""
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
    """Raise InvalidInput if a folder that is to be made exists and is not empty."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidInput(f"{folder} exists already and is not an empty folder: name another, or remove it first")


def _sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@cache
def _remove_leftovers(folder: Path) -> None:
    """Remove what killed processes left in a folder more than a day ago; done once per process."""
    for path in [*folder.glob(f"{WRITING}*"), *folder.glob(f".*{UNFINISHED}")]:
        try:
            if path.stat().st_mtime < time.time() - DAY:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        except OSError:  # another process was faster, or the file is another user's: neither may stop the write
            continue


@contextmanager
def locked(file: Path, *, wait: bool = True) -> Iterator[int | None]:
    """A lock that keeps other processes out of the block: the descriptor of its open file.

    With `wait` False it is None if another process has the lock. A child process that inherits the descriptor holds
    the lock, too.
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
    """A dict that is kept in a JSON file; a damaged file counts as empty, and entries that are not `valid` as missing.

    If two processes write at the same time, the last one wins, and what the other added has to be made again.
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
        """Write the file if anything was added. Raises InvalidInput if it cannot be written."""
        if self == self.remembered:
            return
        try:
            with whole_file(self.file, durable=False) as path:
                path.write_text(json.dumps(self), encoding="utf-8")
        except OSError as error:
            raise InvalidInput(
                f"{self.file} cannot be written ({error.strerror}); start the command in a folder where you may write"
            ) from None
        self.remembered = dict(self)
