"""What a proof says of a format, from answers by hand, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import refusal
from predicted import predicted

from competition.exporting.proof import Answered, prove
from competition.exporting.readme import Measured, table
from competition.scoring.predictions import Predictions

CODES = np.array([[2, 0], [0, 2], [2, 0], [0, 2], [0, 0]], np.uint8)  # the last image has no label
GIVEN = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.4, 0.6], [0.5, 0.5]])


def answers(change: float, row: int = 2) -> Predictions:
    """The probabilities of GIVEN, in one row by so much less for the first class."""
    values = GIVEN.copy()
    values[row] += (-change, change)
    return predicted({"size": values}, {"size": CODES})


def answered(name: str, exported: Predictions, scripted: Predictions | None = None, own: float = 0.0) -> Answered:
    return Answered(answers(own), answers(0), {name: exported}, {name: scripted or exported})


def test_differences_are_counted_from_float32_and_from_the_run():
    proof = prove("litert-int8", [[answered("litert-int8", answers(0.15), own=0.02)]])
    assert proof.from_float32 == pytest.approx(0.15)
    assert proof.from_own == pytest.approx(0.13)
    assert (proof.rows, proof.changed) == (4, 1)
    assert proof.unlike == (("2.png", "size", "a", "b"),)
    assert proof.alike == 0.75
    # In float32 all four are right; now the third is wrong, with 0.55 the least sure but... of 0.9, 0.8, 0.6, 0.55.
    assert proof.map.value == pytest.approx((1 + 1 + 1 + 3 / 4) / 4 - 1)
    assert proof.map.low <= proof.map.value <= proof.map.high


def test_an_image_without_a_label_counts_as_a_difference_but_not_as_a_row():
    proof = prove("litert-int8", [[answered("litert-int8", answers(0.3, row=4))]])
    assert (proof.from_float32, proof.changed, proof.unlike) == (pytest.approx(0.3), 0, ())


def test_what_predict_py_makes_of_the_pictures_is_compared_with_submit():
    proof = prove("onnx", [[answered("onnx", answers(0), scripted=answers(0.15))]])
    assert (proof.from_float32, proof.changed, proof.alike) == (0, 0, 0.75)
    assert not proof.is_good
    assert prove("litert-int8", [[answered("litert-int8", answers(0.15))]]).is_good


@pytest.mark.parametrize("change", [0.0011, -0.0011, float("nan")])
def test_a_float_format_that_differs_is_refused(change):
    message = refusal(prove, "onnx", [[answered("onnx", answers(0)), answered("onnx", answers(change))]])
    assert "onnx answers size of 2.png" in message
    assert "0.001 is allowed; nothing was written" in message


@pytest.mark.parametrize("change", [0.0009, -0.0009])
def test_a_float_format_may_differ_by_less_than_a_thousandth(change):
    assert prove("onnx", [[answered("onnx", answers(change))]]).from_float32 == pytest.approx(0.0009)


def test_folds_are_joined_and_seeds_averaged():
    """The networks of two seeds differ in opposite directions: each by 0.15, their mean by nothing."""
    parts = [[], []]
    for seed, change in enumerate((0.15, -0.15)):
        for rows in ([0, 2], [1, 3, 4]):
            one = answered("litert-int8", answers(change))
            values = ({name: given.take(np.array(rows)) for name, given in several.items()} for several in one[2:])
            parts[seed].append(Answered(one.own.take(np.array(rows)), one.reference.take(np.array(rows)), *values))
    proof = prove("litert-int8", parts)
    assert proof.from_float32 == pytest.approx(0.15)
    assert (proof.rows, proof.changed, proof.map.value) == (4, 0, 0)


def test_the_table_has_a_row_for_each_format():
    proof = prove("litert-int8", [[answered("litert-int8", answers(0.15), own=0.02)]])
    head, rule, *rows = table(
        [Measured(proof, 1.25, (40.4, 79.6)), Measured(replace(proof, format="onnx"), 5, (1, 2))], "mixed_bfloat16"
    ).splitlines()
    assert "from the run (mixed_bfloat16)" in head
    assert set(rule) == set("|- ")
    cells = [cell.strip() for cell in rows[0].split("|")[1:-1]]
    assert cells[:4] == ["litert-int8", "1.5e-01", "1.3e-01", "1 of 4"]
    assert cells[4].startswith("-0.0625 (")
    assert cells[5:] == ["1.2", "40 and 80", "75.00%"]
    assert rows[1].startswith("| onnx ")
