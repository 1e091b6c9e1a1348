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
SHORT = " requested and "  # NumPy's words where less than all was written; it does not say why
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
    wait for the disk. The temporary name keeps the suffixes, because some writers choose the format by them. Raises
    InvalidInput as `writing` does, and before the block if `path` is a folder.
    """
    refuse_folder(path)
    with writing(path):
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
    """An empty folder to fill, renamed to `folder` when the block succeeds and removed when it fails.

    Raises InvalidInput as `writing` does, also if another process has filled `folder` meanwhile.
    """
    with writing(folder):
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


def refuse_folder(path: Path) -> None:
    """Raise InvalidInput if a file is to be written where a folder is."""
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder where a file belongs; move it away")


def try_out(path: Path) -> None:
    """Raise InvalidInput if a file could not be written, before much is done for it; nothing is left there."""
    refuse_folder(path)
    with writing(path):
        there = next(folder for folder in path.parents if os.path.lexists(folder))
        tempfile.TemporaryFile(prefix=WRITING, dir=there).close()


@contextmanager
def writing(path: Path, shown: Path | None = None) -> Iterator[None]:
    """Raise InvalidInput where the system cannot write `path` in this block: what, where, why, what to do.

    Its own errors name a temporary file, or none. Those of other files, which the block reads, stay as they are.
    The message names `shown`, if that says more.
    """
    try:
        yield
    except (BrokenPipeError, BlockingIOError):  # of the terminal, and of a lock that another process has
        raise
    except OSError as error:
        named = "" if error.filename is None else os.fsdecode(error.filename)
        temporary = WRITING in named or UNFINISHED in named
        if named and not temporary and Path(named) not in (path, *path.parents):
            raise
        raise InvalidInput(f"{shown or path} cannot be written: {_why(path, error)}") from error


def _why(path: Path, error: OSError) -> str:
    """Why a file or folder could not be written, and what to do."""
    for folder in reversed(path.parents):
        if folder.is_symlink() and not folder.exists():
            return f"{folder} is a link to {folder.readlink()}, which is not there; bring that back, or remove the link"
        if folder.exists() and not folder.is_dir():
            return f"{folder} is a file where a folder belongs; move it away, or name another folder"
    where = next(folder for folder in path.absolute().parents if folder.is_dir())
    number = errno.ENOSPC if error.errno is None and SHORT in str(error) else error.errno
    if number in (errno.EEXIST, errno.ENOTEMPTY):
        return "another process has made it meanwhile, and it was left as it is; name another"
    ways = {
        errno.ENOSPC: f"only {_megabytes_free(where)} are free: make room there, or name a folder on another disk",
        errno.EDQUOT: "make room within your quota, or name a folder on another disk",
        errno.EFBIG: "the disk, or `ulimit -f`, allows no file so large: raise that limit, or name another folder",
        errno.EROFS: "it can only be read: name another folder, or work in one where you may write",
        errno.ENAMETOOLONG: "give it a shorter name",
    }
    denied = "change its permissions, name another folder, or work in one where you may write"
    reason = os.strerror(number) if number and not error.strerror else error.strerror or str(error)
    return f"{reason}, in {where}; {ways.get(number, denied)}"


def _megabytes_free(folder: Path) -> str:
    return f"{shutil.disk_usage(folder).free / 1_000_000:.1f} MB"


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
    the lock, too. Raises InvalidInput as `writing` does.
    """
    refuse_folder(file)
    with writing(file, shown=file.parent):
        file.parent.mkdir(parents=True, exist_ok=True)
        opened = file.open("w")
    with opened:
        try:
            with writing(file, shown=file.parent):
                fcntl.flock(opened, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield None
        else:
            yield opened.fileno()


@contextmanager
def only_read(cache: Path) -> Iterator[Path]:
    """A stand-in for the folder of a cache: what that remembers is there, and what is added is forgotten."""
    with tempfile.TemporaryDirectory() as name:
        stand_in = Path(name)
        for file in filter(is_file, cache.glob("*.json")):
            shutil.copy(file, stand_in)
        (stand_in / "features").symlink_to((cache / "features").absolute())
        yield stand_in


class JsonCache(dict):
    """A dict that is kept in a JSON file; a damaged file counts as empty, and entries that are not `valid` as missing.

    Several processes may add to one file: each keeps what the others have written. Raises InvalidInput if a folder is
    in its place.
    """

    def __init__(self, file: Path, valid: Callable[[object], bool]):
        refuse_folder(file)
        self.file, self.valid, self.damaged = file, valid, False
        super().__init__(self._read())
        self.remembered = dict(self)
        if self.damaged:
            print(f"{file} is damaged; what it remembered is found again, and written anew")

    def write(self) -> None:
        """Add to the file what was added here. Raises InvalidInput if it cannot be written."""
        added = {key: value for key, value in self.items() if self.remembered.get(key) != value}
        if not added:
            return
        with locked(self.file.with_name(f".{self.file.name}.lock")):
            self.update(self._read() | added)
            with whole_file(self.file, durable=False) as path:
                path.write_text(json.dumps(self), encoding="utf-8")
        self.remembered = dict(self)

    def _read(self) -> dict:
        """The valid entries of the file."""
        try:
            found = json.loads(self.file.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            self.damaged = True
            return {}
        return {key: value for key, value in found.items() if self.valid(value)}
