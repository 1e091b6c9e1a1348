"""Types of arguments that several commands share, and the call of commands whose first argument is a recipe."""

import argparse
import inspect
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import tyro

from competition.errors import InvalidInput
from competition.recipe import Recipe
from competition.recipes import NAMES, load_recipe
from competition.recipes.presets import PRESETS, Preset, describe_preset
from competition.run import Run

RecipeFields = Annotated[Recipe, tyro.conf.arg(name="")]  # each field a flag
PresetFlag = Annotated[
    Preset,
    tyro.conf.arg(
        help="Change the recipe: fast has fewer epochs, best more, and smaller or larger pictures where it "
        "starts from weights; what differs is printed, and flags beside it win."
    ),
]
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


def takes_recipe(command: Callable) -> bool:
    """Whether a command's first argument is a recipe."""
    return next(iter(inspect.signature(command).parameters), "") == "recipe"


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
    return tyro.cli(with_flags(command, recipe, preset_in(flags)), args=flags, prog=f"competition {verb} {name}")


def preset_in(flags: Sequence[str]) -> Preset | None:
    """The preset among some flags; it has to be known before the others, whose defaults it changes."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--preset", nargs="?")
    found = parser.parse_known_args(flags)[0].preset
    return found if found in PRESETS else None  # tyro refuses another


def with_flags(command: Callable, recipe: Recipe, preset: Preset | None = None) -> Callable:
    """A command that takes the fields of `recipe` as flags, changed by a preset, which it prints; and --preset."""

    def call(*, preset: PresetFlag = "usual", **given):
        if chosen:
            print(describe_preset(chosen, recipe, given["recipe"]))
        return command(**given)

    chosen, signature = preset, inspect.signature(command)
    first, *others = signature.parameters.values()
    start = PRESETS[chosen](recipe) if chosen else recipe
    flag = inspect.Parameter("preset", inspect.Parameter.KEYWORD_ONLY, default="usual", annotation=PresetFlag)
    call.__signature__ = signature.replace(parameters=[first.replace(default=start), *others, flag])
    call.__annotations__ = {**inspect.get_annotations(command), "preset": PresetFlag}
    call.__name__, call.__doc__ = command.__name__, command.__doc__
    return call
