"""What the cells of a column mean: one spelling a value, missing values, several values, and yes and no."""

import json
import re
import unicodedata
from ast import literal_eval
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from competition.errors import InvalidInput
from competition.layouts.imports.sheet import SEPARATOR, Reading, Sheet, text_of
from competition.layouts.table_cells import FLAGS
from competition.layouts.words import ALSO_CLASSES, MISSING

INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")
BLANKS = re.compile(r"[\s\u00a0]+")
# Between several values of a cell, surest first; a blank only where it cannot be part of a value.
BETWEEN = (SEPARATOR, ";", ",", "/", "+", "&", ":", " ")
SELDOM = ("/", "+", "&", ":")  # as often part of a value: asked about, never taken for granted
NAMES_OF = {" ": "blanks", ",": "commas", ";": "semicolons", "/": "slashes", SEPARATOR: "bars"}
RECURRING = 0.75  # of the parts of divided cells also stand in other cells, if they are values of their own
UNSURE = 0.4
MARKS = ("x", "✓", "✔", "1", "1.0", "true", "yes", "y")
SHOWN = 4
EXACT = 1e5  # numbers below it are written by :g with all their digits before the point
USUAL = ("nan", "NA")  # words for a missing value that are named beside another


def clean(sheet: Sheet) -> Sheet:
    """Accents composed, no-break spaces as spaces, and nothing invisible: cells that look alike are alike."""
    found, changed = {}, []
    for column, values in sheet.cells.items():
        new = _each(values, clean_text)
        if column != sheet.image and (new != _each(values, str.strip)).any():
            changed.append(column)
        name = clean_text(column)
        if name in found:
            raise InvalidInput(f"{sheet.file}: two columns are called {name!r} but for what cannot be seen; rename one")
        found[name] = new
    note = f"invisible characters, odd spaces or accents in {_some(changed)} were made uniform"
    sheet = replace(
        sheet, cells=found, image=clean_text(sheet.image), several=frozenset(map(clean_text, sheet.several))
    )
    return sheet.say(note) if changed else sheet


def clean_text(text: str) -> str:
    return BLANKS.sub(" ", INVISIBLE.sub("", unicodedata.normalize("NFC", text))).strip()


def drop_missing(sheet: Sheet, reading: Reading) -> Sheet:
    """Words for a missing value made empty: those that the user names, or else the usual ones."""
    words = {word.casefold() for word in (MISSING if reading.missing is None else reading.missing)}
    cells, notes = {}, []
    for column, values in sheet.labels.items():
        found = Counter(value for value in values if _is_one_of(words, value))
        left = {value for value in values if value and value not in found}
        if not found or (reading.missing is None and not left):
            continue
        doubtful = [value for value in found if value.casefold() in ALSO_CLASSES]
        if (
            reading.missing is None
            and len(left) == 1
            and doubtful
            and not {value.casefold() for value in left} & set(MARKS)
        ):
            back = f"--missing {doubtful[0]} reads it as missing"
            notes.append(
                f"{column}: {doubtful[0]!r} is a class, because {min(left)!r} alone is nothing to learn ({back})"
            )
            found = Counter({value: count for value, count in found.items() if value not in doubtful})
        if not found:
            continue
        cells[column] = _each(values, lambda value, found=found: "" if value in found else value)
        shown = ", ".join(f"{word!r} {count:,} times" for word, count in found.most_common(SHOWN))
        notes.append(f"{column}: {shown}, read as missing (--missing without a word reads it as a class)")
    return sheet.with_cells(cells).say(*notes)


def _is_one_of(words: Collection[str], value: str) -> bool:
    """Whether a value is one of some words in small letters, also a number that is written as pandas does: -1.0."""
    return value.casefold() in words or value.removesuffix(".0") in words


def drop_missing_parts(sheet: Sheet, reading: Reading) -> Sheet:
    """Words for a missing value removed from among several values."""
    usual = set(MISSING) - set(ALSO_CLASSES)
    words = usual if reading.missing is None else {word.casefold() for word in reading.missing}
    cells, notes = {}, []
    for column in sorted(sheet.several & set(sheet.labels)):
        found = {
            part for value in set(sheet.cells[column]) for part in value.split(SEPARATOR) if _is_one_of(words, part)
        }
        if found:
            cells[column] = _each(sheet.cells[column], lambda value, found=found: _without_parts(value, found))
            shown = ", ".join(sorted(found))
            notes.append(f"{column}: {shown} among several values is left out (--missing without a word keeps it)")
    return sheet.with_cells(cells).say(*notes)


