"""Batches: every image once an epoch, absent tasks with weight 0, and the same pixels for any number of threads."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import ABSENT, letter_codes, make_dataset, noise, refusal, rgbx, write
from sklearn.utils.class_weight import compute_sample_weight

from competition.dataset import one_row_an_image
from competition.images.batches import PredictBatches, TrainBatches, augmented_views, sample_weights
from competition.images.cache import Pictures
from competition.images.warp import VIEWS, square
from competition.layouts.fashionai import read_label_files
from competition.recipe import Recipe
from competition.task import Task

IMAGES = 104


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """A dataset of real files, 24 x 28 pixels of noise each."""
    folder = tmp_path_factory.mktemp("photographs")
    for number in range(IMAGES):
        write(folder / f"{number}.png", cv2.imencode(".png", noise(24, 28, number)[..., ::-1])[1].tobytes())
    rows = [f"{number}.png,size,{'yn' if number % 3 else 'ny'}" for number in range(IMAGES)]
    return read_label_files([write(folder / "Annotations/label.csv", rows)])


def the_rows(rows: np.ndarray, epoch: int) -> np.ndarray:
    """Inputs that say which rows they were made of."""
    return rows


def some_labels(count: int):
    rng = np.random.default_rng(count)
    colours = rng.integers(0, 3, count)
    colours[-1] = 2
    return make_dataset({"colour": colours, "size": rng.integers(ABSENT, 2, count)})


@pytest.mark.parametrize(("count", "batch_size"), [(10, 4), (12, 4), (3, 8), (1, 4), (33, 32), (5, 1)])
def test_an_epoch_shows_every_image_once_and_fills_up_with_weight_zero(count, batch_size):
    dataset = some_labels(count)
    batches = TrainBatches(dataset, Recipe("mine"), batch_size, the_rows)
    seen = []
    for number in range(len(batches)):
        rows, targets, weights = batches[number]
        assert rows.shape == weights["colour"].shape == weights["size"].shape == (batch_size,)
        assert targets["colour"].shape == (batch_size, 3)
        assert len(set(rows)) == min(count, batch_size)  # the last batch is filled up with other images, not with one
        real = weights["colour"] > 0
        seen += rows[real].tolist()
        for name, labelled in dataset.labelled.items():
            np.testing.assert_array_equal(targets[name], dataset.targets()[name][rows])
            np.testing.assert_array_equal(weights[name] > 0, labelled[rows] & real)
            assert targets[name].dtype == weights[name].dtype == np.float32
    assert sorted(seen) == list(range(count))
    assert len(batches) == -(-count // batch_size)


def test_each_epoch_has_an_order_of_its_own_that_returns_with_its_number():
    batches = TrainBatches(some_labels(40), Recipe("mine", seed=5), 40, the_rows)
    orders = []
    for epoch in (0, 1, 0):
        batches.epoch = epoch
        orders.append(batches[0][0].tolist())
    assert orders[0] == orders[2]
    assert (np.array(orders[0]) != orders[1]).mean() > 0.8
    assert TrainBatches(some_labels(40), Recipe("mine", seed=6), 40, the_rows)[0][0].tolist() != orders[0]


def test_balance_weighs_a_task_by_all_images_over_those_that_carry_it():
    dataset = make_dataset({"often": [0, 1, 0, ABSENT], "rare": [ABSENT, ABSENT, 1, ABSENT], "never": [ABSENT] * 4})
    weights = sample_weights(dataset, Recipe("mine", balance=True))
    np.testing.assert_allclose(weights["often"], [4 / 3, 4 / 3, 4 / 3, 0])
    np.testing.assert_allclose(weights["rare"], [0, 0, 4, 0])
    np.testing.assert_array_equal(weights["never"], [0, 0, 0, 0])
    np.testing.assert_array_equal(sample_weights(dataset, Recipe("mine"))["rare"], [0, 0, 1, 0])
    batch = TrainBatches(dataset, Recipe("mine", balance=True), 4, the_rows)[0]
    np.testing.assert_allclose(batch[2]["rare"], weights["rare"][batch[0]])


def test_balanced_class_weights_let_each_class_of_a_task_count_alike_and_absent_images_not():
    dataset = make_dataset({"colour": [0, 0, 0, 1, 2, 2, ABSENT], "size": [ABSENT, 1, 1, 1, ABSENT, ABSENT, ABSENT]})
    weights = sample_weights(dataset, Recipe("mine", class_weights="balanced"))
    by_hand = compute_sample_weight("balanced", [0, 0, 0, 1, 2, 2])  # of scikit-learn
    np.testing.assert_allclose(weights["colour"], [*by_hand, 0], rtol=1e-6)
    np.testing.assert_allclose(weights["size"], [0, 1, 1, 1, 0, 0, 0])  # the one class that occurs
    both = sample_weights(dataset, Recipe("mine", class_weights="balanced", balance=True))
    np.testing.assert_allclose(both["colour"], weights["colour"] * 7 / 6, rtol=1e-6)
    assert weights["colour"].dtype == np.float32


def test_balanced_class_weights_of_a_multilabel_task_are_the_mean_over_its_labels_where_it_is_present():
    task, present = Task("tags", ("often", "half"), "multilabel"), np.array([True, True, True, True, False])
    codes = {"tags": letter_codes("yn", "yn", "yy", "ny", "nn")}
    names = [f"{number}.png" for number in range(5)]
    dataset = one_row_an_image((task,), Path("a.csv"), Path(), names, codes, labelled={"tags": present})
    weights = sample_weights(dataset, Recipe("mine", class_weights="balanced"))["tags"]
    often, seldom, half = 4 / (2 * 3), 4 / (2 * 1), 4 / (2 * 2)
    np.testing.assert_allclose(weights, [(often + half) / 2] * 3 + [(seldom + half) / 2, 0], rtol=1e-6)


def test_targets_of_a_batch_know_the_share_of_maybe():
    unsure = some_labels(4)
    unsure.codes["size"][:] = letter_codes("ym")
    batches = TrainBatches(unsure, Recipe("mine", maybe=0.3), 4, the_rows)
    np.testing.assert_allclose(batches[0][1]["size"], [[0.7, 0.3]] * 4)


def test_batches_are_the_same_for_any_number_of_threads(photographs):
    recipe = Recipe("mine", image_size=16, rotation=20, shift=0.1, transforms=(("brightness", 0.2), ("noise", 0.1)))
    for epoch in (0, 1):
        expected = TrainBatches(photographs, recipe, 10, augmented_views(Pictures(photographs, recipe)))
        expected.epoch = epoch
        wanted = [expected[number] for number in range(len(expected))]
        for threads in (1, 2, 4):
            batches = TrainBatches(photographs, recipe, 10, augmented_views(Pictures(photographs, recipe)))
            batches.epoch = epoch
            with ThreadPoolExecutor(threads) as pool:
                made = list(pool.map(batches.__getitem__, range(len(batches))))
            for batch, (views, targets, weights) in zip(made, wanted, strict=True):
                np.testing.assert_array_equal(batch[0], views)
                np.testing.assert_array_equal(batch[1]["size"], targets["size"])
                np.testing.assert_array_equal(batch[2]["size"], weights["size"])


def test_views_depend_on_the_epoch_and_not_on_the_company_they_come_in(photographs):
    recipe = Recipe("mine", image_size=16, rotation=20)
    views = augmented_views(Pictures(photographs, recipe))
    together = views(np.array([3, 7, 50]), 2)
    assert (together.shape, together.dtype) == ((3, 16, 16, 3), np.uint8)
    np.testing.assert_array_equal(views(np.array([50]), 2)[0], together[2])
    assert (views(np.array([50]), 3)[0] != together[2]).any()


def test_predicting_goes_in_order_and_fills_up_with_the_last_image(photographs):
    recipe = Recipe("mine", image_size=16, rotation=45, flip=True)
    seven = photographs.take(np.arange(7))
    batches = PredictBatches(Pictures(seven, recipe), 3)
    assert len(batches) == 3
    views = np.concatenate([batches[number] for number in range(3)])
    assert (views.shape, views.dtype) == ((9, 16, 16, 3), np.uint8)
    for row in range(9):
        np.testing.assert_array_equal(views[row], square(rgbx(noise(24, 28, min(row, 6))), 16, "stretch"))


def test_a_batch_holds_each_picture_in_all_views(photographs):
    recipe = Recipe("mine", image_size=16)
    seven = Pictures(photographs.take(np.arange(7)), recipe)
    for views in (("plain", "flip"), ("flip", "plain"), ("plain", "left", "closer")):
        plain, several = PredictBatches(seven, 3), PredictBatches(seven, 3, views)
        assert len(plain) == len(several) == 3
        for number in range(3):
            parts = dict(zip(views, several[number].reshape(3, len(views), 16, 16, 3).swapaxes(0, 1), strict=True))
            np.testing.assert_array_equal(parts["plain"], plain[number])
            for view, images in parts.items():
                for row, image in zip(range(3 * number, 3 * number + 3), images, strict=True):
                    picture = rgbx(noise(24, 28, min(row, 6)))
                    np.testing.assert_allclose(image, square(picture, 16, "stretch", VIEWS[view]).astype(int), atol=1)


@pytest.mark.parametrize("kind", ["train", "predict"])
def test_there_is_no_batch_beyond_the_last_so_that_a_loop_over_them_ends(photographs, kind):
    recipe = Recipe("mine", image_size=16)
    batches = {
        "train": TrainBatches(photographs, recipe, 50, the_rows),
        "predict": PredictBatches(Pictures(photographs, recipe), 50),
    }[kind]
    with pytest.raises(IndexError):
        batches[len(batches)]


def test_an_image_that_breaks_during_training_is_named_with_its_line(photographs, tmp_path):
    write(tmp_path / "a.png", b"broken")
    labels = write(tmp_path / "Annotations/label.csv", ["b.png,size,yn", "a.png,size,yn"])
    message = refusal(Pictures(read_label_files([labels]), Recipe("mine")).__getitem__, 1)
    assert message.startswith(f"{labels}:2: {tmp_path / 'a.png'}: not an image")
