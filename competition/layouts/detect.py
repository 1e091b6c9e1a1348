"""Detect what a label file, or a folder, holds: its layout, tasks, images and questions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from competition.dataset import Dataset
from competition.errors import InvalidInput
from competition.images.decode import ENDINGS, BadImage, decode, is_image, read_file
from competition.layouts import folder, table
from competition.layouts.classes import find_classes
from competition.layouts.csv_lines import csv_rows
from competition.layouts.fashionai import question_files
from competition.layouts.fashionai_rows import COLUMNS
from competition.layouts.registry import LAYOUTS
from competition.layouts.table_cells import read_table
from competition.layouts.table_tasks import infer_tasks

SAMPLE = 12  # images whose size is read
ANNOTATIONS = "Annotations"


@dataclass(frozen=True)
class Found:
    """What was found in a label file or folder.

    `data` is what a training reads it from; `sizes` (SAMPLE or fewer, 2) int are heights and widths of some images, and
    `missing` the images that are not there. `notes` say what was assumed and could be meant differently.
    """

    layout: str
    data: Path
    dataset: Dataset
    questions: tuple[Path, ...]
    sizes: np.ndarray
    missing: tuple[Path, ...]
    notes: tuple[str, ...]


def sniff(labels: Path, leave_out: Sequence[str] = ()) -> Found:
    """Find out what a label file, or a folder of images, holds; `leave_out` names columns not to learn.

    Raises InvalidInput with every problem of the file, and if its layout is not clear.
    """
    layout = layout_of(labels)
    if leave_out and layout != "table":
        raise InvalidInput(f"--leave-out names columns of a table, but {labels} has the layout {layout}")
    data = {"fashionai": _home_of_rows, "table": _home_of_table, "folder": Path}[layout](labels)
    reader = LAYOUTS[layout]
    dataset, notes = _read_table(data, leave_out) if layout == "table" else (reader.read_labels(data, ()), [])
    if layout == "fashionai" and not find_classes(data):
        notes.append(f"classes are only numbered; name them in {data / 'classes.csv'}, a line per task: task,first,…")
    sizes, missing = _look_at_images(dataset)
    return Found(layout, data, dataset, tuple(reader.question_files(data)), sizes, missing, tuple(notes))


def layout_of(labels: Path) -> str:
    """Rows of image, task and letters; a table with a header; or a folder of images. Raises InvalidInput."""
    if labels.is_dir():
        return _layout_of_folder(labels)
    _, first = next(csv_rows(labels), (1, []))
    if not first or not is_image(first[0].strip()):
        return "table"
    if len(first) == len(COLUMNS) and re.fullmatch("[nmy]*", first[2]):
        return "fashionai"
    raise InvalidInput(
        f"{labels}:1: the first line, {','.join(first)[:80]!r}, is about an image; expected is a header that names the "
        f"columns (image,colour,size), or rows {','.join(COLUMNS)} with letters y, m and n"
    )


def _layout_of_folder(data: Path) -> str:
    if any(data.glob(f"{ANNOTATIONS}/*.csv")) or any(data.glob(f"*/{ANNOTATIONS}/*.csv")):
        return "fashionai"
    if (data / folder.TRAIN).is_dir():
        return "folder"
    tables = sorted(data.glob("[!.]*.csv"))
    classes = [path for path in folder.class_folders(data) if folder.image_files(path)]
    if tables and len(classes) > 1:
        raise InvalidInput(
            f"{data} holds tables, {tables[0].name} for example, and {len(classes)} folders of images; name the table "
            "with --labels, or move it away if the folders are the classes"
        )
    if not tables and not classes:
        raise InvalidInput(
            f"{data} holds no labels; looked for {ANNOTATIONS}/*.csv, for a table *.csv, and for a folder of images "
            f"({', '.join(ENDINGS)}) per class"
        )
    return "table" if tables else "folder"


def _home_of_rows(labels: Path) -> Path:
    """The data folder of fashionai rows: the one that holds base/ if questions or classes.csv are there, else base/."""
    if labels.is_dir():
        return labels
    if labels.parent.name != ANNOTATIONS:
        raise InvalidInput(
            f"{labels} holds rows {','.join(COLUMNS)}, which have to be in a folder {ANNOTATIONS}; "
            f"move it to {labels.parent / 'base' / ANNOTATIONS / labels.name}, so that image names are relative to "
            f"{labels.parent / 'base'}"
        )
    near, far = labels.parent.parent, labels.parent.parent.parent
    return far if find_classes(far) or question_files(far) else near


def _home_of_table(labels: Path) -> Path:
    """The folder of a table if that holds no other table, else the table itself."""
    file = table.label_file(labels)
    try:
        return file.parent if table.label_file(file.parent) == file else file
    except InvalidInput:
        return file


def _read_table(data: Path, leave_out: Sequence[str]) -> tuple[Dataset, list[str]]:
    found = read_table(table.label_file(data))
    tasks, notes, problems = infer_tasks(found, leave_out)
    dataset = table.labels_of(found, tasks, problems)
    if len(dataset) < len(found):
        notes.append(f"{len(found) - len(dataset):,} of {len(found):,} rows have no label and are not trained on")
    if found.root != found.file.parent:
        notes.append(f"image names are relative to {found.root}")
    if leave_out:
        notes.append(f"left out: {', '.join(leave_out)}")
    return dataset, notes


def _look_at_images(dataset: Dataset) -> tuple[np.ndarray, tuple[Path, ...]]:
    """Heights and widths (SAMPLE or fewer, 2) int of images that can be read, and every image that is missing."""
    paths = [dataset.path(row) for row in range(len(dataset))]
    missing = {path for path in paths if not path.is_file()}
    there, sizes = [path for path in paths if path not in missing], []
    for place in np.unique(np.linspace(0, len(there) - 1, SAMPLE).astype(int)) if there else ():
        try:
            sizes.append(decode(read_file(there[place])).shape[:2])
        except BadImage:  # the training says what is wrong with each
            continue
    return np.array(sizes, int).reshape(-1, 2), tuple(sorted(missing))
