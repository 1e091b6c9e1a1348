"""What the cells of a column mean: one spelling a value, missing values, several values, and yes and no."""

import json
import re
from ast import literal_eval
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np

from competition.errors import InvalidInput
from competition.layouts.imports.sheet import Reading, Sheet, text_of
from competition.layouts.notes import SHOWN, Note, some
from competition.layouts.table_cells import FLAGS, SEPARATOR
from competition.layouts.words import ALSO_CLASSES, MISSING
from competition.task import composed

# Characters without a width, and marks of the direction of writing.
INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
FULL_WIDTH = {0xFF10 + digit: str(digit) for digit in range(10)}  # as typed beside Chinese or Japanese
HALF = re.compile("[\ud800-\udfff]")  # of a pair of UTF-16, which cannot be written as UTF-8
BETWEEN_WORDS = re.compile(r"""(?<=['"])\s+(?=['"])""")  # of an array that NumPy prints, without commas
# Between several values of a cell, surest first; a blank only where it cannot be part of a value.
BETWEEN = (SEPARATOR, ";", ",", "/", "+", "&", ":", " ")
SELDOM = ("/", "+", "&", ":")  # as often part of a value: asked about, never taken for granted
NAMES_OF = {" ": "blanks", ",": "commas", ";": "semicolons", "/": "slashes", SEPARATOR: "bars"}
RECURRING = 0.75  # of the parts of divided cells also stand in other cells, if they are values of their own
UNSURE = 0.4
MARKS = ("x", "✓", "✔", "1", "1.0", "true", "yes", "y")
EXACT = 1e5  # numbers below it are written by :g with all their digits before the point
USUAL = ("nan", "NA")  # words for a missing value that are named beside another


def clean(sheet: Sheet) -> Sheet:
    """Accents composed, no-break spaces as spaces, and nothing invisible: cells that look alike are alike."""
    found, changed = {}, []
    for column, values in sheet.cells.items():
        texts = {value: clean_text(value) for value in set(values)}
        _refuse_half_characters(sheet, column, texts)
        if column != sheet.image and any(text != value.strip() for value, text in texts.items()):
            changed.append(column)
        name = clean_text(column)
        if name in found:
            raise InvalidInput(f"{sheet.file}: two columns are called {name!r} but for what cannot be seen; rename one")
        found[name] = _replaced(values, texts)
    note = f"invisible characters, odd spaces, accents or wide digits in {some(changed)} were made uniform"
    sheet = replace(
        sheet, cells=found, image=clean_text(sheet.image), several=frozenset(map(clean_text, sheet.several))
    )
    return sheet.say(Note(note, of_copy=True)) if changed else sheet


def _refuse_half_characters(sheet: Sheet, column: str, values: Collection[str]) -> None:
    if HALF.search(column):
        raise InvalidInput(f"{sheet.file}: the name of column {column!a} holds half a character; rename it")
    if broken := [value for value in values if HALF.search(value)]:
        row = int(np.argmax(sheet.cells[column] == broken[0]))
        text = f"{broken[0]!a} in column {column!r} holds half a character, which no file can hold; mend it"
        raise InvalidInput(f"{sheet.file} cannot be read:", [sheet.problem(row, text)])


def clean_text(text: str) -> str:
    visible = text if text.isascii() else INVISIBLE.sub("", composed(text)).translate(FULL_WIDTH)
    return " ".join(visible.split())


def refuse_unused(sheet: Sheet, reading: Reading) -> None:
    """Raises InvalidInput for words and separators of the user that are in no cell, as where they are misspelt."""
    found = {value.casefold() for values in sheet.labels.values() for value in set(values)}
    for flag, given in (("--missing", reading.missing), ("--separator", reading.separator)):
        if given and not any(word.casefold() in value for word in given for value in found):
            raise InvalidInput(f"{flag} {' '.join(map(repr, given))}: in no cell of {sheet.file}; check the spelling")


