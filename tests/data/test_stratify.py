"""Holding images out, and dividing them by shares: properties that hold for any data, tried on many."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import ABSENT, make_dataset

from competition.data.stratify import class_counts, divide, hold_out, rarest_class, thin
from competition.task import Task

SEEDS = range(12)


def several_tasks(seed: int):
    """Images with none, one or several of three tasks, some with copies."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(60, 300))
    answers = {name: rng.integers(ABSENT, classes, count) for name, classes in [("a", 4), ("b", 9), ("c", 2)]}
    return make_dataset(answers, group=rng.integers(0, count, count))


def single_task(seed: int, largest_group: int):
    """Images with one of two tasks each, in groups of one class and up to `largest_group` images."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, largest_group + 1, 150)
    share = rng.dirichlet(np.ones(7))
    classes = rng.choice(7, 150, p=share).repeat(sizes)
    answers = {"a": np.where(classes < 4, classes, ABSENT), "b": np.where(classes >= 4, classes - 4, ABSENT)}
    return make_dataset(answers, group=np.arange(150).repeat(sizes))


def test_every_image_is_on_exactly_one_side_and_groups_stay_together():
    for seed in SEEDS:
        dataset = several_tasks(seed)
        training, held_out = hold_out(dataset, 0.2, seed)
        np.testing.assert_array_equal(np.sort(np.concatenate([training, held_out])), np.arange(len(dataset)))
        assert (np.diff(training) > 0).all()
        assert (np.diff(held_out) > 0).all()
        assert not set(dataset.group[training]) & set(dataset.group[held_out])


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
def test_a_fraction_has_its_share_of_each_class_whole_groups_and_no_class_less(share):
    for seed in SEEDS:
        dataset = single_task(seed, 4)
        kept = thin(dataset, share, seed)
        assert (np.diff(kept) > 0).all()
        left = np.setdiff1d(np.arange(len(dataset)), kept)
        assert not set(dataset.group[kept]) & set(dataset.group[left])
        for task in dataset.tasks:
            true = dataset.codes[task.name] == 2
            for carried in true.T[true.any(axis=0)]:
                groups, there = len(set(dataset.group[carried])), len(set(dataset.group[kept][carried[kept]]))
                assert max(1, share * groups - 1) <= there <= max(1, share * groups + 1)
        np.testing.assert_array_equal(kept, thin(dataset, share, seed))
        assert len(thin(dataset, 1.0, seed)) == len(dataset)


@pytest.mark.parametrize("share", [0.1, 0.15, 1 / 3, 0.5])
def test_the_share_of_groups_is_kept_to_one(share):
    for seed in SEEDS:
        dataset = several_tasks(seed)
        groups = len(set(dataset.group))
        _, held_out = hold_out(dataset, share, seed)
        alone = 13  # at most so many classes stand in a single group, which stays in training
        assert groups * share - 1 - alone * share <= len(set(dataset.group[held_out])) <= groups * share + 1


@pytest.mark.parametrize("largest_group", [1, 4, 20])
def test_every_class_gives_its_share_to_within_one_and_its_largest_group(largest_group):
    for seed in SEEDS:
        dataset = single_task(seed, largest_group)
        for share in (0.15, 0.4):
            _, held_out = hold_out(dataset, share, seed)
            held = np.isin(np.arange(len(dataset)), held_out)
            for task in dataset.tasks:
                for column in (dataset.codes[task.name] == 2).T:
                    if not column.any():
                        continue
                    largest = np.bincount(dataset.group[column]).max()
                    assert abs(held[column].sum() - share * column.sum()) <= 1 + largest


def test_the_same_seed_gives_the_same_split_and_another_seed_another():
    dataset = several_tasks(0)
    _, held_out = hold_out(dataset, 0.2, 3)
    np.testing.assert_array_equal(hold_out(dataset, 0.2, 3)[1], held_out)
    assert len(set(hold_out(dataset, 0.2, 4)[1]) & set(held_out)) < 0.7 * len(held_out)


def test_each_image_gets_its_turn():
    dataset = several_tasks(1)
    counts = np.bincount(
        np.concatenate([hold_out(dataset, 0.25, seed)[1] for seed in range(80)]), minlength=len(dataset)
    )
    assert (counts > 0).mean() > 0.9


def test_other_names_for_tasks_and_classes_change_nothing():
    for seed in SEEDS:
        dataset = several_tasks(seed)
        renamed = {
            task.name: Task(f"z{task.name}", tuple(f"new {name}" for name in task.classes)) for task in dataset.tasks
        }
        other = replace(
            dataset,
            tasks=tuple(renamed.values()),
            codes={renamed[name].name: values for name, values in dataset.codes.items()},
            labelled={renamed[name].name: values for name, values in dataset.labelled.items()},
        )
        np.testing.assert_array_equal(hold_out(other, 0.2, seed)[1], hold_out(dataset, 0.2, seed)[1])


@pytest.mark.parametrize("share", [0.15, 0.5])
def test_a_class_with_a_single_image_stays_in_training(share):
    for seed in SEEDS:
        classes = np.array([0] * 30 + [1] * 20 + [2, 3])
        training, held_out = hold_out(make_dataset({"a": classes}), share, seed)
        assert {50, 51} <= set(training)
        assert set(classes[held_out]) == {0, 1}


def test_a_class_in_a_single_group_stays_in_training():
    for seed in SEEDS:
        classes = {"a": [0] * 40 + [1] * 3 + [0] * 7, "b": [ABSENT] * 40 + [0, ABSENT, ABSENT, 0, 0, 1, 1, 1, 1, 1]}
        group = [*range(40), 40, 40, 40, *range(41, 48)]  # class 1 of task a: three images of one group
        training, _ = hold_out(make_dataset(classes, group), 0.5, seed)
        assert {40, 41, 42} <= set(training)


@pytest.mark.parametrize("share", [0.25, 0.3, 0.5])
def test_which_images_of_a_rare_class_are_held_out_is_left_to_the_seed(share):
    rare = make_dataset({"a": [0] * 2 + [1] * 40})  # of two images, one should be held out in 2 * share of all splits
    held = [np.count_nonzero(hold_out(rare, share, seed)[1] < 2) for seed in range(100)]
    assert abs(np.mean(held) - 2 * share) < 0.2
    assert max(held) == 1


def test_images_without_labels_are_shared_out_too():
    dataset = make_dataset({"a": [ABSENT] * 100 + [0] * 50 + [1] * 50})
    _, held_out = hold_out(dataset, 0.2, 0)
    assert 18 <= (held_out < 100).sum() <= 22


def test_an_image_counts_for_the_rarest_class_it_carries():
    dataset = make_dataset({"a": [0, 0, 0, 1, ABSENT], "b": [0, 1, ABSENT, 1, ABSENT]})
    # how often: a0 three times, a1 once, b0 once, b1 twice; of equals the first task goes first
    assert list(rarest_class(class_counts(dataset, np.arange(5)))) == [1, 2, 3, 0, 4]


FLOWERS = (0.6, 0.25, 0.15)


@pytest.mark.parametrize("shares", [FLOWERS, (0.1, 0.9), (0.25,) * 4])
def test_each_part_has_its_share_of_every_stratum_and_of_all(shares):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        sizes = [int(rng.choice((0, 1, 2, 3, 7, rng.integers(200)))) for _ in range(6)]
        stratum = rng.permutation(np.repeat(np.arange(6), sizes))
        parts = divide(stratum, np.ones(len(stratum)), shares, rng)
        for number, size in enumerate(sizes):
            counts = np.bincount(parts[stratum == number], minlength=len(shares))
            assert (np.abs(counts - np.multiply(shares, size)) < 1 + 1e-9).all()
        total = np.bincount(parts, minlength=len(shares))
        assert (np.abs(total - np.multiply(shares, len(stratum))) <= 2).all()  # what is left over goes round


def test_many_small_strata_still_give_each_part_its_share():
    for seed in range(20):
        parts = divide(np.arange(300) // 3, np.ones(300), FLOWERS, np.random.default_rng(seed))
        assert np.abs(np.bincount(parts) - [180, 75, 45]).max() <= 1


def test_large_and_small_groups_are_spread_alike():
    for seed in SEEDS:
        sizes = np.arange(1, 101)
        parts = divide(np.zeros(100, int), sizes, (0.2, 0.8), np.random.default_rng(seed))
        assert abs(sizes[parts == 0].sum() - 0.2 * sizes.sum()) < 100


def test_each_group_gets_its_turn_the_largest_too():
    held = sum(
        divide(np.zeros(20, int), np.arange(20), (0.2, 0.8), np.random.default_rng(seed)) == 0 for seed in range(300)
    )
    assert (held > 30).all()
    assert (held < 90).all()
