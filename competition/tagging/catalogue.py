"""The pictures of a catalogue: their names in a folder, a table or a question file, and the bytes behind a name."""

import hashlib
import json
import re
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet, types

from competition.errors import InvalidInput, Problem, is_utf8, no_such
from competition.files import is_file, open_file
from competition.images.below import images_below
from competition.images.decode import ENDINGS, read_file, why_unread
from competition.images.whole import BadImage, Unreachable
from competition.layouts import fashionai
from competition.layouts.csv_lines import csv_rows
from competition.layouts.detect import layout_of
from competition.scoring.blend import DIGITS
from competition.task import Task

USUAL = ("image", "image_path", "path", "file", "filename", "file_name")  # columns that are taken without asking
DRIVERS = {"s3": "s3fs", "gs": "gcsfs"}  # the packages by which fsspec reads them
ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
WAITS = (1, 4, 16)  # seconds before another try, where a disk or a network has failed
BATCH = 65_536  # rows that are looked at together


@dataclass(frozen=True)
class Catalogue:
    """`rows` has the columns image, as the input names it, and product (null where none is known), both string.

    A name is an address, an absolute path, or relative to `root`.
    """

    root: Path
    rows: pa.Table

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def digest(self) -> str:
        """A short digest of all names and products, in their order, and of where relative ones begin."""
        found = hashlib.sha256(str(self.root).encode("utf-8", "surrogateescape"))
        for start in range(0, len(self.rows), BATCH):
            found.update(json.dumps(self.rows.slice(start, BATCH).to_pydict()).encode())
        return found.hexdigest()[:DIGITS]


def read_catalogue(
    source: Path, tasks: tuple[Task, ...], image_column: str | None = None, product_column: str | None = None
) -> Catalogue:
    """The pictures of a folder (all under it, by name), of a table .csv or .parquet, or of a question file.

    Without `image_column` a table has to have one of the columns USUAL, which is then printed. A question file may ask
    only for `tasks`; each of its pictures counts once. Raises InvalidInput for what is none of these, no such column,
    a row without a name, addresses that cannot be read here, and where there is no picture.
    """
    table = not source.is_dir() and (not is_file(source) or layout_of(source) == "table")
    if not table and (given := image_column or product_column):
        raise InvalidInput(f"{source} is no table, so it has no column {given!r}; leave out the names of columns")
    if source.is_dir():
        found = _of_folder(source)
    elif table:
        found = _of_table(source, image_column, product_column)
    else:
        asked = fashionai.read_questions(source, tasks).images
        found = Catalogue(asked.roots[0].absolute(), _rows(pa.array(asked.names.tolist(), pa.string())))
    if not len(found):
        raise InvalidInput(f"{source} holds no picture; allowed are files that end in {', '.join(ENDINGS)}")
    _refuse_unreachable(source, found)
    return found


def read_picture(root: Path, name: str) -> bytes:
    """The bytes of the picture of this name, after some tries where a disk or a network fails.

    Raises BadImage with the reason why it cannot be read, and InvalidInput where that is not the picture's own: a disk
    or a network that still fails, or the folder of the pictures, which this machine does not have.
    """
    for wait in WAITS:
        try:
            return _read(root, name)
        except Unreachable:
            time.sleep(wait)
    try:
        return _read(root, name)
    except Unreachable as error:
        raise InvalidInput(
            f"{name}, on the machine {socket.gethostname()}, {error}, also after {sum(WAITS)} s; put the disk or the "
            "network right, and the same command goes on"
        ) from error


def _read(root: Path, name: str) -> bytes:
    address = ADDRESS.match(name)
    if address:
        try:
            return fsspec.filesystem(address[1]).cat_file(name)
        except Exception as error:  # each driver has its own
            raise why_unread(error) from error
    try:
        return read_file(root / name)
    except BadImage:
        if not Path(name).is_absolute() and not root.is_dir():
            raise InvalidInput(
                f"{root}, where the pictures are, is not there on the machine {socket.gethostname()}; mount it at the "
                "same place on all machines, and the same command goes on"
            ) from None
        raise


def _rows(images: pa.Array, products: pa.Array | None = None) -> pa.Table:
    products = pa.nulls(len(images), pa.string()) if products is None else products
    return pa.table({"image": images, "product": products})


def _of_folder(folder: Path) -> Catalogue:
    names = sorted(images_below(folder))
    if bad := [name for name in names if not is_utf8(name)]:
        raise InvalidInput(f"{folder}: these names are not UTF-8, so no table can hold them; rename them:", bad)
    return Catalogue(folder.absolute(), _rows(pa.array(names, pa.string())))


