"""The page of a data set, before anything is trained on it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from competition.data.audit import Audit, count_classes, count_formats, labelled_together, labels_an_image
from competition.data.leakage import Images, Leak, between, leaked_questions
from competition.dataset import MAYBE, YES, Dataset
from competition.pages.parts import Bar, Column, Fact, Line, Shade, Table, Tile, columns
from competition.pages.pictures import photograph
from competition.pages.render import render, write_page
from competition.recipe import Recipe
from competition.scoring.fashionai import cost_of_missing
from competition.task import Task

PICTURES, SIDE = 6, 150  # of a class, and pixels of their longer side
PICTURED = 120  # classes that get pictures: those of the first tasks
MOST_TASKS = 30  # in the table of tasks that occur together
RAREST = 20  # classes in the table of what they cost
MOST_PAIRS, MOST_LINES = 24, 50
NUMBERS = {"classes", "with an m", "share", "m"}  # columns of tables that are aligned to the right
FEW = 10  # images of a class to score on, below which the standard error of a recall of one half is above 0.16


@dataclass(frozen=True)
class TaskPart:
    """What the page shows of one task: its classes as a table, and a row of pictures for each of some classes."""

    task: Task
    anchor: str
    table: Table
    pictures: list[tuple[str, list[Tile]]]


def write_audit(path: Path, audit: Audit, recipe: Recipe, data: Path) -> None:
    """Write the page of an audit, whose data set this recipe reads. Raises InvalidInput where it cannot be written."""
    write_page(path, render("audit.html", **values(audit, recipe, data)))


def values(audit: Audit, recipe: Recipe, data: Path) -> dict:
    """What the template shows."""
    dataset = audit.dataset
    held_out = float(dataset.held_out.mean()) or recipe.validation  # what the files themselves hold out comes first
    classes = judged(dataset, count_classes(dataset), held_out)
    parts = [*_parts(dataset, audit.readable, classes)]
    rare = classes[classes["verdict"] != ""]
    across, leaked = _across_the_split(audit), leaked_questions(audit.good)
    return {
        "what": "Data set",
        "title": data.absolute().name,
        "folder": str(data),
        "facts": _facts(audit, rare, leaked),
        "worries": [*_worries(audit, rare, across, leaked)],
        "tasks": _task_table(dataset, classes),
        "together": _together(dataset),
        "not_together": max(0, len(dataset.tasks) - MOST_TASKS),
        "labels": _labels_table(dataset),
        "parts": parts,
        "not_pictured": [part.task.name for part in parts if not part.pictures],
        "formats": _format_table(audit),
        "rarest": _rarest(classes),
        "few": FEW,
        "held_out": held_out,
        "broken": _lines(audit.broken),
        "contradictions": _lines(audit.contradictions),
        "pairs": [*_pairs(audit.good, audit.leaks)],
        "pairs_in_all": len(audit.leaks),
        "asked": int(audit.good.asked.sum()),
        "leaked": len(leaked),
    }


def judged(dataset: Dataset, classes: pd.DataFrame, held_out: float) -> pd.DataFrame:
    """The classes with what the official rule makes of each, in five more columns.

    `held_out`: images expected among those that a share of `held_out` leaves to score on. `error`: the standard error
    of a recall of one half there, nan if there are none. `least` and `most`: what the AP of the task loses if every
    image of the class is answered wrong and all others right; for a multi-label task, whose AP is the mean over its
    labels, both are 1 / labels, however rare the label is. `verdict`: why it is rare, or nothing.
    """
    of_task = {task.name: task for task in dataset.tasks}
    expected = classes["images"] * held_out
    costs = [
        cost_of_missing(one.share) if of_task[one.task].kind == "multiclass" else (1 / len(of_task[one.task]),) * 2
        for one in classes.itertuples()
    ]
    least, most = np.array(costs).reshape(-1, 2).T
    words = [_verdict(*pair) for pair in zip(classes["images"], expected, strict=True)]
    error = 0.5 / np.sqrt(expected.where(expected > 0))
    return classes.assign(held_out=expected, error=error, least=least, most=most, verdict=words)


def _verdict(images: int, held_out: float) -> str:
    if images == 0:
        return "never seen, so it cannot be learnt"
    if images == 1:
        return "one image: to learn from, or to score on"
    return "too few to score on" if held_out < FEW else ""


def _columns(*titles: str) -> list[Column]:
    return [Column(title, number=title in NUMBERS) for title in titles]


def _facts(audit: Audit, rare: pd.DataFrame, leaked: np.ndarray) -> list[Fact]:
    labelled = np.stack([audit.dataset.labelled[task.name] for task in audit.dataset.tasks])
    exact = sum(leak.exact for leak in audit.leaks)
    return [
        Fact("images with labels", f"{len(audit.dataset):,}", f"and {audit.good.asked.sum():,} questions"),
        Fact("tasks", f"{len(audit.dataset.tasks)}", f"{sum(map(len, audit.dataset.tasks)):,} classes"),
        Fact("labels that are missing", f"{1 - labelled.mean():.0%}", "of all tasks of all images"),
        Fact("images that cannot be read", f"{len(audit.broken):,}"),
        Fact("pairs that look alike", f"{len(audit.leaks):,}", f"{exact:,} of them the same file"),
        Fact("rare classes", f"{len(rare):,}", f"fewer than {FEW} images to score on"),
    ]


def _worries(audit: Audit, rare: pd.DataFrame, across: int, leaked: np.ndarray) -> Iterator[tuple[str, str]]:
    """What should be put right before a training: the anchor of its section, and a sentence."""
    if audit.broken:
        yield "files", f"{len(audit.broken):,} images cannot be read: a training stops, or leaves them out if told to."
    if audit.contradictions:
        yield "alike", f"{len(audit.contradictions):,} labels contradict those of another file with the same bytes."
    if across:
        yield "alike", f"{across:,} pairs that look alike are on both sides of the data's own split."
    if len(leaked):
        yield "alike", f"{len(leaked):,} questions look like labelled images: their answers are as good as known."
    unseen = rare[rare["images"] == 0]
    if len(unseen):
        names = ", ".join(f"{one.task} {one.name}" for one in unseen.head(5).itertuples())
        yield "rare", f"{len(unseen):,} classes are on no image ({names}{', …' if len(unseen) > 5 else ''})."
    for task in audit.dataset.tasks:
        if not audit.dataset.labelled[task.name].any():
            yield "tasks", f"No image is labelled for {task.name}."


def _across_the_split(audit: Audit) -> int:
    """How many pairs have one image that the data set holds out and one that it trains on."""
    held_out, asked = audit.good.dataset.held_out, audit.good.asked
    pairs = [(one.first, one.second) for one in audit.leaks if not (asked[one.first] or asked[one.second])]
    return sum(held_out[first] != held_out[second] for first, second in pairs)


def _task_table(dataset: Dataset, classes: pd.DataFrame) -> Table:
    """A row for each task: how many images are labelled for it, and how its classes are spread."""
    rows = []
    for task in dataset.tasks:
        labelled, mine = dataset.labelled[task.name], classes[classes["task"] == task.name]
        marked = (dataset.codes[task.name][labelled] == MAYBE).any(axis=1)
        top, last = mine.loc[mine["images"].idxmax()], mine.loc[mine["images"].idxmin()]
        rows.append(
            (
                task.name,
                "one of" if task.kind == "multiclass" else "any of",
                len(task),
                Bar(labelled.mean(), f"{labelled.sum():,} ({labelled.mean():.0%})"),
                f"{top['name']} ({top.share:.0%})",
                f"{last['name']} ({last.images:,})",
                f"{marked.mean():.1%}" if len(marked) else "–",
            )
        )
    texts = "task", "kind", "classes", "labelled images", "most frequent", "rarest", "with an m"
    return _columns(*texts), rows


def _together(dataset: Dataset) -> Table | None:
    """How many of the images of the task on the left are labelled for that above, too; None for a single task."""
    shown = dataset.tasks[:MOST_TASKS]
    if len(shown) < 2:
        return None
    counts = labelled_together(dataset)[: len(shown), : len(shown)]
    own = np.maximum(counts.diagonal(), 1)
    rows = [
        (task.name, *(Shade(count / own[row], f"{count:,}") for count in counts[row].tolist()))
        for row, task in enumerate(shown)
    ]
    return columns("task", *(task.name for task in shown)), rows


def _labels_table(dataset: Dataset) -> Table:
    """How many images have 0, 1, … labels."""
    counts = labels_an_image(dataset)
    rows = [(number, Bar(count / len(dataset), f"{count:,}")) for number, count in enumerate(counts.tolist()) if count]
    return [Column("tasks labelled"), Column("images")], rows


def _parts(dataset: Dataset, readable: Dataset, classes: pd.DataFrame) -> Iterator[TaskPart]:
    """The part of each task; its classes in their order, and pictures until PICTURED classes have theirs."""
    left = PICTURED
    for number, task in enumerate(dataset.tasks, start=1):
        mine = classes[classes["task"] == task.name]
        widest = max(mine["share"].max(), 1e-9)
        rows = [
            (one.name, Bar(one.share / widest, f"{one.images:,}"), f"{one.share:.1%}", f"{one.maybe:,}", one.verdict)
            for one in mine.itertuples()
        ]
        shown = [] if len(task) > left else list(enumerate(task.classes))
        left -= len(shown)
        pictures = [(name, _pictures(readable, task, place)) for place, name in shown]
        texts = "class", "images", "share", "m", ""
        yield TaskPart(task, f"task-{number}", (_columns(*texts), rows), pictures)


def _pictures(readable: Dataset, task: Task, number: int) -> list[Tile]:
    """Tiles of images drawn at random among those of a class."""
    rows = np.flatnonzero(readable.codes[task.name][:, number] == YES)
    drawn = np.sort(np.random.default_rng((0, number)).permutation(rows)[:PICTURES])
    name = task.classes[number]
    shown = ((row, photograph(readable.path(row), SIDE)) for row in drawn)
    return [one.tile(f"{name}: {readable.names[row]}") for row, one in shown if one]


def _format_table(audit: Audit) -> Table | None:
    """A row for each format; None if no image can be read."""
    if not audit.headers:
        return None
    rows = [
        (
            one.format,
            Bar(one.images / len(audit.headers), f"{one.images:,}"),
            f"{one.smallest_shorter:,} × {one.smallest_longer:,}",
            f"{one.median_shorter:,.0f} × {one.median_longer:,.0f}",
            f"{one.largest_shorter:,} × {one.largest_longer:,}",
        )
        for one in count_formats(audit.headers).itertuples()
    ]
    heads = columns("format", "images", "smallest sides", "median sides", "largest sides")
    heads[1] = Column("images")
    return heads, rows


def _rarest(classes: pd.DataFrame) -> Table:
    """The rarest classes, and what they cost."""
    rows = [
        (
            f"{one.task} {one.name}",
            f"{one.images:,}",
            f"{one.share:.2%}",
            f"{one.held_out:.1f}",
            "–" if np.isnan(one.error) else f"± {min(one.error, 0.5):.2f}",
            f"{one.least:.4f}" if one.least == one.most else f"{one.least:.4f} to {one.most:.4f}",
            one.verdict,
        )
        for one in classes.sort_values("images", kind="stable").head(RAREST).itertuples()
    ]
    heads = columns("class", "images", "share", "to score on", "recall known to", "lost AP if always wrong")
    return [*heads, Column("")], rows


def _lines(problems: Sequence) -> dict:
    """The first of some problems as texts, and how many there are besides."""
    return {"shown": [str(one) for one in problems[:MOST_LINES]], "more": max(0, len(problems) - MOST_LINES)}


def _pairs(images: Images, leaks: Sequence[Leak]) -> Iterator[tuple[str, list[Tile]]]:
    """What the first pairs have in common, and their tiles: those with a question first, then the most alike."""
    dataset, ids = images.dataset, images.dataset.ids
    for leak in leaks[:MOST_PAIRS]:
        what = "the same file" if leak.exact else f"{leak.distance} of 64 bits of their hashes differ"
        kind = "bad" if images.asked[leak.first] != images.asked[leak.second] else ""
        shown = ((row, photograph(dataset.path(row), SIDE)) for row in (leak.first, leak.second))
        tiles = [one.tile(ids[row], [Line(Path(dataset.names[row]).name)], kind=kind) for row, one in shown if one]
        yield f"{between(images, leak)}: {what}", tiles