def _without_parts(value: str, found: set[str]) -> str:
    parts = value.split(SEPARATOR)
    return value if not found & set(parts) else SEPARATOR.join(part for part in parts if part not in found)


def divide(sheet: Sheet, reading: Reading) -> Sheet:
    """Cells with several values, with `|` between them. Raises InvalidInput where it is not clear whether they are."""
    if reading.separator is not None and SEPARATOR not in reading.separator:
        reading = replace(reading, separator=(SEPARATOR, *reading.separator))  # which separates in every table
    cells, several, notes, unsure = {}, set(sheet.several), [], []
    told, back = _told(sheet), "; --separator without a word reads each as one" if reading.separator is None else ""
    for column, values in sheet.labels.items():
        if column in several:
            continue
        if reading.separator != (SEPARATOR,) and (listed := _listed(sheet, column)) is not None:
            cells[column] = listed
            several.add(column)
            notes.append(f"{column}: its cells are lists of several values{back}")
            continue
        for separator in _candidates(values, reading):
            sure = how_sure(values, separator) if reading.separator is None else told(column, separator)
            if sure == SURE:
                cells[column] = _each(values, lambda value, by=separator: _divided(value, by))
                several.add(column)
                if separator != SEPARATOR:
                    notes.append(f"{column}: {NAMES_OF.get(separator, separator)} separate several values{back}")
                break
            if sure == MAYBE:
                unsure.append((column, separator, next(value for value in values if separator in value)))
                break
    if unsure:
        raise InvalidInput(
            f"{sheet.file}: it is not clear whether these cells hold one value or several; add --separator with what "
            "stands between the values, or without a word if a cell is one value:",
            [f"column {column!r}: {value!r}, divided by --separator {by!r}?" for column, by, value in unsure],
        )
    return replace(sheet.with_cells(cells), several=frozenset(several)).say(*notes)


def _told(sheet: Sheet) -> Callable[[str, str], int]:
    """Whether a separator that the user named divides a column: not if it looks so only in other columns."""

    @cache
    def having(separator: str) -> dict[str, int]:
        found = {name: values for name, values in sheet.labels.items() if any(separator in one for one in set(values))}
        return {name: how_sure(values, separator) for name, values in found.items()}

    def told(column: str, separator: str) -> int:
        others = having(separator)
        return SURE if len(others) < 2 or others[column] != NO or not any(others.values()) else NO

    return told


NO, MAYBE, SURE = range(3)


def how_sure(values: Iterable[str], separator: str) -> int:
    """Whether a character separates several values of a column: NO, MAYBE or SURE.

    It does where the parts of a cell also stand in other cells, alone or beside other parts. A blank may stand between
    words of one value (light blue, dark blue), so it has to be seen in three parts, or in another order, too.
    """
    distinct = [value for value in dict.fromkeys(values) if value]
    divided = {value: _parts(value, separator) for value in distinct}
    joined = {value: parts for value, parts in divided.items() if len(parts) > 1}
    if not joined:
        return NO
    cells_of: dict[str, set[str]] = defaultdict(set)
    for value, parts in divided.items():
        for part in parts:
            cells_of[part].add(value)
    parts = {part for one in joined.values() for part in one}
    recurring = sum(len(cells_of[part]) > 1 for part in parts) / len(parts)
    if separator == SEPARATOR or (separator == " " and all(part.isdigit() for part in cells_of)):
        return SURE
    if any(len(set(one)) < len(one) for one in joined.values()) or recurring < UNSURE:
        return MAYBE if separator == ";" else NO
    decimal = separator == "," and all(re.fullmatch(r"-?\d+,\d+", value) for value in joined)
    if separator != " ":
        return SURE if recurring >= RECURRING and separator not in SELDOM and not decimal else MAYBE
    places = defaultdict(set)
    for one in divided.values():
        for place, part in enumerate(one):
            places[part].add(place)
    moving = sum(len(found) > 1 for found in places.values()) / len(places)
    sizes = {len(one) for one in divided.values()}
    if recurring >= RECURRING and max(sizes) > 2 and len(sizes) > 1 and moving >= 0.25 and len(places) < len(distinct):
        return SURE
    return MAYBE if moving > 0 or (recurring >= RECURRING and len(sizes) > 1) else NO


