"""A recipe as the text of a Python file that defines it."""

from dataclasses import fields

from competition.errors import visible
from competition.recipe import Recipe
from competition.task import Task

WIDTH = 120


def recipe_file(recipe: Recipe, words: str) -> str:
    """The text of a file whose RECIPE equals `recipe`, headed by `words`; fields at their default are left out."""
    tasks = "".join(_task(task) for task in recipe.tasks)
    given = {one.name: getattr(recipe, one.name) for one in fields(recipe) if getattr(recipe, one.name) != one.default}
    lines = [f"    {name}={'TASKS' if name == 'tasks' else literal(value)},\n" for name, value in given.items()]
    safe = visible(words).replace("\\", "\\\\").replace('"', "'")
    return (
        f'"""{safe}"""\n\n'
        "from competition.recipe import Recipe\nfrom competition.task import Task\n\n"
        f"TASKS = (\n{tasks})\n\nRECIPE = Recipe(\n{''.join(lines)})\n"
    )


def literal(value) -> str:
    """A value of a recipe in Python, with double quotes as everywhere in the project."""
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, str):
        return repr(value) if '"' in value else '"' + repr("'" + value)[2:]  # the ' makes Python take the other ones
    return repr(value)


def _task(task: Task) -> str:
    kind = "" if task.kind == "multiclass" else f", {literal(task.kind)}"
    line = f"    Task({literal(task.name)}, {literal(task.classes)}{kind}),\n"
    if len(line) <= WIDTH:
        return line
    classes = "".join(f"            {literal(name)},\n" for name in task.classes)
    kind = f"        {literal(task.kind)},\n" if kind else ""
    return f"    Task(\n        {literal(task.name)},\n        (\n{classes}        ),\n{kind}    ),\n"
