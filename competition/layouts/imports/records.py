"""JSON of records: a list of them, one a line, a mapping from images to labels, or the columns of a table."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from competition.errors import InvalidInput
from competition.images.decode import is_image
from competition.layouts.imports.sheet import Sheet, sheet_of

IMAGE, LABEL = "image", "label"
NAMES = ("label", "name", "class", "category", "tag", "displayName", "title", "value")  # of a label in a record
LINES = (".jsonl", ".ndjson")
USUAL = ("image", "images", "image_id", "id", "file", "file_name", "filename", "path", "name")
CHOICES = "choices"  # of Label Studio: {"choices": ["wet", "big"]}


def parse(file: Path, text: str) -> tuple[Any, list[int] | None]:
    """What a JSON file holds, and the lines of its records if it has one a line. Raises InvalidInput with the line."""
    whole: ValueError | None = None
    if file.suffix.lower() not in LINES:
        try:
            return _loads(file, text), None
        except ValueError as error:
            whole = error
    records, lines = [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                records.append(_loads(file, line))
            except ValueError as error:
                if len(records) > 1 or whole is None:
                    raise InvalidInput(f"{file}:{number}: this line is no JSON ({error})") from None
                raise InvalidInput(f"{file}:{getattr(whole, 'lineno', number)}: this is no JSON ({whole})") from None
            lines.append(number)
    return records, lines


def _loads(file: Path, text: str) -> Any:
    """JSON's values. Raises InvalidInput for a name that an object has twice, with other values."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs) and (odd := [name for name, value in pairs if found[name] != value]):
            raise InvalidInput(f"{file}: {odd[0]!r} is named more than once in one object, with other values; keep one")
        return found

    return json.loads(text, object_pairs_hook=once)


def read_records(file: Path, content: Any, lines: list[int] | None) -> Sheet:
    """The records of a file in no special format. Raises InvalidInput where it holds no records."""
    if isinstance(content, Mapping):
        content = _records_of_mapping(file, content)
    if isinstance(content, list) and content and all(map(_is_pair, content)):
        content = [dict(zip((IMAGE, LABEL), pair, strict=True)) for pair in content]
    if not isinstance(content, Sequence) or isinstance(content, str) or not content:
        raise InvalidInput(f"{file} holds no list of records; allowed are records such as {EXAMPLE}")
    odd = next((place for place, one in enumerate(content) if not isinstance(one, Mapping)), None)
    if odd is not None:
        raise InvalidInput(
            f"{file}: record {odd + 1} is {str(content[odd])[:60]!r}; allowed are records such as {EXAMPLE}"
        )
    return sheet_of(file, "records", [flat(file, one) for one in content], lines)


EXAMPLE = '{"image": "a.jpg", "colour": "red", "tags": ["wet", "big"]}'


def _records_of_mapping(file: Path, content: Mapping) -> list:
    values = list(content.values())
    if content and all(map(is_image, content)):
        return [
            {IMAGE: name, **(value if isinstance(value, Mapping) else {LABEL: value})}
            for name, value in content.items()
        ]
    if {"columns", "data"} <= content.keys():  # pandas' to_json(orient="split")
        return [dict(zip(content["columns"], row, strict=True)) for row in content["data"]]
    if values and all(isinstance(value, Mapping) for value in values):
        return _records_of_records(content)
    if found := _records_of_lists(content):
        return found
    if values and all(isinstance(value, str | int | list) for value in values):
        return [{IMAGE: name, LABEL: value} for name, value in content.items()]
    raise InvalidInput(f"{file} holds {', '.join(map(repr, list(content)[:6]))}; allowed are records such as {EXAMPLE}")


def _records_of_records(content: Mapping[str, Mapping]) -> list:
    """Columns by row, as pandas' to_json() writes them, or rows by number, or by the id of their image."""
    first, *others = content.values()
    if len(first) > 1 and _is_column(first) and all(one.keys() == first.keys() for one in others):
        return [{name: content[name][row] for name in content} for row in first]
    if _is_column(content):
        return [*content.values()]
    return [{IMAGE: name, **value} for name, value in content.items()]


def _records_of_lists(content: Mapping) -> list | None:
    """Images by class, columns of a table, or records beside other things; None if there are no such lists."""
    lists = {name: value for name, value in content.items() if isinstance(value, list)}
    if content and len(lists) == len(content) and all(one and all(map(_names_image, one)) for one in lists.values()):
        return [{IMAGE: name, LABEL: label} for label, names in content.items() for name in names]
    if len({len(value) for value in lists.values()}) == 1 and _are_columns(lists):
        return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    of_records = [value for value in lists.values() if value and (isinstance(value[0], Mapping) or _is_pair(value[0]))]
    return of_records[0] if len(of_records) == 1 else None


def _is_column(value: Mapping) -> bool:
    return list(value) == [str(number) for number in range(len(value))]


def _is_pair(value: object) -> bool:
    """Whether it is an image and its label."""
    return isinstance(value, list) and len(value) == 2 and _names_image(value[0])


def _names_image(value: object) -> bool:
    return isinstance(value, str) and is_image(value)


def _are_columns(lists: Mapping[str, list]) -> bool:
    """Whether lists by name are the columns of a table: no records, and one of them names images or is called so."""
    records = any(isinstance(one, Mapping) for value in lists.values() for one in value[:1])
    named = any(name.casefold() in USUAL or all(map(_names_image, value)) for name, value in lists.items())
    return len(lists) > 1 and named and not records


def _named(records: list) -> list | None:
    """The labels of records that have one each, as [{"name": "wet"}, {"name": "big"}]; None if these are no such."""
    if not records or not all(isinstance(one, Mapping) for one in records):
        return None
    name = next((name for name in NAMES if all(isinstance(one.get(name), str) for one in records)), None)
    return name and [one[name] for one in records]


def flat(file: Path, record: Mapping, prefix: str = "") -> dict[str, object]:
    """A record without records in it: {"a": {"b": 1}} becomes {"a_b": 1}. Raises InvalidInput for a list of records."""
    found: dict[str, object] = {}
    for name, value in record.items():
        if isinstance(value, Mapping) and list(value) == [CHOICES]:
            found[prefix + name] = value[CHOICES]
        elif isinstance(value, Mapping):
            found |= flat(file, value, f"{prefix}{name}_")
        elif isinstance(value, list) and (named := _named(value)):
            found[prefix + name] = named
        elif isinstance(value, list) and any(isinstance(one, Mapping | list) for one in value):
            what = f"{prefix}{name!r} holds a list of records, which cannot be a label: {str(value)[:80]}"
            raise InvalidInput(f"{file}: {what}")
        else:
            found[prefix + name] = value
    return found
