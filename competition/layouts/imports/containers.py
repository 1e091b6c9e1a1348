"""The text in a label file, and the name of the step that makes text of what is none."""

import zipfile
import zlib
from pathlib import Path

from competition.errors import InvalidInput
from competition.files import open_file, read_bytes, refuse_bomb

# What a file begins with, what it is, and how it becomes a file that is read.
KINDS = (
    (
        b"SQLite format 3",
        "a database of SQLite",
        "export its table: sqlite3 -header -csv FILE 'select * from …' > labels.csv",
    ),
    (
        b"\x89HDF\r\n\x1a\n",
        "an HDF5 file (also MATLAB 7.3)",
        "read it with h5py or pandas.read_hdf, and write labels with to_csv",
    ),
    (b"\x93NUMPY", "an array of NumPy", "it names no images; write a CSV with a line an image"),
    (b"\x1f\x8b", "compressed by gzip", "unpack it: gunzip FILE, or tar -xzf FILE"),
    (b"7z\xbc\xaf", "an archive of 7-Zip", "unpack it: 7z x FILE"),
    (b"Rar!", "a RAR archive", "unpack it: unrar x FILE"),
    (b"BZh", "compressed by bzip2", "unpack it: bunzip2 FILE"),
    (b"\xfd7zXZ", "compressed by xz", "unpack it: unxz FILE"),
    (b"\xd0\xcf\x11\xe0", "an old workbook of Excel (.xls)", "save it as .xlsx or .csv"),
    (b"\x80\x04\x95", "a pickle of Python, which is never read because it can run anything", "load it and write a CSV"),
    (b"<!DOCTYPE", "a web page", "download the file itself"),
    (b"<html", "a web page", "download the file itself"),
    (b"<?xml", "XML", "convert it to a CSV with a line an image"),
    (b"version https:/", "a pointer of Git LFS, not the file", "fetch it: git lfs pull"),
    (b"%PDF", "a PDF", "labels have to be a table"),
    (b"\xff\xd8\xff", "a picture", "name the file of labels, or a folder with a folder per class"),
    (b"\x89PNG", "a picture", "name the file of labels, or a folder with a folder per class"),
)
ENDINGS = {
    ".tfrecord": (
        "a TFRecord",
        "write its images as files and its labels as a CSV, for example with tf.data.TFRecordDataset",
    ),
    ".tfrecords": (
        "a TFRecord",
        "write its images as files and its labels as a CSV, for example with tf.data.TFRecordDataset",
    ),
    ".pkl": ("a pickle of Python, which is never read because it can run anything", "load it and write a CSV"),
    ".pickle": ("a pickle of Python, which is never read because it can run anything", "load it and write a CSV"),
    ".npz": ("arrays of NumPy", "they name no images; write a CSV with a line an image"),
    ".feather": ("a Feather file", "convert it: pandas.read_feather(FILE).to_csv('labels.csv', index=False)"),
    ".xml": ("XML", "convert it to a CSV with a line an image"),
    ".yaml": ("YAML", "convert it to JSON records or a CSV"),
    ".yml": ("YAML", "convert it to JSON records or a CSV"),
    ".ods": ("a spreadsheet of LibreOffice", "save it as .xlsx or .csv"),
    ".tar": ("an archive", "unpack it: tar -xf FILE"),
}
WITHIN = (".xlsx", ".zip", ".parquet")  # read once they are unpacked
ZIP = b"PK\x03\x04"
UTF16 = (b"\xff\xfe", b"\xfe\xff")
HEAD = 16  # bytes
LOOKED_AT = 1000  # bytes, of which no text holds a 0


def text_in(file: Path) -> str:
    """The text of a file, UTF-8 or UTF-16 with a mark, also where it lies alone in a zip.

    Raises InvalidInput for what is no text, and names the step that converts it.
    """
    try:
        content = read_bytes(file)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from None
    if content.startswith(ZIP) and file.suffix.lower() not in ENDINGS:
        content = _in_zip(file)
    if kind := _kind_of(file, content[:HEAD]):
        raise InvalidInput(f"{file} is {kind[0]}; {kind[1].replace('FILE', file.name)}")
    try:
        text = content.decode("utf-16" if content.startswith(UTF16) else "utf-8-sig")
    except UnicodeDecodeError as error:
        if b"\0" in content[:LOOKED_AT]:
            raise InvalidInput(f"{file} is no text; labels have to be a table (CSV, Excel, Parquet) or JSON") from None
        line = content.count(b"\n", 0, error.start) + 1
        what = f"byte {content[error.start]:#04x} is not UTF-8; save the file as UTF-8"
        raise InvalidInput(
            f"{file}:{line}: {what}: iconv -f ENCODING -t utf-8 {file.name}, where ENCODING is what it was saved in, "
            "such as cp1252 (Western Europe), cp1251 (Cyrillic), gb18030 (Chinese), shift_jis (Japanese)"
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InvalidInput(f"{file}:{line}: a NUL character, which no name or answer may contain; delete it")
    return text


def _kind_of(file: Path, head: bytes) -> tuple[str, str] | None:
    if ".tfrec" in file.name.casefold():
        return ENDINGS[".tfrecord"]
    return next((kind for start, *kind in KINDS if head.startswith(start)), ENDINGS.get(file.suffix.lower()))


def _in_zip(file: Path) -> bytes:
    """What the only file of a zip holds. Raises InvalidInput if there are several, with the step that unpacks them."""
    try:
        with open_file(file) as opened, zipfile.ZipFile(opened) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX")]
            if len(names) == 1 and not names[0].lower().endswith((".jpg", ".jpeg", ".png", ".webp", *WITHIN)):
                refuse_bomb(file, archive)
                return archive.read(names[0])
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise InvalidInput(f"{file} is no zip that can be read: {error}") from None
    shown = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
    raise InvalidInput(
        f"{file} is a zip of {len(names):,} file{'s' if len(names) != 1 else ''} ({shown}); unpack it and name the "
        f"folder: unzip {file.name} -d {file.stem}, then --labels {file.stem}"
    )