def _candidates(values: np.ndarray, reading: Reading) -> Sequence[str]:
    given = BETWEEN if reading.separator is None else reading.separator
    return [one for one in given if any(one in value.strip() for value in set(values))]


def _parts(value: str, separator: str) -> list[str]:
    return [part for part in map(str.strip, value.split(separator)) if part]


def _divided(value: str, separator: str) -> str:
    return SEPARATOR.join(dict.fromkeys(_parts(value, separator))) or (SEPARATOR if value else "")


def _listed(sheet: Sheet, column: str) -> np.ndarray | None:
    """Cells such as ['a', 'b'], ["a", "b"] or {a,b} as several values; None if a column holds no lists.

    Other cells beside lists are one value each, as Label Studio writes them.
    """
    values = sheet.cells[column]
    in_brackets = {value for value in values if value and value[0] in "[({" and value[-1] in "])}"}
    known = {value: _list_in(value) for value in sorted(in_brackets)}
    if records := [value for value, found in known.items() if found is None and re.match(r"[\[{]\s*[{\"'].*:", value)]:
        raise InvalidInput(
            f"{sheet.file}: column {column!r} holds records, {records[0][:60]!r} for example, which are no labels: "
            f"--leave-out {column!r}"
        )
    quoted = any("'" in value or '"' in value for value in in_brackets)
    if not quoted and any(value[0] == "(" or value[-1] == ")" for value in in_brackets):
        return None  # (0, 10] is a range, (small) a word
    if not known or None in known.values() or not (quoted or in_brackets == set(values) - {""}):
        return None
    return _each(values, lambda value: text_of(known[value], sheet.file) if value in known else value)


def _list_in(value: str) -> list | None:
    """The values of a list as Python, JSON, NumPy or a database prints it; None if it is something else."""
    for parse in (json.loads, literal_eval):
        try:
            found = parse(value)
        except (ValueError, SyntaxError):
            continue
        if isinstance(found, Mapping) and list(found) == ["choices"]:
            found = found["choices"]
        if isinstance(found, Mapping) and found:
            return None
        if isinstance(found, list | tuple | set) and all(isinstance(one, str | int | float | None) for one in found):
            return sorted(found, key=str) if isinstance(found, set) else [*found]
    bare = value[1:-1]
    if re.search(r"""[][(){}'":]""", bare):
        return None
    return [part.strip() for part in (bare.split(",") if "," in bare or value[0] != "[" else bare.split())]


def unify_spelling(sheet: Sheet) -> Sheet:
    """One spelling for 1 and 1.0, and for True, TRUE and true."""
    cells, notes = {}, []
    for column, values in sheet.labels.items():
        distinct = {part for value in set(values) for part in value.split(SEPARATOR) if part}
        spelt = _spellings(distinct)
        if all(value == one for value, one in spelt.items()):
            continue
        cells[column] = _each(
            values,
            lambda value, to=spelt: SEPARATOR.join(dict.fromkeys(to.get(one, one) for one in value.split(SEPARATOR))),
        )
        merged = defaultdict(list)
        for value, one in sorted(spelt.items()):
            merged[one].append(value)
        alike = [sorted(found) for found in merged.values() if len(found) > 1]
        if alike:
            notes.append(f"{column}: {'; '.join(', '.join(one) for one in alike[:SHOWN])} are one value")
        else:
            notes.append(
                f"{column}: written as {', '.join(sorted(set(spelt.values()))[:SHOWN])}, "
                f"not {min(distinct - set(spelt.values()))}"
            )
    return sheet.with_cells(cells).say(*notes)


