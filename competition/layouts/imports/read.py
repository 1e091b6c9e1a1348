"""Which importer reads a label file, and the steps from what it finds to a sheet with an image a row."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from competition.errors import InvalidInput, no_such
from competition.images.decode import is_image
from competition.layouts.imports import (
    attribute_lists,
    automl,
    cells,
    coco,
    delimited,
    fiftyone,
    frames,
    label_studio,
    matlab,
    records,
)
from competition.layouts.imports.containers import text_in
from competition.layouts.imports.folders import with_asked
from competition.layouts.imports.gather import gather
from competition.layouts.imports.images import (
    Images,
    choose_image_column,
    find_images,
    plain,
    refuse_header_of_image,
)
from competition.layouts.imports.parts import WORDS, find_parts
from competition.layouts.imports.sheet import Reading, Sheet
from competition.layouts.notes import Note, some
from competition.layouts.table_cells import task_of
from competition.layouts.table_tasks import FEW_VALUES, is_number

# Columns that name rows or number them, that measure, and that number folds, in small letters.
IDS = ("id", "uid", "uuid", "guid", "hash", "md5", "sha1", "sha256", "row_id")
INDEX = ("unnamed:_0", "index", "level_0", "row_number", "#")
MEASURES = (
    *("width", "height", "img_width", "img_height", "image_width", "image_height", "file_size", "filesize", "bytes"),
    *("xmin", "ymin", "xmax", "ymax", "x_min", "y_min", "x_max", "y_max", "x1", "y1", "x2", "y2"),
    *("bbox_x", "bbox_y", "bbox_w", "bbox_h", "bbox_width", "bbox_height"),
)
PIXELS = 50  # numbers in a cell, from which on they are a picture
FOLDS = ("fold", "folds", "kfold", "k_fold", "fold_id", "cv_fold")

# Folders that hold labels, and no images, beside those of the images, in small letters.
LABEL_FOLDERS = (
    "label",
    "labels",
    "anno",
    "annotation",
    "annotations",
    "csv",
    "meta",
    "metadata",
    "list",
    "lists",
    "splits",
)

FRAMES = (*frames.PARQUET, *frames.EXCEL)


def read_sheet(file: Path) -> Sheet:
    """What a label file holds. Raises InvalidInput with the reason where it cannot be read."""
    if file.suffix.lower() in FRAMES:
        return frames.read_frame(file)
    if file.suffix.lower() in matlab.ENDINGS:
        return matlab.read_matlab(file)
    text = text_in(file)
    if not text.strip():
        raise InvalidInput(f"{file} is empty; a table's first line names its columns: image,colour,size")
    if text.lstrip()[0] in "{[":
        return _read_json(file, text)
    if automl.is_automl_table(text):
        return automl.read_automl_table(file, text)
    if attribute_lists.is_attribute_list(text):
        return attribute_lists.read_attribute_list(file, text)
    return _read_table(file, text)


def _read_table(file: Path, text: str) -> Sheet:
    sheet = delimited.read_delimited(file, text)
    if label_studio.is_label_studio_table(sheet):
        return label_studio.tidy_label_studio_table(sheet)
    called_so = attribute_lists.is_named_so(file)
    sheet = replace(sheet, image=next(iter(sheet.cells))) if called_so else sheet
    return attribute_lists.with_parts(sheet) if called_so else sheet


def _read_json(file: Path, text: str) -> Sheet:
    """What a JSON file holds. Raises InvalidInput also where it looks like a format, and lacks what that always has."""
    try:
        return _sheet_of_json(file, text)
    except InvalidInput:
        raise
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        what = f"{type(error).__name__}: {error}"
        raise InvalidInput(
            f"{file} is not what it looks like: something is missing or of another kind ({what})"
        ) from error


def _sheet_of_json(file: Path, text: str) -> Sheet:
    content, lines = records.parse(file, text)
    if coco.is_coco(content):
        return coco.read_coco(file, content)
    if fiftyone.is_fiftyone(content):
        return fiftyone.read_fiftyone(file, content)
    if label_studio.is_label_studio(content):
        return label_studio.read_label_studio(file, content)
    if automl.is_automl_records(content):
        return automl.read_automl_records(file, content, lines)
    sheet = records.read_records(file, content, lines)
    return label_studio.tidy_label_studio_table(sheet) if label_studio.is_label_studio_table(sheet) else sheet


def without_bystanders(sheet: Sheet, reading: Reading) -> Sheet:
    """The sheet without columns that are no labels, such as ids of rows, unless the user wants them or all are such."""
    found = {
        column: what
        for column, values in sheet.labels.items()
        if column not in reading.class_columns and (what := _bystander(column, values))
    }
    if len(found) == len(sheet.labels):
        return sheet
    kinds = {column: f"{what}: left out (--class-columns learns it)" for column, what in found.items()}
    notes = [Note(f"column {column!r} {kind}", column, kind) for column, kind in kinds.items()]
    return sheet.without(found).say(*notes)


def _bystander(column: str, values: np.ndarray) -> str:
    """What a column does that is no label: it tells rows apart, or names images; empty for one that may be learned."""
    word, count = column.casefold().replace("-", "_").replace(" ", "_"), Counter(values)
    distinct, numbers = len(count) == len(values) > 1, all(map(str.isdigit, count))
    filled = len(values) - count.pop("", 0)
    if distinct and (
        word in IDS or (numbers and (word in INDEX or (word.endswith("_id") and len(values) > FEW_VALUES)))
    ):
        return "only tells the rows apart"
    if numbers and word in FOLDS:
        return "numbers folds"
    if filled and sum(rows for value, rows in count.items() if is_image(value)) > filled / 2:
        return "names other images, or the same ones again"
    if word in MEASURES and all(map(is_number, count)):
        return "measures the image or a box in it"
    return ""


def tidy(sheet: Sheet, reading: Reading, asked: Sheet | None = None) -> Sheet:
    """The sheet with an image a row, names that files have, and cells that mean what they say; and what is `asked`.

    Raises InvalidInput where that is not clear, with the flag that settles it.
    """
    if reading.separator and "" in reading.separator:
        raise InvalidInput(
            "--separator is empty; name what stands between the values, or give no word: one value a cell"
        )
    unknown = [column for column in reading.leave_out if column not in sheet.cells]
    if unknown:
        raise InvalidInput(f"{sheet.file}:1: --leave-out: {no_such('column', unknown[0], sheet.cells)}")
    if not len(sheet):
        raise InvalidInput(f"{sheet.file} holds a header, and no line below it")
    sheet = cells.clean(sheet.without(reading.leave_out))
    _refuse_pixels(sheet)
    sheet, images = with_images(sheet, reading)
    sheet = find_parts(without_bystanders(sheet, reading), reading)
    _refuse_nameless(sheet)
    if asked is not None:
        sheet = with_asked(sheet, cells.clean(asked), reading.class_columns)
    sheet = _say_folders(find_images(sheet, reading, images))
    sheet = gather(sheet, reading.class_columns)
    cells.refuse_unused(sheet, reading)
    sheet = cells.drop_missing(sheet, reading)
    sheet = cells.drop_missing_parts(cells.divide(sheet, reading), reading)
    sheet = cells.unify_spelling(sheet)
    return cells.unify_flags(sheet, reading)


def _refuse_nameless(sheet: Sheet) -> None:
    """Raises InvalidInput for a column whose name leaves nothing for that of a task."""
    if nameless := [column for column in sheet.labels if not task_of(column)]:
        text = f"column {nameless[0]!r} has neither a letter nor a digit in its name; rename it"
        raise InvalidInput(f"{sheet.file}: {text}")


def _refuse_pixels(sheet: Sheet) -> None:
    """Raises InvalidInput for pictures that stand in the table as numbers."""
    for column, values in sheet.cells.items():
        if re.fullmatch(r"[\d\s.,;\[\]]+", values[0]) and len(values[0].split()) >= PIXELS:
            raise InvalidInput(
                f"{sheet.file}: column {column!r} holds pictures as numbers ({values[0][:30]!r}, …); write each to a "
                "file, for example with cv2.imwrite, and a table with their names: image,label; if these are no "
                f"pictures, --leave-out {column!r}"
            )


def _say_folders(sheet: Sheet) -> Sheet:
    """The sheet with a note where folders say train and test, and the labels do not."""
    folders = {folder for name in sheet.names for folder in name.split("/")[:-1] if folder.casefold() in WORDS}
    if len(sheet.part) or len({WORDS[folder.casefold()] for folder in folders}) < 2:
        return sheet
    shown = some(sorted(folders))
    return sheet.say(
        f"the images lie in {shown}, and all are learned from; a column that says train and test keeps them apart"
    )


def with_images(sheet: Sheet, reading: Reading) -> tuple[Sheet, Images]:
    """The sheet that knows the column of its images; and those in the folder given, or that of the labels.

    Where that holds none, those beside it count, if the names begin with ../ or the folder is one for labels, and if
    all images that are named are there. Raises InvalidInput if the folder given is none.
    """
    if reading.images and not reading.images.is_dir():
        raise InvalidInput(f"--images {reading.images} is not a folder; name the one that holds the images")
    found, images = _looked_for(sheet, reading)
    if not (reading.image_column or sheet.image):
        refuse_header_of_image(found, images)
    return found, images


def _looked_for(sheet: Sheet, reading: Reading) -> tuple[Sheet, Images]:
    near = Images.below(reading.images or sheet.root)
    found = choose_image_column(sheet, reading, near)
    if near.paths or reading.images:
        return found, near
    home = sheet.root.resolve()
    if (
        any(name.replace("\\", "/").startswith("../") for name in found.names[:1])
        or home.name.casefold() in LABEL_FOLDERS
    ):
        beside = Images.below(home.parent)
        looked_at = choose_image_column(sheet, reading, beside)
        if all(beside.of(plain(name)) for name in looked_at.names):
            return looked_at, beside
    return found, near
