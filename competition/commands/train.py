"""One training: from label files to a scored run."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from competition.commands.arguments import Cache, RecipeFields
from competition.commands.report import write_all
from competition.data.load import read_material
from competition.dataset import class_prior
from competition.errors import InvalidInput
from competition.files import CACHE
from competition.images.cache import USUAL_ROOM, Pictures
from competition.images.warp import View
from competition.provenance import how_it_was_made
from competition.run import FOLD, SCORES, SMOKE, Run, new_run, refuse_existing
from competition.scoring.bootstrap import interval_of_means
from competition.scoring.labels import label_table, score_labels
from competition.scoring.predictions import HELD_OUT, PLAIN, TEST, Predictions
from competition.scoring.scores import table
from competition.spent import Spent


def train(
    recipe: RecipeFields,
    data: Path | None = None,
    run: Path | None = None,
    *,
    smoke: bool = False,
    skip_bad_images: bool = False,
    fold: tuple[Path, int] | None = None,
    views: tuple[View, ...] = ("plain",),
    picture_cache: float = USUAL_ROOM,
    cache: Cache = CACHE,
) -> Run:
    """Train a recipe: read, check, split, train stage by stage, score. Every field of the recipe is a flag.

    Returns the run, with its scores and pictures in its folder. Raises InvalidInput, before anything is trained, for
    labels, images or folds that cannot be used.

    Args:
        data: The data set: a folder in the recipe's layout, or the CSV file of a table. By default, data/<recipe>.
        run: The folder of the run. By default, the next runs/<recipe>-<number>.
        smoke: Run every step of a training on a few batches, to check the set-up.
        skip_bad_images: Continue without images that cannot be read, and list them in the run.
        fold: A file made by `competition folds`, and which fold to hold out. By default, the recipe's share of images.
        views: The views in which the held-out images are predicted after the training.
        picture_cache: Gigabytes of decoded pictures to keep in cache/pictures for later epochs and runs; 0 keeps none.
        cache: The folder that remembers features, pictures and checked images.
    """
    if not 0 <= picture_cache < math.inf:
        raise InvalidInput(f"--picture-cache is {picture_cache}; allowed are 0 gigabytes, which keeps none, or more")
    data = data or Path("data") / recipe.name
    if run is not None:
        refuse_existing(run)
    spent = Spent()
    with spent.on("checking"):
        material = read_material(recipe, data, skip_bad_images, cache, fold)
    recipe = replace(recipe, tasks=material.dataset.tasks)
    prior = class_prior(material.dataset.take(material.training))
    if smoke:
        recipe, material = replace(recipe, epochs=(1,) * len(recipe.epochs)), material.few(recipe)

    with spent.on("preparing"):
        from competition.training.prepare import Preparation  # Keras, from here on

        preparation = Preparation.of(recipe, material, cache, picture_cache)
    folder = new_run(f"{recipe.name}-smoke" if smoke else recipe.name, run)
    held_out = {FOLD: fold[1]} if fold else {}
    folder.write_recipe(recipe, {**how_it_was_made(data), **preparation.facts(), SMOKE: smoke, **held_out})
    folder.write_json("prior.json", {name: shares.tolist() for name, shares in prior.items()})
    if material.skipped:
        folder.write_text("skipped.txt", "\n".join(map(str, material.skipped)) + "\n")
    print(preparation.outlook())
    trainer = preparation.trainer(folder, spent)
    trainer.fit()
    with spent.on("reports"):
        test = preparation.pictures.take(material.test)
        report_results(trainer, test, views, folder, fold[1] if fold else None)
    print(f"\n{folder.folder}/ holds the run: weights, scores, curves.png, confusion/\ntime: {spent}")
    return folder


def report_results(trainer, test: Pictures, views: Sequence[View], folder: Run, fold: int | None) -> None:
    """Write probabilities and scores, which finish the run, then the pictures and tables; print the scores."""
    kept, held_out, predictions = trainer.kept, trainer.held_out.dataset, None
    if kept.report:
        predictions = Predictions.of(folder.name, held_out, kept.probabilities, fold or 0)
        predictions.write(folder, HELD_OUT, trainer.predict_kept(trainer.held_out, set(views) - {PLAIN}))
    if len(test):
        seen = trainer.predict_kept(test, {PLAIN, *views})
        Predictions.of(folder.name, test.dataset, seen[PLAIN]).write(folder, TEST, seen)
    reports = {"best": kept.report, "last": trainer.last_report, "heads": trainer.heads_report}
    scores = {name: report.to_json() if report else None for name, report in reports.items()}
    if predictions:
        scores |= {"interval": interval_of_means(predictions), "images": len(held_out)}
    folder.write_json(SCORES, {"best_epoch": kept.epoch, "seconds": trainer.seconds, **scores})
    if predictions:
        print(f"\nbest epoch {kept.epoch}, on {len(held_out)} held-out images:\n{table(kept.report)}")
        if len(labels := score_labels(predictions)):
            print(f"\n{label_table(labels)}")
    from competition.scoring.reports import warned  # imports pandas, SciPy and matplotlib, which takes a while
    from competition.training.plots import network_plan

    with warned(folder, "network.png"):
        network_plan(folder, trainer.network)
    write_all(folder, predictions, lambda: trainer.held_out.dataset.path_of)
