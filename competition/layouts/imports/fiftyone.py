"""Exports of FiftyOne: labels.json with classes, samples.json, and the CSV."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from competition.errors import InvalidInput
from competition.layouts.imports.parts import TAGS
from competition.layouts.imports.sheet import Sheet, sheet_of

IMAGE, LABEL = "image", "label"
BOOKKEEPING = ("filepath", "id", "media_type", "created_at", "last_modified_at")


def is_fiftyone(content: object) -> bool:
    if not isinstance(content, Mapping):
        return False
    listed = isinstance(content.get("labels"), Mapping) and "classes" in content
    return listed or (isinstance(content.get("samples"), list) and bool(content["samples"]))


def read_fiftyone(file: Path, content: Mapping) -> Sheet:
    """A sample a row. Raises InvalidInput for a number that names no class."""
    if "samples" in content:
        return _samples(file, content["samples"])
    classes = content["classes"] or []
    rows = [{IMAGE: name, LABEL: _names(file, name, value, classes)} for name, value in content["labels"].items()]
    return sheet_of(file, "an export of FiftyOne", rows, image=IMAGE)


def _names(file: Path, name: str, value: object, classes: list) -> object:
    if isinstance(value, list):
        return [_names(file, name, one, classes) for one in value]
    if isinstance(value, int) and not isinstance(value, bool):
        if not 0 <= value < len(classes):
            raise InvalidInput(f"{file}: {name} has class {value}, but there are {len(classes)} classes")
        return classes[value]
    return value


def _samples(file: Path, samples: list[Mapping]) -> Sheet:
    rows, parts, unread = [], [], set()
    for sample in samples:
        row: dict[str, object] = {IMAGE: sample["filepath"]}
        for field, value in sample.items():
            if isinstance(value, Mapping) and "label" in value:
                row[field] = value["label"]
            elif isinstance(value, Mapping) and "classifications" in value:
                row[field] = [one["label"] for one in value["classifications"]]
            elif isinstance(value, str | bool) and not field.startswith("_") and field not in BOOKKEEPING:
                row[field] = value
            elif isinstance(value, Mapping) and "detections" in value:
                unread.add(field)
        rows.append(row)
        parts.append(next((TAGS[tag] for tag in sample.get("tags") or () if tag in TAGS), ""))
    sheet = sheet_of(file, "an export of FiftyOne", rows, image=IMAGE)
    if unread:
        sheet = sheet.say(f"boxes are not used: {', '.join(sorted(unread))}")
    if not any(parts):
        return sheet
    if lost := [sample["filepath"] for sample, part in zip(samples, parts, strict=True) if not part]:
        raise InvalidInput(f"{file}: some samples are tagged {', '.join(TAGS)}, but not these; tag them, too:", lost)
    return replace(sheet, part=np.array(parts, object))
