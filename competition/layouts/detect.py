"""Detect what a label file, or a folder, holds: its layout, tasks, images and questions."""

import os
import re
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np

from competition.dataset import Dataset, one_row_an_image
from competition.errors import InvalidInput
from competition.images.decode import ENDINGS, BadImage, decode, is_image, read_file
from competition.layouts import folder, table
from competition.layouts.classes import find_classes
from competition.layouts.csv_lines import csv_rows
from competition.layouts.fashionai import question_files
from competition.layouts.fashionai_rows import COLUMNS
from competition.layouts.imports.folders import LabelFiles, joined_parts, label_files, stacked
from competition.layouts.imports.images import UNREAD, plain, refuse_names_of_nothing
from competition.layouts.imports.parts import part_in
from competition.layouts.imports.read import read_sheet, tidy, with_images
from competition.layouts.imports.sheet import LOOKING, TEST, TRAIN, VALIDATION, Reading, Sheet
from competition.layouts.notes import in_words, some
from competition.layouts.registry import LAYOUTS
from competition.layouts.sample import Sample
from competition.layouts.table_cells import (
    FLAGS,
    QUESTIONS,
    UNKNOWN,
    WORDS,
    Table,
    answering,
    columns_of,
    encode,
    flags_of,
    placeholders,
    read_table,
)
from competition.layouts.table_tasks import group_columns, infer_tasks
from competition.task import Task, composed

SAMPLE = 12  # images whose size is read
BOXES = ("*/*.xml", "labels/*.txt", "labels/*/*.txt")  # of Pascal VOC and YOLO
KINDS_OF_FILES = ("images", "image", "imgs", "img", "jpegimages", "photos", "pictures", "thumbs", "masks", "labels")
ANNOTATIONS, TESTS = "Annotations", "Tests"
SPLIT = "split"  # the column of an imported table that says train or validation


@dataclass(frozen=True)
class Imported:
    """Labels that are not a strict table, as the strict tables that they become: a row an image.

    `labels` and `asked` are columns (rows,) by name, the names of the images first; `asked` is empty where nothing is.
    `images` is the folder that names are relative to; `split_column` says train or validation, if not empty.
    """

    labels: dict[str, np.ndarray]
    asked: dict[str, np.ndarray]
    images: Path
    split_column: str

    def files(self, data: Path) -> dict[Path, dict[str, np.ndarray]]:
        """The columns of each file to write: `data`, and the questions beside it if there are any."""
        return {data: self.labels} | ({questions_beside(data): self.asked} if self.asked else {})


def questions_beside(data: Path) -> Path:
    return data.with_name(f"{data.stem}-questions.csv")


@dataclass(frozen=True)
class Found:
    """What was found in a label file or folder.

    `data` is what a training reads it from; `sizes` (SAMPLE or fewer, 2) int are heights and widths of some images, and
    `missing` the images that are not there. `notes` say what was assumed and could be meant differently. Labels that
    are `imported` have to be written to `data` first.
    """

    what: str
    layout: str
    data: Path
    dataset: Dataset
    questions: tuple[Path, ...]
    sizes: np.ndarray
    missing: tuple[Path, ...]
    notes: tuple[str, ...]
    imported: Imported | None = None
    sample: Path | None = None


def sniff(labels: Path, reading: Reading = LOOKING, data: Path = Path("labels.csv")) -> Found:
    """Find out what a label file, or a folder of images, holds; `data` is where an imported table will be written.

    Raises InvalidInput with every problem of the file, and if its layout is not clear.
    """
    layout = layout_of(labels)
    if layout == "table":
        return _sniff_table(labels, reading, data)
    given = [one.name for one in fields(Reading) if getattr(reading, one.name) != one.default]
    if given:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise InvalidInput(f"{flags}: for tables and the like, but {labels} has the layout {layout}")
    data = {"fashionai": _home_of_rows, "folder": Path}[layout](labels)
    reader, notes = LAYOUTS[layout], []
    dataset = reader.read_labels(data, ())
    if layout == "fashionai" and not find_classes(data):
        notes.append(f"classes are only numbered; name them in {data / 'classes.csv'}, a line per task: task,first,…")
    what = {"fashionai": "rows of image, task and letters", "folder": "a folder per class"}[layout]
    sample, more = label_files(data).sample if layout == "folder" else None, []
    if sample:
        sample, more = _answered(sample, dataset.tasks, data, dataset)
        notes += more
    questions = (sample,) if sample else tuple(reader.question_files(data))
    return Found(what, layout, data, dataset, questions, *_look_at_images(dataset), tuple(notes), sample=sample)


