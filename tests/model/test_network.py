"""The network: its size, its names, what it takes and gives, and its weights on disk."""

from dataclasses import replace
from itertools import chain, permutations

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
    by_task,
    features_of,
    set_heads,
    set_trainable,
)
from competition.model.restore import restore, save
from competition.recipe import Recipe
from competition.recipes.fashionai import TASKS
from competition.run import Run
from competition.task import Task

CONVNET = replace(TINY, backbone="convnet")


@pytest.fixture(scope="module")
def squeezenet() -> keras.Model:
    return build_network(replace(TINY, backbone="squeezenet", weights="imagenet"))


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
    given = {name: np.array(values) for name, values in network(np.zeros((2, 32, 32, 3), np.uint8)).items()}
    assert list(given) == ["colour", "shade"]
    for task in (COLOUR, SHADE):
        assert given[task.name].shape == (2, len(task))
        assert given[task.name].dtype == np.float32
        np.testing.assert_allclose(given[task.name].sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(
    "changes",
    [
        {"shared": (4,), "towers": ((4,),)},
        {"head": "convolution"},
        {"backbone": "squeezenet_pool8", "image_size": 64, "split_at": "relu9", "head": "convolution"},
    ],
)
def test_a_task_in_another_script_has_layers_that_tensorflow_can_run(changes):
    recipe = replace(CONVNET, tasks=(replace(COLOUR, name="颜色"), replace(SHADE, name="teinte_é")), **changes)
    network = build_network(recipe)
    assert all(layer.name.isascii() for layer in all_layers(network))
    blank = np.zeros((2, recipe.image_size, recipe.image_size, 3), np.uint8)
    given = by_task(network.predict(blank, verbose=0), recipe.tasks)
    assert {name: values.shape for name, values in given.items()} == {"颜色": (2, 3), "teinte_é": (2, 2)}


def test_multilabel_heads_are_independent_of_each_other(images):
    network = build_network(replace(CONVNET, tasks=(COLOUR, Task("marks", ("a", "b", "c"), "multilabel"))))
    kernel, bias = network.get_layer("marks").get_weights()
    network.get_layer("marks").set_weights([0 * kernel, bias + 3])
    assert np.array(network(images)["marks"]).sum(axis=1).min() > 1.5


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


def test_weights_load_into_a_network_rebuilt_from_recipe_json_whatever_was_built_before(tmp_path, images):
    """Keras numbers its layers through; a new process begins at 0, as `clear_session` does."""
    run = Run(tmp_path)
    build_network(CONVNET)
    network = build_network(CONVNET)
    save(network, run)
    run.write_recipe(CONVNET, {"precision": "float32"})
    keras.backend.clear_session()
    expected, given = network(images), restore(run)(images)
    for name, values in expected.items():
        np.testing.assert_array_equal(given[name], values)


def statistics_changed(recipe: Recipe, images: np.ndarray, frozen: float = 0) -> list[bool]:
    """Which batch normalisations have other statistics after an epoch that trains all above a share of the layers."""
    network = build_network(recipe)
    names = [layer.name for layer in backbone_of(network).layers]
    set_trainable(network, names[int(frozen * len(names))] if frozen else "all")
    network.compile("sgd", {"colour": "mse", "shade": "mse"}, run_eagerly=True)
    norms = [layer for layer in all_layers(network) if isinstance(layer, keras.layers.BatchNormalization)]
    before = [np.array(norm.moving_mean) for norm in norms]
    network.fit(images, {"colour": np.zeros((6, 3)), "shade": np.zeros((6, 2))}, verbose=0)
    assert any(variable is norms[-1].gamma for variable in network.trainable_variables)
    return [(np.array(norm.moving_mean) != mean).any() for norm, mean in zip(norms, before, strict=True)]


def test_a_pretrained_backbone_keeps_its_batch_statistics_and_one_from_scratch_learns_them(images):
    assert all(statistics_changed(TINY, images))
    assert not any(statistics_changed(replace(TINY, weights="imagenet"), images))


def test_fixed_statistics_stay_fixed_also_above_a_frozen_part(images):
    assert not any(statistics_changed(replace(TINY, weights="imagenet"), images, frozen=0.5))


def test_a_stage_trains_the_heads_all_or_from_a_named_layer(squeezenet):
    heads = 2 * len(TINY.tasks)
    everything = len(squeezenet.weights)
    counts = {"all": everything, "heads": heads, "fire9_squeeze1x1": heads + 6, "fire8_squeeze1x1": heads + 12}
    for trains in chain(*permutations(counts)):  # whatever the stage before has trained
        set_trainable(squeezenet, trains)
        assert len(squeezenet.trainable_variables) == counts[trains]


def test_a_layer_that_does_not_exist_is_refused_with_a_near_one(squeezenet):
    with pytest.raises(InvalidInput, match=r"fire99.*such as fire9"):
        set_trainable(squeezenet, "fire99")


def test_heads_trained_on_standardised_features_give_the_same_in_the_network(images):
    network = build_network(CONVNET)
    features = np.array(features_of(network)(images))
    mean, variance = features.mean(axis=0, dtype=float), features.var(axis=0, dtype=float)
    for size in (variance, np.zeros(128)):  # features that are constant break nothing
        heads = build_heads(CONVNET, mean, size)
        set_heads(network, heads, mean, size)
        expected = heads(features)
        for name, values in network(images).items():
            assert np.isfinite(values).all()
            if size.any():
                np.testing.assert_allclose(values, expected[name], atol=1e-5)


def test_no_layer_needs_lambda_and_the_whole_network_can_be_saved_safely(squeezenet, tmp_path, images):
    squeezenet.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras", safe_mode=True)
    np.testing.assert_array_equal(again(images)["colour"], squeezenet(images)["colour"])


@pytest.mark.parametrize("name", ["pool", "image", "dropout", "small", "features", "standardised", "to_unit_range"])
def test_a_task_may_not_take_the_name_of_another_part(name):
    with pytest.raises(InvalidInput, match=f"may not be named {name}"):
        build_network(replace(TINY, tasks=(Task(name, ("a", "b")),)))


def test_images_that_are_too_small_are_refused():
    with pytest.raises(InvalidInput, match="16 pixels"):
        build_network(replace(TINY, backbone="inception_resnet_v2", image_size=16))


def test_backbone_of_finds_the_network_inside():
    assert backbone_of(build_network(CONVNET)).name == "convnet"
