"""The architecture as it is written down: which way imports run, and names that are spelt in two places."""

import ast
import itertools
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from typing import get_args

import pytest

import competition
from competition import recipe, task

PACKAGE = Path(competition.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
# Lowest first; a module imports from lower layers and its own. run and recipes share one: neither needs the other.
LAYERS = [
    {"errors"},
    {"extras", "files", "threads", "provenance", "quiet", "renamed", "spent", "stopping"},
    {"cluster", "task"},
    {"recipe"},
    {"dataset", "run", "recipes"},
    {"unfinished"},
    {"images"},
    {"layouts"},
    {"data", "scoring"},
    {"model", "drawing"},
    {"training"},
    {"experiments"},
    {"pages"},
    {"serving", "exporting", "tagging"},
    {"commands"},
    {"__main__"},
]
# Parts that are allowed less than all lower layers.
ONLY = {
    "files": {"errors"},
    "dataset": {"errors", "task"},
    "run": {"errors", "renamed", "files", "task", "recipe"},
    "recipes": {"errors", "renamed", "task", "recipe"},
    "drawing": {"errors", "files", "task", "recipes", "threads"},
}
# For what Keras does not offer: devices and workers, the stream of batches, gradients, one operation, a graph that is
# built once for all sizes of batch, and exporting; predict.py is exported.
TENSORFLOW = {
    "model/devices.py",
    "model/stream.py",
    "model/grad_cam.py",
    "model/loaded.py",
    "model/export.py",
    "model/workers.py",
    "model/backbones/batch_norm.py",
    "exporting/predict.py",
}
HOME_OF = {"tensorflow": TENSORFLOW, "keras": {"model/", "training/"}, "pyarrow": {"tagging/"}}
HOME_OF |= {"ray": {"tagging/engine.py"}}
DISTRIBUTION_OF = {"cv2": "opencv-python-headless", "sklearn": "scikit-learn", "PIL": "pillow"}
DISTRIBUTION_OF |= {"ai_edge_litert": "ai-edge-litert"}


def relative(module: Path) -> str:
    return module.relative_to(PACKAGE).as_posix()


@cache
def nodes(module: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(module.read_text(encoding="utf-8"))))


@cache
def imports(module: Path) -> set[str]:
    """The dotted names that a module imports anywhere, also within functions."""
    plain = {name.name for node in nodes(module) if isinstance(node, ast.Import) for name in node.names}
    dotted = [node for node in nodes(module) if isinstance(node, ast.ImportFrom)]
    return plain | {f"{'.' * node.level}{node.module}.{name.name}" for node in dotted for name in node.names}


def allowed_parts(part: str) -> set[str]:
    """The parts of the package that a part may import besides itself."""
    if part == "__init__":
        return set()
    layer = next(number for number, parts in enumerate(LAYERS) if part in parts)
    return ONLY.get(part) or {lower for parts in LAYERS[:layer] for lower in parts}


def test_imports_run_one_way_and_name_the_package():
    offenders = []
    for module in MODULES:
        part = relative(module).split("/")[0].removesuffix(".py")
        for name in sorted(imports(module)):
            package, _, rest = name.partition(".")
            if package == "competition" and rest.split(".")[0] not in {part, *allowed_parts(part)}:
                offenders.append(f"{relative(module)} imports {name}")
            if name.startswith("."):
                offenders.append(f"{relative(module)} imports by dots: {name}")
    assert offenders == []


def test_no_modules_import_each_other_in_a_circle():
    names = {"competition." + relative(module).removesuffix(".py").replace("/", "."): module for module in MODULES}
    graph = {
        name: {found for path in imports(module) for found in (path, path.rpartition(".")[0]) if found in names}
        - {name}
        for name, module in names.items()
    }
    TopologicalSorter(graph).prepare()  # raises CycleError with the circle


def test_every_part_of_the_package_has_its_layer():
    parts = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert parts - {"__init__"} == set.union(*LAYERS)


@pytest.mark.parametrize("library", HOME_OF)
def test_a_heavy_library_is_imported_only_where_it_belongs(library):
    users = {relative(module) for module in MODULES if library in {name.split(".")[0] for name in imports(module)}}
    assert users  # or this test would look for a name that nobody imports
    assert [user for user in users if not user.startswith(tuple(HOME_OF[library]))] == []


def test_all_that_is_imported_is_declared_as_a_dependency():
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = (lines for name, lines in project["optional-dependencies"].items() if name not in {"dev", "install"})
    lines = [*project["dependencies"], *itertools.chain(*extras)]
    declared = {re.match(r"[\w-]+", line)[0] for line in lines}
    found = {name.split(".")[0] for module in MODULES for name in imports(module)}
    found -= {"competition", *sys.stdlib_module_names}
    assert {DISTRIBUTION_OF.get(name, name) for name in found} - declared == set()


def test_the_tools_are_locked_on_top_of_the_same_versions():
    def pins(name: str) -> set[str]:
        text = (PACKAGE.parent / name).read_text(encoding="utf-8")
        return set(re.findall(r"^[a-z0-9.-]+==\S+", text, re.MULTILINE))

    assert "scikit-learn" in {pin.partition("==")[0] for pin in pins("requirements.lock")}
    assert "pytest" not in {pin.partition("==")[0] for pin in pins("requirements.lock")}
    assert pins("requirements.lock") < pins("requirements-dev.lock")


def test_a_module_says_in_its_first_line_what_it_is_for():
    first = {relative(module): module.read_text(encoding="utf-8").partition("\n")[0] for module in MODULES}
    assert [name for name, line in first.items() if not re.match(r'"""[A-Z].+', line)] == []


CHOICES = {name: set(get_args(value)) for name, value in {**vars(task), **vars(recipe)}.items() if get_args(value)}


def dicts_by_choice() -> Iterator[tuple[str, str, set[str]]]:
    """Where a dict is annotated `dict[Backbone, …]` and so on: the place, the choice, and the keys spelt there."""
    for module in MODULES:
        for node in nodes(module):
            if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict):
                annotated = re.match(r"(?:dict|Mapping)\[(\w+),", ast.unparse(node.annotation))
                if annotated and annotated[1] in CHOICES:
                    keys = {ast.literal_eval(key) for key in node.value.keys}
                    yield f"{relative(module)}:{ast.unparse(node.target)}", annotated[1], keys


def test_the_choices_of_a_recipe_are_the_keys_of_the_dicts_that_they_name():
    found = list(dicts_by_choice())
    assert "model/backbones/registry.py:BACKBONES" in {place for place, *_ in found}
    assert [place for place, choice, keys in found if keys != CHOICES[choice]] == []


def test_the_defaults_of_a_recipe_are_among_its_choices():
    default = recipe.Recipe("mine")
    for name, annotation in recipe.Recipe.__annotations__.items():
        if annotation in (getattr(recipe, choice, None) for choice in CHOICES):
            assert getattr(default, name) in get_args(annotation)