@dataclass(frozen=True)
class _Rows:
    """The labels of a table as the strict reader sees them in `data`, or will once they are `imported`."""

    table: Table
    data: Path
    questions: tuple[Path, ...]
    notes: Sequence[str]
    imported: Imported | None = None
    asked: Table | None = None


def _sniff_table(labels: Path, reading: Reading, data: Path) -> Found:
    """A table, read where it lies if it is strict and its images are where it says; else imported."""
    files = label_files(labels) if labels.is_dir() else _beside(labels)
    strict_asked = files.asked is not None and files.asked.name == QUESTIONS  # which a strict table leaves alone
    asked = read_sheet(files.asked) if files.asked and not strict_asked else None
    sheet = tidy(_read(labels, files), reading, asked)
    rows = _in_place(files, sheet)
    if not rows:
        sheet = tidy(_read(labels, files), reading, read_sheet(files.asked)) if strict_asked else sheet
        rows = _to_import(sheet, data)
    try:
        tasks, more, problems = infer_tasks(rows.table, reading.class_columns, reading.numbers_are_classes)
        dataset = table.labels_of(rows.table, tasks, problems)
    except InvalidInput:
        refuse_names_of_nothing(sheet)  # the cause before what may follow from it
        raise
    notes = [*rows.notes, *more]
    if rows.questions and not rows.imported:
        notes += _said_of_questions(rows.questions[0], tasks)
    if len(dataset) < len(rows.table):
        unlabelled = len(rows.table) - len(dataset)
        notes.append(f"rows without a label, which are not trained on: {unlabelled:,} of {len(rows.table):,}")
    if reading.leave_out:
        notes.append(f"left out: {', '.join(reading.leave_out)}")
    _refuse_unknown_answers(rows.asked, tasks)
    sample, more = _answered(files.sample, tasks, sheet.root, dataset)
    imported = rows.imported
    if sample and imported and not (rows.asked and rows.asked.cells):  # the sample asks the same
        imported = replace(imported, asked={})
    questions, looked_at = (sample,) if sample else rows.questions, _look_at_images(dataset)
    notes = tuple(dict.fromkeys([*notes, *more]))
    return Found(sheet.what, "table", rows.data, dataset, questions, *looked_at, notes, imported, sample)


def _refuse_unknown_answers(asked: Table | None, tasks: Sequence[Task]) -> None:
    """Raises InvalidInput for answers to what is asked that are no values of their task."""
    wrong = []
    for task in tasks if asked else ():
        if columns_of(task, asked.columns):
            wrong += encode(asked, task)[2]
    if wrong:
        raise InvalidInput("answers to what is asked are none of the values that are learned:", sorted(wrong))


def _answered(
    sample: Path | None, tasks: Sequence[Task], images: Path, learned: Dataset
) -> tuple[Path | None, list[str]]:
    """A sample if it can be answered, and what is said of it."""
    if not sample:
        return None, []
    try:
        asked = Sample(images).read_questions(sample, tuple(tasks)).images
    except InvalidInput as error:
        return None, [f"{sample.name} cannot be answered, so it is left alone: {error}"]
    same = {asked.path(row) for row in range(len(asked))} & {learned.path(row) for row in range(len(learned))}
    if same:
        shown = f"{len(same):,} images that are learned from, {min(same)} for example"
        return None, [f"{sample.name} is left alone, because it asks about {shown}; --images names a folder for both"]
    meanings = [f"{sample.name}: {one}" for one in Sample(images).meanings(sample, tuple(tasks))]
    return sample, [*_said_of_lost(asked), *meanings]


def _said_of_lost(asked: Dataset) -> list[str]:
    """A note on images that are asked about, and not there."""
    lost = [str(asked.path(row)) for row in np.flatnonzero(~_are_there(asked))]
    return [f"{len(lost):,} of {len(asked):,} images that are asked about are not there: {some(lost)}"] if lost else []


