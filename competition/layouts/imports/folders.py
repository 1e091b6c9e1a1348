"""Which files of a folder hold labels, which ask, and which is a sample of the answers."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote

import numpy as np

from competition.errors import InvalidInput
from competition.layouts.imports.parts import WORDS
from competition.layouts.imports.sheet import TEST, TRAIN, Sheet
from competition.layouts.notes import some
from competition.layouts.table_cells import QUESTIONS, placeholders

ENDINGS = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx")
LISTS = ("list_attr*.txt", "list_category_img*.txt")  # of CelebA and DeepFashion
IN_PARTS = ("_classes.csv", "_annotations.coco.json", "metadata.csv", "metadata.jsonl", "labels.json", "labels.csv")
OTHERS = ("metadata.json", "dataset_info.json", "package.json", "config.json")


@dataclass(frozen=True)
class LabelFiles:
    """The files of a folder by what they are for; `parts` are those that lie in a folder for each part."""

    labels: Path | None
    validation: Path | None
    asked: Path | None
    sample: Path | None
    parts: dict[str, Path]


def label_files(folder: Path, named: Path | None = None) -> LabelFiles:
    """Sort the files of a folder by their names; `named` are the labels, if the user says so.

    Raises InvalidInput if several could be the labels, or what is asked.
    """
    found = [path for path in sorted(folder.iterdir()) if _is_table(path)]
    lists = [path for pattern in LISTS for path in sorted(folder.glob(pattern)) if "cloth" not in path.name]
    sample = [path for path in found if is_sample_name(path) and path != named]
    asked = [path for path in found if path not in sample and _begins(path, "test", "question")]
    others = [path for path in found if path not in [*sample, *asked] and path.stem != "answers"]
    others = [path for path in others if path.stem.startswith("list_attr")] or others  # Kaggle's CelebA
    train = [path for path in others if _begins(path, "train")]
    held_out = [path for path in others if train and _begins(path, "val", "dev")]
    labels = (train if len(others) > 1 and train else others) or lists
    if named and labels != [named]:  # what lies beside it belongs to another table
        labels, held_out, asked = [named], [], []
    if len(labels) > 1:
        raise InvalidInput(f"{folder} holds several tables; name one of them with --labels:", map(str, labels))
    sample = [path for path in sample if "sample" in path.stem.casefold()] or sample  # beside one's own submission
    for files, what in ((held_out, "validation images"), (asked, "questions"), (sample, "samples of a submission")):
        if len(files) > 1 and named:
            files.clear()  # the user names one of several tables, and which others belong to it is not clear
        if len(files) > 1:
            raise InvalidInput(f"{folder} holds several files of {what}; move all but one away:", map(str, files))
    parts = {} if labels else _in_parts(folder)
    return LabelFiles(*(paths[0] if paths else None for paths in (labels, held_out, asked, sample)), parts)


def is_sample_name(path: Path) -> bool:
    """Whether a file is called like the sample of a submission: sample_submission.csv, sampleSubmission.csv."""
    name = path.stem.casefold().replace("_", "").replace("-", "")
    return "submission" in name or name in ("sample", "samplesub")


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
    """One sheet of the sheets of parts, whose names are relative to the folder of each.

    Raises InvalidInput if a part lacks a column that the others have.
    """
    image = sheets[TRAIN].image or image_column_of(sheets[TRAIN])
    below = {part: sheet.with_cells({image: _names_below(folder, sheet, image)}) for part, sheet in sheets.items()}
    return replace(stacked(below), root=folder, image=image)


def stacked(sheets: dict[str, Sheet]) -> Sheet:
    """One sheet of the sheets of parts, one below the other. Raises InvalidInput for a column that one lacks."""
    first = sheets[TRAIN]
    for part, sheet in sheets.items():
        if part != TEST and (lacking := [column for column in first.cells if column not in sheet.cells]):
            raise InvalidInput(f"{sheet.file} has no column {lacking[0]!r}, which {first.file} has")
    cells = {
        column: np.concatenate([sheet.cells.get(column, np.full(len(sheet), "", object)) for sheet in sheets.values()])
        for column in first.cells
    }
    return replace(
        first,
        cells=cells,
        line=np.concatenate([sheet.line for sheet in sheets.values()]),
        files=_files(*sheets.values()),
        part=np.repeat(np.array([*sheets], object), [len(sheet) for sheet in sheets.values()]),
        several=frozenset().union(*(sheet.several for sheet in sheets.values())) & cells.keys(),
        said=tuple(note for sheet in sheets.values() for note in sheet.said),
    )


def _files(*sheets: Sheet) -> np.ndarray:
    """The file of each row of sheets, one below the other."""
    return np.array([sheet.file_of(row) for sheet in sheets for row in range(len(sheet))], object)


def _names_below(folder: Path, sheet: Sheet, image: str) -> np.ndarray:
    """The names of a part's images, relative to the folder of all parts. Raises InvalidInput if no column does."""
    if image not in sheet.cells:
        raise InvalidInput(f"{sheet.file} has no column {image!r}, which names the images of the other parts")
    inner = sheet.file.parent.relative_to(folder).as_posix()
    return np.array([name if inner == "." else f"{inner}/{name}" for name in sheet.cells[image]], object)


def image_column_of(sheet: Sheet) -> str:
    """The column that Roboflow and Hugging Face give the names of the images."""
    return next((name for name in ("filename", "file_name", "image") if name in sheet.cells), next(iter(sheet.cells)))


def with_asked(sheet: Sheet, asked: Sheet, learned: Collection[str]) -> Sheet:
    """The sheet of the labels with the rows that are asked, which have the same column of images, and their answers.

    These are known if both have all labels, and in questions.csv, the project's own. If both have some of them, these
    may be answers, or what is known of every image, as the camera is: Raises InvalidInput for those that the user does
    not want `learned`.
    """
    image = sheet.image
    if image not in asked.cells:
        raise InvalidInput(
            f"{asked.file} seems to ask about images, but has no column {image!r}, as {sheet.file.name} has; name the "
            f"column alike, or move {asked.file.name} into another folder if it asks nothing"
        )
    filled = {column: asked.cells[column] for column in sheet.labels if any(asked.cells.get(column, ()))}
    same = placeholders(filled)
    answers = [column for column in filled if column not in same]
    unclear = [column for column in answers if column not in learned]
    if unclear and len(filled) < len(sheet.labels) and asked.file.name != QUESTIONS:
        names = " ".join(map(quote, unclear))
        others = some([column for column in sheet.labels if column not in filled])
        raise InvalidInput(
            f"{asked.file} has values of {some(unclear)}, and no answers to {others}: if these are answers, "
            f"--class-columns {names} learns and scores them; if they are known of every image, --leave-out {names}"
        )
    found = _appended(sheet, asked, image, answers)
    if same:
        return found.say(f"{some(same)} in {asked.file.name}: one value in every row is a placeholder, no answer")
    return found


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
        files=_files(sheet, asked),
        part=np.concatenate([part, np.full(len(asked), TEST, object)]),
    ).say(f"{asked.file.name} asks about {len(asked):,} image{'s' if len(asked) != 1 else ''}")
