"""The results of all folds together: out-of-fold probabilities, scores, and the images that no fold sees."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from competition.data.folds import TEST as NO_FOLD
from competition.dataset import Dataset
from competition.errors import InvalidInput
from competition.experiments.cross_validation import Experiment, FoldJob
from competition.files import locked, writing
from competition.run import SCORES, Run
from competition.scoring.blend import read_seeds
from competition.scoring.bootstrap import estimate, interval_of_means, resampled
from competition.scoring.fashionai import as_submitted
from competition.scoring.labels import label_table, score_labels
from competition.scoring.predictions import HELD_OUT, PLAIN, TEST, Predictions, aligned, read_predictions, views_of
from competition.scoring.reports import report_files, write_reports
from competition.scoring.scores import table

Views = dict[str, dict[str, np.ndarray]]
MEANS = (("map", "mAP"), ("accuracy", "accuracy"))


def put_together(experiment: Experiment, dataset: Dataset) -> None:
    """Write the out-of-fold probabilities of the finished trainings; once all have finished, scores and reports, too.

    Until then, `competition compare --only` can compare the folds that are there. If the scores exist, only missing
    reports are made.
    """
    with locked(experiment.whole.folder / ".together.lock"):  # another process may be doing the same
        _put_together(experiment, dataset)


def _put_together(experiment: Experiment, dataset: Dataset) -> None:
    whole, parts = experiment.whole, [part for part in experiment.parts if part.run.finished]
    if whole.finished:  # the scores are removed before anything is trained again
        write_reports(whole, read_predictions(whole), lambda: dataset.path_of)
        return
    if not parts:
        return
    folds = experiment.folds.of(dataset)
    dataset, fold = replace(dataset, group=folds.group), folds.fold
    held = np.isin(fold, [part.fold for part in parts])
    views = mean_over_parts(parts, dataset.take(held), HELD_OUT)
    predictions = Predictions.of(whole.name, dataset.take(held), views[PLAIN], fold[held])
    predictions.write(whole, HELD_OUT, views)
    if len(parts) < len(experiment.parts):
        return
    if (fold == NO_FOLD).any():
        test = dataset.take(fold == NO_FOLD)
        seen = mean_over_parts(parts, test, TEST)
        Predictions.of(whole.name, test, seen[PLAIN]).write(whole, TEST, seen)
    scores = scores_of(whole, parts, predictions, views)
    for report in report_files(whole, dataset.tasks).values():  # they were made before seeds were added
        with writing(report):
            report.unlink(missing_ok=True)
    whole.write_json(SCORES, scores)
    write_reports(whole, predictions, lambda: dataset.path_of)


def mean_over_parts(parts: Sequence[FoldJob], dataset: Dataset, name: str) -> Views:
    """The mean over all parts that predicted an image, {view: {task: (n, classes) float64}}, in the dataset's order.

    It is rounded like a submission, because that is what is scored. Raises InvalidInput if labels were changed after
    a part was trained.
    """
    place = {image: row for row, image in enumerate(dataset.ids.tolist())}
    views = views_of(parts[0].run, name)
    sums = {view: {task.name: np.zeros((len(dataset), len(task))) for task in dataset.tasks} for view in views}
    times = np.zeros((len(dataset), 1))
    for part in parts:
        for view in views:
            given = read_predictions(part.run, view, name)
            rows = [place.get(image, -1) for image in given.images.tolist()]
            for task, values in given.probabilities.items():
                if min(rows) < 0 or given.answers_differ(task, dataset.codes[task][rows], dataset.labelled[task][rows]):
                    raise InvalidInput(
                        f"{part.run.folder} was trained on other labels of {task} than the data has now; start again "
                        "with another --run, or remove that folder to train it again"
                    )
                sums[view][task][rows] += values
        times[rows] += 1
    return {
        view: {task: as_submitted(values / times) for task, values in given.items()} for view, given in sums.items()
    }


def scores_of(whole: Run, parts: Sequence[FoldJob], predictions: Predictions, views: Views) -> dict:
    """The content of scores.json for a finished cross-validation; `predictions` are those of the plain view."""
    trained = [(part, part.run.read_scores()) for part in parts]
    seeds = enumerate(read_seeds(whole), whole.read_recipe().seed)
    scores = {
        "best": predictions.score().to_json(),
        "interval": interval_of_means(predictions),
        "images": len(predictions),
        "folds": [{"seed": part.seed, "fold": part.fold, **brief(one["best"])} for part, one in trained],
        "seeds": [{"seed": seed, **brief(given.score().to_json())} for seed, given in seeds],
        "views": {
            view: brief(replace(predictions, probabilities=given).score().to_json()) for view, given in views.items()
        },
        "seconds": round(sum(one["seconds"] for _, one in trained), 1),
    }
    if whole.file(TEST).is_file():
        scores["test"] = gain_of_the_mean(whole, parts)
    return scores


def brief(report: Mapping) -> dict:
    """The two means of a report."""
    return {name: report[name] for name, _ in MEANS}


def gain_of_the_mean(whole: Run, parts: Sequence[FoldJob]) -> dict:
    """On the test images: the score of the averaged networks, the mean score of single ones, and the gain.

    The interval of the gain is paired: both are scored on the same resamples.
    """
    together = read_predictions(whole, name=TEST)
    singles = aligned([together, *(read_predictions(part.run, name=TEST) for part in parts)])[1:]
    scores = resampled([together, *singles])[:, :, -1]
    result = {"images": len(together)}
    for number, (name, _) in enumerate(MEANS):
        mean, single = scores[0, number], scores[1:, number].mean(axis=0)
        gain = estimate(mean - single)
        result[name] = {"mean": float(mean[0]), "single": float(single[0]), "gain": gain._asdict()}
    return result


def summary(whole: Run) -> str:
    """The scores of a finished cross-validation as text."""
    scores, predictions = whole.read_scores(), read_predictions(whole)
    lines = [table(predictions.score()), ""]
    if len(labels := score_labels(predictions)):
        lines += [label_table(labels), ""]
    for name, title in MEANS:
        lines += spread(scores, name, title)
    views = [f"{view} {_number(one['map'])} {_number(one['accuracy'])}" for view, one in scores["views"].items()]
    lines.append(f"views, mAP and accuracy: {', '.join(views)}")
    for name, title in MEANS if "test" in scores else ():
        one, count = scores["test"][name], scores["test"]["images"]
        gain, low, high = (_number(one["gain"][key], "+") for key in ("value", "low", "high"))
        lines.append(
            f"{title} on {count} test images: {len(scores['folds'])} networks {_number(one['mean'])}, "
            f"one {_number(one['single'])}, gain {gain} (95 % {low} to {high})"
        )
    return "\n".join(lines)


def spread(scores: dict, name: str, title: str) -> list[str]:
    """An out-of-fold score with its interval, how much the folds of each seed vary, and how much the seeds vary.

    One standard deviation over all trainings would mix both: the folds of two seeds hold the same images.
    """
    low, high = scores["interval"][name]
    whole = f"{title:8} {_number(scores['best'][name])} out of fold (95 % {_number(low)} to {_number(high)})"
    seeds = {seed["seed"]: seed[name] for seed in scores["seeds"]}
    folds = {seed: mean_and_deviation([one[name] for one in scores["folds"] if one["seed"] == seed]) for seed in seeds}
    if len(folds) == 1:
        return [f"{whole}; folds {folds.popitem()[1]}"]
    each = [f"  seed {seed} {_number(seeds[seed])} out of fold; folds {words}" for seed, words in folds.items()]
    return [f"{whole}, the mean of {len(seeds)} seeds", *each, f"  seeds {mean_and_deviation([*seeds.values()])}"]


def mean_and_deviation(values: Sequence[float | None]) -> str:
    """Mean ± standard deviation of the values that are known, followed by all values."""
    known = [value for value in values if value is not None]
    deviation = f" ± {np.std(known, ddof=1):.4f}" if len(known) > 1 else ""
    mean = f"{np.mean(known):.4f}{deviation}" if known else "without a score"
    judged = f" (of the {len(known)} with a score)" if 0 < len(known) < len(values) else ""
    return f"{mean}{judged}: {', '.join(map(_number, values))}"


def _number(value: float | None, sign: str = "") -> str:
    return "none" if value is None else f"{value:{sign}.4f}"
