"""What a training works on: which seed decides what is held out."""

import numpy as np
from helpers import make_dataset

from competition.data.load import split
from competition.recipe import Recipe

DATASET = make_dataset({"colour": [number % 3 for number in range(200)]})


def held_out(**seeds: int) -> list[int]:
    training, held = split(DATASET, Recipe("mine", validation=0.2, **seeds))
    assert sorted([*training, *held]) == list(range(200))
    return held.tolist()


def test_the_split_has_a_seed_of_its_own():
    assert held_out(seed=1) == held_out(seed=2)
    assert held_out(split_seed=1) != held_out(split_seed=2)
    np.testing.assert_allclose([len(held_out(split_seed=seed)) for seed in range(5)], 40, atol=1)
