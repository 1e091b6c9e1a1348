"""One training: from label files to a scored run."""

import math
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from competition import unfinished
from competition.cluster import cluster_of_environment, refuse_cluster
from competition.commands.arguments import Cache, RecipeFields
from competition.commands.report import how_to_report, write_all
from competition.data.load import Material, read_material, refuse_fraction
from competition.dataset import class_prior
from competition.errors import InvalidInput
from competition.extras import require
from competition.files import CACHE, is_file, only_read, read_bytes, try_out
from competition.images.cache import USUAL_ROOM, Pictures
from competition.images.decode import digest_of
from competition.images.warp import View
from competition.provenance import called, how_it_was_made
from competition.recipe import Recipe
from competition.run import FOLD, OUT_OF_TIME, RECIPE, RUNS, SCORES, SMOKE, Run, begun, new_run, next_number, recorded
from competition.scoring.bootstrap import interval_of_means
from competition.scoring.labels import label_table, score_labels
from competition.scoring.predictions import HELD_OUT, PLAIN, TEST, Predictions
from competition.scoring.scores import table
from competition.spent import Spent
from competition.stopping import Stopped


def train(
    recipe: RecipeFields,
    data: Path | None = None,
    run: Path | None = None,
    *,
    smoke: bool = False,
    dry_run: bool = False,
    overfit: int | None = None,
    fraction: float = 1.0,
    skip_bad_images: bool = False,
    fold: tuple[Path, int] | None = None,
    views: tuple[View, ...] = ("plain",),
    max_minutes: float | None = None,
    on_nan: Literal["stop", "halve"] = "stop",
    checkpoint_minutes: float = 10.0,
    fresh: bool = False,
    accept_other_machine: bool = False,
    tensorboard: bool = False,
    picture_cache: float = USUAL_ROOM,
    cache: Cache = CACHE,
) -> Run | None:
    """Train a recipe: read, check, split, train stage by stage, score. Every field of the recipe is a flag.

    Returns the run, with its scores and pictures in its folder; None for `dry_run` and `overfit`, which leave none. A
    training that was stopped goes on if `run` is its folder, and ends bit for bit as if it had not been stopped. Where
    TF_CONFIG names several machines, they train together, and the first, the chief, alone writes and returns the run.
    Raises InvalidInput, before anything is trained, for labels, images or folds that cannot be used, and for a run that
    was begun with others.

    Args:
        data: The data set: a folder in the recipe's layout, or the CSV file of a table. By default, data/<recipe>.
        run: The folder of the run, new or to go on with. By default, the next runs/<recipe>-<number>.
        smoke: Run every step of a training on a few batches, to check the set-up.
        dry_run: Only say what would be trained, how long it would take, and what of memory and disk; write nothing.
        overfit: The usual first test: train on one batch so many times, with nothing against overfitting, leave no run,
            and exit 1 unless it is then known by heart.
        fraction: Train on this share of the images to train on, stratified; all that are held out stay.
        skip_bad_images: Continue without images that cannot be read, and list them in the run.
        fold: A file made by `competition folds`, and which fold to hold out. By default, the recipe's share of images.
        views: The views in which the held-out images are predicted after the training.
        max_minutes: End within so many minutes, scored: with fewer epochs, planned before the first step.
        on_nan: When the loss is no finite number, stop with the best epoch before, or go back to the last good
            checkpoint with half the learning rate, at most three times in a stage.
        checkpoint_minutes: Minutes between two checkpoints within an epoch; each epoch ends with one, too.
        fresh: If the run cannot go on, or should not, leave it alone and start again in a new one.
        accept_other_machine: Go on also with other devices, more or fewer of them, other threads or versions; the
            result is then not bit for bit that of an undisturbed training.
        tensorboard: Also write loss, scores and learning rate for TensorBoard: tensorboard --logdir <run>/tensorboard.
        picture_cache: Gigabytes of decoded pictures to keep in cache/pictures for later epochs and runs; 0 keeps none.
        cache: The folder that remembers features, pictures and checked images.
    """
    end = None if max_minutes is None else time.monotonic() + 60 * max_minutes
    refuse_numbers(picture_cache=picture_cache, checkpoint_minutes=checkpoint_minutes, max_minutes=max_minutes)
    refuse_flags(fraction, tensorboard, dry_run, overfit, run=run, smoke=smoke, max_minutes=max_minutes, fresh=fresh)
    data, spent = data or Path("data") / recipe.name, Spent()

    def read(cache: Path) -> Material:
        material = read_material(recipe, data, skip_bad_images, cache, fold)
        return material.fraction(fraction, recipe.split_seed)

    if overfit is not None:
        return learn_by_heart(recipe, read, overfit, cache)
    arguments = {
        "smoke": smoke,
        "fraction": fraction,
        "skip_bad_images": skip_bad_images,
        "fold": fold and [str(fold[0].absolute()), fold[1]],
        "views": list(views),
        "on_nan": on_nan,
        "tensorboard": tensorboard,
        "picture_cache": picture_cache,
        "cache": str(cache.absolute()),
    }
    with ExitStack() as held:
        writes = held.enter_context(with_other_machines(run, dry_run, fresh))
        where, cache = cache, held.enter_context(only_read(cache)) if dry_run else cache
        run = None if fresh and run and run.exists() else run
        before = unfinished.to_go_on_with(run)
        try_out(Run(run or RUNS / recipe.name).checkpoints / RECIPE)
        if before and writes and not dry_run:
            held.enter_context(unfinished.exclusive(before))
        with spent.on("checking"):
            material = read(cache)
        asked = recipe = replace(recipe, tasks=material.dataset.tasks)
        prior = class_prior(material.dataset.take(material.training))
        if smoke:
            recipe, material = replace(recipe, epochs=(1,) * len(recipe.epochs)), material.few(recipe)
        content = material.content | weights_digest(recipe)
        if before:
            recipe = unfinished.agreed(before, asked, content, arguments)
        name = f"{recipe.name}-smoke" if smoke else recipe.name
        if dry_run:
            from competition.training.dry_run import foretell, without_download

            preparation = prepare(without_download(recipe), material, cache, 0, before, end=end, views=views)
            return foretell(preparation, run or RUNS / f"{name}-{next_number(name)}", before, picture_cache, where)

        with spent.on("preparing"):
            refuse_differences(recipe, content, arguments | {"max_minutes": end is not None}, before)
            preparation = prepare(recipe, material, cache, picture_cache, before, end=end, views=views)
        facts = {**how_it_was_made(data), **preparation.facts()}
        if not writes:
            folder = Run(Path(held.enter_context(TemporaryDirectory())))
        elif before:
            folder = unfinished.go_on(before, called(), facts, accept_other_machine)
        else:
            facts |= {SMOKE: smoke, **({FOLD: fold[1]} if fold else {}), **recorded(fraction)}
            made = facts | unfinished.plan(asked, content, arguments)
            folder = begin(held, run, name, prior, recipe=preparation.recipe, skipped=material.skipped, made=made)
        print(preparation.outlook())
        trainer = preparation.saved_trainer(folder, spent, 60 * checkpoint_minutes, on_nan, tensorboard)
        with said_how_to_go_on(trainer):
            trainer.fit()
            with spent.on("reports"):
                report_results(trainer, preparation.pictures.take(material.test), views, folder, fold and fold[1])
        print(f"\n{folder.folder}/ holds the run: weights, scores, curves.png, confusion/\ntime: {spent}")
        print(how_to_report(folder.folder))
    return folder if writes else None


