"""Layers that tasks share or own: counted by hand, trained by their own task alone, folded whole into the network."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from helpers import refusal
from sklearn.metrics import log_loss
from small_data import COLOUR, SHADE, TINY, random_labels, write_data

from competition.data.load import read_material
from competition.images.batches import TrainBatches
from competition.model.network import build_heads, build_network, get_heads, set_heads
from competition.recipe import Recipe, Stage
from competition.run import Run
from competition.scoring.scores import Report, TaskScore, score
from competition.task import Task
from competition.training.compile import compile_stage
from competition.training.prepare import Preparation
from competition.training.trainer import Kept

IMAGES = np.random.default_rng(0).integers(0, 256, (16, 32, 32, 3)).astype(np.uint8)
CONVNET = replace(TINY, backbone="convnet")
FEATURES = 128  # of that network
SPLIT = replace(TINY, backbone="squeezenet_pool8", image_size=64, split_at="relu9", head="convolution")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, 5 * FEATURES + 5),
        ({"shared": (10,)}, FEATURES * 10 + 10 + 10 * 5 + 5),
        ({"towers": ((7, 4),)}, 2 * (FEATURES * 7 + 7 + 7 * 4 + 4) + 4 * 5 + 5),
        ({"towers": ((7,), ())}, FEATURES * 7 + 7 + 7 * 3 + 3 + FEATURES * 2 + 2),
        ({"pool": "flatten"}, 4 * 4 * FEATURES * 5 + 5),
        ({"head": "convolution"}, 5 * FEATURES + 5),
    ],
)
def test_the_layers_above_the_backbone_have_the_parameters_of_their_widths(fields, expected):
    network = build_network(replace(CONVNET, **fields))
    backbone = next(layer for layer in network.layers if isinstance(layer, keras.Model))
    assert network.count_params() - backbone.count_params() == expected


def test_each_branch_has_the_rest_of_the_backbone_for_itself():
    network = build_network(SPLIT)
    fire9 = 512 * 64 + 64 + 64 * 256 + 256 + 9 * 64 * 256 + 256
    assert network.get_layer("colour_branch").count_params() == fire9
    assert network.count_params() == 722_496 + fire9 + 512 * 5 + 5


def test_a_layer_to_split_at_that_is_not_there_is_refused_with_near_ones():
    assert "relu9" in refusal(build_network, replace(SPLIT, split_at="relu8"))


@pytest.mark.parametrize("fields", [{}, {"shared": (6,)}, {"towers": ((5, 4),)}, {"shared": (6,), "towers": ((3,),)}])
def test_heads_on_standardised_features_answer_alike_within_the_network(fields):
    recipe = replace(CONVNET, **fields)
    network = build_network(recipe)
    rng = np.random.default_rng(1)
    features, mean, deviation = rng.normal(size=(8, FEATURES)), rng.normal(size=FEATURES), rng.uniform(1, 3, FEATURES)
    trained = build_heads(recipe, mean, deviation**2)
    set_heads(network, trained, mean, deviation**2)
    expected = trained(features)
    inside = keras.Model(network.get_layer("pool").output, network.outputs)
    for found, name in zip(inside(features), network.output_names, strict=True):
        np.testing.assert_allclose(found, expected[name], atol=1e-5)
    back = build_heads(recipe, mean, deviation**2)
    get_heads(network, back, mean, deviation**2)
    for name, values in back(features).items():
        np.testing.assert_allclose(values, expected[name], atol=1e-5)


def fitted(recipe: Recipe) -> tuple[keras.Model, dict[str, list[np.ndarray]]]:
    """A network after one epoch, and what its layers held before."""
    keras.utils.set_random_seed(0)
    network, dataset = build_network(recipe), random_labels(16, tasks=recipe.tasks, present=1)
    before = {layer.name: layer.get_weights() for layer in network.layers}
    batches = TrainBatches(dataset, recipe, 8, lambda rows, _: IMAGES[rows])
    compile_stage(network, recipe, Stage(1, 0.1, "all"), len(batches))
    for place in range(len(batches)):
        network.train_on_batch(*batches[place])
    return network, before


def moved(network: keras.Model, before: dict[str, list[np.ndarray]]) -> set[str]:
    pairs = {name: zip(network.get_layer(name).get_weights(), values, strict=True) for name, values in before.items()}
    return {name for name, both in pairs.items() if any((new != old).any() for new, old in both)}


def test_a_task_of_weight_0_moves_neither_its_tower_nor_its_head():
    changed = moved(*fitted(replace(CONVNET, optimizer="sgd", towers=((4,),), task_weights=(0.0, 1.0))))
    assert {"shade", "shade_1", "convnet"} <= changed
    assert not {"colour", "colour_1"} & changed


def test_the_penalty_is_on_the_kernels_of_the_tasks_layers_alone():
    network = build_network(replace(CONVNET, shared=(4,), towers=((3,),), l2=0.5))
    kernels = [network.get_layer(name).get_weights()[0] for name in ("colour_1", "shade_1", "colour", "shade")]
    expected = sum(0.5 * (kernel.astype(float) ** 2).sum() for kernel in kernels)
    assert float(sum(network.losses)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("activation", "below"), [("relu", 0), ("leaky_relu", -0.1), ("prelu", 0), ("linear", -1)])
def test_an_activation_by_name_is_what_it_is_called(activation, below):
    network = build_network(replace(CONVNET, shared=(4,), shared_activation=activation))
    layer = network.get_layer("shared_1_activation")
    np.testing.assert_allclose(np.array(layer(np.array([[-1.0, 2, 0, -2]])))[0], [below, 2, 0, 2 * below], rtol=1e-6)
    assert len(layer.get_weights()) == (activation == "prelu")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tasks": (COLOUR, SHADE), "task_weights": (1.0,)}, "task_weights has 1 entries for 2 tasks"),
        ({"tasks": (COLOUR,), "towers": ((1,), (2,))}, "towers has 2 entries for 1 tasks"),
        ({"task_weights": (0.0, 0.0)}, "one of them above 0"),
        ({"task_weights": (-1.0, 1.0)}, "at least 0"),
        ({"shared": (0,)}, "at least 1"),
        ({"head": "convolution", "shared": (3,)}, "head is convolution"),
        ({"head": "convolution", "pool": "flatten"}, "head is convolution"),
        ({"split_at": "x", "trains": ("heads",)}, "a stage trains heads"),
        ({"split_at": "x", "shared": (4,)}, "split_at leaves no features that all tasks share"),
        ({"tasks": (COLOUR, Task("colour_1", ("a", "b"))), "towers": ((4,),)}, "may not be named colour_1"),
        ({"tasks": (COLOUR, Task("colour_maps", ("a", "b")))}, "may not be named colour_maps"),
        ({"tasks": (Task("image", ("a", "b")),)}, "may not be named image"),
        ({"tasks": (Task("small", ("a", "b")),)}, "may not be named small"),
        ({"tasks": (Task("shared_1", ("a", "b")),), "shared": (4,)}, "may not be named shared_1"),
        ({"l2": -1.0}, "l2 is -1.0"),
        ({"beta_1": 1.0}, "beta_1 is 1.0"),
        ({"beta_1": 0.5, "optimizer": "sgd"}, "sgd"),
        ({"halve_every": 1}, "halve_every is 1"),
    ],
)
def test_layers_and_weights_that_cannot_be_are_refused(changes, words):
    assert words in refusal(lambda: Recipe("mine", **changes))


def test_the_loss_of_a_report_is_the_mean_cross_entropy_of_its_tasks():
    labels = random_labels(40, tasks=(COLOUR, SHADE), present=0.7)
    rng = np.random.default_rng(2)
    given = {task.name: rng.dirichlet(np.ones(len(task)), 40) for task in (COLOUR, SHADE)}
    report = score((COLOUR, SHADE), given, labels.codes, labels.labelled)
    expected = []
    for task in (COLOUR, SHADE):
        has = labels.labelled[task.name]
        truth = labels.codes[task.name][has].argmax(axis=1)
        expected.append(log_loss(truth, given[task.name][has], labels=range(len(task))))
    assert [found.loss for found in report.tasks] == pytest.approx(expected)
    assert report.loss == pytest.approx(np.mean(expected))


@pytest.mark.parametrize(("by", "best"), [("map", 1), ("accuracy", 2), ("loss", 3)])
def test_the_epoch_kept_is_the_best_by_the_number_that_the_recipe_names(by, best):
    kept = Kept(lambda network: None, by)
    scores = [(0.1, 0.1, 0.9), (0.9, 0.2, 0.8), (0.2, 0.9, 0.7), (0.3, 0.3, 0.1)]
    for epoch, (ap, accuracy, loss) in enumerate(scores):
        kept.offer(None, epoch, Report((), ap, 0, accuracy, 0, 0, loss), {})
    assert kept.epoch == best


def test_a_task_of_weight_0_does_not_decide_which_epoch_is_kept(tmp_path):
    material = read_material(CONVNET, write_data(tmp_path / "data", images=20), False, tmp_path)
    for weights, best in [((1.0, 0.0), 1), ((0.0, 1.0), 2), ((1.0, 0.1), 2), ((), 2)]:
        recipe = replace(CONVNET, monitor="accuracy", task_weights=weights)
        trainer = Preparation.of(recipe, material, tmp_path).trainer(Run(tmp_path))
        for epoch, (colour, shade) in enumerate([(0.6, 0.1), (0.5, 0.9)], start=1):
            pairs = ("colour", colour), ("shade", shade)
            scores = tuple(TaskScore(name, 9, 0, 0, accuracy, 0, 0) for name, accuracy in pairs)
            trainer.kept.offer(trainer.network, epoch, Report(scores, 0, 0, (colour + shade) / 2, 0, 0, 0), {})
        assert trainer.kept.epoch == best, weights