def spelt_alike(classes: Iterable[str]) -> list[list[str]]:
    """The classes that are spellings of one, as 1 and 1.0, TRUE and True, or an accent in one letter and in two."""
    cleaned = {name: clean_text(name) for name in classes}
    found, spelt = defaultdict(list), _spellings(set(cleaned.values()))
    for name, text in cleaned.items():
        found[spelt[text]].append(name)
    return [names for names in found.values() if len(names) > 1]


def _spellings(values: Collection[str]) -> dict[str, str]:
    """How each value of a column is written where another of them means the same."""
    lower = {value.casefold() for value in values}
    if lower <= set(FLAGS) and lower & {"true", "false"} and lower - {"true", "false"}:
        return {value: str(int(FLAGS[value.casefold()])) for value in values}  # True beside 1
    if lower <= {"true", "false"} or lower <= {"yes", "no"}:
        return {value: value.casefold() for value in values}
    if not all(re.fullmatch(r"[+-]?(0|[1-9]\d*)(\.\d*)?", value) for value in values):
        return {value: value for value in values}
    numbers = {value: float(value) for value in values}
    if len(set(numbers.values())) == len(values) and not all(map(float.is_integer, numbers.values())):
        return {value: value for value in values}  # 0.5 and 1.0
    return {
        value: f"{number + 0:g}" if abs(number) < EXACT else value.lstrip("+").removesuffix(".0")
        for value, number in numbers.items()
    }


def unify_flags(sheet: Sheet) -> Sheet:
    """Columns of -1 and 1 as 0 and 1, -1 beside 0 and 1 as missing, and columns that only mark what is true."""
    signed = {column: set(values) - {""} for column, values in sheet.labels.items()}
    signed = {column: found for column, found in signed.items() if "-1" in found and found <= {"-1", "0", "1"}}
    cells, notes = {}, []
    if signed:
        unknown = any("0" in found for found in signed.values())
        if unknown and (alone := [column for column, found in signed.items() if "0" not in found]):
            other = next(column for column in signed if column not in alone)
            raise InvalidInput(
                f"{sheet.file}: -1 is beside 0 and 1 in column {other!r}, but beside 1 alone in {_some(alone)}; if it "
                f"is unknown in all, --missing {' '.join([*USUAL, '-1'])}; else write 0 where it means no"
            )
        meaning = {"-1": "" if unknown else "0"}
        cells = {column: _each(sheet.cells[column], lambda value: meaning.get(value, value)) for column in signed}
        said = "missing, because 0 is there, too (no: write 0 for -1)" if unknown else "no, because there is no 0"
        notes.append(f"-1 in {_some(list(signed))} is read as {said}")
    notes += [_negative(column, values) for column, values in sheet.labels.items() if column not in signed]
    notes = [note for note in notes if note]
    marks = {column: _mark(values) for column, values in sheet.labels.items() if column not in cells}
    marked = [column for column, mark in marks.items() if mark]
    if len(marked) > 1:
        answered = np.any([sheet.cells[column] != "" for column in marked], axis=0)
        for column in marked:
            yes = sheet.cells[column] != ""
            cells[column] = np.where(yes, "1", np.where(answered, "0", "")).astype(object)
        notes.append(f"{_some(marked)} only mark what is true: an empty cell is no, in rows that have a mark")
    return sheet.with_cells(cells).say(*notes)


def _negative(column: str, values: np.ndarray) -> str:
    """What is said of a column of numbers of which one is negative, as where -1 means that nothing is known."""
    found = sorted(set(values) - {""})
    negative = [value for value in found if value.startswith("-")]
    if len(negative) != 1 or len(found) < 3 or not all(re.fullmatch(r"-?\d+", value) for value in found):
        return ""
    return f"{column}: {negative[0]} is a class (--missing {' '.join([*USUAL, negative[0]])} reads it as missing)"


def _mark(values: np.ndarray) -> str:
    """The only value of a column that has empty cells, if it means yes."""
    found = set(values)
    words = found - {""}
    return words.pop() if "" in found and len(words) == 1 and {word.casefold() for word in words} <= set(MARKS) else ""


def _each(values: np.ndarray, change) -> np.ndarray:
    """Every cell changed; equal cells once."""
    known = {value: change(value) for value in set(values)}
    return np.array([known[value] for value in values], object)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
