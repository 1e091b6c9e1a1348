"""What a report says of scores: of each task with intervals, by class, of the promise, over folds, seeds and views."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from competition.dataset import MAYBE, YES
from competition.pages import charts
from competition.pages.figures import NOT_KNOWN, bar, count, interval, number, percent
from competition.pages.parts import Chart, Column, Shade, Table, columns
from competition.pages.subject import Judged, Reported
from competition.scoring.labels import NUMBERS, score_labels
from competition.scoring.mistakes import confused, confusion
from competition.scoring.plots import LEGIBLE, MOST_CONFUSED, in_words
from competition.scoring.predictions import Predictions
from competition.scoring.promise import COLUMNS, Promise
from competition.task import HALF, Task


def scores_table(judged: Judged) -> Table:
    """A row for each task and one for the means: the scores, as bars with their intervals."""
    head = [*columns("task", "images"), Column("AP"), Column("95 %", True), Column("accuracy"), Column("95 %", True)]
    rows = []
    for one in judged.report.tasks:
        ap, accuracy = judged.ap[one.task], judged.accuracy[one.task]
        scores = [bar(ap), interval(ap[1:]), bar(accuracy, one.chance), interval(accuracy[1:])]
        rows.append([one.task, f"{one.rows:,}", *scores, number(one.basic_precision), number(one.chance)])
    if len(rows) > 1:
        ap, accuracy = judged.means
        scores = [bar(ap), interval(ap[1:]), bar(accuracy, judged.report.chance), interval(accuracy[1:])]
        rows.append(["mean", "", *scores, number(judged.report.basic_precision), number(judged.report.chance)])
    return [*head, Column("BasicPrecision", number=True), Column("chance", number=True)], rows


def promise_table(tasks: Sequence[Task], promise: Promise) -> Table:
    """For each threshold: from which probability on an answer is tagged, and how many then are."""
    rows = chain.from_iterable(promise.tasks[task.name].rows_of_table(task) for task in tasks)
    return columns("task", *COLUMNS[1:]), [*rows]


def calibration_table(reported: Reported) -> Table:
    head = columns("task", "error as predicted", "temperature", "error with it", "AP as predicted", "AP with it")
    rows = [
        [
            one.task.name,
            number(one.before.error),
            in_words(one.temperature),
            number(one.after.error),
            number(one.ap_before),
            number(one.ap_after),
        ]
        for one in reported.subject.calibrations()
    ]
    return head, rows


def curve_charts(reported: Reported, promise: Promise | None) -> tuple[list[Chart], list[Chart]]:
    """The official curve of each task, and its calibration."""
    tasks = reported.predictions.labelled_tasks()
    coverage = [charts.coverage(task, *given, promise) for task, _, *given in tasks]
    return coverage, [charts.reliability(one) for one in reported.subject.calibrations()]


def confusions(predictions: Predictions) -> list[tuple[str, Table]]:
    """A table for each multiclass task: rows are truths, columns answers, shaded by the share of the row."""
    tables = []
    for task, _, *given in predictions.labelled_tasks():
        if task.kind == "multiclass":
            counts = confusion(task, *given).to_numpy()
            shown, title = np.arange(len(task)), task.name
            if len(task) > LEGIBLE:
                wrong = counts.sum(axis=0) + counts.sum(axis=1) - 2 * counts.diagonal()
                shown = np.sort(np.argsort(-wrong, kind="stable")[:MOST_CONFUSED])
                title += f", the {MOST_CONFUSED} of {len(task)} classes that are confused most"
            tables.append((title, _confusion(task, counts, shown)))
    return tables


def _confusion(task: Task, counts: np.ndarray, shown: np.ndarray) -> Table:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    head = [Column("truth"), *(Column(task.classes[place]) for place in shown)]
    rows = [
        [
            task.classes[truth],
            *(
                Shade(shares[truth, answer], str(counts[truth, answer] or ""), bool(truth == answer))
                for answer in shown
            ),
        ]
        for truth in shown
    ]
    return head, rows


def confused_table(predictions: Predictions, most: int = 15) -> Table:
    found = confused(predictions).sort_values("count", ascending=False, kind="stable").head(most)
    rows = [
        [one.task, one.truth, one.answer, str(one.count), percent(one.share)] for one in found.itertuples(index=False)
    ]
    return [Column("task"), Column("truth"), Column("answer"), *columns("", "times", "of that truth")[1:]], rows


def labels_table(predictions: Predictions) -> Table | None:
    """The scores of each label of the multi-label tasks; None if there are none."""
    found = score_labels(predictions)
    heads = ["true", "accuracy", "F1", "AP", "threshold", "F1 there, on other images"]
    rows = [
        [one.task, one.label, f"{one.rows:,}", *(number(getattr(one, name)) for name in NUMBERS)]
        for one in found.itertuples()
    ]
    return ([Column("task"), Column("label"), *columns("", "images", *heads)[1:]], rows) if rows else None


@dataclass(frozen=True)
class ClassScore:
    """A class: how many judged images have it, the share of these that are answered right, and of its answers."""

    task: Task
    name: str
    rows: int
    share: float
    recall: float
    precision: float


def class_scores(predictions: Predictions) -> list[ClassScore]:
    """Each class of each task that has labelled rows; recall and precision are nan where there is nothing to count."""
    found = []
    for task, _, probabilities, codes in predictions.labelled_tasks():
        yes = codes == YES
        given = probabilities > HALF
        if task.kind == "multiclass":
            given = probabilities.argmax(axis=1)[:, None] == np.arange(len(task))
        right = (given & yes).sum(axis=0)
        judged = (given & (codes != MAYBE)).sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            recall, precision = right / yes.sum(axis=0), right / judged
        each = zip(task.classes, yes.sum(axis=0).tolist(), yes.mean(axis=0), recall, precision, strict=True)
        found += [ClassScore(task, *values) for values in each]
    return found


def folds_tables(scores: Mapping) -> list[tuple[str, Table]]:
    """Folds, seeds and views of a cross-validation, and what averaging its networks gains on test images."""
    means = (("map", "mAP"), ("accuracy", "accuracy"))
    tables = []
    for key, title, names in (
        ("folds", "Each training, on the fold that it held out", ("seed", "fold")),
        ("seeds", "Each seed, all folds together", ("seed",)),
    ):
        found = scores.get(key) or []
        if found and (key == "folds" or len(found) > 1):
            rows = [[*(str(one[name]) for name in names), *(number(one[mean]) for mean, _ in means)] for one in found]
            for word, of in (("mean", np.mean), ("± standard deviation", lambda values: np.std(values, ddof=1))):
                if len(found) > 1:
                    given = [[one[mean] for one in found if one[mean] is not None] for mean, _ in means]
                    cells = [number(float(of(one))) if len(one) > 1 else NOT_KNOWN for one in given]
                    rows.append([word, *[""] * (len(names) - 1), *cells])
            tables.append((title, (columns(*names, *(name for _, name in means)), rows)))
    if views := scores.get("views") or {}:
        rows = [[view, *(number(one[mean]) for mean, _ in means)] for view, one in views.items()]
        tables.append(("Each view of the images", (columns("view", *(name for _, name in means)), rows)))
    if test := scores.get("test"):
        head = columns("score", "all networks together", "one alone", "gain", "95 %")
        rows = []
        for mean, name in means:
            gain = test[mean]["gain"]
            limits = interval((gain["low"], gain["high"]))
            rows.append([name, number(test[mean]["mean"]), number(test[mean]["single"]), number(gain["value"]), limits])
        tables.append((f"On {count(test['images'], 'test image')}, which no fold has seen", (head, rows)))
    return tables


def blend_tables(reported: Reported) -> list[tuple[str, Table]]:
    """The members of a blend with their weights, and what the weights gain on images that they were not found on."""
    blend = reported.blend
    head = columns("member", "view", *(task.name for task in blend.tasks))
    head[1] = Column("view")
    rows = [
        [str(folder), view, *(number(float(blend.weights[task.name][place]), 3) for task in blend.tasks)]
        for place, (folder, view) in enumerate(blend.members)
    ]
    tables = [("Members and their weights", (head, rows))]
    if by_task := reported.scores.get("tasks"):
        gains = [[name, *_gains(one)] for name, one in [*by_task.items(), ("mean", reported.scores.get("mean") or {})]]
        names = ("fitted weights", "plain mean", "gain over it", "95 %", "best member alone", "gain over it", "95 %")
        tables.append(("AP on images that the weights were not found on", (columns("task", *names), gains)))
    return tables


def _gains(one: Mapping) -> list[str]:
    cells = [number(one.get("fitted"))]
    for name in ("plain_mean", "best_single"):
        gain = one.get(f"gain_over_{name}") or {}
        cells += [number(one.get(name)), number(gain.get("value")), interval((gain.get("low"), gain.get("high")))]
    return cells


def worse_than(limit: float, value: float) -> bool:
    """Whether a score is known, and below a limit."""
    return not math.isnan(value) and value < limit
