"""Datasets: taking rows, the shares of the classes, and the summary that a training begins with."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import ABSENT, letter_codes, make_dataset

from competition.dataset import class_prior, describe


@pytest.fixture
def dataset():
    answers = {"colour": [0, 2, ABSENT, 2, 1, 2], "size": [ABSENT, 1, 0, ABSENT, 1, ABSENT]}
    return replace(
        make_dataset(answers, group=[5, 5, 4, 3, 2, 1]),
        sources=(Path("data/base/Annotations/a.csv"), Path("data/web/Annotations/b.csv")),
        roots=(Path("data/base"), Path("data/web")),
        source_of=np.array([0, 0, 0, 1, 1, 1]),
    )


@pytest.mark.parametrize(
    "rows", [np.array([4, 1, 1]), np.array([False, True, False, False, True, False]), np.array([], int)]
)
def test_taken_rows_carry_all_that_belongs_to_them(dataset, rows):
    taken = dataset.take(rows)
    index = np.arange(6)[rows]
    assert len(taken) == len(index)
    assert [taken.path(row) for row in range(len(taken))] == [dataset.path(row) for row in index]
    assert [taken.place(row) for row in range(len(taken))] == [dataset.place(row) for row in index]
    np.testing.assert_array_equal(taken.group, dataset.group[index])
    for name in ("colour", "size"):
        np.testing.assert_array_equal(taken.labelled[name], dataset.labelled[name][index])
        np.testing.assert_array_equal(taken.targets()[name], dataset.targets()[name][index])


def test_every_image_is_found_beside_the_annotations_that_name_it(dataset):
    assert dataset.path(0) == Path("data/base/0.png")
    assert dataset.path(4) == Path("data/web/4.png")
    assert dataset.place(4) == "data/web/Annotations/b.csv:5"


@pytest.mark.parametrize("maybe", [0.0, 0.1, 0.49])
def test_targets_sum_to_one_where_a_task_is_present_and_are_zero_where_not(maybe):
    dataset = replace(
        make_dataset({"colour": [0, 1, 2, ABSENT]}), codes={"colour": letter_codes("ymm", "nyn", "mny", "nnn")}
    )
    targets = dataset.targets(maybe)["colour"]
    np.testing.assert_allclose(targets.sum(axis=1), [1, 1, 1, 0], atol=1e-6)
    assert (targets.argmax(axis=1)[:3] == [0, 1, 2]).all()
    np.testing.assert_array_equal(targets[3], 0)


def test_shares_of_classes_count_only_the_images_that_carry_the_task(dataset):
    prior = class_prior(dataset)
    np.testing.assert_allclose(prior["colour"], [1 / 5, 1 / 5, 3 / 5])
    np.testing.assert_allclose(prior["size"], [1 / 3, 2 / 3])
    np.testing.assert_allclose(class_prior(dataset.take(np.array([3])))["size"], [0.5, 0.5])


def test_a_dataset_is_described_by_a_line_a_task(dataset):
    colour, size = describe(dataset).splitlines()
    assert colour.split() == ["colour", "3", "classes", "5", "labelled", "largest", "0.60"]
    assert size.split() == ["size", "2", "classes", "3", "labelled", "largest", "0.67"]


def test_a_multilabel_task_has_a_target_and_a_share_for_each_class_on_its_own():
    plain = make_dataset({"marks": [0, 1, 2, ABSENT]})
    marks = replace(plain.tasks[0], kind="multilabel")
    codes = {"marks": letter_codes("yyn", "myn", "nny", "nnn")}
    dataset = replace(plain, tasks=(marks,), codes=codes)
    expected = np.array([[1, 1, 0], [0.25, 1, 0], [0, 0, 1], [0, 0, 0]], np.float32)
    np.testing.assert_array_equal(dataset.targets(maybe=0.25)["marks"], expected)
    np.testing.assert_allclose(class_prior(dataset)["marks"], [1 / 3, 2 / 3, 1 / 3])
