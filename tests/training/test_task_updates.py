"""Turns: with "alternate" each batch trains one task alone, and what is measured over it stays exact."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import ABSENT, make_dataset
from small_data import TINY, random_labels

from competition.images.batches import TrainBatches
from competition.recipe import Recipe, Stage

ALTERNATE = replace(TINY, backbone="convnet", task_updates="alternate")
THREE = make_dataset({"a": [0, 1, 0, 1, 1], "b": [1, 1, 0, 0, 1], "c": [ABSENT, 0, 1, 0, ABSENT]})


def the_rows(rows: np.ndarray, epoch: int) -> np.ndarray:
    return rows


def trained(batches: TrainBatches, epochs: int) -> list[str]:
    """The tasks that have a weight in each batch, epoch by epoch."""
    found = []
    for batches.epoch in range(epochs):
        found += ["".join(name for name, weight in batch[2].items() if weight.any()) for batch in batches]
    return found


@pytest.mark.parametrize(("batch_size", "turns"), [(5, "abcabc"), (3, "abcabcabcabc"), (2, "abcabcabcabcabcabc")])
def test_tasks_take_turns_from_batch_to_batch_and_from_epoch_to_epoch(batch_size, turns):
    found = trained(TrainBatches(THREE, Recipe("mine", task_updates="alternate"), batch_size, the_rows), 6)
    assert [task or "c" for task in found] == list(turns)  # c may be absent from a whole batch of two
    assert set(trained(TrainBatches(THREE, Recipe("mine"), 5, the_rows), 2)) == {"abc"}


def test_with_gradients_added_up_a_turn_lasts_until_the_weights_change():
    batches = TrainBatches(THREE, Recipe("mine", task_updates="alternate", accumulate=2), 3, the_rows)
    assert trained(batches, 6) == list("aabbccaabbcc")


def test_the_turns_of_a_stage_begin_with_it():
    """Its optimizer is a fresh one: gradients that are added up must not be those of two tasks."""
    recipe = Recipe("mine", task_updates="alternate", accumulate=2)
    batches = TrainBatches(random_labels(5, present=1), recipe, 2, the_rows, first_epoch=1)
    assert batches.epoch == 1
    found = []
    for batches.epoch in (1, 2):
        found += [name for batch in batches for name, weight in batch[2].items() if weight.any()]
    assert found == ["colour", "colour", "shade", "shade", "colour", "colour"]


def test_in_its_turn_a_task_has_the_weights_that_it_has_in_joint_training():
    dataset = random_labels(40)
    for balance in (False, True):
        joint = TrainBatches(dataset, replace(TINY, balance=balance), 16, the_rows)
        alternate = TrainBatches(dataset, replace(ALTERNATE, balance=balance), 16, the_rows)
        for epoch in (0, 1):
            joint.epoch = alternate.epoch = epoch
            for number in range(3):
                rows, targets, weights = alternate[number]
                np.testing.assert_array_equal(rows, joint[number][0])
                for place, task in enumerate(TINY.tasks):
                    np.testing.assert_array_equal(targets[task.name], joint[number][1][task.name])
                    turn = (3 * epoch + number) % 2 == place
                    np.testing.assert_array_equal(weights[task.name], joint[number][2][task.name] * turn)
                    assert weights[task.name].dtype == np.float32


def fit(network, batches, epochs: int = 1):
    from competition.model.stream import stream

    with stream(batches) as made:
        return network.fit(made, epochs=epochs, shuffle=False, verbose=0).history


def compiled(recipe: Recipe, rate: float):
    """A network ready to train on 32 pixels."""
    import keras

    from competition.model.network import build_network
    from competition.training.compile import compile_stage

    keras.utils.set_random_seed(0)
    network = build_network(recipe)
    compile_stage(network, recipe, Stage(1, rate, "all"), steps=1)
    return network


def test_a_batch_moves_the_shared_part_and_the_head_whose_turn_it_is_alone():
    """The other head stays equal to the bit, by plain gradient descent: momentum would carry it on."""
    images = np.random.default_rng(0).integers(0, 256, (16, 32, 32, 3)).astype(np.uint8)
    dataset = random_labels(16, present=1)
    network = compiled(replace(ALTERNATE, optimizer="sgd"), 0.1)
    network.optimizer.momentum = 0.0
    batches = TrainBatches(dataset, ALTERNATE, 16, lambda rows, _: images[rows])
    for batches.epoch, turn in enumerate(("colour", "shade", "colour")):
        before = {v.path: v.numpy() for v in network.trainable_variables}
        fit(network, batches)
        moved = {v.path.split("/")[0] for v in network.trainable_variables if (v.numpy() != before[v.path]).any()}
        assert moved & {"colour", "shade"} == {turn}
        assert moved - {"colour", "shade"}  # and the part that they share


def test_the_accuracy_of_an_epoch_is_that_of_the_images_whose_turn_it_was():
    recipe, dataset = ALTERNATE, random_labels(40)
    images = np.random.default_rng(1).integers(0, 256, (40, 32, 32, 3)).astype(np.uint8)
    network = compiled(recipe, 1e-30)
    batches = TrainBatches(dataset, recipe, 16, lambda rows, _: images[rows])
    logs = fit(network, batches)
    answers = network.predict(images, verbose=0)
    order = TrainBatches(dataset, recipe, 16, the_rows)
    shown = {"colour": np.concatenate([order[0][0], order[2][0][:8]]), "shade": order[1][0]}
    for task in recipe.tasks:
        rows = shown[task.name][dataset.labelled[task.name][shown[task.name]]]
        right = answers[task.name].argmax(axis=1) == dataset.codes[task.name].argmax(axis=1)
        assert logs[f"{task.name}_accuracy"][0] == pytest.approx(right[rows].mean(), abs=1e-6)