def drop_missing(sheet: Sheet, reading: Reading) -> Sheet:
    """Words for a missing value made empty: those that the user names, or else the usual ones."""
    words = {word.casefold() for word in (MISSING if reading.missing is None else reading.missing)}
    cells, notes = {}, []
    for column, values in sheet.labels.items():
        count = Counter(values)
        found = Counter({value: number for value, number in count.items() if _is_one_of(words, value)})
        left = count.keys() - {"", *found}
        if not found or (reading.missing is None and not left):
            continue
        if reading.missing is None and (classes := _needed(found, left)):
            notes.append(_said_of_class(column, classes[0], min(left)))
            found = Counter({value: number for value, number in found.items() if value not in classes})
        if found:
            cells[column] = _replaced(values, {value: "" if value in found else value for value in count})
            notes.append(_said_of_missing(column, found))
    return sheet.with_cells(cells).say(*notes)


def _is_one_of(words: Collection[str], value: str) -> bool:
    """Whether a value is one of some words in small letters, also a number that is written as pandas does: -1.0."""
    return value.casefold() in words or value.removesuffix(".0") in words


def _needed(words: Iterable[str], left: Collection[str]) -> list[str]:
    """The words that may be classes, where only one other class is left, which would be nothing to learn."""
    alone = len(left) == 1 and not {value.casefold() for value in left} & set(MARKS)
    return [word for word in words if alone and word.casefold() in ALSO_CLASSES]


def _said_of_class(column: str, name: str, other: str) -> Note:
    back = f"(--missing {name} reads it as missing)"
    text = f"{column}: {name!r} is a class, because {other!r} alone is nothing to learn {back}"
    return Note(text, column, f"{name!r} is a class, because the other one alone is nothing to learn {back}")


def _said_of_missing(column: str, words: Counter[str]) -> Note:
    shown = ", ".join(f"{word!r} ({count:,})" for word, count in words.most_common(SHOWN))
    text = f"{column}: {shown}, read as missing (--missing without a word reads it as a class)"
    return Note(text, column, "some words are read as missing")


def drop_missing_parts(sheet: Sheet, reading: Reading) -> Sheet:
    """Words for a missing value removed from among several values."""
    usual = set(MISSING) - set(ALSO_CLASSES)
    words = usual if reading.missing is None else {word.casefold() for word in reading.missing}
    cells, notes = {}, []
    for column in sorted(sheet.several & set(sheet.labels)):
        distinct = set(sheet.cells[column])
        found = {part for value in distinct for part in value.split(SEPARATOR) if _is_one_of(words, part)}
        if found:
            texts = {value: _without_parts(value, found) for value in distinct}
            cells[column] = _replaced(sheet.cells[column], texts)
            kind = "words for a missing value among several values are left out"
            text = f"{column}: {', '.join(sorted(found))} among several values is left out"
            notes.append(Note(f"{text} (--missing without a word keeps it)", column, kind))
    return sheet.with_cells(cells).say(*notes)


def _without_parts(value: str, found: set[str]) -> str:
    parts = value.split(SEPARATOR)
    return value if not found & set(parts) else SEPARATOR.join(part for part in parts if part not in found)


def divide(sheet: Sheet, reading: Reading) -> Sheet:
    """Cells with several values, with `|` between them. Raises InvalidInput where it is not clear whether they are."""
    if reading.separator is not None and SEPARATOR not in reading.separator:
        reading = replace(reading, separator=(SEPARATOR, *reading.separator))  # which separates in every table
    cells, several, notes, unsure = {}, set(sheet.several), [], []
    told, back = _told(sheet), "" if reading.separator is not None else "; --separator without a word reads each as one"
    for column, values in sheet.labels.items():
        if column in several:
            continue
        distinct = [*dict.fromkeys(values)]
        if reading.separator != (SEPARATOR,) and (lists := _lists(sheet, column, distinct)) is not None:
            cells[column] = _replaced(values, lists)
            kind = f"its cells are lists of several values{back}"
            notes.append(Note(f"{column}: {kind}", column, kind))
            several.add(column)
            continue
        separator, sure = _separator(column, distinct, reading, told)
        if sure == SURE:
            cells[column] = _replaced(values, {value: _divided(value, separator) for value in distinct})
            several.add(column)
            if separator != SEPARATOR:
                kind = f"{NAMES_OF.get(separator, separator)} separate several values{back}"
                notes.append(Note(f"{column}: {kind}", column, kind))
        elif sure == MAYBE:
            row = next(row for row, value in enumerate(values) if separator in value)
            text = f"column {column!r}: {values[row]!r}, divided by --separator {separator!r}?"
            unsure.append(sheet.problem(row, text))
    if unsure:
        raise InvalidInput(
            f"{sheet.file}: it is not clear whether these cells hold one value or several; add --separator with what "
            "stands between the values, or without a word if a cell is one value:",
            unsure,
        )
    return replace(sheet.with_cells(cells), several=frozenset(several)).say(*notes)


