"""The report of a finished run, cross-validation or blend: one page that explains it to a person."""

import shlex
import warnings
from collections.abc import Callable, Sequence
from dataclasses import fields
from itertools import chain
from pathlib import Path

from competition.dataset import Dataset
from competition.errors import InvalidInput
from competition.pages import card, charts, review, scores
from competition.pages.figures import NOT_KNOWN, count, interval, minutes, number, percent
from competition.pages.parts import Column, Fact, Layer, Line, Tile
from competition.pages.photographs import Photograph, Question, is_there, looks, photographs, tile
from competition.pages.render import environment, render
from competition.pages.subject import NOT_USED, TRAINED_ON, Reported
from competition.run import CROSS_VALIDATION, OUT_OF_TIME, SMOKE
from competition.scoring.mistakes import Sample, samples
from competition.task import Task

MISTAKES, RANDOM = 36, 24  # photographs in the two galleries
FIRST = "heat-first"  # the switch of the first answer of each picture


def make_report(folder: Path) -> str:
    """The page of a finished run, cross-validation or blend.

    Raises InvalidInput for what has not finished, for damaged files, and where Jinja2 is not installed. Images that are
    missing, or a network, are no error: the page is made without what needs them, says so at its head, and a warning
    says so here.
    """
    environment()  # before anything that takes a while
    reported = Reported.read(folder)
    missing: list[str] = []
    values = {**_made(reported), **_scores(reported), "missing": missing, "count": count}
    dataset = _tried(missing, "the counts of classes, leaks and galleries", lambda: reported.dataset)
    values |= _review(reported, dataset, missing)
    values |= _photographs(reported, dataset, values["leaks"], missing)
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
        ("device", ", ".join(made.get("devices", [])) or card.NOT_RECORDED),
        ("number format", made.get("precision", card.NOT_RECORDED)),
        ("networks", f"{len(reported.trainings)}, {sum(weights) / 1_000_000:.1f} MB"),
        ("best epoch", str(found.get("best_epoch") or NOT_KNOWN)),
    ]
    versions = made.get("versions", {})
    notes = ["This was a smoke test: its scores mean nothing."] if made.get(SMOKE) else []
    if found.get(OUT_OF_TIME):
        notes.append(f"The time was up {found[OUT_OF_TIME]}, so it had fewer epochs than planned.")
    history = [] if reported.over_folds or reported.blend else charts.curves(reported.run, recipe.tasks)
    return {
        "kind": reported.kind,
        "notes": notes,
        "pairs": [pair for pair in pairs if pair[1] != NOT_KNOWN],
        "versions": ", ".join(f"{name} {version}" for name, version in versions.items()) or card.NOT_RECORDED,
        "command": made.get("command", card.NOT_RECORDED),
        "base": card.base_of(recipe)[0],
        "changes": card.changes(recipe),
        "whole_recipe": [
            (one.name, card.in_words(getattr(recipe, one.name))) for one in fields(recipe) if one.name != "tasks"
        ],
        "fields": [Column("field"), Column("here"), Column("there")],
        "curves": history,
        "again": f"competition report {shlex.quote(str(reported.run.folder))}",
        "tables": scores.blend_tables(reported) if reported.blend else scores.folds_tables(found),
    }


