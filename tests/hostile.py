"""What the fuzz tests share: the limits of a case, what a refusal has to be, and ways to spoil a file."""

import resource
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import strategies as st

from competition.errors import InvalidInput

SECONDS = 60  # of a case, against hanging only
ROOM = 2**31  # bytes that a case may take beyond what the process has
PYTHON = (sys.prefix, sys.base_prefix, "/proc/", "/sys/", "/dev/null", "/dev/urandom", "/usr/lib", "/etc/localtime")
SEEDS = Path(__file__).parent / "fuzz/seeds"  # what failed once, each under the name of its test

_opened: list[str] | None = None


def _watch(event: str, arguments: tuple) -> None:
    if event == "open" and _opened is not None and isinstance(arguments[0], str | bytes | Path):
        name = arguments[0]
        _opened.append(name.decode(errors="replace") if isinstance(name, bytes) else str(name))


sys.addaudithook(_watch)


def _late(*_) -> None:
    raise AssertionError(f"it takes more than {SECONDS} seconds")


@contextmanager
def bounded(root: Path | None = None) -> Iterator[None]:
    """Fail if the block takes too long or too much memory, or opens a file outside of `root` and of Python's own."""
    global _opened  # noqa: PLW0603  an audit hook cannot be taken out again
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    old = signal.signal(signal.SIGALRM, _late)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + ROOM, before[1]))
    signal.alarm(SECONDS)
    _opened = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # what the readers say of labels
            yield
    finally:
        opened, _opened = _opened, None
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)
        resource.setrlimit(resource.RLIMIT_AS, before)
    home = str(Path(__file__).parents[1])
    if root:
        allowed = (str(root), str(root.resolve()), home, *PYTHON)
        assert [name for name in opened if not str(Path(name).absolute()).startswith(allowed)] == []


def read_or_refused(root: Path, read: Callable, *arguments) -> object:
    """What a call returns, or None where it refuses its input, in a message that names a file below `root`, or a flag.

    A flag is named where the user has to say how labels are meant.
    """
    try:
        with bounded(root):
            return read(*arguments)
    except InvalidInput as error:
        message = str(error)
        assert str(root) in message or "--" in message
        return None


@contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name) / "data"


@pytest.fixture
def silent(capfd) -> Iterator[None]:
    """Nothing may be written to the terminal in a test, as C libraries do past Python."""
    yield
    assert capfd.readouterr() == ("", "")


# What others may write into a file: paths that leave it, formulas, marks of direction, numbers that are none, nesting.
WORDS = (
    *(
        b"../../etc/passwd",
        b"/etc/passwd",
        b"..",
        b"../x.jpg",
        b"a.jpg",
        b"./a.jpg",
        b"x.npy[99999999999]",
        b"a/../../b.jpg",
    ),
    *(
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\r",
        b"\n",
        b"\r\n",
        b"\t",
        b" ",
        b",",
        b";",
        b"|",
        b'"',
        b"'",
        b"\\",
    ),
    *(
        "\u202e".encode(),
        "\u2028".encode(),
        b"\x1b[2J",
        b"\x07",
        "e\u0301".encode(),
        "\U0001f600".encode(),
        b"\xed\xb0\x80",
    ),
    *(
        b"=1+1",
        b"+1",
        b"-1",
        b"@x",
        b"nan",
        b"inf",
        b"1e999",
        b"0x10",
        b"1_000",
        b"9" * 5000,
        b"-",
        b"0",
        b"true",
        b"None",
    ),
    *(
        b"[",
        b"]",
        b"{",
        b"}",
        b"(",
        b")",
        b"[" * 4000,
        b'{"a":' * 4000,
        b"(" * 4000,
        b":",
        b"null",
        b"[]",
        b"{}",
        b'""',
    ),
    *(
        b"y",
        b"m",
        b"n",
        b"%",
        b"$",
        b"#",
        b"sep=;",
        b"\\x",
        b"{1, 2}",
        b"set()",
        b"'\\d'",
        b"a" * 300,
        b"test",
        b"9999999999999999999",
    ),
)


@st.composite
def spoilt(draw, content: bytes, others: Sequence[bytes] = (), words: Sequence[bytes] = WORDS, most: int = 5) -> bytes:
    """A file with some bytes flipped, cut out, repeated, put in, or taken from other files."""
    for _ in range(draw(st.integers(1, most))):
        size = len(content)
        start = draw(st.integers(0, size))
        end = min(size, start + draw(st.sampled_from((1, 1, 2, 4, 8, 40, 400, size))))
        match draw(st.sampled_from(("flip", "cut", "repeat", "word", "word", "bytes", "end", "splice"))):
            case "flip" if start < size:
                flipped = content[start] ^ (1 << draw(st.integers(0, 7)))
                content = content[:start] + bytes([flipped]) + content[start + 1 :]
            case "cut":
                content = content[:start] + content[end:]
            case "repeat":
                content = content[:end] + content[start:]
            case "word" if words:
                at = end if draw(st.booleans()) else start
                content = content[:start] + draw(st.sampled_from(words)) + content[at:]
            case "bytes":
                content = content[:start] + draw(st.binary(min_size=1, max_size=8)) + content[end:]
            case "end":
                content = content[:start]
            case "splice" if others:
                other = draw(st.sampled_from(others))
                content = content[:start] + other[draw(st.integers(0, len(other))) :]
    return content


def seeds(test: str) -> list:
    """What a test failed on once, each under the name of its file."""
    return [pytest.param(path.read_bytes(), id=path.name) for path in sorted((SEEDS / test).iterdir())]
