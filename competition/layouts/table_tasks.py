"""Infer the tasks of a table, their kinds and their classes from its columns and cells."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from competition.errors import InvalidInput, Problem, no_such
from competition.layouts.notes import Note, in_words, some
from competition.layouts.table_cells import FLAGS, SEPARATOR, WORDS, Table, flags_of, split_values, task_of
from competition.task import Task

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)
# A column of more than FEW_VALUES values, on average each on fewer than FEW_IMAGES images, is free text or numbers.
FEW_VALUES, FEW_IMAGES = 10, 3
# A column with a larger share of 0 and 1 than this is meant to hold nothing else.
ALMOST = 0.6
SLIPS = 0.1  # of the rows of a task may be filled by half without this being what is meant
# The names of the task of 0/1 columns without a prefix: if exactly one of them is true in every row, and if not.
ONE_OF, ANY_OF = "class", "tags"


def infer_tasks(
    table: Table, class_columns: Sequence[str] = (), numbers_are_classes: bool = False
) -> tuple[tuple[Task, ...], list[str], list[Problem]]:
    """The tasks in the order of their columns, notes on what was assumed, and what is wrong.

    0/1 columns that share a prefix before an underscore are one task (gender_Female, gender_Male), also if they hold
    false and true, or no and yes. All other columns of 0 and 1, or of false and true, are one more. Such a task is
    multiclass if no row has two ones. Any other column is a task of its own, multilabel if a cell holds `|`. The
    values of `class_columns` are classes however many they are, and so are numbers if the user says so.
    """
    cells = table.cells
    problems = [
        Problem(table.file, 1, f"--class-columns: {no_such('column', column, cells)}")
        for column in class_columns
        if column not in cells
    ]
    groups, notes = group_columns(cells)
    tasks: list[Task] = []
    for name, columns in groups.items():
        try:
            if len(alike := [column for column in columns if task_of(column) == name]) > 1:
                raise InvalidInput(f"columns {some(alike)} cannot be told apart; rename or leave out all but one")
            if name in table.cells and columns != (name,):
                flags = f"the 0/1 columns {some([column for column in columns if column != name])}"
                raise InvalidInput(f"{flags} are the task {name}, and so is column {name!r}; leave out one")
            if len(columns) == 1:
                free = columns[0] in class_columns or numbers_are_classes
                tasks.append(_task_of_values(columns[0], cells[columns[0]], notes, free))
            else:
                tasks.append(_task_of_flags(name, {column: cells[column] for column in columns}, notes))
        except InvalidInput as error:
            problems.append(Problem(table.file, 1, str(error)))
    if not tasks and not problems:
        problems.append(Problem(table.file, 1, f"besides the images, {table.image!r}, there is no column to learn"))
    problems += [Problem(table.file, 1, text) for text in _alike_in_ascii(tasks)]
    return tuple(tasks), in_words(notes), problems


def _alike_in_ascii(tasks: Sequence[Task]) -> Iterator[str]:
    """What is said of tasks whose layers and files would have the same names."""
    first: dict[str, Task] = {}
    for task in tasks:
        if (other := first.setdefault(task.ascii_name, task)) is not task:
            yield f"columns {other.name!r} and {task.name!r} are both {task.ascii_name} in ASCII; rename one of them"


def group_columns(cells: Mapping[str, np.ndarray]) -> tuple[dict[str, tuple[str, ...]], list[Note]]:
    """The columns of each task by its name, in the order of their first columns; and notes on what was assumed."""
    count = {column: Counter(values) for column, values in cells.items()}
    share = {column: _share_of_flags(found, FLAGS | WORDS) for column, found in count.items()}
    # A column that shares its prefix with a 0/1 column is one, too; cells of it that are not 0 or 1 are reported later.
    prefixes, notes = shared_prefixes([column for column in cells if share[column] > ALMOST])
    sure = {prefixes.get(column) for column in cells if share[column] == 1}
    prefixes = {column: prefix for column, prefix in prefixes.items() if prefix in sure}
    plain = [name for name, found in count.items() if name not in prefixes and _share_of_flags(found, FLAGS) == 1]
    if len(plain) > 1:
        name = ONE_OF if _one_is_right(*_count_ones(cells[column] for column in plain), False) else ANY_OF
        name = f"other_{name}" if name in prefixes.values() else name
        if not _partly_answered([cells[column] for column in plain]):
            text = f"the columns {some(plain)} share no prefix; they are read as one task, {name}. "
            notes.append(Note(text + "If each is a question of its own, write yes and no in their cells"))
        prefixes |= dict.fromkeys(plain, name)
    groups, found = defaultdict(list), {}
    for column in cells:
        groups[task_of(prefixes.get(column, column))].append(column)
    for name, columns in groups.items():
        if len(columns) > 1 and _partly_answered([cells[column] for column in columns]):
            what = "are answered one by one, so each is a task of its own: yes, no or unknown"
            notes.append(Note(f"{some(columns)} {what}", name, f"the columns that begin so {what}"))
            found |= {task_of(column): (column,) for column in columns}
        else:
            found[name] = tuple(columns)
    return found, notes


def _partly_answered(columns: Sequence[np.ndarray]) -> bool:
    """Whether rows of 0/1 columns have both filled and empty cells; a few among rows with exactly one 1 are slips."""
    cells = np.column_stack(columns)
    empty = cells == ""
    partly, full = empty.any(axis=1) & ~empty.all(axis=1), ~empty.any(axis=1)
    ones = (flags_of(cells, FLAGS | WORDS) == 1).sum(axis=1)
    one_hot = full.any() and (ones[full] == 1).all()
    return bool(partly.any()) and not (one_hot and partly.mean() <= SLIPS)


def shared_prefixes(columns: Sequence[str]) -> tuple[dict[str, str], list[Note]]:
    """The longest shared prefix of each column that has one, and notes on prefixes that could be shorter.

    hair_dark_red and hair_dark_blue share hair_dark; with hair_white, which would be left alone, all three share hair.
    """
    count = Counter(prefix for column in columns for prefix in _prefixes(column))
    found = {}
    for column in columns:
        if shared := [prefix for prefix in _prefixes(column) if count[prefix] > 1]:
            found[column] = max(shared, key=len)
    alone = {prefix for prefix, size in Counter(found.values()).items() if size == 1}
    for column, prefix in found.items():
        found[column] = next((short for short in _prefixes(prefix) if short in alone), prefix)
    inner, names = defaultdict(list), sorted(set(found.values()))
    for name in names:
        for short in _prefixes(name):
            inner[short].append(name)
    several = {short: inner[short] for short in sorted(inner.keys() - set(names)) if len(inner[short]) > 1}
    kind = "the columns that begin so are several tasks, not one"
    return found, [
        Note(f"{some(names)} are tasks of their own, not one task {short}", short, kind)
        for short, names in several.items()
    ]


def _prefixes(column: str) -> list[str]:
    parts = column.split("_")
    return ["_".join(parts[:end]) for end in range(1, len(parts)) if parts[end - 1] and "_".join(parts[end:])]


def _share_of_flags(count: Counter[str], meanings: Mapping[str, bool]) -> float:
    """Of the filled cells of a column, by how often each is there, the share of those that have a meaning."""
    filled = count.total() - count[""]
    return sum(rows for value, rows in count.items() if value.casefold() in meanings) / filled if filled else 0.0


def _count_ones(columns: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """How many cells of 0/1 columns are 1 in each row, and whether any is filled, (rows,) each."""
    cells = np.column_stack([*columns])
    return (flags_of(cells, FLAGS | WORDS) == 1).sum(axis=1), (cells != "").any(axis=1)


def _one_is_right(count: np.ndarray, filled: np.ndarray, zeros_are_absent: bool) -> bool:
    """Whether no row of 0/1 columns has two ones, and none has only zeros unless those count as absent."""
    return bool((count <= 1).all() and (zeros_are_absent or (count[filled] == 1).all()))


def _task_of_flags(name: str, cells: Mapping[str, np.ndarray], notes: list[Note]) -> Task:
    prefix = f"{name}_"
    shared = all(task_of(column).startswith(prefix) for column in cells)
    classes = tuple(column.lstrip("_.-")[len(prefix) :] if shared else column for column in cells)
    count, filled = _count_ones(cells.values())
    if not count.any():
        text = f"no cell of {some(list(cells))} is 1, so there is nothing to learn; leave them out"
        raise InvalidInput(f"{text}, --leave-out {' '.join(cells)}")
    if not _one_is_right(count, filled, zeros_are_absent=shared):
        return Task(name, classes, "multilabel")
    if zeros := int((filled & (count == 0)).sum()):
        multilabel = 'If they mean "none of these", make the task "multilabel" in the recipe'
        text = f"no row has two ones, so it is multiclass, and {zeros:,} rows of zeros are read as absent. {multilabel}"
        kind = f"no row has two ones, so it is multiclass, and rows of zeros are read as absent. {multilabel}"
        notes.append(Note(f"{name}: {text}", name, kind))
    return Task(name, classes)


def _task_of_values(column: str, cells: np.ndarray, notes: list[Note], any_number: bool) -> Task:
    cell_count = Counter(cells)
    empty = cell_count.pop("", 0)
    several = any(SEPARATOR in cell for cell in cell_count)
    count: Counter[str] = Counter()
    for cell, rows in cell_count.items():
        for value in split_values(cell) if several else [cell]:
            count[value] += rows
    if len(count) < 2:
        raise InvalidInput(f"column {column!r} holds {_nothing_to_learn(column, [*count], empty)}")
    numbers = [value for value in count if is_number(value)]
    only_numbers = len(numbers) == len(count)
    if len(count) > FEW_VALUES and not any_number:
        _refuse_free(column, count, only_numbers, len(cells) - empty)
    notes += _said_of_values(column, count, only_numbers)
    # Numbers in ascending order, then words in alphabetical order.
    classes = [*sorted(numbers, key=lambda value: (float(value), value)), *sorted(count.keys() - {*numbers})]
    return Task(task_of(column), tuple(classes), "multilabel" if several else "multiclass")


def _nothing_to_learn(column: str, values: Sequence[str], empty: int) -> str:
    found = f"one single value, {values[0]!r}" if values else "nothing at all"
    advice = f"leave it out, --leave-out {column!r}"
    if values and empty and (FLAGS | WORDS).get(values[0].casefold()):
        advice = f"where an empty cell means the opposite, write it there; or {advice}"
    return f"{found}, so there is nothing to learn; {advice}"


def _refuse_free(column: str, count: Counter[str], only_numbers: bool, filled: int) -> None:
    """Raises InvalidInput for many values that are a quantity or free text, and not classes."""
    seldom, leave_out = count.total() < FEW_IMAGES * len(count), f"leave it out, --leave-out {column!r}"
    if only_numbers and (seldom or not _are_numbers_of_classes(count)):
        raise InvalidInput(
            f"column {column!r} holds {len(count)} numbers, as a quantity does ({', '.join(list(count)[:3])}, …"
            f"), and a quantity cannot be learned; {leave_out}, or --numbers-are-classes"
        )
    if seldom:
        shown = ", ".join(repr(value[:30]) for value in list(count)[:3])
        raise InvalidInput(
            f"column {column!r} holds {len(count):,} different values in {filled:,} rows, as free text does "
            f"({shown}, …); a class has to be on several images: {leave_out}, or insist, --class-columns {column!r}"
        )


def _said_of_values(column: str, values: Iterable[str], only_numbers: bool) -> Iterator[Note]:
    name, values = task_of(column), [*values]
    if name != column:
        kind = "called otherwise in the recipe, because it names a layer of the network"
        text = f"column {column!r} is called {name} in the recipe, because it names a layer of the network"
        yield Note(text, column, kind)
    capitals = Counter(value.casefold() for value in values)
    if len(capitals) < len(values):
        alike = sorted(value for value in values if capitals[value.casefold()] > 1)
        kind = "differ only in capitals; they are read as separate classes"
        yield Note(f"{name}: {', '.join(alike)} {kind}", name, f"some values {kind}")
    fractions = only_numbers and not all(float(value).is_integer() for value in values)
    if only_numbers and (len(values) > FEW_VALUES or fractions):
        text = f"{name}: its {len(values)} numbers are read as classes, not as a quantity"
        yield Note(text, name, "its numbers are read as classes, not as a quantity")


def _are_numbers_of_classes(values: Iterable[str]) -> bool:
    """Whether numbers may be those of classes: whole, and most of those between the least and the greatest."""
    numbers = [float(value) for value in values]
    whole = all(number.is_integer() for number in numbers)
    return whole and max(numbers) - min(numbers) < 2 * len(numbers)


def is_number(text: str) -> bool:
    return bool(NUMBER.fullmatch(text))
