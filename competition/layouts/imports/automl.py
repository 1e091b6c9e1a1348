"""Import files of Google AutoML and Vertex AI: lines of part, address and labels; or JSON lines."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from competition.errors import InvalidInput
from competition.layouts.imports.parts import WORDS
from competition.layouts.imports.sheet import TRAIN, Sheet, sheet_of

IMAGE, LABEL = "image", "label"
PARTS = {**WORDS, "": TRAIN}  # an image without a part is divided by chance there, and here from those to train on
CLOUD = "gs://"


def is_automl_table(text: str) -> bool:
    """Whether the lines begin with a part and an address, or with the address, and there is no header."""
    first = next(csv.reader(text.splitlines()[:1]), [])
    parts = bool(first) and first[0].strip().casefold() in PARTS
    return len(first) > parts and first[parts].strip().startswith(CLOUD)


def read_automl_table(file: Path, text: str) -> Sheet:
    """An image a row, with any number of labels behind its address. Raises InvalidInput with the line."""
    rows, lines, parts = [], [], []
    reader = csv.reader(io.StringIO(text, newline=""))
    for row in reader:
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        part = PARTS.get(cells[0].casefold())
        name, *labels = cells if part is None else cells[1:]
        if not name.startswith(CLOUD):
            raise InvalidInput(f"{file}:{reader.line_num}: {name!r} is no address of an image; expected is {CLOUD}…")
        rows.append({IMAGE: name, LABEL: [label for label in labels if label] or None})
        lines.append(reader.line_num)
        parts.append(TRAIN if part is None else part)
    return _sheet(file, rows, lines, parts)


def is_automl_records(content: object) -> bool:
    first = content[0] if isinstance(content, list) and content else None
    return isinstance(first, Mapping) and "imageGcsUri" in first


def read_automl_records(file: Path, content: list, lines: list[int] | None) -> Sheet:
    rows, parts = [], []
    for record in content:
        given = record.get("classificationAnnotations") or [record.get("classificationAnnotation") or {}]
        rows.append({IMAGE: record["imageGcsUri"], LABEL: [one["displayName"] for one in given if one] or None})
        use = record.get("dataItemResourceLabels", {}).get("aiplatform.googleapis.com/ml_use", "")
        parts.append(PARTS.get(str(use).casefold(), TRAIN))
    return _sheet(file, rows, lines, parts)


def _sheet(file: Path, rows: list, lines: list[int] | None, parts: list[str]) -> Sheet:
    one = all(len(row[LABEL] or ()) < 2 for row in rows)
    if one:
        rows = [{**row, LABEL: (row[LABEL] or [None])[0]} for row in rows]
    part = np.array(parts, object) if set(parts) != {TRAIN} else np.array([], object)
    return sheet_of(file, "an import file of AutoML", rows, lines, image=IMAGE, part=part)