def _separator(
    column: str, distinct: Sequence[str], reading: Reading, told: Callable[[str, str], int]
) -> tuple[str, int]:
    """What stands between several values of a column's cells, and how sure that is: MAYBE or SURE; or nothing, NO."""
    for separator in BETWEEN if reading.separator is None else reading.separator:
        if any(separator in value.strip() for value in distinct):
            sure = how_sure(distinct, separator) if reading.separator is None else told(column, separator)
            if sure != NO:
                return separator, sure
    return "", NO


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
    places = defaultdict(set)
    for one in divided.values():
        for place, part in enumerate(one):
            places[part].add(place)
    moving = sum(len(found) > 1 for found in places.values()) / len(places)
    sizes = {len(one) for one in divided.values()}
    if separator != " ":
        decimal = separator == "," and all(re.fullmatch(r"-?\d+,\d+", value) for value in joined)
        pairs = sizes == {2} and not moving  # as in Smith, John
        return SURE if recurring >= RECURRING and separator not in SELDOM and not decimal and not pairs else MAYBE
    if recurring >= RECURRING and max(sizes) > 2 and len(sizes) > 1 and moving >= 0.25 and len(places) < len(distinct):
        return SURE
    return MAYBE if moving > 0 or (recurring >= RECURRING and len(sizes) > 1) else NO


def _parts(value: str, separator: str) -> list[str]:
    return [part for part in map(str.strip, value.split(separator)) if part]


def _divided(value: str, separator: str) -> str:
    return SEPARATOR.join(dict.fromkeys(_parts(value, separator))) or (SEPARATOR if value else "")


def _lists(sheet: Sheet, column: str, distinct: Sequence[str]) -> dict[str, str] | None:
    """Cells such as ['a', 'b'], ["a", "b"] or {a,b} as several values; None if a column holds no lists.

    Other cells beside lists are one value each, as Label Studio writes them.
    """
    in_brackets = {value for value in distinct if value and value[0] in "[({" and value[-1] in "])}"}
    in_brackets |= {"set()"} & {*distinct} if in_brackets else set()  # an empty set of Python
    known = {value: _list_in(value) for value in sorted(in_brackets)}
    if records := [value for value, found in known.items() if found is None and re.match(r"[\[{]\s*[{\"'].*:", value)]:
        file = sheet.file_of(int(np.argmax(sheet.cells[column] == records[0])))
        raise InvalidInput(
            f"{file}: column {column!r} holds records, {records[0][:60]!r} for example, which are no labels: "
            f"--leave-out {column!r}"
        )
    quoted = any("'" in value or '"' in value for value in in_brackets)
    if not quoted and any(value[0] == "(" or value[-1] == ")" for value in in_brackets):
        return None  # (0, 10] is a range, (small) a word
    if not known or None in known.values() or not (quoted or in_brackets == set(distinct) - {""}):
        return None
    return {value: text_of(known[value], sheet.file) if value in known else value for value in distinct}


def _list_in(value: str) -> list | None:
    """The values of a list as Python, JSON, NumPy or a database prints it; None if it is something else."""
    for parse in (json.loads, literal_eval):
        try:
            found = parse(BETWEEN_WORDS.sub(", ", value))
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
        parts_of = {value: value.split(SEPARATOR) for value in set(values)}
        spelt = _spellings({part for parts in parts_of.values() for part in parts if part})
        if all(value == one for value, one in spelt.items()):
            continue
        texts = {
            value: SEPARATOR.join(dict.fromkeys(spelt.get(part, part) for part in parts))
            for value, parts in parts_of.items()
        }
        cells[column] = _replaced(values, texts)
        notes += _said_of_spelling(column, spelt)
    return sheet.with_cells(cells).say(*notes)


