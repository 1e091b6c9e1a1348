"""Exports of Label Studio: JSON with annotations, JSON-MIN, and CSV."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from competition.errors import InvalidInput
from competition.images.decode import is_image
from competition.layouts.imports.sheet import Sheet, sheet_of, text_of
from competition.layouts.table_cells import SEPARATOR

IMAGE = "image"
BOOKKEEPING = ("id", "annotation_id", "annotator", "created_at", "updated_at", "lead_time")


def is_label_studio(content: object) -> bool:
    first = content[0] if isinstance(content, list) and content else None
    return isinstance(first, Mapping) and "data" in first and ("annotations" in first or "completions" in first)


def read_label_studio(file: Path, content: Sequence[Mapping]) -> Sheet:
    """A task of Label Studio a row; of several annotations of an image, the last that was not cancelled counts."""
    rows, repeated = [], 0
    for task in content:
        annotations = [
            one for one in task.get("annotations", task.get("completions", [])) if not one.get("was_cancelled")
        ]
        repeated += len(annotations) > 1
        rows.append({IMAGE: _image_of(file, task["data"]), **_choices(annotations[-1] if annotations else {})})
    if all(len(row) == 1 for row in rows):
        kinds = sorted({one.get("type", "?") for task in content for one in _results(task)})
        raise InvalidInput(
            f"{file} is an export of Label Studio, and no annotation holds choices; found are "
            f"{', '.join(kinds) or 'predictions or tasks alone'}; choices, taxonomy, labels and ratings are learned"
        )
    sheet = sheet_of(file, "an export of Label Studio", rows, image=IMAGE)
    single = {column for column in sheet.several if not any(SEPARATOR in cell for cell in sheet.cells[column])}
    sheet = replace(sheet, several=sheet.several - single)
    if unread := sorted({_named(one) for task in content for one in _results(task) if _given(one) is None}):
        sheet = sheet.say(f"not used, because they are no choices: {', '.join(unread)}")
    note = f"{repeated:,} images are annotated more than once; the last annotation counts"
    return sheet.say(note) if repeated else sheet


def _image_of(file: Path, data: Mapping) -> str:
    """The value of a task's data that names a file. Raises InvalidInput if several do, or none."""
    if data.get(IMAGE):
        return str(data[IMAGE])
    named = {key: str(value) for key, value in data.items() if is_image(str(value).split("?")[0])}
    named = named or {key: str(value) for key, value in data.items() if "/" in str(value)}
    if len(named) != 1:
        what = f"{', '.join(named)} all name images" if named else f"none of {', '.join(data)} names an image"
        raise InvalidInput(f"{file}: {what} in the data of a task; expected is one, called image")
    return next(iter(named.values()))


def _results(task: Mapping) -> list[Mapping]:
    return [one for annotation in task.get("annotations", task.get("completions", [])) for one in annotation["result"]]


def _choices(annotation: Mapping) -> dict[str, object]:
    found: dict[str, list] = {}
    for result in annotation.get("result", []):
        given = _given(result)
        if given is not None:
            listed = given if isinstance(given, list) else [given]
            listed = [" / ".join(one) if isinstance(one, list) else one for one in listed]
            found.setdefault(result.get("from_name", "choice"), []).extend(listed)
    return found


def _given(result: Mapping) -> object:
    """What a result of an annotation says, if it is something that is learned."""
    value = result.get("value", {})
    return value.get("choices") or value.get("taxonomy") or value.get("labels") or value.get("rating")


def _named(result: Mapping) -> str:
    return f"{result.get('from_name', 'a field')} ({result.get('type', 'of no type')})"


def is_label_studio_table(sheet: Sheet) -> bool:
    return {"annotation_id", "lead_time"} <= set(sheet.cells)


def tidy_label_studio_table(sheet: Sheet) -> Sheet:
    """A CSV or JSON-MIN without its bookkeeping, and {"choices": [...]} as several values."""
    cells, several = {}, set(sheet.several)
    for column, values in sheet.without(BOOKKEEPING).cells.items():
        parsed = [_choices_in(cell) for cell in values]
        if any(isinstance(one, list) for one in parsed):
            several.add(column)
            cells[column] = np.array([text_of(one, sheet.file) if one else "" for one in parsed], object)
        else:
            cells[column] = values
    found = replace(sheet, cells=cells, several=frozenset(several), what="an export of Label Studio")
    left_out = [column for column in BOOKKEEPING if column in sheet.cells]
    return found.say(f"left out, because they are about the labelling: {', '.join(left_out)}")


def _choices_in(cell: str) -> list | str:
    """The list in {"choices": [...]}; anything else as it is."""
    if not cell.startswith("{"):
        return cell
    try:
        value = json.loads(cell)
    except ValueError:
        return cell
    return value.get("choices", cell) if isinstance(value, dict) else cell
