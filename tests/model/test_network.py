"""The network: its size, its names, what it takes and gives, and its weights on disk."""

import subprocess
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest
from small_data import COLOUR, SHADE, TINY

from competition.errors import InvalidInput
from competition.model.backbones.registry import BACKBONES
from competition.model.network import (
    all_layers,
    backbone_of,
    build_heads,
    build_network,
    features_of,
    set_heads,
    set_trainable,
)
from competition.recipe import Recipe
from competition.recipes.fashionai import TASKS
from competition.run import Run
from competition.task import Task


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3)).astype(np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backbone", "size", "parameters"),
    [("nasnet_large", 331, 85_134_600), ("inception_resnet_v2", 299, 54_419_734)],
)
def test_published_networks_have_the_published_number_of_parameters(backbone, size, parameters):
    recipe = Recipe("x", tasks=TASKS, backbone=backbone, image_size=size)
    assert build_network(recipe).count_params() == parameters
    keras.backend.clear_session()


def test_squeezenet_has_the_parameters_of_version_1_1():
    """Iandola et al. count 1,235,496 with the classifier of 512 x 1000 + 1000, so 722,496 without."""
    assert BACKBONES["squeezenet"].build(Recipe("any", image_size=227)).count_params() == 722_496


@pytest.mark.parametrize("backbone", ["squeezenet", "small", "vgg16"])
def test_a_network_takes_bytes_and_gives_float32_probabilities_named_by_task(backbone):
    network = build_network(replace(TINY, backbone=backbone), "mixed_bfloat16")
    assert network.input.dtype == "uint8"
    given = network.predict(np.zeros((2, 32, 32, 3), np.uint8), verbose=0)
    assert list(given) == ["colour", "shade"]
    for task in (COLOUR, SHADE):
        assert given[task.name].shape == (2, len(task))
        assert given[task.name].dtype == np.float32
        np.testing.assert_allclose(given[task.name].sum(axis=1), 1, atol=1e-6)


def test_multilabel_heads_are_independent_of_each_other(images):
    network = build_network(replace(TINY, tasks=(COLOUR, Task("marks", ("a", "b", "c"), "multilabel"))))
    kernel, bias = network.get_layer("marks").get_weights()
    network.get_layer("marks").set_weights([kernel, bias + 3])
    assert network.predict(images, verbose=0)["marks"].sum(axis=1).min() > 1.5


@pytest.mark.parametrize(
    ("backbone", "expected"),
    [
        ("vgg16", lambda x: (x[..., ::-1] - [103.939, 116.779, 123.68])[..., ::-1]),
        ("vgg19", lambda x: (x[..., ::-1] - [103.939, 116.779, 123.68])[..., ::-1]),
        ("squeezenet", lambda x: (x[..., ::-1] - [104.0, 117.0, 123.0])[..., ::-1]),
        ("nasnet_large", lambda x: x / 127.5 - 1),
        ("inception_resnet_v2", lambda x: x / 127.5 - 1),
    ],
)
def test_each_backbone_gets_the_pixels_it_was_trained_with(images, backbone, expected):
    layer = BACKBONES[backbone].preprocess()
    np.testing.assert_allclose(layer(images), expected(images.astype(float)), atol=1e-4)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    np.testing.assert_array_equal(layer(images), again(images))


def test_weights_load_into_a_network_rebuilt_from_recipe_json_in_another_process(tmp_path, images):
    run = Run(tmp_path)
    build_network(TINY)  # so that this process has used up the first of Keras' automatic names
    network = build_network(TINY)
    network.save_weights(str(run.weights))
    run.write_recipe(TINY, {"precision": "float32"})
    np.save(tmp_path / "images.npy", images)
    code = (
        "import sys, numpy as np; from pathlib import Path\n"
        "from competition.run import Run; from competition.model.restore import restore\n"
        "folder = Path(sys.argv[1]); network = restore(Run(folder))\n"
        "np.savez(folder / 'given.npz', **network.predict(np.load(folder / 'images.npy'), verbose=0))"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, capture_output=True)
    given = np.load(tmp_path / "given.npz")
    for name, values in network.predict(images, verbose=0).items():
        np.testing.assert_array_equal(given[name], values)


