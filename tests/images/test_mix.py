"""Mixup and CutMix: what is mixed is mixed alike in image and target, and what is absent stays absent."""

import numpy as np
import pytest
from helpers import ABSENT, make_dataset

from competition.images.batches import TrainBatches
from competition.images.mix import MixedBatches, partners
from competition.recipe import Recipe

SIZE = 8
COUNT = 30
MIXUP, CUTMIX, BOTH = {"mixup": 0.4}, {"cutmix": 1.0}, {"mixup": 0.4, "cutmix": 1.0}


def some_labels():
    """Images of four kinds: colour alone, size alone, both, none."""
    rng = np.random.default_rng(1)
    kind = np.arange(COUNT) % 4
    return make_dataset(
        {
            "colour": np.where(np.isin(kind, [0, 2]), rng.integers(0, 3, COUNT), ABSENT),
            "size": np.where(np.isin(kind, [1, 2]), rng.integers(0, 2, COUNT), ABSENT),
        }
    )


def plain(rows: np.ndarray, epoch: int) -> np.ndarray:
    """Images (n, SIZE, SIZE, 3) uint8 of one value each, eight times the row."""
    return np.broadcast_to(8 * rows[:, None, None, None], (len(rows), SIZE, SIZE, 3)).astype(np.uint8)


def batch_of(mixing: dict, number: int = 0, epoch: int = 0, seed: int = 0):
    """A batch, mixed and not, of the same rows; the last four of the second batch count for nothing."""
    recipe = Recipe("mine", seed=seed, **mixing)
    both = []
    for kind in (MixedBatches, TrainBatches):
        batches = kind(some_labels(), recipe, 16, plain)
        batches.epoch = epoch
        both.append(batches[number])
    return both


@pytest.mark.parametrize("mixing", [MIXUP, CUTMIX, BOTH])
@pytest.mark.parametrize("number", [0, 1])
def test_an_absent_task_stays_absent_and_a_known_one_stays_known(mixing, number):
    (_, targets, weights), (_, _, before) = batch_of(mixing, number)
    for name, values in weights.items():
        np.testing.assert_array_equal(values > 0, before[name] > 0)
        np.testing.assert_allclose(values, before[name], rtol=1e-6)  # all that count weigh alike
        np.testing.assert_allclose(targets[name].sum(axis=1)[values > 0], 1, rtol=1e-6)
        assert targets[name].dtype == values.dtype == np.float32


@pytest.mark.parametrize("mixing", [MIXUP, CUTMIX])
def test_a_target_is_mixed_by_the_share_that_the_image_was(mixing):
    (images, targets, weights), (whole, had, before) = batch_of(mixing)
    partner = partners(before)
    mixed = 0
    for place, other in enumerate(partner):
        own, foreign = (float(whole[at, 0, 0, 0]) for at in (place, other))
        if own == foreign:
            np.testing.assert_array_equal(images[place], whole[place])
            continue
        share = (images[place].mean() - foreign) / (own - foreign)
        assert 0 <= share <= 1
        mixed += 0.02 < share < 0.98
        for name in targets:
            if weights[name][place]:
                expected = share * had[name][place] + (1 - share) * had[name][other]
                np.testing.assert_allclose(targets[name][place], expected, atol=0.5 / abs(own - foreign) + 1e-6)
    assert mixed >= 5


@pytest.mark.parametrize("mixing", [MIXUP, CUTMIX])
def test_the_loss_of_a_mixture_is_the_mean_of_both_losses_each_with_its_own_weight(mixing):
    """With class weights the two weights differ; log_p stands for what a network gives."""
    weighted = {"balance": True, "class_weights": "balanced"}
    (images, targets, weights), (whole, had, before) = batch_of({**mixing, **weighted})
    partner, log_p = partners(before), np.log(np.random.default_rng(0).dirichlet(np.ones(3), 16))
    seen = 0
    for place, other in enumerate(partner):
        own, foreign = (float(whole[at, 0, 0, 0]) for at in (place, other))
        if abs(own - foreign) < 60 or not before["colour"][place]:  # too alike to tell the share
            continue
        share = (images[place].mean() - foreign) / (own - foreign)
        first, second = (-before["colour"][at] * (had["colour"][at] * log_p[place]).sum() for at in (place, other))
        loss = -weights["colour"][place] * (targets["colour"][place] * log_p[place]).sum()
        rounding = 0.5 / abs(own - foreign) * abs(first - second)
        assert loss == pytest.approx(share * first + (1 - share) * second, abs=rounding + 1e-4)
        seen += abs(before["colour"][place] - before["colour"][other]) > 0.1
    assert seen >= 2


def test_images_that_count_for_nothing_stay_as_they_are():
    (images, targets, weights), (whole, had, before) = batch_of(BOTH, number=1)
    nothing = ~np.any([values > 0 for values in before.values()], axis=0)
    assert nothing.sum() >= 2
    np.testing.assert_array_equal(images[nothing], whole[nothing])
    for name in targets:
        np.testing.assert_array_equal(targets[name][nothing], had[name][nothing])
        assert not weights[name][nothing].any()


def test_cutmix_takes_one_rectangle_of_the_partner_and_mixup_all_of_it():
    (images, *_), (whole, _, weights) = batch_of(CUTMIX)
    partner, seen = partners(weights), 0
    for place, image in enumerate(images):
        foreign = image[..., 0] != whole[place, 0, 0, 0]
        assert (image[foreign] == whole[partner[place], 0, 0]).all()
        rows, columns = foreign.any(axis=1), foreign.any(axis=0)
        assert foreign.sum() == rows.sum() * columns.sum()
        for line in (rows, columns):
            assert np.abs(np.diff(line.astype(int), prepend=0, append=0)).sum() in {0, 2}
        seen += 0 < foreign.sum() < SIZE**2
    assert seen >= 5
    (images, *_), _ = batch_of(MIXUP)
    assert (images == images[:, :1, :1]).all()


def test_partners_count_for_exactly_the_same_tasks_and_each_is_one_once():
    weights = {"a": np.array([1, 0, 2, 1, 0, 0, 1.0, 0]), "b": np.array([0, 1, 0, 1, 1, 0, 0.0, 0])}
    partner = partners(weights)
    assert partner.tolist() == [6, 4, 0, 3, 1, 5, 2, 7]


def test_a_batch_is_mixed_alike_for_its_seed_epoch_and_number_alone():
    first, again, other, later = (batch_of(MIXUP, epoch=e, seed=s)[0][0] for e, s in ((0, 0), (0, 0), (0, 1), (1, 0)))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first != later).any()


def test_with_both_each_batch_has_one_of_the_two():
    images = [batch_of(BOTH, epoch=epoch)[0][0] for epoch in range(12)]
    assert {True, False} == {bool((image != image[:, :1, :1]).any()) for image in images}  # a rectangle, or none
