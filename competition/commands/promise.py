"""Promise a precision of what is tagged, with a confidence, and write the thresholds from which on it is kept."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from competition.commands.arguments import Cache
from competition.commands.report import how_to_report
from competition.data.check_images import Inspection, drop_bad_images, inspect, readable
from competition.data.near_duplicates import DISTANCE, duplicate_groups, near_rows, perceptual_hashes
from competition.dataset import Dataset, ask_everything
from competition.errors import InvalidInput
from competition.files import CACHE, try_out
from competition.layouts.registry import Layout, reader_of
from competition.provenance import called
from competition.recipe import Recipe
from competition.run import PROMISE, Run
from competition.scoring.blend import Blend, blend_of, read_blended
from competition.scoring.learn_then_test import make_promise
from competition.scoring.predictions import PLAIN, TEST, Predictions, read_predictions
from competition.scoring.promise import COLUMNS, Promise, Wanted
from competition.scoring.reports import mark_promise
from competition.task import Task

USUAL = Wanted()


def promise(
    run: Annotated[Path, tyro.conf.arg(metavar="RUN")],
    /,
    wanted: Annotated[Wanted, tyro.conf.arg(name="")] = USUAL,
    *,
    data: Path | None = None,
    skip_bad_images: bool = False,
    cache: Cache = CACHE,
) -> Promise:
    """Find from which probability on a task's tags keep a precision, with a confidence, and write promise.json.

    By Learn-then-Test, on pictures by which no weight and no epoch was chosen: the test images of the folds, or those
    of --data. It rests on them being of the same kind as what is tagged later, and one of each product. Raises
    InvalidInput, and writes nothing, for a run without such pictures, and if --data holds some that the run was trained
    or held out on, or near-duplicates of them.

    Args:
        run: the folder of a run, a cross-validation (the mean of its networks) or a blend.
        data: other labelled pictures, in the layout of the run's recipe, or the CSV file of a table.
        skip_bad_images: continue without images of --data that cannot be read.
        cache: the folder that remembers checked images and hashes.
    """
    blend = blend_of([run], (PLAIN,), "arithmetic")
    try_out(run / PROMISE)
    if data is None:
        predictions, source = on_test_images(blend), "the test images of its folds"
    else:
        predictions, source = answered(blend, data, skip_bad_images, cache)
    made = make_promise(predictions, wanted, blend.digest, source)
    made.write(Run(run), called())
    mark_promise(Run(run))
    print(f"{table(blend.tasks, made)}\n\nwrote {run / PROMISE}\n{how_to_report(run)}")
    return made


def on_test_images(blend: Blend) -> Predictions:
    """What a blend gave for the test images of its folds. Raises InvalidInput if a member has none."""
    for run in blend.runs:
        if not run.file(TEST).is_file():
            raise InvalidInput(
                f"{run.folder} answered no test images, and those it held out chose its best epoch, so they promise "
                "nothing; name other labelled pictures with --data, or keep test images aside with `competition folds "
                "--test-share 0.15` and train again with `competition cv`, or `competition train --fold`"
            )
    return read_blended(blend, TEST)


def answered(blend: Blend, data: Path, skip_bad_images: bool, cache: Path) -> tuple[Predictions, str]:
    """What a blend answers now for other labelled pictures, near-duplicates in one group; and which they are, in words.

    Raises InvalidInput for labels or images that cannot be used, and for images that `refuse_seen` finds.
    """
    recipe = blend.runs[0].read_recipe()
    dataset = reader_for(recipe, data).read_labels(data, blend.tasks)
    inspection = inspect(dataset, cache)
    dataset, digests = drop_bad_images(dataset, inspection, skip_bad_images)
    for problem in sorted(inspection.problems.values()):
        print(f"left out: {problem}")
    hashes = hashes_of(dataset, digests, cache)
    notes = [note for run in blend.runs if (note := refuse_seen(run, dataset, hashes, cache))]
    dataset = replace(dataset, group=duplicate_groups(hashes))
    from competition.model.answer import answer  # Keras, from here on

    given = answer(blend, ask_everything(data, dataset), Inspection(digests, {}), cache)
    source = f"the images of {data}" + (f" ({'; '.join(dict.fromkeys(notes))})" if notes else "")
    return Predictions.of(data.name, dataset, given), source


def reader_for(recipe: Recipe, data: Path) -> Layout:
    """What reads labels that are not those of the training: the layout of the recipe, or of a file that of tables."""
    layout = "table" if data.is_file() else recipe.layout
    return reader_of(replace(recipe, layout=layout, split_column=""))


def hashes_of(dataset: Dataset, digests: Sequence[str], cache: Path) -> np.ndarray:
    """The perceptual hash of each image of a dataset, (n,) uint64."""
    return perceptual_hashes([dataset.path(row) for row in range(len(dataset))], digests, cache)


def refuse_seen(run: Run, dataset: Dataset, hashes: np.ndarray, cache: Path) -> str:
    """Raise InvalidInput if images are, or are nearly, some that a run was trained or held out on.

    `hashes` (n,) uint64 are those of `dataset`. Returns what could not be compared, in words; nothing, if all was.
    """
    recipe, data = run.read_recipe(), Path(run.read_made()["data"])
    try:
        known = reader_of(recipe).read_labels(data, recipe.tasks)
    except InvalidInput as error:
        return f"not compared with what the run was trained on ({str(error).splitlines()[0].removesuffix(':')})"
    inspection = inspect(known, cache)
    seen, digests = readable(known, inspection.digests), inspection.good_digests
    tested = read_predictions(run, name=TEST).images if run.file(TEST).is_file() else ()
    chosen = np.flatnonzero(~np.isin(seen.ids, tested))
    others, paths = hashes_of(seen, digests, cache)[chosen], [seen.path(row) for row in chosen]
    leaked = near_rows(hashes, others)
    like = [paths[np.bitwise_count(others ^ hashes[row]).argmin()] for row in leaked]
    if like:
        raise InvalidInput(
            f"{len(like):,} of {len(dataset):,} images are, or nearly are (by perceptual hashes at most {DISTANCE} "
            f"bits apart), among those of {data} that {run.folder} was trained or held out on, so they promise "
            "nothing; remove their lines:",
            [dataset.problem(row, f"{dataset.path(row)} is like {one}") for row, one in zip(leaked, like, strict=True)],
        )
    lost = len(inspection.problems)
    return f"not compared with {lost:,} images of {data} that cannot be read" if lost else ""


def table(tasks: Sequence[Task], made: Promise) -> str:
    """What is promised, a line for each threshold, and what it rests on."""
    rows = [COLUMNS, *chain(*(made.tasks[task.name].rows_of_table(task) for task in tasks))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, "", made.in_words()])
