"""The report of a finished run, cross-validation or blend: one page that explains it to a person."""

import shlex
import warnings
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

from competition.dataset import Dataset
from competition.errors import InvalidInput
from competition.pages import card, charts, review, scores
from competition.pages.figures import NOT_KNOWN, count, interval, minutes, number, percent
from competition.pages.galleries import NO_GALLERIES, galleries
from competition.pages.parts import Column, Fact
from competition.pages.render import environment, render
from competition.pages.subject import Reported
from competition.recipe import as_flag
from competition.run import CROSS_VALIDATION, OUT_OF_TIME, SMOKE
from competition.scoring.promise import Promise


def make_report(folder: Path) -> str:
    """The page of a finished run, cross-validation or blend.

    Raises InvalidInput for what has not finished, for damaged files, and where Jinja2 is not installed. Images that are
    missing, or a network, are no error: the page is made without what needs them, says so at its head, and a warning
    says so here.
    """
    environment()  # before anything that takes a while
    reported = Reported.read(folder)
    missing: list[str] = []
    promise = _tried(missing, "the promise", reported.subject.promise)
    values = {**_made(reported), **_scores(reported, promise), "missing": missing, "count": count}
    dataset = _tried(missing, "the counts of classes, leaks and galleries", lambda: reported.dataset)
    values |= _review(reported, dataset, missing)
    values |= NO_GALLERIES
    if dataset is not None and reported.judged and reported.has_images:
        values |= galleries(reported, values["leaks"], missing)
    for one in missing:
        warnings.warn(f"{folder}: the report lacks {one}", stacklevel=2)
    return render("report.html", title=reported.run.name, what=f"Report of a {reported.kind.lower()}", **values)


def _tried(missing: list[str], what: str, make: Callable):
    """What `make` returns; if it refuses, None, and a note of `what` is missing and why."""
    try:
        return make()
    except InvalidInput as error:
        missing.append(f"{what}: {error}")
        return None


def _made(reported: Reported) -> dict:
    """What was trained on what, how and when."""
    recipe, found = reported.recipe, reported.scores
    made = {**reported.trainings[0].read_made(), **reported.made}  # the devices are those of the first training
    seconds = found.get("seconds")
    weights = [run.weights.stat().st_size for run in reported.trainings if run.weights.is_file()]
    pairs = [
        ("data", str(reported.data)),
        ("started", str(made.get("started", card.NOT_RECORDED))[:16].replace("T", " ")),
        ("time", minutes(seconds)),
        ("commit", made.get("commit") or card.NOT_RECORDED),
        ("device", (", ".join(made.get("devices", [])) or card.NOT_RECORDED) + reported.of_first),
        ("trained on", f"{reported.in_part or 'all'} of the images that were not held out"),
        ("number format", made.get("precision", card.NOT_RECORDED) + reported.of_first),
        ("networks", f"{len(reported.trainings)}, {sum(weights) / 1_000_000:.1f} MB"),
        ("best epoch", str(found.get("best_epoch") or NOT_KNOWN)),
    ]
    versions = made.get("versions", {})
    history = [] if reported.over_folds or reported.blend else charts.curves(reported.run, recipe.tasks)
    return {
        "kind": reported.kind,
        "notes": [*_notes(reported)],
        "pairs": [pair for pair in pairs if pair[1] != NOT_KNOWN],
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()) or card.NOT_RECORDED,
        "command": made.get("command", card.NOT_RECORDED),
        "base": card.base_of(recipe)[0],
        "of_first": reported.of_first,
        "changes": card.changes(recipe),
        "whole_recipe": [
            (one.name, as_flag(getattr(recipe, one.name))) for one in fields(recipe) if one.name != "tasks"
        ],
        "fields": [Column("field"), Column("here"), Column("there")],
        "curves": history,
        "again": f"competition report {shlex.quote(str(reported.run.folder))}",
        "tables": scores.blend_tables(reported) if reported.blend else scores.folds_tables(found),
    }


