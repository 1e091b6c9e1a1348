"""The classes of each task as classes.csv names them, and whether they agree with the recipe's."""

from pathlib import Path

from competition.errors import InvalidInput
from competition.layouts.csv_lines import csv_rows
from competition.task import Task, composed

SUFFIX = "_labels"


def task_name(key: str) -> str:
    """The task of an AttrKey: sleeve_length for sleeve_length_labels."""
    return composed(key.removesuffix(SUFFIX))


def read_classes(file: Path) -> tuple[Task, ...]:
    """Read class names: a line per task, its name first and then its classes in the order of the letters.

    Raises InvalidInput with file and line.
    """
    tasks: dict[str, Task] = {}
    for line, row in csv_rows(file):
        try:
            task = Task(task_name(row[0]), tuple(row[1:]))
            if "" in task.classes:
                raise InvalidInput(f"task {task.name} has a class without a name; name it, or delete the extra comma")
            if tasks.setdefault(task.name, task) is not task:
                raise InvalidInput(f"task {task.name} is listed twice; keep one of the lines")
        except InvalidInput as error:
            raise InvalidInput(f"{file}:{line}: {error}") from None
    return tuple(tasks.values())


def find_classes(folder: Path) -> Path | None:
    """`folder`/classes.csv, if it is there."""
    path = folder / "classes.csv"
    return path if path.is_file() else None


def agree(tasks: tuple[Task, ...], classes: Path | None) -> tuple[Task, ...]:
    """The recipe's tasks, or those of classes.csv if it has none. Raises InvalidInput if the two differ."""
    listed = read_classes(classes) if classes else tasks
    if not tasks:
        return listed
    recipe = {task.name: task.classes for task in tasks}
    problems = [
        f"{task.name}: {', '.join(task.classes)}; the recipe has {', '.join(recipe.get(task.name, ['no such task']))}"
        for task in listed
        if task.classes != recipe.get(task.name)
    ]
    if problems:
        raise InvalidInput(f"{classes} does not agree with the recipe; change one of the two:", problems)
    return tasks
