"""Grad-CAM against what it has to be: known in closed form for an average and one layer, else by small differences."""

from dataclasses import replace

import keras
import numpy as np
import pytest
from small_data import COLOUR, SHADE, TINY

from competition.model.grad_cam import BATCH, GradCam
from competition.model.network import backbone_of, build_network
from competition.task import Task

TAGS = Task("图片", ("wet", "big", "new"), "multilabel")
WIDE = replace(TINY, tasks=(COLOUR, SHADE, TAGS), image_size=64)
SPLIT = replace(WIDE, backbone="squeezenet", split_at="fire8")
ASKED = {"colour": [2, 0, 1], "shade": [1, 1, 0], "图片": [0, 2, 1]}


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3)).astype(np.uint8)


def network_of(recipe, policy: str = "float32") -> keras.Model:
    keras.utils.set_random_seed(0)
    return build_network(recipe, policy)


def maps(network: keras.Model, task: Task, images: np.ndarray) -> np.ndarray:
    """The last feature maps that a task has, part by part: preprocessing, backbone, the task's branch if it has one."""
    x = backbone_of(network)(network.layers[1](images), training=False)
    branches = [layer for layer in network.layers if layer.name == f"{task.ascii_name}_branch"]
    for branch in branches:
        x = branch(x, training=False)
    return keras.ops.convert_to_numpy(keras.ops.cast(x, "float32"))


def kernel(network: keras.Model, layer: str) -> np.ndarray:
    return network.get_layer(layer).get_weights()[0]


def up_to_one(heat: np.ndarray) -> np.ndarray:
    heat = np.maximum(heat, 0)
    return heat / np.maximum(heat.max(axis=(1, 2), keepdims=True), 1e-12)


@pytest.mark.parametrize("recipe", [WIDE, SPLIT], ids=["shared", "branches"])
@pytest.mark.parametrize(("head", "layer"), [("dense", "{}"), ("convolution", "{}_maps")])
def test_with_an_average_and_one_layer_it_is_the_class_activation_map(recipe, head, layer, images):
    recipe = replace(recipe, head=head)
    network = network_of(recipe)
    found = GradCam(network, recipe.tasks).heat(images, ASKED)
    assert [*found] == [task.name for task in recipe.tasks]
    for task in recipe.tasks:
        seen, weights = maps(network, task, images), kernel(network, layer.format(task.ascii_name))
        weights = weights.reshape(-1, len(task))[:, ASKED[task.name]]
        assert found[task.name].dtype == np.float32
        np.testing.assert_allclose(found[task.name], up_to_one(np.einsum("nhwc,cn->nhw", seen, weights)), atol=1e-4)
        assert 0 < found[task.name].mean() < 1


def test_through_dense_layers_it_follows_the_gradient_that_small_differences_give(images):
    recipe = replace(WIDE, pool="flatten", shared=(16,), shared_activation="leaky_relu", towers=((8,), (), (4, 4)))
    network, task = network_of(recipe), COLOUR
    found = GradCam(network, recipe.tasks).heat(images, ASKED)["colour"]
    weights = [network.get_layer(name).get_weights() for name in ("shared_1", "colour_1", "colour")]

    def score(flat: np.ndarray, asked: int) -> np.ndarray:
        (w1, b1), (w2, b2), (w3, b3) = ([one.astype(np.float64) for one in pair] for pair in weights)
        x = flat @ w1 + b1
        x = np.maximum((np.where(x > 0, x, 0.1 * x)) @ w2 + b2, 0)
        return (x @ w3 + b3)[:, asked]

    for image, asked in enumerate(ASKED["colour"]):
        seen = maps(network, task, images)[image].astype(np.float64)
        steps = 1e-5 * np.eye(seen.size)
        slopes = (score(seen.ravel() + steps, asked) - score(seen.ravel() - steps, asked)) / 2e-5
        weight = slopes.reshape(seen.shape).mean(axis=(0, 1))
        np.testing.assert_allclose(found[image], up_to_one((seen @ weight)[None])[0], atol=1e-3)


def test_half_a_format_looks_where_float32_does(images):
    whole, half = network_of(WIDE), network_of(WIDE, "mixed_bfloat16")
    half.set_weights(whole.get_weights())
    of_whole = GradCam(whole, WIDE.tasks).heat(images, ASKED)
    for name, heat in GradCam(half, WIDE.tasks).heat(images, ASKED).items():
        assert heat.dtype == np.float32
        np.testing.assert_allclose(heat, of_whole[name], atol=0.2)


def test_weights_that_are_loaded_later_count_and_the_network_answers_as_before(images):
    network = network_of(WIDE)
    before, looked = network(images, training=False), GradCam(network, WIDE.tasks)
    first = looked.heat(images, {"shade": [0, 0, 0]})
    for name, values in network(images, training=False).items():
        np.testing.assert_array_equal(values, before[name])
    layer = network.get_layer("shade")
    layer.set_weights([-one for one in layer.get_weights()])
    assert np.abs(looked.heat(images, {"shade": [0, 0, 0]})["shade"] - first["shade"]).max() > 0.5


def test_any_number_of_images_in_their_order_and_only_the_tasks_that_are_asked_about(images):
    many = np.concatenate([images] * (BATCH // 3 + 2))
    looked = GradCam(network_of(WIDE), WIDE.tasks)
    found = looked.heat(many, {"shade": np.arange(len(many)) % 2})
    assert found.keys() == {"shade"}
    one_by_one = [
        looked.heat(many[row : row + 1], {"shade": [row % 2]})["shade"] for row in (0, 1, BATCH, len(many) - 1)
    ]
    np.testing.assert_allclose(found["shade"][[0, 1, BATCH, -1]], np.concatenate(one_by_one), atol=1e-4)
    assert looked.heat(images[:0], {"colour": []})["colour"].shape == (0, 2, 2)