def _notes(reported: Reported) -> Iterator[str]:
    """What a reader has to know of the training before the scores."""
    if any(run.read_made().get(SMOKE) for run in reported.members):
        yield "This was a smoke test: its scores mean nothing."
    if reported.in_part:
        yield (
            f"Only {reported.in_part} of the images that were not held out were trained on. Which they were is not "
            "recorded: images to learn from are not counted, and a leak may be of an image that was not trained on."
        )
    if any(run.file("skipped.txt").is_file() for run in reported.trainings):
        yield "Images that could not be used were skipped (skipped.txt); counts of images to learn from include them."
    if when := reported.scores.get(OUT_OF_TIME):
        yield f"The time was up {when}, so it had fewer epochs than planned."


def _scores(reported: Reported, promise: Promise | None) -> dict:
    """The scores and all that is computed from predictions alone."""
    best, limits = reported.scores.get("best"), reported.scores.get("interval") or {}
    tasks = reported.recipe.tasks
    facts = [Fact("tasks", f"{len(tasks)}", count(sum(map(len, tasks)), "class", "classes"))]
    if best:
        facts = [
            Fact("mAP (official)", number(best["map"]), f"95 %: {interval(limits.get('map'))}"),
            Fact("accuracy", percent(best["accuracy"]), f"95 %: {interval(limits.get('accuracy'), share=True)}"),
            Fact("images judged", f"{reported.scores.get('images', 0):,}", _judged_on(reported)),
            *facts,
        ]
    predictions, judged = reported.predictions, reported.judged
    values = {"facts": facts, "judged": judged}
    if judged is None:
        return values
    coverage, calibration = scores.curve_charts(reported, promise)
    return values | {
        "scores": scores.scores_table(judged),
        "labels": scores.labels_table(predictions),
        "promise": promise and promise.in_words(),
        "promised": promise and scores.promise_table(tasks, promise),
        "how_to_promise": f"competition promise {shlex.quote(str(reported.run.folder))}",
        "coverage": coverage,
        "reliability": calibration,
        "calibration": scores.calibration_table(reported),
        "confusions": scores.confusions(predictions),
        "confused": scores.confused_table(predictions),
    }


def _judged_on(reported: Reported) -> str:
    if reported.blend:
        return "the weights were not found on them"
    return "each out of fold" if CROSS_VALIDATION in reported.made else "held out of the training"


def _review(reported: Reported, dataset: Dataset | None, missing: list[str]) -> dict:
    """What helps a reviewer, and the model card."""
    judged, there = reported.judged, dataset is not None and reported.has_images
    if dataset is not None and not there:
        missing.append(f"the galleries and the search for leaks: {reported.data} has no image of the data set any more")
    by_class = scores.class_scores(reported.predictions) if judged else []
    counts = review.class_counts(reported, by_class, dataset)
    leaks = _tried(missing, "the search for leaks", lambda: review.find_leaks(reported)) if there and judged else None
    not_counted = "which images were trained on is not recorded" if reported.in_part else ""
    not_counted = "the labels are not there" if dataset is None else not_counted
    contradicting = review.contradicting(dataset, reported.digests) if there else None
    return {
        "classes": review.classes_table(counts, reported.over_folds),
        "rare": review.rare(counts),
        "not_counted": not_counted,
        "fewest": review.RARE,
        "suspects": review.suspects_table(reported, dataset) if judged else None,
        "contradicting": contradicting and [str(one) for one in contradicting],
        "looked_for_contradictions": contradicting is not None,
        "leaks": leaks,
        "most_pairs": review.PAIRS,
        "over_folds": reported.over_folds,
        "in_part": reported.in_part,
        "use": card.intended_use(reported),
        "weights_licence": card.weights_and_licence(reported.recipe) + reported.of_first,
        "data_licence": card.licence_of_data(reported.data),
        "limits": [*card.limits(judged, counts, by_class)],
    }