@contextmanager
def with_other_machines(run: Path | None, dry_run: bool, fresh: bool) -> Iterator[bool]:
    """Train together with the other machines that TF_CONFIG names, if it does; whether this one writes the run.

    Raises InvalidInput where they could not know the folder of the run, and for what is for one machine.
    """
    cluster = cluster_of_environment()
    if cluster is None:
        yield True
        return
    if dry_run:
        refuse_cluster("train --dry-run")
    if run is None or fresh:
        what = "--fresh would begin anew whenever they are started again" if fresh else "they need one folder"
        raise InvalidInput(f"several machines train together, and {what}: name the folder of their run by --run")
    from competition.model.workers import joined  # TensorFlow, from here on

    with joined(cluster):
        yield cluster.is_chief


def refuse_differences(recipe: Recipe, content: dict, arguments: dict, before: Run | None) -> None:
    """Raise InvalidInput on a machine that would train something else than the chief."""
    from competition.model.workers import here  # Keras, from here on

    own = ("cache", "picture_cache")
    flags = {f"--{name.replace('_', '-')}": value for name, value in arguments.items() if name not in own}
    begun = before and before.read_made()["started"]
    here().refuse_differences({"the recipe": repr(recipe), **content, **flags, "the run that goes on": begun})


def prepare(recipe: Recipe, material: Material, cache: Path, picture_cache: float, before: Run | None, **within):
    """The `Preparation` of a training: of a new one, or of one `before` that goes on; `within` a time, if that ends."""
    from competition.training.prepare import Preparation  # Keras, from here on

    preparation = Preparation.of(recipe, material, cache, picture_cache, before and before.read_made())
    return preparation.within(**within, planned=before is not None) if within["end"] else preparation


def learn_by_heart(recipe: Recipe, read: Callable[[Path], Material], steps: int, cache: Path) -> None:
    """Train on one batch of the images that `read` gives so many times, and leave nothing but the cache.

    Raises InvalidInput if it is not learnt by heart.
    """
    from competition.training.overfit import overfit_a_batch, refuse_steps  # Keras, from here on

    refuse_cluster("train --overfit")
    refuse_steps(steps)
    overfit_a_batch(recipe, read(cache), steps, cache)


