"""Make the folds that all experiments share, and report duplicate images."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from competition.commands.arguments import Cache
from competition.data.folds import Folds, balance, check_choice, make_folds
from competition.data.leakage import Images, draw_leaks, find_leaks, hashed_images, leaked_questions, write_leaks
from competition.data.load import read_images
from competition.data.near_duplicates import DISTANCE, check_distance, duplicate_groups
from competition.dataset import Dataset
from competition.errors import InvalidInput
from competition.files import CACHE, locked, try_out
from competition.recipe import Recipe
from competition.recipes import load_recipe

FOLDS, DATA = Path("folds"), Path("data/sketches")


@dataclass(frozen=True)
class Plan:
    """How to divide a data set. Raises InvalidInput for values that are not possible."""

    # The number of folds.
    folds: int = 5
    # The seed of the random numbers.
    seed: int = 0
    # The share of test images: no fold sees them, and they are for one final score.
    test_share: float = 0.0
    # Near-duplicates: images whose perceptual hashes differ in at most this many of 64 bits stay in one fold.
    distance: int = DISTANCE

    def __post_init__(self):
        check_choice(self.folds, self.test_share)
        if self.seed < 0:
            raise InvalidInput(f"--seed is {self.seed}; allowed are whole numbers from 0")
        check_distance(self.distance)


def folds(
    plan: Annotated[Plan, tyro.conf.arg(name="")] = Plan(),
    *,
    data: Path = DATA,
    recipe: str | None = None,
    output: Path | None = None,
    skip_bad_images: bool = False,
    cache: Cache = CACHE,
) -> Path:
    """Divide the labelled images into folds, near-duplicates together, every class spread evenly; return the file.

    Pairs of images that look alike, questions included, are written beside it as -leaks.csv and -leaks.png. Raises
    InvalidInput if the file exists, and for labels or images that cannot be used.

    Args:
        data: the data set: a folder in the recipe's layout, or the CSV file of a table.
        recipe: the recipe that reads the data; by default, FashionAI's layout with the tasks found in the labels.
        output: the file to write; by default, folds/<name of the data folder>.csv.
        skip_bad_images: continue without images that cannot be read.
        cache: the folder that remembers checked images and hashes.
    """
    output = output or usual_file(data)
    refuse_made(output)
    try_out(output)
    chosen = load_recipe(recipe) if recipe else Recipe("any")
    dataset, digests, _ = read_images(chosen, data, skip_bad_images, cache)
    prepare_folds(dataset, digests, data, output, plan, recipe=chosen, cache=cache)
    return output


def refuse_made(output: Path) -> None:
    """Raise InvalidInput if folds exist."""
    if output.exists():
        raise InvalidInput(
            f"{output} exists; folds are made once, because scores on other folds cannot be compared. Name another "
            "file with --output, or remove this one and train everything again"
        )


def usual_file(data: Path) -> Path:
    """The default file for the folds of a data set."""
    return FOLDS / f"{data.absolute().name}.csv"


def prepare_folds(
    dataset: Dataset,
    digests: Sequence[str],
    data: Path,
    output: Path,
    plan: Plan,
    *,
    recipe: Recipe,
    cache: Path = CACHE,
) -> Folds:
    """Make the folds of readable images, write them and the pairs that look alike, and print what was found.

    `data` holds the question files. `output` is written last, so that if it exists, so does the list of pairs.
    Raises InvalidInput if another process has written it meanwhile.
    """
    images = hashed_images(dataset, digests, recipe, data, cache)
    dataset = replace(dataset, group=duplicate_groups(images.hash[: len(dataset)], plan.distance))
    made = make_folds(dataset, plan.folds, plan.seed, plan.test_share)
    largest = np.bincount(dataset.group).max()
    print(f"\n{len(dataset):,} images in {dataset.group.max() + 1:,} groups, the largest of {largest}")
    if largest > len(dataset) / plan.folds:
        warnings.warn(f"a group of {largest} images is larger than a fold; try a smaller --distance", stacklevel=2)
    with locked(output.with_name(f".{output.name}.lock")):
        refuse_made(output)  # by another process, meanwhile
        report_leaks(images, plan.distance, output)
        print(f"\n{table(made, dataset)}")
        made.write(output)
    print(f"\n{output} holds the folds; keep it, because scores on other folds cannot be compared")
    return made


def report_leaks(images: Images, distance: int, output: Path) -> None:
    """Write <output>-leaks.csv and .png, and print how many pairs there are."""
    leaks = find_leaks(images, distance)
    listed, drawn = (output.with_name(f"{output.stem}-leaks{ending}") for ending in (".csv", ".png"))
    write_leaks(listed, images, leaks)
    draw_leaks(drawn, images, leaks)
    exact = sum(leak.exact for leak in leaks)
    asked, leaked = images.asked.sum(), len(leaked_questions(images, distance))
    print(f"pairs: {exact:,} exact, {len(leaks) - exact:,} near (distance at most {distance}): {listed}, {drawn.name}")
    print(f"questions: {leaked:,} of {asked:,} images look like labelled ones")


def table(made: Folds, dataset: Dataset) -> str:
    """A line per fold: its images, and the class furthest from its share; then whether that is within bounds."""
    found, names = balance(made, dataset), [f"{task.name} {name}" for task in dataset.tasks for name in task.classes]
    lines = ["fold   images  class furthest from its share"]
    for fold, ahead in enumerate(found.ahead):
        worst = np.abs(ahead).argmax()
        lines.append(f"{fold:4}  {(made.fold == fold).sum():7,}  {ahead[worst]:+.1f} {names[worst]}")
    if len(made.test):
        lines.append(f"test  {len(made.test):7,}")
    if found.excess > 0:
        lines.append(f"one class is {found.excess:.1f} images further from its share than 1 + its largest group")
    else:
        lines.append(
            f"no class is further from its share than 1 + its largest group; at most {np.abs(found.ahead).max():.1f}"
        )
    return "\n".join(lines)
