"""Folds: properties that hold for any data, tried on many; and a file of them that is wrong in every way."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import ABSENT, make_dataset, refusal, write

from competition.data.folds import TEST, Folds, balance, check_choice, make_folds, read_folds
from competition.data.stratify import deal, hold_out, mend
from competition.dataset import Dataset
from competition.layouts.classes import find_classes
from competition.layouts.fashionai import find_label_files, read_label_files
from competition.task import Task

SEEDS = range(8)


def one_task_each(seed: int, classes: int = 12, images: int = 300) -> Dataset:
    """Images with one of two tasks, rare classes among them, each in a group of its own."""
    rng = np.random.default_rng(seed)
    drawn = rng.choice(classes, images, p=rng.dirichlet(np.ones(classes)))
    first = drawn < classes // 2
    return make_dataset({"a": np.where(first, drawn, ABSENT), "b": np.where(first, ABSENT, drawn - classes // 2)})


def groups_of_a_class(seed: int) -> Dataset:
    """One task an image; groups of up to 20 images of one class."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 21, 120)
    return make_dataset({"a": rng.choice(7, 120).repeat(sizes)}, group=np.arange(120).repeat(sizes))


def mixed_groups(seed: int) -> Dataset:
    """One task an image; groups of images of any class, as where near-duplicates have different labels."""
    rng = np.random.default_rng(seed)
    return replace(one_task_each(seed), group=rng.integers(0, 120, 300))


