"""The pictures of a catalogue: their names in a folder, a table or a question file, and the bytes behind a name."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import fsspec
import pyarrow as pa
from pyarrow import parquet

from competition.errors import InvalidInput, Problem, is_utf8, no_such
from competition.files import is_file, open_file
from competition.images.decode import ENDINGS, is_image, read_file
from competition.images.whole import BadImage
from competition.layouts import fashionai
from competition.layouts.csv_lines import csv_rows
from competition.layouts.detect import layout_of
from competition.scoring.blend import DIGITS
from competition.task import Task

USUAL = ("image", "image_path", "path", "file", "filename", "file_name")  # columns that are taken without asking
DRIVERS = {"s3": "s3fs", "gs": "gcsfs"}  # the packages by which fsspec reads them
ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
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
        for batch in self.rows.to_batches(BATCH):
            found.update(json.dumps(batch.to_pydict()).encode())
        return found.hexdigest()[:DIGITS]


def read_catalogue(
    source: Path, tasks: tuple[Task, ...], image_column: str | None = None, product_column: str | None = None
) -> Catalogue:
    """The pictures of a folder (all under it, by name), of a table .csv or .parquet, or of a question file.

    Without `image_column` a table has to have one of the columns USUAL, which is then printed. A question file may ask
    only for `tasks`; each of its pictures counts once. Raises InvalidInput for what is none of these, no such column,
    a row without a name, addresses that cannot be read here, and where there is no picture.
    """
    table = not source.is_dir() and (source.suffix.lower() == ".parquet" or layout_of(source) == "table")
    if not table and (given := image_column or product_column):
        raise InvalidInput(f"{source} is no table, so it has no column {given!r}; leave out the names of columns")
    if source.is_dir():
        found = _of_folder(source)
    elif table:
        found = _of_table(source, image_column, product_column)
    else:
        asked = fashionai.read_questions(source, tasks).images
        found = _catalogue(asked.roots[0], asked.names.tolist())
    if not len(found):
        raise InvalidInput(f"{source} holds no picture; allowed are files that end in {', '.join(ENDINGS)}")
    _refuse_unreachable(source, found)
    return found


def read_picture(root: Path, name: str) -> bytes:
    """The bytes of the picture of this name. Raises BadImage with the reason why it cannot be read."""
    address = ADDRESS.match(name)
    if not address:
        return read_file(root / name)
    try:
        return fsspec.filesystem(address[1]).cat_file(name)
    except FileNotFoundError:
        raise BadImage("there is no such file") from None
    except Exception as error:  # each driver has its own, also for a network that fails
        raise BadImage(f"cannot be read: {' '.join(str(error).split()) or type(error).__name__}") from error


def _catalogue(root: Path, images: Sequence[str], products: Sequence[str | None] | None = None) -> Catalogue:
    products = pa.nulls(len(images), pa.string()) if products is None else pa.array(products, pa.string())
    return Catalogue(root.absolute(), pa.table({"image": pa.array(images, pa.string()), "product": products}))


def _of_folder(folder: Path) -> Catalogue:
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if is_image(path.name))
    if bad := [name for name in names if not is_utf8(name)]:
        raise InvalidInput(f"{folder}: these names are not UTF-8, so no table can hold them; rename them:", bad)
    return _catalogue(folder, names)


def _of_table(file: Path, image_column: str | None, product_column: str | None) -> Catalogue:
    read = _read_parquet if file.suffix.lower() == ".parquet" else _read_csv
    if read is _read_csv and file.suffix.lower() != ".csv":
        raise InvalidInput(
            f"{file}: what ends in {file.suffix or 'nothing'} is not read; allowed are a folder, .csv and .parquet"
        )
    if not is_file(file):
        raise InvalidInput(
            f"{file}: there is no such file or folder; name one of this machine, or a table whose pictures lie at "
            f"{' or '.join(f'{scheme}://' for scheme in DRIVERS)}"
        )
    columns = list(read(file, ()))
    image = image_column or _usual(file, columns)
    for name in filter(None, (image, product_column)):
        if name not in columns:
            raise InvalidInput(f"{file}: {no_such('column', name, columns)}")
    cells = read(file, tuple(filter(None, (image, product_column))))
    lines, images = cells[image]
    if bad := [Problem(file, line, "names no picture") for line, name in zip(lines, images, strict=True) if not name]:
        raise InvalidInput(f"{file}: column {image!r} is empty in some rows; fill them, or leave them out:", bad)
    products = cells[product_column][1] if product_column else None
    return _catalogue(file.parent, images, products)


def _usual(file: Path, columns: Sequence[str]) -> str:
    """The one column that is called like one of pictures."""
    found = [name for name in columns if name.strip().lower() in USUAL]
    if len(found) != 1:
        what = f"several columns that could name pictures ({', '.join(found)})" if found else "no column of pictures"
        raise InvalidInput(
            f"{file} has {what}; looked for {', '.join(USUAL)}; name it with --image-column, one of "
            f"{', '.join(map(repr, columns))}"
        )
    print(f"{file}: pictures are named in the column {found[0]!r}; --image-column names another")
    return found[0]


Cells = dict[str, tuple[Sequence[int], Sequence[str | None]]]  # by column: the line of each row, and its text


def _read_csv(file: Path, wanted: Sequence[str]) -> Cells:
    """Some columns of a table; with none wanted, the names of all, without cells. An empty cell is None."""
    rows = csv_rows(file)
    _, header = next(rows, (1, []))
    if twice := {name for name in header if header.count(name) > 1}:
        raise InvalidInput(f"{file}:1: the header names a column twice: {', '.join(sorted(twice))}")
    if not wanted:
        return dict.fromkeys(header, ((), ()))
    lines, cells, places = [], {name: [] for name in wanted}, {name: header.index(name) for name in wanted}
    for line, row in rows:
        if len(row) != len(header):
            raise InvalidInput(f"{file}:{line}: {len(row)} cells; the header names {len(header)} columns")
        lines.append(line)
        for name, place in places.items():
            cells[name].append(row[place] or None)
    return {name: (lines, cells[name]) for name in wanted}


def _read_parquet(file: Path, wanted: Sequence[str]) -> Cells:
    """As `_read_csv`; the lines are the numbers of the rows, from 1."""
    try:
        with open_file(file) as opened:
            if not wanted:
                return dict.fromkeys(parquet.read_schema(opened).names, ((), ()))
            found = parquet.read_table(opened, columns=list(wanted))
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())
        raise InvalidInput(f"{file} cannot be read as Parquet ({reason}); write it again") from None
    cells = {}
    for name in wanted:
        kind = found.schema.field(name).type
        texts = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)
        if not texts and not (pa.types.is_integer(kind) and name != wanted[0]):
            raise InvalidInput(f"{file}: column {name!r} holds {kind}, and texts are needed; name another column")
        cells[name] = range(1, len(found) + 1), found[name].cast(pa.string())
    return {name: (lines, texts.to_pylist()) for name, (lines, texts) in cells.items()}


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
