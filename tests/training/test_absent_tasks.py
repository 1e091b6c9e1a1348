"""A task that an image does not carry must not move its head, however the loss is built."""

from dataclasses import replace

import numpy as np
import pytest
from small_data import COLOUR, SHADE, TINY, random_labels

from competition.dataset import Dataset
from competition.images.batches import TrainBatches
from competition.images.mix import MixedBatches
from competition.recipe import Recipe, Stage
from competition.task import Task

CONVNET = replace(TINY, backbone="convnet")
STEP = Stage(epochs=1, learning_rate=0.5, trains="all")


def without(dataset: Dataset, task: Task) -> Dataset:
    """The same images, none of which carries the task."""
    codes = {**dataset.codes, task.name: np.zeros_like(dataset.codes[task.name])}
    return replace(dataset, codes=codes, labelled={**dataset.labelled, task.name: np.zeros(len(dataset), bool)})


SIGMOID = replace(CONVNET, tasks=(COLOUR, Task("shade", SHADE.classes, "multilabel")))
NETWORKS = {
    "plain": CONVNET,
    "smoothed": replace(CONVNET, label_smoothing=0.1),
    "sigmoid": SIGMOID,
    "smoothed sigmoid": replace(SIGMOID, label_smoothing=0.1),
    "batch normalisation": TINY,
}


@pytest.fixture(scope="module")
def compiled(request):
    """A network, compiled for plain gradient descent, its recipe, and the weights that it begins with."""
    import keras

    from competition.model.network import build_network
    from competition.training.compile import compile_stage

    keras.utils.set_random_seed(0)
    recipe = replace(NETWORKS[request.param], optimizer="sgd")
    network = build_network(recipe)
    compile_stage(network, recipe, STEP, steps=1)
    network.optimizer.momentum = 0.0
    return network, recipe, network.get_weights()


def moves_of_a_step(network, recipe: Recipe, first: list[np.ndarray], mask: bool = True) -> dict[str, list[float]]:
    """How far kernel and bias of each head move from `first` in one step through fit, on images without SHADE."""
    from competition.model.stream import stream

    dataset = without(random_labels(16, tasks=recipe.tasks, present=1), SHADE)
    images = np.random.default_rng(0).integers(0, 256, (16, 32, 32, 3)).astype(np.uint8)
    kind = MixedBatches if recipe.mixup or recipe.cutmix else TrainBatches
    batches = kind(dataset, recipe, 16, lambda rows, _: images[rows])
    network.set_weights(first)
    before = {task.name: network.get_layer(task.name).get_weights() for task in recipe.tasks}
    if mask:
        with stream(batches) as made:
            network.fit(made, epochs=1, shuffle=False, verbose=0)
    else:
        network.fit(*batches[0][:2], batch_size=16, epochs=1, shuffle=False, verbose=0)
    pairs = {name: zip(values, network.get_layer(name).get_weights(), strict=True) for name, values in before.items()}
    return {name: [np.abs(new - old).max() for old, new in both] for name, both in pairs.items()}


@pytest.mark.parametrize("compiled", NETWORKS, indirect=True)
def test_a_step_on_images_without_a_task_leaves_its_head_bit_equal(compiled):
    network, recipe, first = compiled
    weighted = {"balance": True, "class_weights": "balanced"}
    for fields in ({}, {"maybe": 0.3}, weighted, {"mixup": 0.4}, {"cutmix": 1.0, **weighted}):
        moves = moves_of_a_step(network, replace(recipe, **fields), first)
        assert moves["shade"] == [0, 0]
        assert max(moves["colour"]) > 0


@pytest.mark.parametrize("compiled", ["plain", "smoothed", "sigmoid"], indirect=True)
def test_zero_targets_without_the_mask_do_move_it(compiled):
    """The published script's form, which shows that the test above can fail."""
    assert moves_of_a_step(*compiled, mask=False)["shade"][1] > 1e-3


def test_masked_accuracy_is_that_of_numpy_over_the_whole_epoch():
    """40 rows in batches of 16: the last batch is filled up with rows that must not count."""
    import keras

    from competition.model.network import build_network
    from competition.model.stream import stream
    from competition.training.compile import compile_stage

    keras.utils.set_random_seed(1)
    recipe = replace(CONVNET, maybe=0.3)
    dataset = random_labels(40)
    images = np.random.default_rng(1).integers(0, 256, (40, 32, 32, 3)).astype(np.uint8)
    network = build_network(recipe)
    compile_stage(network, recipe, Stage(1, 1e-30, "all"), steps=3)
    batches = TrainBatches(dataset, recipe, 16, lambda rows, _: images[rows])
    with stream(batches) as made:
        logs = network.fit(made, epochs=1, shuffle=False, verbose=0).history
    answers = network.predict(images, verbose=0)
    for task in recipe.tasks:
        present = dataset.labelled[task.name]
        truth = dataset.codes[task.name].argmax(axis=1)
        expected = (answers[task.name].argmax(axis=1) == truth)[present].mean()
        assert logs[f"{task.name}_accuracy"][0] == pytest.approx(expected, abs=1e-6)
