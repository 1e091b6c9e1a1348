"""The classes of each task as classes.csv names them, and whether a recipe agrees."""

from pathlib import Path

from competition.errors import InvalidInput
from competition.layouts.csv_lines import csv_rows
from competition.task import Task

SUFFIX = "_labels"


def task_name(key: str) -> str:
    """The task of an AttrKey: sleeve_length for sleeve_length_labels."""
    return key.removesuffix(SUFFIX)


def read_classes(file: Path) -> tuple[Task, ...]:
    """Read class names: one line a task, its name first and then the classes in letter order.

    Raises InvalidInput with file and line.
    """
    tasks: dict[str, Task] = {}
    for line, row in csv_rows(file):
        try:
            task = Task(task_name(row[0]), tuple(row[1:]))
            if "" in task.classes:
                raise InvalidInput(f"task {task.name} names an empty class; drop the comma too many")
            if tasks.setdefault(task.name, task) is not task:
                raise InvalidInput(f"task {task.name} stands there twice; keep one line")
        except InvalidInput as error:
            raise InvalidInput(f"{file}:{line}: {error}") from None
    return tuple(tasks.values())


def find_classes(folder: Path) -> Path | None:
    """`folder`/classes.csv, if it is there."""
    path = folder / "classes.csv"
    return path if path.is_file() else None


def agree(tasks: tuple[Task, ...], classes: Path | None) -> tuple[Task, ...]:
    """The recipe's tasks, or those of classes.csv where the recipe leaves them open."""
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
        raise InvalidInput(f"{classes} does not agree with the recipe; make one like the other:", problems)
    return tasks
