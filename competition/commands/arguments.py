"""Kinds of flags that several commands take."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import tyro

from competition.recipes import NAMES, load_recipe
from competition.run import Run


def _numbers(texts: Sequence[str]) -> tuple[int, ...]:
    return tuple(int(number) for number in texts[0].split(","))


Folds = Annotated[
    tuple[int, ...],
    tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="N,N",
        instance_from_str=_numbers,
        is_instance=lambda value: isinstance(value, tuple),
        str_from_instance=lambda value: [",".join(map(str, value))],
    ),
]


def parse(kind: type, verb: str, arguments: Sequence[str]):
    """Read the recipe's name first, then its fields as flags with its values as their defaults."""
    if not arguments or arguments[0].startswith("-"):
        print(f"usage: competition {verb} RECIPE [flags]\n")
        print(f"RECIPE is {', '.join(NAMES)}, a Python file of your own, or a run's recipe.json.")
        print(f"`competition {verb} RECIPE --help` lists its flags.")
        sys.exit(0 if {"-h", "--help"} & set(arguments) else 2)
    name, *flags = arguments
    path = Path(name)
    recipe = Run(path.parent).read_recipe(path.name) if name.endswith(".json") else load_recipe(name)
    return tyro.cli(kind, default=kind(recipe), args=flags, prog=f"competition {verb} {name}")
