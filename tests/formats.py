"""What the tests of label formats share: data sets in a few lines, and what is read from them as a table."""

import io
import json
import re
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import noise, write

from competition.dataset import YES, Dataset
from competition.layouts.answers import write_csv
from competition.layouts.detect import Found, questions_beside, sniff
from competition.layouts.imported import ImportedTable
from competition.layouts.imports.sheet import Reading
from competition.layouts.sample import Sample

JPEG = cv2.imencode(".jpg", noise(8, 8))[1].tobytes()
ABSENT, NOTHING = ".", "{}"  # in the tables below; {a,b} are several values


@dataclass(frozen=True)
class Format:
    """A data set in a public format, and what has to be read from it.

    `images` are names of files, with {abc} for a, b and c. `truth` is a table, columns separated by two blanks or more:
    the path of an image, then a column a task. `asked` are paths, or such a table where answers are known; `held_out`
    are paths. `said` are words of the notes, without the folder of the data: of every note, and of no others.
    """

    name: str
    files: dict[str, object]
    images: str
    truth: str
    labels: str = ""
    reading: dict[str, object] = field(default_factory=dict)
    asked: str = ""
    held_out: str = ""
    said: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refused:
    """A data set that cannot be read safely, and words of the reason and of the step that settles it.

    HOME is the folder of the data in them.
    """

    name: str
    files: dict[str, object]
    words: tuple[str, ...]
    images: str = ""
    labels: str = ""
    reading: dict[str, object] = field(default_factory=dict)


def lines(*rows: str, end: str = "\n") -> str:
    return "".join(f"{row}{end}" for row in rows)


def names_in(pattern: str) -> list[str]:
    """The names that a text lists: {ab}.jpg is a.jpg and b.jpg."""
    found = []
    for word in pattern.split():
        choices = re.search(r"\{(.+?)\}", word)
        found += [word.replace(choices[0], letter) for letter in choices[1]] if choices else [word]
    return found


def expected(truth: str) -> dict[str, dict[str, object]]:
    """{path: {task: class, set of classes, or None}} of a table written as text."""
    header, *rows = [re.split(r" {2,}", line.strip()) for line in truth.strip().splitlines()]
    return {name: {task: _value(cell) for task, cell in zip(header[1:], cells, strict=True)} for name, *cells in rows}


def _value(cell: str) -> object:
    if cell.startswith("{"):
        return set(filter(None, cell[1:-1].split(",")))
    return None if cell == ABSENT else cell


def targets(dataset: Dataset, home: Path) -> dict[str, dict[str, object]]:
    """What a dataset holds, as `expected` gives it."""
    found: dict[str, dict[str, object]] = {}
    for row in range(len(dataset)):
        answers: dict[str, object] = {}
        for task in dataset.tasks:
            true = {name for name, code in zip(task.classes, dataset.codes[task.name][row], strict=True) if code == YES}
            known = dataset.labelled[task.name][row]
            answers[task.name] = None if not known else true if task.kind == "multilabel" else true.pop()
            assert not (known and task.kind == "multiclass" and true)
        found[path_in(home, dataset, row)] = answers
    return found


def path_in(home: Path, dataset: Dataset, row: int) -> str:
    return dataset.path(row).relative_to(home).as_posix()


def lay_out(home: Path, sample: Format | Refused) -> Path:
    """Write the files of a data set; return what `--labels` names."""
    for name, given in sample.files.items():
        content = given() if callable(given) else given
        write(home / name, content.replace("{HOME}", str(home)) if isinstance(content, str) else content)
    for name in names_in(sample.images):
        write(home / name, JPEG)
    return home / sample.labels


def looked_at(home: Path, sample: Format | Refused) -> Found:
    reading = Reading(**sample.reading)
    if reading.images:
        reading = replace(reading, images=home / reading.images)
    return sniff(lay_out(home, sample), reading, home.parent / "mine.csv")


def trained_on(found: Found) -> Dataset:
    """What a training reads, from the files that `init` writes."""
    if not found.imported:
        return found.dataset
    for file, columns in found.imported.files(found.data).items():
        write_csv(file, columns)
    reader = ImportedTable(found.imported.images, found.imported.split_column)
    return reader.read_labels(found.data, found.dataset.tasks)


TWO = ("image,label", "a.jpg,cat", "b.jpg,dog")  # a table of two images
TWO_TRUTH = """
    image  label
    a.jpg  cat
    b.jpg  dog
"""


def utf16(text: str) -> bytes:
    return text.encode("utf-16")


def zipped(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return content.getvalue()


def spreadsheet(rows: list[dict], write_with: str, library: str) -> bytes:
    """The rows as a file of pandas; the test is skipped where the library is missing."""
    pandas, content = pytest.importorskip("pandas"), io.BytesIO()
    pytest.importorskip(library)
    getattr(pandas.DataFrame(rows), write_with)(content, index=False)
    return content.getvalue()


def records(*rows: dict) -> str:
    return json.dumps(rows)


def record_lines(*rows: dict) -> str:
    return lines(*map(json.dumps, rows))


def wanted(sample: Format) -> dict[str, object]:
    """What has to be found in a data set."""
    asked = expected(sample.asked) if "\n" in sample.asked else dict.fromkeys(names_in(sample.asked))
    truth = {
        name: answers
        for name, answers in expected(sample.truth).items()
        if any(one is not None for one in answers.values())
    }
    return {
        "targets": truth,
        "trained on": truth,
        "held out": set(names_in(sample.held_out)),
        "asked": asked,
        "unsaid": [],
        "unexpected": [],
    }


def read(home: Path, sample: Format) -> dict[str, object]:
    """What `init`, and then a training and a submission, find in a data set."""
    found = looked_at(home, sample)
    trained, notes = trained_on(found), [note.replace(f"{home}/", "") for note in found.notes]
    return {
        "targets": targets(found.dataset, home),
        "trained on": targets(trained, home),
        "held out": {path_in(home, trained, row) for row in np.flatnonzero(trained.held_out)},
        "asked": asked_of(found, home),
        "unsaid": [words for words in sample.said if not any(words in note for note in notes)],
        "unexpected": [note for note in notes if not any(words in note for words in sample.said)],
    }


def asked_of(found: Found, home: Path) -> dict[str, object]:
    """The images that are asked about, each with the answers that are known: None where there are none at all."""
    if found.sample:
        images = Sample(found.imported.images if found.imported else home)
        asked = images.read_questions(found.sample, found.dataset.tasks).images
        return {path_in(home, asked, row): None for row in range(len(asked))}
    if found.imported and found.imported.asked:
        reader = ImportedTable(found.imported.images, found.imported.split_column)
        images = reader.read_questions(questions_beside(found.data), found.dataset.tasks).images
        return (
            targets(images, home) if images.codes else {path_in(home, images, row): None for row in range(len(images))}
        )
    folders = [folder for folder in found.questions if folder.is_dir()]
    return {path.relative_to(home).as_posix(): None for folder in folders for path in sorted(folder.rglob("*.jpg"))}