def _scores(reported: Reported) -> dict:
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
    predictions = reported.predictions
    judged = scores.Judged.of(predictions) if predictions is not None and len(predictions) else None
    values = {"facts": facts, "judged": judged}
    if judged is None or not judged.report.tasks:
        return values | {"judged": None}
    coverage, calibration = scores.curve_charts(reported)
    return values | {
        "scores": scores.scores_table(judged),
        "labels": scores.labels_table(predictions),
        "thresholds": scores.thresholds_table(reported),
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
    judged = reported.predictions is not None
    by_class = scores.class_scores(reported.predictions) if judged else []
    counts = review.class_counts(reported, by_class, dataset)
    there = dataset is not None and any(map(is_there, (dataset.path(row) for row in range(len(dataset)))))
    if dataset is not None and not there:
        missing.append(f"the galleries and the search for leaks: {reported.data} has no image of the data set any more")
    leaks = _tried(missing, "the search for leaks", lambda: review.find_leaks(reported)) if there and judged else None
    found = scores.Judged.of(reported.predictions) if judged and len(reported.predictions) else None
    contradicting = review.contradicting(dataset, reported.digests) if there else None
    return {
        "classes": review.classes_table(counts, reported.over_folds),
        "rare": review.rare(counts),
        "fewest": review.RARE,
        "suspects": review.suspects_table(reported, dataset) if found and found.report.tasks else None,
        "contradicting": contradicting and [str(one) for one in contradicting],
        "looked_for_contradictions": contradicting is not None,
        "leaks": leaks,
        "most_pairs": review.PAIRS,
        "over_folds": reported.over_folds,
        "use": card.intended_use(reported),
        "weights_licence": card.weights_and_licence(reported.recipe),
        "data_licence": card.licence_of_data(reported.data),
        "limits": [*card.limits(found if found and found.report.tasks else None, counts, by_class)],
    }


def _photographs(reported: Reported, dataset: Dataset | None, leaks, missing: list[str]) -> dict:
    """The galleries; none where there are no images."""
    empty = {"mistakes": [], "wrong": 0, "samples": [], "switches": [], "pairs_that_leak": [], "heat": False}
    if dataset is None or reported.predictions is None or not any(map(is_there, dataset.path_of.values())):
        return empty
    path_of, tasks = reported.judged.path_of(), {task.name: task for task in reported.recipe.tasks}
    wrong = reported.judged.mistakes()
    worst = [*wrong.head(MISTAKES).itertuples()]
    shown = samples(reported.predictions, RANDOM)
    asked = [Question(one.image, one.task, _place(tasks[one.task], one)) for one in worst]
    by_sample = [[Question(one.image, *pair) for pair in zip(one.tasks, one.places, strict=True)] for one in shown]
    ids, pairs = dataset.ids, leaks.pairs[: review.PAIRS] if leaks else ()
    small = photographs(
        path_of, [*(one.image for one in chain(worst, shown)), *(ids[row] for row in chain(*(p[:2] for p in pairs)))]
    )
    if lost := [name for name in {one.image for one in chain(worst, shown)} if name not in small]:
        missing.append(f"{count(len(lost), 'picture')} that cannot be read any more, such as {min(lost)}")
    layers = (
        _tried(missing, "where the network looked", lambda: looks(reported, path_of, [*asked, *chain(*by_sample)]))
        or {}
    )
    number_of = {name: f"heat-{place}" for place, name in enumerate(tasks)}
    several = any(len(one.tasks) > 1 for one in shown)
    used = [name for name in tasks if any(name in one.tasks for one in shown)]
    return {
        "mistakes": [
            _mistake(small[one.image], one, layers.get(question))
            for one, question in zip(worst, asked, strict=True)
            if one.image in small
        ],
        "wrong": len(wrong),
        "samples": [
            _sample(small[one.image], one, [layers.get(q) for q in questions], number_of)
            for one, questions in zip(shown, by_sample, strict=True)
            if one.image in small
        ],
        "switches": [(number_of[name], name) for name in used] if several and layers else [],
        "pairs_that_leak": [tile for pair in pairs for tile in _pair(reported, dataset, small, *pair)],
        "heat": bool(layers),
    }


def _place(task: Task, mistake) -> int:
    """The class that a mistake answers; of a multi-label task the label: the shorter of `wet` and `not wet`."""
    name = mistake.answer if task.kind == "multiclass" else min(mistake.answer, mistake.truth, key=len)
    return task.classes.index(name)


def _mistake(photo: Photograph, one, layer: str | None) -> Tile:
    lines = [
        Line(one.task),
        Line(f"answer: {one.answer} {percent(one.probability, 0)}", "bad"),
        Line(f"label: {one.truth} {percent(one.probability_of_truth, 0)}"),
        Line(Path(one.image).name, "name"),
    ]
    text = f"{one.task}: answered {one.answer}, labelled {one.truth}"
    layers = [Layer(FIRST, layer, f"where the network looked for {one.answer}")] if layer else []
    return tile(photo, f"Picture {Path(one.image).name}. {text}", lines, layers, "bad")


def _sample(photo: Photograph, one: Sample, layers: Sequence[str | None], number_of: dict[str, str]) -> Tile:
    answers = zip(one.tasks, one.lines, one.rights, strict=True)
    lines = [Line(line, "good" if right else "bad", number_of[task]) for task, line, right in answers]
    laid = [
        Layer(f"{number_of[task]} {FIRST if not place else ''}".strip(), layer, f"where the network looked for {task}")
        for place, (task, layer) in enumerate(zip(one.tasks, layers, strict=True))
        if layer
    ]
    text = f"Picture {Path(one.image).name}. {'; '.join(one.lines)}"
    return tile(photo, text, [*lines, Line(Path(one.image).name, "name")], laid, "good" if one.right else "bad")


def _pair(reported: Reported, dataset: Dataset, small: dict[str, Photograph], *pair: int) -> list[Tile]:
    """The two photographs of a leak, each with the side of the split on which it is."""
    one, other, distance = pair
    sides = {TRAINED_ON: "trained on", NOT_USED: "not used"}
    tiles, ids = [], dataset.ids
    for row in (one, other):
        if photo := small.get(ids[row]):
            side = int(reported.side[row])
            where = sides.get(side, f"held out in fold {side}" if len(reported.trainings) > 1 else "held out")
            lines = [Line(where, "" if side == TRAINED_ON else "bad"), Line(dataset.names[row], "name")]
            tiles.append(tile(photo, f"Picture {dataset.names[row]}, {where}; {distance} bits from its twin", lines))
    return tiles