def _in_place(files: LabelFiles, sheet: Sheet) -> _Rows | None:
    """The rows of a table that is strict; else None."""
    if files.parts or files.validation or not (strict := _strict(files.labels, sheet)):
        return None
    home = _home_of_table(files.labels)
    return _Rows(strict, home, tuple(table.question_files(home)), _notes_in_place(strict, sheet))


def _to_import(sheet: Sheet, data: Path) -> _Rows:
    asked = _asked(sheet)
    found, imported = _imported(sheet, asked)
    questions = (questions_beside(data),) if asked else ()
    notes = [*sheet.notes, *_said_of_answers(sheet, imported)]
    if asked:
        names = one_row_an_image((), sheet.file, sheet.root, asked.names, {}, line=asked.line)
        notes += _said_of_lost(names)
    return _Rows(found, data, questions, notes, imported, asked)


def _read(labels: Path, files: LabelFiles) -> Sheet:
    """The rows of all label files."""
    if files.parts:
        return joined_parts(labels, {part: read_sheet(file) for part, file in files.parts.items()})
    sheet = read_sheet(files.labels)
    if files.validation:
        sheet = stacked({TRAIN: sheet, VALIDATION: read_sheet(files.validation)})
        sheet = sheet.say(f"{files.validation.name} holds the images that are held out")
    return sheet


def _notes_in_place(strict: Table, sheet: Sheet) -> list[str]:
    """What is said of a table that is read where it lies: not that its names were found there, or what is written."""
    notes = in_words(note for note in sheet.said if not note.of_copy)
    relative = f"image names are relative to {strict.root}"
    return [*notes, relative] if strict.root != strict.file.parent else notes


def _beside(file: Path) -> LabelFiles:
    """A label file, with the questions and the sample that lie in its folder."""
    return replace(label_files(file.parent, file), labels=file, parts={})


def _strict(file: Path, sheet: Sheet) -> Table | None:
    """The file as the strict reader reads it, if that is what it was found to hold, image for image, cell for cell."""
    if file.suffix.lower() != ".csv" or len(sheet.part) or not _first_names_image(file):
        return None
    try:
        strict = read_table(file)
    except InvalidInput:  # so it has to be imported
        return None
    if strict.problems or len(strict) != len(sheet) or strict.image != sheet.image:
        return None
    if not _hold_the_same(strict.cells, sheet.labels):
        return None
    prefix = os.path.relpath(strict.root, sheet.root)
    if any(os.path.normpath(f"{prefix}/{one}") != other for one, other in zip(strict.names, sheet.names, strict=True)):
        return None
    return replace(strict, cells={column: strict.cells[column] for column in sheet.labels})


def _hold_the_same(strict: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray]) -> bool:
    """Whether columns hold what was found in them; in the 0/1 columns of one task, 1.0 and True are as good as 1."""
    other = {column for column, cells in found.items() if column not in strict or (strict[column] != cells).any()}
    if not other or not all(column in strict and _same_flags(strict[column], found[column]) for column in other):
        return not other
    groups, _ = group_columns(found)
    return all(len(columns) > 1 for columns in groups.values() if other & {*columns})


def _same_flags(cells: np.ndarray, others: np.ndarray) -> bool:
    """Whether cells are flags that mean the same, or else alike."""
    flags, same = flags_of(cells, FLAGS | WORDS), flags_of(others, FLAGS | WORDS)
    return bool(((flags == same) & ((flags != UNKNOWN) | (cells == others))).all())


def _first_names_image(file: Path) -> bool:
    """Whether the first row of a table begins with the name of an image; if not, every row would be a problem."""
    try:
        return all(is_image(cells[0]) for _, cells in islice(csv_rows(file, strip=True), 1, 2))
    except InvalidInput:
        return False


def _imported(sheet: Sheet, asked: Table | None) -> tuple[Table, Imported]:
    """The rows to learn from, as a table; and the tables to write, with those that are `asked`."""
    rows = sheet.part != TEST if len(sheet.part) else np.ones(len(sheet), bool)
    learned = sheet.take(np.flatnonzero(rows))
    columns, split = {sheet.image: learned.names, **learned.labels}, ""
    if (learned.part == VALIDATION).any():
        split = SPLIT if SPLIT not in columns else f"{SPLIT}_of_data"
        columns[split] = learned.part
    questions = {sheet.image: asked.names, **asked.cells} if asked else {}
    found = Table(sheet.file, sheet.image, learned.names, learned.line, learned.labels, (), sheet.root, learned.files)
    return found, Imported(columns, questions, sheet.root, split)


