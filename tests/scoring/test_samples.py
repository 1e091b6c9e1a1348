"""Random images with truth and answer of every task: what the lines say, which are right, which images are shown."""

from dataclasses import replace

import numpy as np
from helpers import letter_codes
from predicted import predicted

from competition.scoring.mistakes import samples

LETTERS = {"t": letter_codes("ynn", "nym", "nny", "nnn"), "s": letter_codes("yn", "nn", "ny", "nn")}
PROBABILITIES = {
    "t": [[0.2, 0.7, 0.1], [0.1, 0.2, 0.7], [0, 0.1, 0.9], [1, 0, 0]],
    "s": [[0.9, 0.1], [0.5, 0.5], [0.25, 0.75], [0.5, 0.5]],
}


def test_each_image_has_truth_and_answer_of_the_tasks_that_it_carries():
    shown = {one.image: one for one in samples(predicted(PROBABILITIES, LETTERS), 10)}
    assert shown["0.png"].lines == ("t: a → b 0.70", "s: a → a 0.90")
    assert shown["1.png"].lines == ("t: b → c 0.70",)  # s is not asked of it
    assert shown["2.png"].lines == ("t: c → c 0.90", "s: b → b 0.75")
    assert {name: one.right for name, one in shown.items()} == {"0.png": False, "1.png": True, "2.png": True}


def test_images_are_random_the_same_for_a_seed_and_never_more_than_asked():
    codes, given = {"t": letter_codes(*["ynn"] * 50)}, {"t": [[1, 0, 0]] * 50}
    first = [one.image for one in samples(predicted(given, codes), 12)]
    assert first == [one.image for one in samples(predicted(given, codes), 12)]
    assert first != [one.image for one in samples(predicted(given, codes), 12, seed=1)]
    assert first != [f"{number}.png" for number in range(12)]
    assert len(set(first)) == 12


def test_of_several_labels_all_are_named_and_all_have_to_be_right():
    codes, given = (
        {"t": letter_codes("yyn", "nnn", "ynm")},
        {"t": [[0.9, 0.2, 0.1], [0.1, 0.2, 0.3], [0.9, 0.1, 0.8]]},
    )
    one = replace(predicted(given, codes, kind="multilabel"), labelled={"t": np.ones(3, bool)})
    shown = {one.image: one for one in samples(one, 10)}
    assert shown["0.png"].lines == ("t: a + b → a",)
    assert shown["1.png"].lines == ("t: none → none",)
    assert {name: one.right for name, one in shown.items()} == {"0.png": False, "1.png": True, "2.png": True}


def test_probabilities_may_be_of_any_float_kind():
    given = {name: np.array(values, np.float32) for name, values in PROBABILITIES.items()}
    assert len(samples(predicted(given, LETTERS), 1)) == 1