def test_a_pretrained_backbone_keeps_its_batch_statistics_and_one_from_scratch_learns_them(images):
    for weights, learns in (("none", True), ("imagenet", False)):
        recipe = replace(TINY, weights=weights)
        network = build_network(recipe)
        set_trainable(network, "all")
        network.compile("sgd", {"colour": "mse", "shade": "mse"})
        norm = next(layer for layer in all_layers(network) if isinstance(layer, keras.layers.BatchNormalization))
        before = np.array(norm.moving_mean)
        network.fit(images, {"colour": np.zeros((6, 3)), "shade": np.zeros((6, 2))}, verbose=0)
        assert (np.array(norm.moving_mean) != before).any() == learns
        assert any(variable is norm.gamma for variable in network.trainable_variables)


def test_fixed_statistics_stay_fixed_also_above_a_frozen_part(images):
    network = build_network(replace(TINY, weights="imagenet"))
    backbone = backbone_of(network)
    names = [layer.name for layer in backbone.layers]
    set_trainable(network, names[len(names) // 2])
    network.compile("sgd", {"colour": "mse", "shade": "mse"})
    norms = [layer for layer in all_layers(network) if isinstance(layer, keras.layers.BatchNormalization)]
    before = [np.array(norm.moving_mean) for norm in norms]
    network.fit(images, {"colour": np.zeros((6, 3)), "shade": np.zeros((6, 2))}, verbose=0)
    for norm, mean in zip(norms, before, strict=True):
        np.testing.assert_array_equal(np.array(norm.moving_mean), mean)


def test_a_stage_trains_the_heads_all_or_from_a_named_layer():
    network = build_network(replace(TINY, backbone="squeezenet"))
    heads = 2 * len(TINY.tasks)
    everything = len(network.weights)
    for trains, count in (("all", everything), ("heads", heads), ("fire9_squeeze1x1", heads + 6)):
        set_trainable(network, trains)
        assert len(network.trainable_variables) == count


def test_a_layer_that_does_not_exist_is_refused_with_a_near_one():
    with pytest.raises(InvalidInput, match=r"fire99.*such as fire9"):
        set_trainable(build_network(replace(TINY, backbone="squeezenet")), "fire99")


def test_heads_trained_on_standardised_features_give_the_same_in_the_network(images):
    network = build_network(TINY)
    features = features_of(network).predict(images, verbose=0)
    mean, variance = features.mean(axis=0, dtype=float), features.var(axis=0, dtype=float)
    trained = build_heads(TINY, mean, variance)
    expected = trained.predict(features, verbose=0)
    set_heads(network, trained, mean, variance)
    for name, values in network.predict(images, verbose=0).items():
        np.testing.assert_allclose(values, expected[name], atol=1e-5)


def test_a_constant_feature_does_not_break_the_heads(images):
    network = build_network(TINY)
    mean, variance = np.ones(256), np.zeros(256)
    set_heads(network, build_heads(TINY, mean, variance), mean, variance)
    assert np.isfinite(network.predict(images, verbose=0)["colour"]).all()


def test_no_layer_needs_lambda_and_the_whole_network_can_be_saved_safely(tmp_path, images):
    network = build_network(replace(TINY, backbone="squeezenet", weights="imagenet"))
    network.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras", safe_mode=True)
    np.testing.assert_array_equal(
        again.predict(images, verbose=0)["colour"], network.predict(images, verbose=0)["colour"]
    )


@pytest.mark.parametrize("name", ["pool", "image", "dropout", "small", "features", "standardised", "to_unit_range"])
def test_a_task_may_not_take_the_name_of_another_part(name):
    with pytest.raises(InvalidInput, match=f"may not be named {name}"):
        build_network(replace(TINY, tasks=(Task(name, ("a", "b")),)))


def test_images_that_are_too_small_are_refused():
    with pytest.raises(InvalidInput, match="16 pixels"):
        build_network(replace(TINY, backbone="inception_resnet_v2", image_size=16))


def test_backbone_of_finds_the_network_inside():
    assert backbone_of(build_network(TINY)).name == "small"
