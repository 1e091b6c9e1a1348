"""A recipe trained once for each value of one of its fields: how values are read, and the folder of the trainings."""

import re
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, redirect_stderr
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Literal, get_origin, get_type_hints

import tyro

from competition.errors import InvalidInput, no_such
from competition.experiments.runner import Job, open_folder, other_fields, other_fraction
from competition.recipe import Recipe
from competition.renamed import current_sweep, hint
from competition.run import SWEEP, Run, begun

TABLE = "sweep.csv"  # the last file that a sweep writes
FIXED = {
    "name": "runs are named after it",
    "tasks": "the data decide them",
    "layout": "the data decide it",
    "images": "the data decide it",
    "split_column": "the data decide it",
    "questions": "no training reads them",
    "towers": "its rows of numbers cannot be given as a word; write a recipe file for each value",
    "split_seed": "it decides the split, and scores on different images cannot be compared",
    "validation": "it decides the split, and scores on different images cannot be compared",
}


@dataclass(frozen=True)
class Variant(Job):
    """The training with one value, as it was written on the command line."""

    field: str
    value: str


def folder_name(field: str, value: str) -> str:
    """The name of a value's folder, such as task_weights-0.5,0.5; other characters than these become _."""
    return f"{field}-{re.sub(r'[^A-Za-z0-9_.,+-]', '_', value) or 'none'}"


def varied(recipe: Recipe, field: str, values: Sequence[str]) -> list[Recipe]:
    """The recipe with each value in its field. Raises InvalidInput, in the recipe's words, for a value it refuses."""
    field = field.replace("-", "_")
    names = [one.name for one in fields(Recipe) if one.name not in FIXED]
    if not field:
        raise InvalidInput(
            "--field is missing; name the field to vary, for example --field learning_rate --values 1e-3 1e-4"
        )
    if reason := FIXED.get(field):
        raise InvalidInput(f"--field is {field}, which cannot be swept: {reason}")
    if field not in names:
        raise InvalidInput(f"--field: {hint(field).removeprefix('; ') or no_such('field', field, names)}")
    if recipe.validation == 0:
        raise InvalidInput("validation is 0, so no image is held out and there is nothing to compare; set a share")
    if not values:
        raise InvalidInput(f"--values is empty; give values of {field}, such as --values 1 2 or --values 0,1 1,0")
    result = []
    for value in values:
        try:
            result.append(replace(recipe, **{field: parsed(field, value)}))
        except InvalidInput as error:
            raise InvalidInput(f"--values {value!r} is not possible: {error}") from None
    folders = [folder_name(field, value).lower() for value in values]
    if len(set(folders)) < len(folders):
        raise InvalidInput(f"--values are {' '.join(values)}; give each value only once")
    return result


def parsed(field: str, value: str):
    """A word of the command line as a value of a field; commas separate the parts of a field that holds several.

    Raises InvalidInput if it is of another type.
    """
    kind = get_type_hints(Recipe)[field]
    if get_origin(kind) is Literal:
        return value  # the recipe itself says what is allowed
    words = [word for word in value.split(",") if word] if get_origin(kind) is tuple else [value]
    try:
        with redirect_stderr(StringIO()):
            return tyro.cli(kind, args=words)
    except SystemExit:
        name = kind.__name__ if isinstance(kind, type) else str(kind)
        raise InvalidInput(f"{field} has to be of type {name.replace('typing.', '')}") from None


def open_sweep(recipe: Recipe, field: str, values: Sequence[str], made: dict, folder: Path | None) -> list[Variant]:
    """The trainings of the sweep in `folder`; without `folder`, of an unfinished one with the same settings, or a new.

    A sweep in `folder` keeps its values and may get more. Raises InvalidInput if `folder` holds something else.
    """
    varied(recipe, field, values)  # so that an error names only the new values
    field = field.replace("-", "_")
    plan = {"field": field, "values": list(values), "data": made["data"]}
    others = partial(_others, recipe=recipe, plan=plan, made=made)
    whole = open_folder(f"{recipe.name}-sweep", folder, others, lambda run: (run.folder / TABLE).is_file())
    new = not (whole.folder / SWEEP).is_file()
    if not new:
        plan["values"] = list(dict.fromkeys([*_plan(whole)["values"], *values]))
    recipes = varied(recipe, field, plan["values"])
    with begun(whole) if new else nullcontext():
        whole.write_json(SWEEP, {"recipe": asdict(recipe), "made": made, "sweep": plan})
    variants = []
    for value, one in zip(plan["values"], recipes, strict=True):
        run = Run(whole.file(folder_name(field, value)))
        recipe_file = whole.folder / f"{run.name}.json"
        whole.write_json(recipe_file.name, {"recipe": asdict(one), "made": made})
        variants.append(Variant(whole, run, recipe_file, (), field, value))
    return variants


def _plan(whole: Run) -> dict:
    return current_sweep(whole.read_json(SWEEP)["sweep"])


def _others(whole: Run, exactly: bool, recipe: Recipe, plan: dict, made: dict) -> Iterator[str]:
    """How the sweep in a folder differs from the requested one, which may have other values unless `exactly`."""
    if not (whole.folder / SWEEP).is_file():
        yield f"no {SWEEP}, so it is not a sweep"
        return
    yield from other_fields(whole.read_recipe(SWEEP), recipe, varied=plan["field"])
    yield from other_fraction(whole.read_made(SWEEP), made)
    there = _plan(whole)
    for name in ("field", "data", *(["values"] if exactly else [])):
        if there[name] != plan[name]:
            yield f"{name} is {there[name]} (requested: {plan[name]})"
