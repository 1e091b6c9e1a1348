"""Types of arguments that several commands share, and the call of commands whose first argument is a recipe."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import tyro

from competition.errors import InvalidInput
from competition.recipe import Recipe
from competition.recipes import NAMES, load_recipe
from competition.run import Run

RecipeFields = Annotated[Recipe, tyro.conf.arg(name="")]  # each field a flag
Runs = Annotated[tuple[Path, ...], tyro.conf.arg(metavar="RUN"), tyro.conf.Positional]
Folder = Annotated[Path, tyro.conf.arg(metavar="DIR")]
Submission = Annotated[Path, tyro.conf.arg(metavar="SUBMISSION")]
Questions = Annotated[Path, tyro.conf.arg(metavar="QUESTIONS")]
Cache = Annotated[Path, tyro.conf.Suppress]
Folds = Annotated[
    tuple[int, ...],
    tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="N,N",
        instance_from_str=lambda texts: tuple(map(int, texts[0].split(","))),
        is_instance=lambda value: isinstance(value, tuple),
        str_from_instance=lambda value: [",".join(map(str, value))],
    ),
]


def recipe_for(data: Path, name: str | None) -> tuple[Recipe, Path]:
    """The recipe of this name, or one for labels that can be read where they lie, and what it reads.

    Raises InvalidInput for labels that `init` has to import first.
    """
    if name:
        return load_recipe(name), data
    from competition.layouts.detect import sniff  # imports pandas, which takes a while
    from competition.recipes.start import SMALL_IMAGE, starting_recipe

    found = sniff(data)
    if found.imported:
        raise InvalidInput(
            f"{data} has to be imported first: competition init NAME --labels {data}, then --recipe NAME.py"
        )
    recipe = starting_recipe("any", found.layout, found.dataset.tasks, len(found.dataset), SMALL_IMAGE, "imagenet")
    return recipe, found.data


def call_with_recipe(command: Callable, arguments: Sequence[str]):
    """Call a command with the recipe that the first argument names; its fields become flags, too."""
    verb = command.__name__.replace("_", "-")
    if not arguments or arguments[0].startswith("-"):
        print(f"usage: competition {verb} RECIPE [flags]\n")
        print(f"RECIPE is {', '.join(NAMES)}, a Python file of your own, or a run's recipe.json.")
        print(f"`competition {verb} RECIPE --help` lists its flags.")
        sys.exit(0 if {"-h", "--help"} & set(arguments) else 2)
    name, *flags = arguments
    path = Path(name)
    recipe = Run(path.parent).read_recipe(path.name) if name.endswith(".json") else load_recipe(name)
    return tyro.cli(partial(command, recipe=recipe), args=flags, prog=f"competition {verb} {name}")
