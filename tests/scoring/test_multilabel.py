"""Multi-label scores against scikit-learn, thresholds judged on other images, and what each report makes of them."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers import letter_codes
from predicted import intervals, predicted
from sklearn.metrics import average_precision_score, f1_score, hamming_loss, precision_recall_curve, precision_score

from competition.run import Run
from competition.scoring.blend_weights import Member, find_blend
from competition.scoring.calibration import calibrate
from competition.scoring.labels import best_threshold, label_table, score_labels
from competition.scoring.predictions import parts_of
from competition.scoring.ranked import mean_scores, rank
from competition.scoring.reports import write_reports
from competition.scoring.scores import table

HEADER = ["task", "label", "rows", "share_true", "accuracy", "f1", "ap", "threshold", "f1_at_threshold"]


def marks(seed: int, count: int = 150, decimals: int = 8, labels: int = 4):
    """Predictions of a task whose labels are true rarely or often, and too sure of no, so that 0.5 is too high."""
    rng = np.random.default_rng(seed)
    true = rng.random((count, labels)) < np.linspace(0.1, 0.7, labels)
    scores = rng.normal(size=(count, labels)) + 2.5 * true - 2.5
    probabilities = (1 / (1 + np.exp(-scores))).round(decimals)
    return predicted({"marks": probabilities}, {"marks": np.where(true, 2, 0).astype(np.uint8)}, kind="multilabel")


def arrays(one):
    """Probabilities and truth of the labelled images."""
    rows = one.labelled["marks"]
    return one.probabilities["marks"][rows], one.codes["marks"][rows] == 2


@pytest.mark.parametrize("seed", range(5))
def test_scores_of_a_task_are_those_of_scikit_learn(seed):
    one = marks(seed, decimals=1 + seed)  # with ties
    probabilities, true = arrays(one)
    (task,) = one.score().tasks
    assert task.rows == len(true)
    assert task.ap == pytest.approx(average_precision_score(true, probabilities))
    assert task.accuracy == pytest.approx(1 - hamming_loss(true, probabilities > 0.5))
    assert task.basic_precision == pytest.approx(precision_score(true, probabilities > 0.5, average="micro"))
    assert task.chance == pytest.approx(np.maximum(true.mean(axis=0), 1 - true.mean(axis=0)).mean())


@pytest.mark.parametrize("seed", range(5))
def test_scores_of_a_label_are_those_of_scikit_learn(seed):
    one = marks(seed, decimals=1 + seed)
    probabilities, true = arrays(one)
    rows = list(score_labels(one).itertuples())
    assert [row.label for row in rows] == list("abcd")
    for row, p, yes in zip(rows, probabilities.T, true.T, strict=True):
        assert (row.task, row.rows, row.share_true) == ("marks", len(yes), yes.mean())
        assert row.accuracy == pytest.approx(1 - hamming_loss(yes, p > 0.5))
        assert row.f1 == pytest.approx(f1_score(yes, p > 0.5))
        assert row.ap == pytest.approx(average_precision_score(yes, p))
    assert np.mean([row.f1 for row in rows]) == pytest.approx(f1_score(true, probabilities > 0.5, average="macro"))


@pytest.mark.parametrize("seed", range(20))
def test_no_threshold_has_a_better_f1(seed):
    rng = np.random.default_rng(seed)
    p, yes = rng.random(40).round(1 + seed % 3), rng.random(40) < 0.4
    precision, recall, _ = precision_recall_curve(yes, p)
    best = (2 * precision * recall / np.maximum(precision + recall, 1e-9)).max()
    found = f1_score(yes, p > best_threshold(p, yes))
    assert found == pytest.approx(best) or (p.min() == 0 and found <= best)  # 0 is never answered yes


def test_a_threshold_lies_halfway_to_the_next_probability():
    """By hand: answering the first two has F1 1, and nothing lies between 0.6 and 0.2."""
    assert best_threshold(np.array([0.9, 0.2, 0.6, 0.1]), np.array([True, False, True, False])) == pytest.approx(0.4)
    assert best_threshold(np.array([0.9, 0.2]), np.array([False, False])) == 0.5  # nothing to go by
    assert best_threshold(np.array([0.0, 0.0]), np.array([True, False])) == 0.5


def test_f1_of_a_threshold_is_judged_on_images_that_it_was_not_found_on():
    one = marks(3, count=60)
    one = replace(one, group=np.arange(60) // 2)  # near-duplicates in pairs
    probabilities, true = arrays(one)
    parts = parts_of(one.group)[:, one.labelled["marks"]]
    rows = list(score_labels(one).itertuples())
    for row, p, yes in zip(rows, probabilities.T, true.T, strict=True):
        answers = np.zeros(len(yes), bool)
        for others in ~parts:
            answers[~others] = p[~others] > best_threshold(p[others], yes[others])
        assert row.f1_at_threshold == pytest.approx(f1_score(yes, answers))
        assert row.threshold == best_threshold(p, yes)
        assert f1_score(yes, p > row.threshold) >= row.f1_at_threshold
    assert any(
        f1_score(true[:, k], probabilities[:, k] > row.threshold) > row.f1_at_threshold for k, row in enumerate(rows)
    )


def test_a_threshold_gains_where_one_half_is_too_high():
    rows = list(score_labels(marks(1, count=2000)).itertuples())
    assert all(row.threshold < 0.4 and row.f1_at_threshold > row.f1 + 0.05 for row in rows[1:])  # the first is rare


def test_what_is_fitted_to_noise_is_not_reported_as_a_gain():
    rng = np.random.default_rng(0)
    true, probabilities = rng.random((40, 16)) < 0.5, rng.random((40, 16))
    one = predicted({"t": probabilities}, {"t": np.where(true, 2, 0)}, kind="multilabel")
    rows = list(score_labels(one).itertuples())
    pairs = zip(rows, probabilities.T, true.T, strict=True)
    fitted = np.mean([f1_score(yes, p > row.threshold) for row, p, yes in pairs])
    assert fitted > np.mean([row.f1_at_threshold for row in rows]) + 0.02


def test_maybe_counts_as_nothing_and_what_is_never_true_has_no_ap():
    """By hand: label a is y n (.9 .2), b is never true, c is m n y (.9 .4 .6)."""
    probabilities = [[0.9, 0.1, 0.9], [0.2, 0.7, 0.4], [0.1, 0.2, 0.6]]
    one = predicted({"t": probabilities}, {"t": letter_codes("ynm", "nnn", "mny")}, kind="multilabel")
    one = replace(one, labelled={"t": np.ones(3, bool)})  # also where nothing is true
    (task,) = one.score().tasks
    assert (task.ap, task.basic_precision) == (1, 2 / 3)
    assert task.accuracy == pytest.approx((1 + 2 / 3 + 1) / 3)
    assert task.chance == pytest.approx((1 / 2 + 1 + 1 / 2) / 3)
    a, b, c = score_labels(one).itertuples()
    assert (a.rows, b.rows, c.rows) == (2, 3, 2)
    assert np.isnan([b.ap, b.f1, b.f1_at_threshold]).all()
    assert (a.f1, c.f1, b.share_true, b.threshold) == (1, 1, 0, 0.5)
    assert label_table(score_labels(one)).splitlines()[-1].split()[:5] == ["t", "mean", "0.3333", "0.8889", "1.0000"]


def test_a_task_of_maybes_alone_is_left_out_of_the_means():
    both = {"t": [[0.9, 0.1]], "s": [[0.9, 0.1]]}
    one = predicted(both, {"t": letter_codes("mm"), "s": letter_codes("yn")}, kind="multilabel")
    report = one.score()
    assert np.isnan([report.tasks[0].ap, report.tasks[0].accuracy, report.tasks[0].chance]).all()
    assert (report.map, report.accuracy, report.row_accuracy, report.chance) == (1, 1, 1, 1)
    assert "nan" in table(report)


@pytest.mark.parametrize("seed", range(10))
def test_weights_score_as_images_that_are_really_repeated(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 25))
    probabilities, codes = rng.random((count, 3)).round(1 + seed % 2), rng.integers(0, 3, (count, 3))
    weights = rng.integers(0, 3, (count, 5)).astype(np.int32)
    ap, accuracy = mean_scores(rank("multilabel", probabilities, codes, np.arange(len(codes))), weights)
    for drawn in range(5):
        rows = np.repeat(np.arange(count), weights[:, drawn])
        kinds = [(p, letter == 2) for p, letter in zip(probabilities[rows].T, codes[rows].T, strict=True)]
        known = [(p[letter != 1], yes[letter != 1]) for (p, yes), letter in zip(kinds, codes[rows].T, strict=True)]
        aps = [average_precision_score(yes, p) for p, yes in known if yes.any()]
        right = [((p > 0.5) == yes).mean() for p, yes in known if len(p)]
        assert ap[drawn] == pytest.approx(np.mean(aps) if aps else np.nan, nan_ok=True)
        assert accuracy[drawn] == pytest.approx(np.mean(right) if right else np.nan, nan_ok=True)


def test_the_interval_is_around_the_scores_of_the_report():
    one = marks(2)
    (task, _) = intervals(one, resamples=200)
    (scored,) = one.score().tasks
    assert (task.ap.value, task.accuracy.value) == pytest.approx((scored.ap, scored.accuracy))
    assert task.ap.low < scored.ap < task.ap.high
    assert task.accuracy.low < scored.accuracy < task.accuracy.high


def test_a_blend_looks_for_the_mean_ap_of_the_labels(tmp_path):
    """One member knows the labels; the other is sure of one true label an image, and knows nothing of the others."""
    good = marks(4, count=300)
    noise = np.random.default_rng(9).uniform(0, 0.9, good.probabilities["marks"].shape).round(8)
    noise[np.arange(300), good.codes["marks"].argmax(axis=1)] = 1
    bad = replace(good, probabilities={"marks": noise})
    found = find_blend([Member(tmp_path / "bad", "plain", bad), Member(tmp_path / "good", "plain", good)])
    assert found.single.folder == tmp_path / "good"
    _, true = arrays(good)
    plain = ((good.probabilities["marks"] + noise) / 2).round(8)[good.labelled["marks"]]
    assert found.over_plain[0].ap.b == pytest.approx(average_precision_score(true, plain))


def test_a_label_is_calibrated_as_an_answer_of_yes_or_no():
    """Softened twofold, probabilities are as sure as they are right again."""
    rng = np.random.default_rng(0)
    right = rng.random((4000, 3))
    true = rng.random((4000, 3)) < right
    sharp = right**2 / (right**2 + (1 - right) ** 2)
    one = predicted({"t": sharp}, {"t": np.where(true, 2, 0).astype(np.uint8)}, kind="multilabel")
    (found,) = calibrate(one)
    assert found.temperature == pytest.approx(2, rel=0.05)
    assert found.before.rows.sum() == found.rows * 3
    confidence, correct = np.maximum(sharp, 1 - sharp), (sharp > 0.5) == true
    assert found.before.error > 0.05
    assert found.after.error < 0.02
    assert np.nansum(found.before.confidence * found.before.rows) == pytest.approx(confidence[one.labelled["t"]].sum())
    assert np.nansum(found.before.precision * found.before.rows) == correct[one.labelled["t"]].sum()
    assert found.ap_before == one.score().tasks[0].ap


def test_a_run_with_a_multilabel_task_says_how_each_label_is_answered(tmp_path):
    one = marks(5)
    write_reports(Run(tmp_path), one, lambda: {image: tmp_path / image for image in one.images.tolist()})
    rows = pd.read_csv(tmp_path / "labels.csv")
    assert list(rows) == HEADER
    assert rows["label"].tolist() == list("abcd")
    assert rows["ap"].to_numpy() == pytest.approx(score_labels(one)["ap"].to_numpy(), abs=1e-5)
    assert json.loads((tmp_path / "calibration.json").read_text())["marks"]["rows"] == one.labelled["marks"].sum()
    wrong = pd.read_csv(tmp_path / "mistakes.csv")
    probabilities, true = arrays(one)
    assert len(wrong) == ((probabilities > 0.5) != true).sum()
