"""Mistakes: who is taken for whom, and the surest ones first."""

import numpy as np
import pytest
from helpers import letter_codes
from predicted import at_random, predicted
from sklearn.metrics import confusion_matrix

from competition.scoring.mistakes import confused, mistakes

LETTERS = letter_codes("ynn", "ynn", "ynn", "nyn", "nym", "nnn", "ynn", "nnm")
PROBABILITIES = [
    [0.3, 0.7, 0],  # a taken for b
    [0.1, 0.8, 0.1],  # and again, surer
    [0.9, 0.1, 0],  # right
    [0.2, 0.3, 0.5],  # b taken for c
    [0.1, 0.3, 0.6],  # c is a maybe here, and no mistake
    [0.5, 0.5, 0],  # not labelled
    [0.4, 0, 0.6],  # a taken for c
    [0.9, 0.1, 0],  # nobody knows what it is
]


def test_the_surest_mistakes_come_first():
    rows = mistakes(predicted({"t": PROBABILITIES}, {"t": LETTERS}))
    assert rows.to_dict("split")["data"] == [
        ["1.png", "t", "a", "b", 0.8, 0.1],
        ["0.png", "t", "a", "b", 0.7, 0.3],
        ["6.png", "t", "a", "c", 0.6, 0.4],
        ["3.png", "t", "b", "c", 0.5, 0.3],
    ]
    assert list(rows) == ["image", "task", "truth", "answer", "probability", "probability_of_truth"]


def test_pairs_are_counted_and_the_most_frequent_come_first_in_each_task():
    both = {"t": PROBABILITIES, "s": np.roll(PROBABILITIES, 1, axis=1)}
    rows = confused(predicted(both, {"t": LETTERS, "s": np.roll(LETTERS, 1, axis=1)}))
    expected = [["a", "b", 2, 2 / 4], ["b", "c", 1, 1 / 2], ["a", "c", 1, 1 / 4]]
    turned = dict(zip("abc", "bca", strict=True))
    assert rows.to_dict("split")["data"] == [
        *(["t", *row] for row in expected),
        *(["s", turned[truth], turned[answer], *counts] for truth, answer, *counts in expected),
    ]
    assert list(rows) == ["task", "truth", "answer", "count", "share"]


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_scikit_learn(seed):
    one = at_random(seed, skill=0.5, tasks=["t"])
    codes, probabilities = one.codes["t"], one.probabilities["t"]
    answer = probabilities.argmax(axis=1)
    judged = one.labelled["t"] & (codes == 2).any(axis=1) & (codes[np.arange(200), answer] != 1)
    truth = (codes == 2).argmax(axis=1)
    expected = confusion_matrix(truth[judged], answer[judged], labels=range(3))
    rows = confused(one)
    found = np.zeros((3, 3), int)
    for row in rows.itertuples():
        found["abc".index(row.truth), "abc".index(row.answer)] = row.count
        assert row.share == pytest.approx(row.count / (truth[one.labelled["t"]] == "abc".index(row.truth)).sum())
    np.testing.assert_array_equal(found, expected - np.diag(np.diag(expected)))
    assert len(mistakes(one)) == found.sum()


def test_each_label_of_a_multilabel_task_is_right_or_wrong_on_its_own():
    """By hand: image 0 has a and c, image 1 has b and perhaps c; 0.5 is not above the threshold, so no."""
    one = predicted({"t": [[0.2, 0.7, 0.5], [0.1, 0.9, 0.2]]}, {"t": letter_codes("yny", "nym")}, kind="multilabel")
    rows = mistakes(one)
    assert rows.drop(columns=["probability", "probability_of_truth"]).to_dict("split")["data"] == [
        ["0.png", "t", "a", "not a"],
        ["0.png", "t", "not b", "b"],
        ["0.png", "t", "c", "not c"],
    ]
    assert rows["probability"].tolist() == pytest.approx([0.8, 0.7, 0.5])
    assert rows["probability_of_truth"].tolist() == pytest.approx([0.2, 0.3, 0.5])
    assert confused(one).to_dict("split")["data"] == [
        ["t", "a", "not a", 1, 1.0],
        ["t", "not b", "b", 1, 1.0],
        ["t", "c", "not c", 1, 1.0],
    ]
