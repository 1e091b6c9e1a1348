"""The recipes that come with the project, and recipe files of the user."""

import importlib
import re
import runpy
import traceback
from pathlib import Path
from types import ModuleType

from competition.errors import InvalidInput, no_such
from competition.recipe import Recipe
from competition.renamed import hint

NAMES = (
    "sketches",
    "clothing",
    "clothing_squeezenet",
    "fashionai",
    "fgo",
    "fgo_efficientnet",
    "cifar10",
    "cifar10_resnet",
    "flowers",
    "flowers_efficientnet",
    "painters",
    "painters_published",
)


def load_recipe(name: str) -> Recipe:
    """The recipe of this name, or the `RECIPE` of a Python file. Raises InvalidInput with the choices."""
    found = _from_file(Path(name)) if name.endswith(".py") else vars(_from_project(name))
    recipe = found.get("RECIPE")
    if not isinstance(recipe, Recipe):
        raise InvalidInput(f"{name} defines no RECIPE; a recipe file ends in RECIPE = Recipe(name=…, …)")
    return recipe


def describe_recipe(name: str) -> str:
    """The first line of a recipe's docstring."""
    return (_from_project(name).__doc__ or "").strip().splitlines()[0]


def _from_project(name: str) -> ModuleType:
    if name not in NAMES:
        raise InvalidInput(no_such("recipe", name, NAMES, ", the path of a .py file, or a run's recipe.json"))
    return importlib.import_module(f"competition.recipes.{name}")


def _from_file(path: Path) -> dict:
    """All that a recipe file defines. Raises InvalidInput with the line where it fails."""
    if not path.is_file():
        raise InvalidInput(f"{path}: there is no such recipe file")
    path = path.resolve()
    try:
        return runpy.run_path(str(path))
    except InvalidInput as error:
        raise InvalidInput(f"{path}: {error}") from None
    except SyntaxError as error:
        raise InvalidInput(f"{error.filename or path}:{error.lineno or 1}: {error.msg}") from error
    except Exception as error:
        lines = [1] + [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
        old = re.search(r"unexpected keyword argument '(\w+)'", str(error))
        text = hint(old[1]).removeprefix("; ") if old else ""
        raise InvalidInput(f"{path}:{lines[-1]}: {text or f'{type(error).__name__}: {error}'}") from error
