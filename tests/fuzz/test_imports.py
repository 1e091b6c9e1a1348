"""Spoilt label files of every public format: `init` reads each, or refuses it with the name of the file."""

import io
import json
import zipfile

import pandas as pd
import pytest
from formats import TWO, Format, lines, looked_at, trained_on, zipped
from hostile import folder, read_or_refused, seeds, spoilt
from hypothesis import given, settings
from hypothesis import strategies as st
from layouts.imports.test_cells import CELLS
from layouts.imports.test_competitions import KAGGLE
from layouts.imports.test_json import JSON, LABEL_STUDIO
from layouts.imports.test_lists import LISTS
from layouts.imports.test_paths import FOLDERS, PATHS
from layouts.imports.test_text import TEXT
from scipy.io import savemat


def workbook() -> bytes:
    content = io.BytesIO()
    pd.DataFrame([{"image": "a.jpg", "label": "cat", "age": 3}, {"image": "b.jpg", "label": "dog"}]).to_excel(
        content, index=False
    )
    return content.getvalue()


def matlab(compressed: bool) -> bytes:
    content = io.BytesIO()
    savemat(
        content,
        {"labels": [{"file": "a.jpg", "label": "cat"}, {"file": "b.jpg", "label": "dog"}]},
        do_compression=compressed,
    )
    return content.getvalue()


TEXTS = [
    sample
    for sample in (*CELLS, *KAGGLE, *JSON, *LABEL_STUDIO, *LISTS, *FOLDERS, *PATHS, *TEXT)
    if isinstance(sample, Format) and any(isinstance(content, str) for content in sample.files.values())
]
BINARY = {
    "t.xlsx": workbook(),
    "t.zip": zipped(t__csv=lines(*TWO)),
    "t.csv": zipped(t__csv=lines(*TWO)),
}
MATLAB = [matlab(False), matlab(True)]
SHEET = "xl/worksheets/sheet1.xml"


def imported(home, sample: Format) -> None:
    found = looked_at(home, sample)
    trained_on(found)


def look(files: dict[str, bytes | str], sample: Format) -> None:
    with folder() as home:
        spoilt_one = Format(sample.name, files, sample.images, "", sample.labels, sample.reading)
        read_or_refused(home.parent, imported, home, spoilt_one)


@given(st.data())
def test_a_spoilt_text_of_any_format_is_imported_or_refused(data):
    sample = data.draw(st.sampled_from(TEXTS))
    name = data.draw(st.sampled_from([name for name, content in sample.files.items() if isinstance(content, str)]))
    look({**sample.files, name: data.draw(spoilt(sample.files[name].encode()))}, sample)


@given(st.data())
@settings(max_examples=settings.default.max_examples // 10)  # a process each
def test_a_spoilt_matlab_file_is_imported_or_refused(data):
    content = data.draw(spoilt(data.draw(st.sampled_from(MATLAB)), MATLAB))
    look({"t.mat": content}, Format("", {}, "{ab}.jpg", "", "t.mat"))


@given(st.data())
def test_a_spoilt_workbook_or_archive_is_imported_or_refused(data):
    name, content = data.draw(st.sampled_from([*BINARY.items()]))
    look({name: data.draw(spoilt(content, [*BINARY.values()]))}, Format("", {}, "{ab}.jpg", "", name))


@given(st.data())
def test_a_workbook_with_a_spoilt_part_is_imported_or_refused(data):
    content, parts = io.BytesIO(), zipfile.ZipFile(io.BytesIO(BINARY["t.xlsx"]))
    name = data.draw(st.sampled_from([SHEET, SHEET, *parts.namelist()]))
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts.namelist():
            archive.writestr(
                part, data.draw(spoilt(parts.read(part), [], CELLS_OF_SHEETS)) if part == name else parts.read(part)
            )
    look({"t.xlsx": content.getvalue()}, Format("", {}, "{ab}.jpg", "", "t.xlsx"))


CELLS_OF_SHEETS = (
    *(
        b'r="XFD1048576"',
        b'r="A999999999"',
        b'<c r="ZZZ9"><v>1</v></c>',
        b't="e"',
        b't="s"',
        b't="d"',
        b"<v>99</v>",
        b"<v>nan</v>",
    ),
    *(
        b'<!DOCTYPE x [<!ENTITY a "b">]>',
        b"&a;",
        b"<f>=1+1</f>",
        b"\xff",
        b"<row>",
        b"</row>",
        b'<row r="5000000"/>',
        b"<v/>",
    ),
)


@pytest.mark.parametrize("content", seeds("imports"))
def test_files_that_failed_once_are_imported_or_refused(content):
    kept = json.loads(content)  # bytes are written as the letters of Latin 1
    files = {name: text.encode("latin-1") for name, text in kept["files"].items()}
    look(files, Format("", {}, "{abcd}.jpg", "", kept["labels"]))
