"""Which files of a folder hold labels, which ask, and which is a sample of the answers."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from competition.errors import InvalidInput
from competition.layouts.imports.parts import WORDS
from competition.layouts.imports.sheet import TEST, TRAIN, Sheet

ENDINGS = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx")
LISTS = ("list_attr*.txt", "list_category_img*.txt")  # of CelebA and DeepFashion
IN_PARTS = ("_classes.csv", "_annotations.coco.json", "metadata.csv", "metadata.jsonl", "labels.json", "labels.csv")
SAMPLE, ASKED, LABELS = "sample", "asked", "labels"
OTHERS = ("dataset_info.json", "package.json", "config.json")


@dataclass(frozen=True)
class LabelFiles:
    """The files of a folder by what they are for; `parts` are those that lie in a folder for each part."""

    labels: Path | None
    asked: Path | None
    sample: Path | None
    parts: dict[str, Path]


def label_files(folder: Path) -> LabelFiles:
    """Sort the files of a folder by their names. Raises InvalidInput if several could be the labels."""
    found = [path for path in sorted(folder.iterdir()) if _is_table(path)]
    lists = [path for pattern in LISTS for path in sorted(folder.glob(pattern)) if "cloth" not in path.name]
    sample = [path for path in found if is_sample_name(path)]
    asked = [path for path in found if path not in sample and _begins(path, "test", "question")]
    train = [path for path in found if path not in [*sample, *asked] and path.stem != "answers"]
    parts = {} if train or lists else _in_parts(folder)
    if len(train) > 1 and (named := [path for path in train if _begins(path, "train")]):
        train = named
    labels = train or lists
    if len(labels) > 1:
        raise InvalidInput(f"{folder} holds several tables; name one of them with --labels:", map(str, labels))
    if len(asked) > 1 or len(sample) > 1:
        raise InvalidInput(
            f"{folder} holds several files of questions; move one away:", map(str, asked if len(asked) > 1 else sample)
        )
    return LabelFiles(*(paths[0] if paths else None for paths in (labels, asked, sample)), parts)


def is_sample_name(path: Path) -> bool:
    """Whether a file is called like the sample of a submission: sample_submission.csv, sampleSubmission.csv."""
    name = path.stem.casefold().replace("_", "").replace("-", "")
    return "samplesubmission" in name or "submissionsample" in name or "submissionformat" in name


def _is_table(path: Path) -> bool:
    name = path.name.casefold()
    return path.is_file() and not name.startswith(".") and name not in OTHERS and name.endswith(ENDINGS)


def _begins(path: Path, *words: str) -> bool:
    return path.stem.casefold().startswith(words)


def _in_parts(folder: Path) -> dict[str, Path]:
    """The label file in each of the folders train, valid and test, in capitals or not."""
    found = {}
    for path in sorted(folder.iterdir()):
        if path.is_dir() and (part := WORDS.get(path.name.casefold())):
            files = [path / name for name in IN_PARTS if (path / name).is_file()]
            if len(files) > 1:
                raise InvalidInput(f"{path} holds several tables; move all but one away:", map(str, files))
            found |= {part: files[0]} if files else {}
    return found if TRAIN in found else {}


def joined_parts(folder: Path, sheets: dict[str, Sheet]) -> Sheet:
    """One sheet of the sheets of parts, whose names are relative to the folder of each."""
    first = sheets[TRAIN]
    columns = list(dict.fromkeys(column for sheet in sheets.values() for column in sheet.cells))
    rows = {part: len(sheet) for part, sheet in sheets.items()}
    cells = {
        column: np.concatenate([sheet.cells.get(column, np.full(len(sheet), "", object)) for sheet in sheets.values()])
        for column in columns
    }
    image = first.image or image_column_of(first)
    cells[image] = np.concatenate(
        [
            np.array([f"{sheet.file.parent.name}/{name}" for name in sheet.cells[image]], object)
            for sheet in sheets.values()
        ]
    )
    return replace(
        first,
        root=folder,
        image=image,
        cells=cells,
        line=np.concatenate([sheet.line for sheet in sheets.values()]),
        part=np.repeat(np.array([*rows], object), [*rows.values()]),
        several=frozenset().union(*(sheet.several for sheet in sheets.values())),
        notes=tuple(dict.fromkeys(note for sheet in sheets.values() for note in sheet.notes)),
    )


def image_column_of(sheet: Sheet) -> str:
    """The column that Roboflow and Hugging Face give the names of the images."""
    return next((name for name in ("filename", "file_name", "image") if name in sheet.cells), next(iter(sheet.cells)))


def with_asked(sheet: Sheet, asked: Sheet | None) -> Sheet:
    """The sheet of the labels with the rows that are asked, which have the same column of images.

    Columns that both have are known of what is asked, so they are no labels. Raises InvalidInput if nothing is left.
    """
    if asked is None:
        return sheet
    first, *others = asked.cells
    image = next((column for column in sheet.cells if column == first), None)
    if image is None:
        raise InvalidInput(f"{asked.file} names images in {first!r}, and {sheet.file} has no such column")
    known = [column for column in others if column in sheet.cells and _differs(asked.cells[column])]
    if not set(sheet.cells) - {image, *known}:
        return _appended(sheet, asked, image, others)  # the answers are known, and will be scored
    found = _appended(sheet.without(known), asked, image, ())
    return found.say(f"{', '.join(known)} are also in {asked.file.name}, so they are not learned") if known else found


def _differs(values: np.ndarray) -> bool:
    return len(set(values) - {""}) > 1


def _appended(sheet: Sheet, asked: Sheet, image: str, columns: Iterable[str]) -> Sheet:
    empty = np.full(len(asked), "", object)
    cells = {
        column: np.concatenate([values, asked.cells[column] if column in (image, *columns) else empty])
        for column, values in sheet.cells.items()
    }
    part = sheet.part if len(sheet.part) else np.full(len(sheet), TRAIN, object)
    return replace(
        sheet,
        image=image,
        cells=cells,
        line=np.concatenate([sheet.line, asked.line]),
        part=np.concatenate([part, np.full(len(asked), TEST, object)]),
    ).say(f"{asked.file.name} asks about {len(asked):,} images")