def _of_table(file: Path, image_column: str | None, product_column: str | None) -> Catalogue:
    if not is_file(file):
        raise InvalidInput(
            f"{file}: there is no such file or folder; name one of this machine: the pictures that a table names may "
            f"be at {' or '.join(f'{scheme}://' for scheme in DRIVERS)}, the table itself may not"
        )
    if file.suffix.lower() not in TABLES:
        raise InvalidInput(f"{file}: what ends like this is not read; allowed are a folder, {' and '.join(TABLES)}")
    names_of, columns_of = TABLES[file.suffix.lower()]
    names = names_of(file)
    wanted = [image_column or _usual(file, names)] + [product_column] * (product_column is not None)
    for name in wanted:
        if names.count(name) != 1:
            twice = f"{names.count(name)} columns are called {name!r}; rename all but one"
            raise InvalidInput(f"{file}: {twice if name in names else no_such('column', name, names)}")
    found, bad = [_rows(pa.array([], pa.string()))], []
    for lines, columns in columns_of(file, wanted):
        empty = pc.fill_null(pc.equal(columns[0], ""), True)
        bad += [Problem(file, lines[row], f"{wanted[0]} is empty") for row in pc.indices_nonzero(empty).to_pylist()]
        found.append(_rows(*columns))
    if bad:
        raise InvalidInput(f"{file} names no picture in some rows; fill them, or leave them out:", bad)
    return Catalogue(file.parent.absolute(), pa.concat_tables(found))


def _usual(file: Path, names: Sequence[str]) -> str:
    """The one column that is called like one of pictures."""
    found = [name for name in names if name.strip().lower() in USUAL]
    if len(found) != 1:
        what = f"several columns that could name pictures ({', '.join(found)})" if found else "no column of pictures"
        raise InvalidInput(
            f"{file} has {what}; looked for {', '.join(USUAL)}; name it with --image-column, one of "
            f"{', '.join(map(repr, names))}"
        )
    print(f"{file}: pictures are named in the column {found[0]!r}; --image-column names another")
    return found[0]


def _csv_names(file: Path) -> list[str]:
    return next(csv_rows(file), (1, []))[1]


def _csv_columns(file: Path, wanted: Sequence[str]) -> Iterator[tuple[Sequence[int], list[pa.Array]]]:
    """The wanted columns of BATCH rows at a time, string, and the line of each row."""
    rows = csv_rows(file)
    _, header = next(rows)
    places = [header.index(name) for name in wanted]
    while batch := list(islice(rows, BATCH)):
        for line, cells in batch:
            if len(cells) != len(header):
                raise InvalidInput(f"{file}:{line}: {len(cells)} cells; the header names {len(header)} columns")
        columns = [pa.array([cells[place] or None for _, cells in batch], pa.string()) for place in places]
        yield [line for line, _ in batch], columns


def _parquet_names(file: Path) -> list[str]:
    with _parquet(file) as opened:
        return opened.schema_arrow.names


def _parquet_columns(file: Path, wanted: Sequence[str]) -> Iterator[tuple[Sequence[int], list[pa.Array]]]:
    """As `_csv_columns`; rows are numbered from 1. Products may be whole numbers."""
    with _parquet(file) as opened:
        for name in wanted:
            kind = opened.schema_arrow.field(name).type
            text = any(is_kind(kind) for is_kind in (types.is_string, types.is_large_string, types.is_dictionary))
            if not text and not (types.is_integer(kind) and name != wanted[0]):
                raise InvalidInput(f"{file}: column {name!r} holds {kind}, and text is needed; name another column")
        first = 1
        for batch in opened.iter_batches(BATCH, columns=list(wanted)):
            yield range(first, first + len(batch)), [batch[name].cast(pa.string()) for name in wanted]
            first += len(batch)


@contextmanager
def _parquet(file: Path) -> Iterator[parquet.ParquetFile]:
    """An open Parquet file. Raises InvalidInput where the block cannot read it."""
    try:
        with open_file(file) as opened:
            yield parquet.ParquetFile(opened)
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())
        raise InvalidInput(f"{file} cannot be read as Parquet ({reason}); write it anew") from None


TABLES = {".csv": (_csv_names, _csv_columns), ".parquet": (_parquet_names, _parquet_columns)}


def _refuse_unreachable(source: Path, catalogue: Catalogue) -> None:
    """Raise InvalidInput for addresses of a kind that is not read, or whose driver is not installed."""
    first: dict[str, str] = {}
    for batch in catalogue.rows.select(["image"]).to_batches(BATCH):
        for name in batch["image"].to_pylist():
            if address := ADDRESS.match(name):
                first.setdefault(address[1], name)
    for scheme, name in first.items():
        if scheme not in DRIVERS:
            allowed = ", ".join(f"{one}://" for one in DRIVERS)
            raise InvalidInput(f"{source} names {name}; allowed are files and {allowed}, so download it first")
        try:
            fsspec.get_filesystem_class(scheme)
        except ImportError:
            raise InvalidInput(
                f"{source} names {name}, which needs {DRIVERS[scheme]}: pip install {DRIVERS[scheme]}, on every machine"
            ) from None