def _asked(sheet: Sheet) -> Table | None:
    """The rows that are asked, with the columns that hold answers; None if nothing is asked."""
    rows = np.flatnonzero(sheet.part == TEST) if len(sheet.part) else ()
    if not len(rows):
        return None
    asked = sheet.take(rows)
    known = {column: cells for column, cells in asked.labels.items() if (cells != "").any()}
    none = placeholders(known)
    known = {column: cells for column, cells in known.items() if column not in none}
    return Table(sheet.file, sheet.image, asked.names, asked.line, known, (), sheet.root, asked.files)


def _said_of_questions(file: Path, tasks: Sequence[Task]) -> list[str]:
    """Notes on a strict table of questions: images that are not there, answers that will be scored, or placeholders.

    Raises InvalidInput where a submission would.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*is a placeholder")  # which is said here
        asked = table.read_questions(file, tuple(tasks)).images
    answers = answering(tasks, read_table(file).cells)
    none = placeholders(answers)
    known = [column for column in answers if column not in none]
    notes = _said_of_lost(asked)
    notes += [f"{file.name}: one value in every row of {some(none)} is a placeholder, no answer"] if none else []
    return [*notes, f"{file.name} holds answers ({some(known)}), which will be scored"] if known else notes


def _said_of_answers(sheet: Sheet, imported: Imported) -> list[str]:
    """Notes on the answers that come with the questions: which will be scored, and which are none."""
    known = [column for column in imported.asked if column != sheet.image]
    asked = sheet.take(np.flatnonzero(sheet.part == TEST)) if imported.asked else sheet.take(np.array([], int))
    empty = [column for column, cells in asked.labels.items() if column not in known and (cells != "").any()]
    notes = [f"{some(empty)}: one value for all that is asked is a placeholder, no answer"] if empty else []
    if not known:
        return notes
    answered = int(np.any([imported.asked[column] != "" for column in known], axis=0).sum())
    share = f" for {answered:,} of {len(asked):,} images" if answered < len(asked) else ""
    return [*notes, f"answers to what is asked are known{share} ({some(known)}), and will be scored"]


def layout_of(labels: Path) -> str:
    """Rows of image, task and letters; a table with a header; or a folder of images. Raises InvalidInput."""
    if labels.is_dir():
        return _layout_of_folder(labels)
    if labels.suffix.lower() != ".csv":
        return "table"
    try:
        _, first = next(csv_rows(labels), (1, []))
    except InvalidInput:
        if not labels.is_file():
            raise
        return "table"  # whose importer says what is wrong
    if len(first) == len(COLUMNS) and is_image(first[0].strip()) and re.fullmatch("[nmy]*", first[2]):
        return "fashionai"
    return "table"


def _layout_of_folder(data: Path) -> str:
    if any(data.glob(f"{ANNOTATIONS}/*.csv")) or any(data.glob(f"*/{ANNOTATIONS}/*.csv")):
        return "fashionai"
    files = label_files(data)
    if files.parts:
        return "table"
    if folder.part(data, folder.TRAIN) and not files.labels:
        return "folder"
    classes = [path for path in folder.class_folders(data) if folder.image_files(path)]
    if files.labels and len(classes) > 1 and not _names_images_in(files.labels, data):
        raise InvalidInput(
            f"{data} holds tables, {files.labels.name} for example, and {len(classes)} folders of images; name the "
            "table with --labels, or move it away if the folders are the classes"
        )
    if not files.labels:
        _refuse_no_classes(data, classes)
    return "table" if files.labels else "folder"


def _refuse_no_classes(data: Path, classes: Sequence[Path]) -> None:
    """Raises InvalidInput for a folder without a table whose folders of images are no classes, or that has none."""
    names = some([path.name for path in classes])
    boxes = sorted({path.parent for pattern in BOXES for path in data.glob(pattern)})
    if boxes and not folder.image_files(boxes[0]):
        raise InvalidInput(
            f"{boxes[0]} holds a file of boxes for each image (Pascal VOC, YOLO), which is not read; write a table "
            "with a line an image: image,label"
        )
    if len(classes) < 2 and (deeper := _deeper(data)):
        seem = "seems to" if len(deeper) == 1 else "seem to; name one of them"
        raise InvalidInput(
            f"{data} itself holds no labels, but {some([*map(str, deeper)])} {seem}: --labels {deeper[0]}"
        )
    if classes and all(part_in(path.name) or path.name.casefold() in KINDS_OF_FILES for path in classes):
        raise InvalidInput(
            f"{data} holds the folders {names}, which are called like parts or kinds of files and not like classes, "
            "and no table; name the file of labels with --labels"
        )
    if not classes:
        raise InvalidInput(
            f"{data} holds no labels; looked for {ANNOTATIONS}/*.csv, for a table (*.csv, *.json, …), and for "
            f"a folder of images ({', '.join(ENDINGS)}) per class{_other_files(data)}"
        )


def _other_files(data: Path) -> str:
    """The files of a folder that could be labels after all, and the pictures that are not read."""
    names = sorted(path.name for path in data.iterdir() if path.is_file() and not is_image(path.name))
    others = sorted({path.suffix.lower() for path in data.glob("*/*") if path.suffix.lower() in UNREAD})
    unread = f"; {', '.join(others)} is not read, so convert the pictures" if others else ""
    return unread + (f"; if {' or '.join(names[:4])} holds them, name it with --labels" if names else "")


def _deeper(data: Path, levels: int = 2) -> list[Path]:
    """The folders in a folder, or one level deeper, that have labels, as where an archive was unpacked into one."""
    found = []
    for path in folder.class_folders(data):
        try:
            classes = folder.part(path, folder.TRAIN) or path
            if _layout_of_folder(path) != "folder" or len(folder.class_folders(classes)) > 1:
                found.append(path)
        except InvalidInput:  # so it has none
            found += _deeper(path, levels - 1) if levels > 1 else []
    return found


def _names_images_in(labels: Path, data: Path) -> bool:
    """Whether a table names the images that lie in the folders beside it, as train_images/ beside train.csv."""
    try:
        sheet, images = with_images(read_sheet(labels), LOOKING)
    except InvalidInput:  # so the two cannot be told apart, and the user is asked
        return False
    return bool(len(sheet)) and sum(bool(images.like(plain(name), True)) for name in sheet.names) > len(sheet) / 2


def _home_of_rows(labels: Path) -> Path:
    """The data folder of fashionai rows: the one that holds base/ if questions or classes.csv are there, else base/."""
    if labels.is_dir():
        return labels
    if labels.parent.name == TESTS:  # answers to the questions there
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


def _look_at_images(dataset: Dataset) -> tuple[np.ndarray, tuple[Path, ...]]:
    """Heights and widths (SAMPLE or fewer, 2) int of images that can be read, and every image that is missing."""
    is_there, sizes = _are_there(dataset), []
    there, missing = np.flatnonzero(is_there), np.flatnonzero(~is_there)
    for row in there[np.unique(np.linspace(0, len(there) - 1, SAMPLE).astype(int))] if len(there) else ():
        try:
            sizes.append(decode(read_file(dataset.path(row))).shape[:2])
        except BadImage:  # the training says what is wrong with each
            continue
    missing = missing[np.argsort(dataset.names[missing], kind="stable")]
    return np.array(sizes, int).reshape(-1, 2), tuple(map(dataset.path, missing))


def _are_there(dataset: Dataset) -> np.ndarray:
    """Whether the file of each image exists, (n,) bool. Folders are listed, because a look at each file is slow."""

    @cache
    def files_in(source: int, folder: str) -> dict[str, str]:
        files = []
        with suppress(OSError):  # there is no such folder, or there can be none of such a name
            files += [entry.name for entry in os.scandir(dataset.roots[source] / folder) if entry.is_file()]
        return {composed(name).casefold(): name for name in files}

    found = np.zeros(len(dataset), bool)
    for row, (source, name) in enumerate(zip(dataset.source_of.tolist(), dataset.names, strict=True)):
        folder, _, file = name.rpartition("/")
        alike = files_in(source, folder).get(composed(file).casefold())
        found[row] = alike == file or (alike is not None and dataset.path(row).is_file())  # as on a Mac
    return found