def several_tasks(seed: int) -> Dataset:
    """Images with none, one, two or three tasks, in groups."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(60, 300))
    answers = {name: rng.integers(ABSENT, classes, count) for name, classes in [("a", 4), ("b", 9), ("c", 2)]}
    return make_dataset(answers, group=rng.integers(0, count, count))


def every_task(seed: int) -> Dataset:
    """Images that carry all of eight tasks, each with rare classes."""
    rng = np.random.default_rng(seed)
    return make_dataset({f"t{task}": rng.choice(7, 200, p=rng.dirichlet(np.ones(7))) for task in range(8)})


KINDS = [one_task_each, groups_of_a_class, mixed_groups, several_tasks, every_task]
any_data = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def furthest(folds: Folds, dataset: Dataset) -> float:
    """By how much the worst (task, class) of any fold is beyond 1 + its largest group from n/k, counted by hand."""
    worst, inside = -np.inf, [row for row in range(len(folds)) if folds.fold[row] >= 0]
    count = max(folds.fold) + 1
    for task in dataset.tasks:
        for number in range(len(task)):
            rows = [row for row in inside if dataset.codes[task.name][row][number] == 2]
            held = Counter(folds.fold[row] for row in rows)
            largest = max(Counter(dataset.group[row] for row in rows).values(), default=0)
            for fold in range(count):
                worst = max(worst, abs(held[fold] - len(rows) / count) - (1 + largest))
    return worst


@any_data
def test_each_image_is_held_out_once_and_groups_stay_together(kind):
    for seed in SEEDS:
        dataset = kind(seed)
        folds = make_folds(dataset, 5, seed)
        splits = [folds.split(fold) for fold in range(5)]
        np.testing.assert_array_equal(np.sort(np.concatenate([held for _, held in splits])), np.arange(len(dataset)))
        for training, held in splits:
            assert len(held)
            np.testing.assert_array_equal(np.sort(np.concatenate([training, held])), np.arange(len(dataset)))
            assert (np.diff(training) > 0).all()
            assert (np.diff(held) > 0).all()
            assert not set(dataset.group[training]) & set(dataset.group[held])


@any_data
@pytest.mark.parametrize("count", [2, 5, 10])
def test_every_class_is_within_one_and_its_largest_group_of_its_share(kind, count):
    for seed in SEEDS:
        dataset = kind(seed)
        folds = make_folds(dataset, count, seed)
        beyond = furthest(folds, dataset)
        assert beyond <= 1e-9
        assert balance(folds, dataset).excess == pytest.approx(beyond)


@pytest.mark.parametrize("count", [2, 5, 10])
def test_where_groups_have_one_class_no_fold_is_ahead_by_more_than_the_largest(count):
    for seed in SEEDS:
        for kind in (one_task_each, groups_of_a_class):
            dataset = kind(seed)
            folds = make_folds(dataset, count, seed)
            for task in dataset.tasks:
                for yes in (dataset.codes[task.name] == 2).T:
                    held = np.bincount(folds.fold[yes], minlength=count)
                    assert np.ptp(held) <= max(Counter(dataset.group[yes].tolist()).values(), default=0)


def test_folds_of_single_images_are_of_equal_size():
    for seed in SEEDS:
        assert np.ptp(np.bincount(make_folds(one_task_each(seed), 7, seed).fold)) <= 1
        assert np.ptp(np.bincount(make_folds(every_task(seed), 7, seed).fold)) <= 4


def test_images_without_labels_are_shared_out_too():
    folds = make_folds(make_dataset({"a": [ABSENT] * 100 + [0] * 53 + [1] * 51}), 5, 0)
    assert np.ptp(np.bincount(folds.fold)) <= 1
    assert np.ptp(np.bincount(folds.fold[:100])) <= 2


def test_a_large_group_is_made_up_for_by_small_ones():
    for seed in SEEDS:
        folds = make_folds(make_dataset({"a": [0] * 12 + [1] * 12}, group=[0] * 6 + [*range(1, 19)]), 2, seed)
        assert list(np.bincount(folds.fold[:12])) == [6, 6]


def test_each_class_of_a_group_counts_as_often_as_the_group_has_it():
    for seed in SEEDS:
        counts = np.array([[2, 0, 1], [0, 3, 1], [3, 1, 0]])  # the third brings mostly the class of the first
        dealt = deal(counts, counts.sum(axis=1), 2, np.random.default_rng(seed))
        assert dealt[0] != dealt[1] == dealt[2]


def test_mending_is_needed_where_images_carry_many_tasks_and_does_it():
    before, after = [], []
    for seed in SEEDS:
        counts = np.hstack([every_task(seed).codes[f"t{task}"] == 2 for task in range(8)]).astype(int)
        rng = np.random.default_rng(seed)
        dealt = deal(counts, np.ones(len(counts), int), 10, rng)
        for fold, worst in ((dealt, before), (mend(counts, dealt, 10, rng), after)):
            held = np.stack([counts[fold == number].sum(axis=0) for number in range(10)])
            worst.append(np.abs(held - counts.sum(axis=0) / 10).max())
    assert max(before) > 2 + 1e-9
    assert max(after) <= 2 + 1e-9


@any_data
@pytest.mark.parametrize("test_share", [0, 0.1])
def test_the_same_seed_gives_the_same_folds_and_another_seed_others(kind, test_share):
    dataset = kind(0)
    folds = make_folds(dataset, 5, 3, test_share)
    np.testing.assert_array_equal(make_folds(dataset, 5, 3, test_share).fold, folds.fold)
    assert (make_folds(dataset, 5, 4, test_share).fold == folds.fold).mean() < 0.5


@any_data
def test_other_names_for_tasks_and_classes_change_nothing(kind):
    for seed in SEEDS:
        dataset = kind(seed)
        names = {task.name: f"z{99 - number}" for number, task in enumerate(dataset.tasks)}
        renamed = replace(
            dataset,
            tasks=tuple(Task(names[t.name], tuple(f"new {99 - n}" for n in range(len(t)))) for t in dataset.tasks),
            codes={names[name]: values for name, values in dataset.codes.items()},
            labelled={names[name]: values for name, values in dataset.labelled.items()},
        )
        np.testing.assert_array_equal(make_folds(renamed, 5, seed, 0.1).fold, make_folds(dataset, 5, seed, 0.1).fold)


@any_data
def test_what_is_set_aside_is_drawn_first_and_seen_by_no_fold(kind):
    for seed in SEEDS:
        dataset = kind(seed)
        folds = make_folds(dataset, 4, seed, test_share=0.2)
        np.testing.assert_array_equal(folds.test, hold_out(dataset, 0.2, seed)[1])
        for fold in range(4):
            training, held = folds.split(fold)
            assert not set(folds.test) & {*training, *held}
            assert len(training) + len(held) + len(folds.test) == len(dataset)
            assert not set(dataset.group[folds.test]) & set(dataset.group[[*training, *held]])
        assert furthest(folds, dataset) <= 1e-9


@pytest.mark.parametrize("count", [2, 5, 10])
def test_photographs_with_several_tasks_each_are_inside_the_bound(shared, count):
    data = shared / "data/clothing"
    dataset = read_label_files(find_label_files(data), classes=find_classes(data))
    folds = make_folds(dataset, count, seed=0)
    assert furthest(folds, dataset) <= 1e-9
    assert np.ptp(np.bincount(folds.fold)) <= 3


def test_balance_counts_what_is_ahead_of_its_share():
    dataset = make_dataset({"a": [0, 0, 0, 0, 1, 1]}, group=[0, 0, 1, 2, 3, 4])
    folds = Folds(source="by hand", image=dataset.ids, group=dataset.group, fold=np.array([0, 0, 0, 0, 0, 1]))
    found = balance(folds, dataset)
    np.testing.assert_array_equal(found.ahead, [[2, 0], [-2, 0]])
    np.testing.assert_array_equal(found.bound, [3, 2])
    assert found.excess == -1


@pytest.mark.parametrize(
    ("count", "test_share", "words"),
    [(1, 0, "1 folds; allowed are 2 or more"), (5, 1.0, "a test share of 1.0"), (5, -0.1, "-0.1"), (5, np.nan, "nan")],
)
def test_a_choice_that_cannot_be_is_refused(count, test_share, words):
    assert words in refusal(check_choice, count, test_share)
    assert words in refusal(make_folds, make_dataset({"a": [0, 1] * 20}), count, 0, test_share)


def test_too_few_groups_are_refused():
    dataset = make_dataset({"a": [0, 1] * 20}, group=np.arange(40) % 4)
    assert "4 groups of images are too few for 5 folds" in refusal(make_folds, dataset, 5, 0)
    assert len(set(make_folds(dataset, 4, 0).fold)) == 4
    assert "too few for a test share of 0.001" in refusal(make_folds, make_dataset({"a": [0, 0, 1, 1]}), 2, 0, 1e-3)


def named(*names: str) -> Dataset:
    return replace(make_dataset({"a": [0] * len(names)}), names=np.array(names, object))


def test_what_is_written_is_read_again(tmp_path):
    dataset = named("a.jpg", 'with, comma and "quotes".jpg', "Größe 领口.jpg", "d.jpg")
    group, fold = np.array([0, 1, 1, 2]), np.array([1, 0, 0, TEST])
    made = Folds(source="made", image=dataset.ids, group=group, fold=fold)
    made.write(tmp_path / "deep/folds.csv")
    assert (tmp_path / "deep/folds.csv").read_text(encoding="utf-8").splitlines()[0::4] == [
        "image,group,fold",
        "base/d.jpg,2,test",
    ]
    read = read_folds(tmp_path / "deep/folds.csv").of(dataset)
    for part in ("image", "group", "fold"):
        np.testing.assert_array_equal(getattr(read, part), getattr(made, part))
    assert (read.count, list(read.test)) == (2, [3])


def test_rows_follow_the_data_set_in_whatever_order_it_comes(tmp_path):
    dataset = several_tasks(0)
    made = make_folds(dataset, 3, 0, test_share=0.1)
    made.write(tmp_path / "folds.csv")
    order = np.random.default_rng(0).permutation(len(dataset))
    found = read_folds(tmp_path / "folds.csv").of(dataset.take(order))
    np.testing.assert_array_equal(found.fold, made.fold[order])
    np.testing.assert_array_equal(found.group, made.group[order])
    for fold in range(3):
        assert set(order[found.split(fold)[1]]) == set(made.split(fold)[1])


@pytest.mark.parametrize("fold", [-1, 2])
def test_a_fold_that_is_not_there_is_refused(fold):
    folds = Folds(source="mine.csv", image=np.array(["a", "b"]), group=np.arange(2), fold=np.arange(2))
    assert f"mine.csv has no fold {fold}; allowed are 0 to 1" in refusal(folds.split, fold)


GOOD = ["image,group,fold", "base/a.jpg,0,0", "base/b.jpg,1,1", "base/c.jpg,2,test"]


def test_other_images_than_those_of_the_data_are_refused_with_examples(tmp_path):
    folds = read_folds(write(tmp_path / "folds.csv", GOOD))
    message = refusal(folds.of, named("a.jpg", "x1.jpg", "x2.jpg", "x3.jpg", "x4.jpg"))
    assert f"{tmp_path / 'folds.csv'} was made for other images than the 5 of this data set" in message
    assert "4 of them are not in the file, and 2 are only in the file" in message
    assert "base/x3.jpg is not in the file" in message
    assert "base/x4.jpg" not in message
    assert "base/b.jpg is only in the file" in message
    assert "competition folds" in message
    assert "0 of them are not in the file, and 2 are only in the file" in refusal(folds.of, named("a.jpg"))


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], ["folds.csv:1: the first line is ''", "image,group,fold"]),
        (["image,fold", "a,0"], ["the first line is 'image,fold' and not 'image,group,fold'"]),
        (GOOD[1:], ["the first line is 'base/a.jpg,0,0'"]),
        (GOOD[:1], ["its folds are none"]),
        ([*GOOD, "base/d.jpg,3"], ["folds.csv:5: 2 cells in 'base/d.jpg,3'; the header names 3 columns"]),
        ([*GOOD, "base/d.jpg,x,0"], ["folds.csv:5: group 'x' of base/d.jpg"]),
        ([*GOOD, "base/d.jpg,3,-1"], ["folds.csv:5: fold '-1' of base/d.jpg", "test"]),
        ([*GOOD, "base/d.jpg,3,1.0"], ["fold '1.0'"]),
        ([*GOOD, f"base/d.jpg,3,{'9' * 30}"], ["fold '999"]),
        ([*GOOD, "base/d.jpg,3,"], ["fold ''"]),
        ([*GOOD, "base/a.jpg,3,1"], ["folds.csv:5: base/a.jpg is already in line 2"]),
        ([*GOOD, "base/d.jpg,0,1"], ["folds.csv:5: group 0 is in fold 1 here, but in fold 0 before"]),
        ([*GOOD, "base/d.jpg,2,1"], ["folds.csv:5: group 2 is in fold 1 here, but in test before"]),
        ([*GOOD, "base/d.jpg,3,3"], ["its folds are 0, 1, 3; allowed are 0, 1 and so on"]),
        (["image,group,fold", "a,0,1", "b,1,2"], ["its folds are 1, 2"]),
        (["image,group,fold", "a,0,0", "b,1,test"], ["its folds are 0;"]),
        ([*GOOD, "base/a.jpg,3,1", "base/d.jpg,x,0"], ["folds.csv:5: base/a.jpg", "folds.csv:6: group 'x'"]),
    ],
    ids=lambda value: " | ".join(value)[:60],
)
def test_a_file_that_is_wrong_is_refused_with_its_lines(tmp_path, lines, words):
    message = refusal(read_folds, write(tmp_path / "folds.csv", lines))
    assert message.startswith(str(tmp_path / "folds.csv"))
    assert "competition folds" in message
    assert [word for word in words if word not in message] == []


def test_a_file_that_is_not_there_is_refused():
    assert "gone.csv cannot be read: No such file" in refusal(read_folds, Path("gone.csv"))