def _said_of_spelling(column: str, spelt: Mapping[str, str]) -> list[Note]:
    """What is said of values that are one; and of those that are written otherwise, unless -1 is explained."""
    merged = defaultdict(list)
    for value, one in sorted(spelt.items()):
        merged[one].append(value)
    if alike := [found for found in merged.values() if len(found) > 1]:
        text = f"{column}: {'; '.join(f'{some(found)} are one value' for found in alike[:SHOWN])}"
        return [Note(text, column, "values that are spelt in several ways are one value")]
    if "-1" in merged and merged.keys() <= {"-1", "0", "1"}:
        return []
    new = f"{', '.join(sorted(merged)[:SHOWN])}, not {min(spelt.keys() - merged.keys())}"
    return [Note(f"{column}: written as {new}", column, "values are written otherwise than in the labels", True)]


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
    if lower <= {"true", "false"} or lower <= {"yes", "no"}:  # spelt in one way, they stay as they are
        return {value: value.casefold() if len(lower) < len(values) else value for value in values}
    if not all(re.fullmatch(r"[+-]?(0|[1-9]\d*)(\.\d*)?", value) for value in values):
        return {value: value for value in values}
    numbers = {value: float(value) for value in values}
    if len(set(numbers.values())) == len(values) and not all(map(float.is_integer, numbers.values())):
        return {value: value for value in values}  # 0.5 and 1.0
    return {
        value: f"{number + 0:.12g}" if abs(number) < EXACT else value.lstrip("+").removesuffix(".0")
        for value, number in numbers.items()
    }


def unify_flags(sheet: Sheet, reading: Reading) -> Sheet:
    """Columns of -1 and 1 as 0 and 1, -1 beside 0 and 1 as missing, and columns that only mark what is true.

    The columns that the user wants as classes stay as they are.
    """
    labels = {column: values for column, values in sheet.labels.items() if column not in reading.class_columns}
    distinct = {column: set(values) for column, values in labels.items()}
    signed = {column: found for column, found in distinct.items() if "-1" in found and found <= {"-1", "0", "1", ""}}
    cells, notes = {}, []
    if signed:
        unknown = any("0" in found for found in signed.values())
        if unknown and (alone := [column for column, found in signed.items() if "0" not in found]):
            other = next(column for column in signed if column not in alone)
            raise InvalidInput(
                f"{sheet.file}: -1 is beside 0 and 1 in column {other!r}, but beside 1 alone in {some(alone)}; if it "
                f"is unknown in all, --missing {' '.join([*USUAL, '-1'])}; else write 0 where it means no"
            )
        texts = {"-1": "" if unknown else "0", "0": "0", "1": "1", "": ""}
        cells = {column: _replaced(sheet.cells[column], texts) for column in signed}
        said = (
            "missing, because 0 is there, too; if it means no, write 0 for it"
            if unknown
            else "no, because there is no 0"
        )
        notes.append(f"-1 in {some(list(signed))} is read as {said} (--class-columns keeps it as a class)")
    rest = {column: found for column, found in distinct.items() if column not in signed}
    notes += [note for column, found in rest.items() for note in _said_of_negative(column, found)]
    marked = [column for column, found in rest.items() if _is_mark(found)]
    if len(marked) > 1:
        answered = np.any([sheet.cells[column] != "" for column in marked], axis=0)
        for column in marked:
            yes = sheet.cells[column] != ""
            cells[column] = np.where(yes, "1", np.where(answered, "0", "")).astype(object)
        notes.append(f"{some(marked)} only mark what is true: an empty cell is no, in rows that have a mark")
    return sheet.with_cells(cells).say(*notes)


def _said_of_negative(column: str, found: set[str]) -> list[Note]:
    """What is said of a column of numbers of which one is negative, as where -1 means that nothing is known."""
    negative, numbers = [value for value in found if value.startswith("-")], found - {""}
    if len(negative) != 1 or len(numbers) < 3 or not all(re.fullmatch(r"-?\d+", value) for value in numbers):
        return []
    kind = f"{negative[0]} is a class (--missing {' '.join([*USUAL, negative[0]])} reads it as missing)"
    return [Note(f"{column}: {kind}", column, kind)]


def _is_mark(found: set[str]) -> bool:
    """Whether a column holds empty cells and one value, which means yes."""
    return len(found) == 2 and "" in found and {value.casefold() for value in found} <= {"", *MARKS}


def _replaced(values: np.ndarray, texts: Mapping[str, str]) -> np.ndarray:
    """Every cell replaced by the text of its value."""
    if all(value == text for value, text in texts.items()):
        return values
    return np.array([texts[value] for value in values], object)