def begin(held: ExitStack, run: Path | None, name: str, prior: dict, *, recipe: Recipe, skipped, made: dict) -> Run:
    """The folder of a new run, with what it begins with, its recipe last; removed again where that cannot be written.

    As long as `held` is open, no other process trains in it.
    """
    folder = new_run(name, run)
    held.enter_context(unfinished.exclusive(folder))
    with begun(folder):
        folder.write_json("prior.json", {name: shares.tolist() for name, shares in prior.items()})
        if skipped:
            folder.write_text("skipped.txt", "\n".join(map(str, skipped)) + "\n")
        folder.write_recipe(recipe, made)
    return folder


def refuse_numbers(**numbers: float | None) -> None:
    """Raise InvalidInput for a flag whose number is below 0, or no number."""
    for name, value in numbers.items():
        if value is not None and not 0 <= value < math.inf:
            raise InvalidInput(f"--{name.replace('_', '-')} is {value}; allowed are numbers from 0")


def refuse_flags(fraction: float, tensorboard: bool, dry_run: bool, overfit: int | None, **of_a_run) -> None:
    """Raise InvalidInput for a share that is none, an extra that is not installed, two questions at once, and flags
    `of_a_run` beside --overfit, which makes none."""
    refuse_fraction(fraction)
    if tensorboard:
        require("tensorboard", "tensorboard")
    if dry_run and overfit is not None:
        raise InvalidInput("--dry-run and --overfit are two questions; ask one at a time")
    idle = [f"--{name.replace('_', '-')}" for name, value in (of_a_run | {"tensorboard": tensorboard}).items() if value]
    if overfit is not None and idle:
        raise InvalidInput(f"--overfit makes no run, so {' and '.join(idle)} would do nothing; drop one or the other")


def weights_digest(recipe: Recipe) -> dict[str, str]:
    """The digest of the file with the first weights, where the recipe names one."""
    file = Path(recipe.weights)
    return {"weights": digest_of(read_bytes(file))} if is_file(file) else {}


@contextmanager
def said_how_to_go_on(trainer) -> Iterator[None]:
    """Let a block that a signal stops say what is saved of a training, and how it goes on."""
    try:
        yield
    except Stopped as stop:
        run, saved = trainer.checkpoints.of, f"saved at {trainer.saved_at}" if trainer.saved_at else "at its beginning"
        folder = shlex.quote(str(run.folder))
        advice = f"{run.folder}/ is {saved}; to go on: competition resume {folder}"
        if run.finished:
            advice = f"{run.folder}/ has its scores; for the pictures that it lacks: competition report {folder}"
        raise Stopped(stop.number, advice) from None


def report_results(trainer, test: Pictures, views: Sequence[View], folder: Run, fold: int | None) -> None:
    """Write probabilities and scores, which finish the run, then the pictures and tables; print the scores.

    All workers predict, and the chief writes.
    """
    kept, held_out, predictions = trainer.kept, trainer.held_out.dataset, None
    others = trainer.predict_kept(trainer.held_out, set(views) - {PLAIN}) if kept.report else {}
    seen = trainer.predict_kept(test, {PLAIN, *views}) if len(test) else {}
    if not trainer.writes:
        return
    if kept.report:
        predictions = Predictions.of(folder.name, held_out, kept.probabilities, fold or 0)
        predictions.write(folder, HELD_OUT, others)
    if seen:
        Predictions.of(folder.name, test.dataset, seen[PLAIN]).write(folder, TEST, seen)
    reports = {"best": kept.report, "last": trainer.last_report, "heads": trainer.heads_report}
    scores = {name: report.to_json() if report else None for name, report in reports.items()}
    if trainer.out_of_time:
        print(f"the time was up {trainer.out_of_time}: the run ends there")
        scores[OUT_OF_TIME] = trainer.out_of_time
    if predictions:
        scores |= {"interval": interval_of_means(predictions), "images": len(held_out)}
    folder.write_json(SCORES, {"best_epoch": kept.epoch, "seconds": trainer.seconds, **scores})
    trainer.checkpoints.remove()
    if predictions:
        print(f"\nbest epoch {kept.epoch}, on {len(held_out)} held-out images:\n{table(kept.report)}")
        if len(labels := score_labels(predictions)):
            print(f"\n{label_table(labels)}")
    from competition.scoring.reports import warned  # imports pandas, SciPy and matplotlib, which takes a while
    from competition.training.plots import network_plan

    with warned(folder, "network.png"):
        network_plan(folder, trainer.network)
    write_all(folder, predictions, lambda: trainer.held_out.dataset.path_of)
