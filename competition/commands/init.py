"""From your own label file to a recipe that is ready to train."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Annotated

import numpy as np
import tyro

from competition.dataset import YES
from competition.errors import InvalidInput
from competition.files import whole_file
from competition.layouts.answers import write_csv
from competition.layouts.detect import Found, sniff
from competition.layouts.imports.sheet import LOOKING, Reading
from competition.layouts.notes import Note, in_words
from competition.recipe import Recipe
from competition.recipes import NAMES
from competition.recipes.start import SMALL_IMAGE, starting_recipe
from competition.recipes.write import recipe_file
from competition.task import Task

SHOWN, SHOWN_TASKS = 8, 30  # classes of a task, and tasks, that are printed
Name = Annotated[str, tyro.conf.arg(metavar="NAME")]


def init(
    name: Name,
    /,
    reading: Annotated[Reading, tyro.conf.arg(name="")] = LOOKING,
    *,
    labels: Path,
    weights: str = "imagenet",
    dry_run: bool = False,
) -> Path:
    """Inspect your own labels, say what they hold, and write the recipe NAME.py; return its path.

    Labels that are no strict table are written to NAME.csv, a line an image; questions among them to
    NAME-questions.csv. Raises InvalidInput if the labels cannot be used, or if a file exists.

    Args:
        name: the name of the recipe; its files are written into the current folder.
        labels: a label file in a format of docs/formats.md, or a folder that holds one, or a folder per class.
        weights: what EfficientNet-Lite2 starts from, imagenet or a file; with none, a small network from scratch.
        dry_run: only say what was found; write nothing.
    """
    path = Path(f"{name.removesuffix('.py')}.py")
    data = path.with_suffix(".csv")
    _refuse_names(path, () if dry_run else (path,))
    found = sniff(labels, reading, data)
    print(describe(labels, found))
    recipe, why = _recipe_of(found, path.stem, weights)
    tables = found.imported.files(found.data) if found.imported else {}
    train = f"competition train {path} --data {quote(str(found.data))}"
    if dry_run:
        print(f"\nwould write {' and '.join(map(str, (*tables, path)))}")
        return path
    _refuse_names(path, tables)
    _write(path, recipe_file(recipe, _words(labels, found, train)), tables)
    print()
    for file, columns in tables.items():
        rows = len(next(iter(columns.values())))
        print(f"wrote {file}: {rows:,} row{'s' if rows != 1 else ''}")
    print(f"wrote {path}: {recipe.backbone} at {recipe.image_size} pixels, {why}\n  {train}\n  competition submit")
    if recipe.weights != "none":
        print(
            "to compare other networks on these images: "
            f"competition probe --data {quote(str(found.data))} --recipe {path}"
        )
    return path


def _recipe_of(found: Found, name: str, weights: str) -> tuple[Recipe, str]:
    """A recipe for what was found, and why it has its weights."""
    dataset, side = found.dataset, int(np.median(found.sizes.min(axis=1))) if len(found.sizes) else SMALL_IMAGE
    start, why = choose_weights(weights, side)
    recipe = starting_recipe(name, found.layout, dataset.tasks, len(dataset), side, start)
    return replace(recipe, **_places(found)), why


def _write(path: Path, recipe: str, tables: Mapping[Path, Mapping[str, np.ndarray]]) -> None:
    """Write the recipe, and the columns of the tables of imported labels; all files or none."""
    with ExitStack() as files:
        files.enter_context(whole_file(path)).write_text(recipe, encoding="utf-8")
        for file, columns in tables.items():
            write_csv(files.enter_context(whole_file(file)), columns)


def _refuse_names(path: Path, files: Iterable[Path]) -> None:
    """Raises InvalidInput for a name that runs cannot have or that is taken, and for files that exist."""
    if path.name != str(path):
        raise InvalidInput(f"{path} names a folder; the recipe is written into the current folder: {path.name}")
    for file in files:
        if file.exists():
            raise InvalidInput(f"{file} exists and is not overwritten; choose another name for the recipe")
    if path.stem in NAMES:
        raise InvalidInput(f"{path.stem} is a recipe of the project ({', '.join(NAMES)}); choose another name")
    Recipe(path.stem)


def _places(found: Found) -> dict[str, str]:
    """The fields of a recipe that say where files lie."""
    fields = {"questions": str(found.sample)} if found.sample else {}
    if found.imported:
        fields |= {"images": str(found.imported.images), "split_column": found.imported.split_column}
        if found.imported.asked and not found.sample:
            fields |= {"questions": str(found.questions[0])}
    return fields


def describe(labels: Path, found: Found) -> str:
    """What was found: layout, tasks with their classes, images, questions, and notes on what was guessed."""
    dataset = found.dataset
    questions = ", ".join(map(str, found.questions)) or f"none; {_place_of_questions(found)}"
    notes = [f"note        {note}" for note in [*found.notes, *in_words(_rare(found))]]
    first = f"{labels}: {found.what}, {len(dataset):,} images"
    return "\n".join([first, *_tasks(found), *_images(found), f"questions   {questions}", *notes])


def choose_weights(weights: str, side: int) -> tuple[str, str]:
    """The weights the network starts from (`none`: from scratch), and why, for images with this shorter side in pixels.

    Raises InvalidInput if `weights` names a file that does not exist.
    """
    if weights == "none":
        return "none", "from scratch, because --weights is none"
    if weights != "imagenet" and not Path(weights).is_file():
        raise InvalidInput(f"--weights {weights}: there is no such file; allowed are imagenet, none, or a file")
    if side < SMALL_IMAGE:
        return "none", f"from scratch, because the images are small ({side} pixels)"
    return weights, "from ImageNet weights" if weights == "imagenet" else f"from {weights}"


def _tasks(found: Found) -> list[str]:
    dataset, width = found.dataset, max(len(task.name) for task in found.dataset.tasks[:SHOWN_TASKS])
    lines = []
    for task in dataset.tasks[:SHOWN_TASKS]:
        kind = "one of" if task.kind == "multiclass" else "any of"
        labelled = dataset.labelled[task.name]
        known = f"{labelled.sum():,} labelled ({1 - labelled.mean():.0%} absent)"
        lines.append(f"  {task.name:{width}}  {kind} {len(task):2d}  {known}: {_counts(task, found)}")
    more = len(dataset.tasks) - len(lines)
    return [*lines, f"  … {more:,} more tasks"] if more else lines


def _counts(task: Task, found: Found) -> str:
    counts = (found.dataset.codes[task.name] == YES).sum(axis=0)
    order = np.argsort(-counts, kind="stable") if len(task) > SHOWN else np.arange(len(task))
    shown = ", ".join(f"{task.classes[place]} {counts[place]:,}" for place in order[:SHOWN])
    rest = counts[order[SHOWN:]]
    return shown + (f" … {len(rest)} more, the rarest {rest.min():,}" if len(rest) else "")


def _images(found: Found) -> list[str]:
    missing, count, sizes = found.missing, len(found.dataset), "sizes unknown"
    if len(found.sizes):
        low, middle, high = (np.percentile(found.sizes, share, axis=0).astype(int) for share in (0, 50, 100))
        span = f" (median), from {low[1]} x {low[0]} to {high[1]} x {high[0]}" if (low != high).any() else ""
        sizes = f"{middle[1]} x {middle[0]} pixels{span} ({len(found.sizes)} looked at)"
    lines = [f"images      {count - len(missing):,} of {count:,} found; {sizes}"]
    if missing:
        shown = f"{len(missing):,} images, for example {', '.join(map(str, missing[:2]))}"
        lines.append(f"missing     {shown}; a training does not start without them")
    return lines


def _rare(found: Found) -> Iterator[Note]:
    """Notes on classes that are too rare to be in both the training and the validation images."""
    dataset, kind = found.dataset, "on fewer than two images, too few to train and validate"
    for task in dataset.tasks:
        counts = (dataset.codes[task.name] == YES).sum(axis=0)
        if rare := [name for name, count in zip(task.classes, counts, strict=True) if count < 2]:
            yield Note(f"{task.name}: {', '.join(rare[:SHOWN])} {kind}", task.name, f"some classes are {kind}")


def _place_of_questions(found: Found) -> str:
    folder = found.data if found.data.is_dir() else found.data.parent
    places = {
        "fashionai": f"{folder}/rank/Tests/question.csv",
        "table": f"{folder / 'questions.csv'}: a header, then one image per line",
        "folder": f"the images in {folder / 'test'}",
    }
    return f"a later submission reads {places[found.layout]}"


def _words(labels: Path, found: Found, train: str) -> str:
    notes = "".join(f"\n* {note}" for note in found.notes)
    notes = f"\n\nDecided when it was written:\n{notes}" if notes else ""
    tasks = f"{len(found.dataset.tasks)} task{'s' if len(found.dataset.tasks) > 1 else ''}"
    return f"{labels.resolve().name}: {tasks} on {len(found.dataset):,} images.\n\n    {train}{notes}\n"
