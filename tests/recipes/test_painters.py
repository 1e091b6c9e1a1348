"""Paintings: their answers can be seen; the networks, published and mended; from arrays to a prediction file."""

from dataclasses import replace
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from helpers import refusal

from competition.commands.submit import submit
from competition.commands.train import train
from competition.dataset import YES
from competition.drawing.painters import TASKS, draw
from competition.layouts.arrays import read_labels, read_questions
from competition.model.backbones.scratch import VGG_BLOCKS
from competition.model.network import build_network
from competition.recipes import load_recipe


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("painters") / "data"
    draw(folder, images=96, seed=3, progress=False)
    return folder


def test_all_three_answers_can_be_seen_in_a_painting(tmp_path):
    """Nearest mean picture of a class, over pictures of 16 pixels or the corner with the signature, beats chance."""
    draw(tmp_path / "more", images=1200, progress=False)
    for task, least in (("style", 0.2), ("genre", 0.4), ("painter", 0.5)):
        features, labels = {}, {}
        for split in ("train", "val"):
            images = np.load(tmp_path / f"more/{split}_images.npy")
            seen = images[:, -24:, -24:] if task == "painter" else images
            small = [cv2.resize(image, (16, 16), interpolation=cv2.INTER_AREA) for image in seen]
            features[split] = np.array(small, float).reshape(len(images), -1)
            labels[split] = np.load(tmp_path / f"more/{split}_{task}.npy").argmax(axis=1)
        classes = np.unique(labels["train"])
        means = np.stack([features["train"][labels["train"] == k].mean(axis=0) for k in classes])
        nearest = np.linalg.norm(features["val"][:, None] - means, axis=2).argmin(axis=1)
        assert (nearest == labels["val"]).mean() > least, task.name


NETWORKS = {"painters_published": 14_714_688, "painters": 14_714_688 - 4_224 + 4 * 4_224}  # no biases, but four a map


@pytest.fixture(scope="module")
def networks() -> dict[str, keras.Model]:
    """The network of each recipe; the published one has VGG16's convolutions, of 4,224 maps in all."""
    return {name: build_network(replace(load_recipe(name), tasks=TASKS)) for name in NETWORKS}


@pytest.fixture(params=NETWORKS)
def network(request, networks) -> keras.Model:
    return networks[request.param]


@pytest.fixture
def published(networks) -> keras.Model:
    return networks["painters_published"].get_layer("vgg16_plain")


@pytest.fixture
def mended(networks) -> keras.Model:
    return networks["painters"].get_layer("vgg16_bn")


def test_the_networks_have_the_published_parameters(networks):
    dense = {"shared_1": 204_900, "style": 1_919, "genre": 3_232, "painter": 1_010}
    dense |= {f"{task}_1": 10_100 for task in ("style", "genre", "painter")}
    for name, network in networks.items():
        assert {layer: network.get_layer(layer).count_params() for layer in dense} == dense
        assert network.count_params() == NETWORKS[name] + sum(dense.values())


def test_the_layers_of_the_tasks_and_no_others_are_penalised(network):
    layers = [f"{task.name}{ending}" for task in TASKS for ending in ("", "_1")]
    kernels = [network.get_layer(layer).get_weights()[0] for layer in layers]
    assert float(sum(network.losses)) == pytest.approx(1e-4 * sum((kernel**2).sum() for kernel in kernels), rel=1e-4)


def test_the_convolutions_are_those_of_vgg16_in_keras(published):
    """With the same weights they give the same maps; both are named alike."""
    from keras import applications

    theirs = applications.VGG16(include_top=False, weights=None, input_shape=(64, 64, 3))
    for layer in theirs.layers:
        if layer.weights:
            layer.set_weights(published.get_layer(layer.name).get_weights())
    image = np.random.default_rng(0).normal(size=(2, 64, 64, 3)).astype(np.float32)
    np.testing.assert_allclose(published(image), theirs(image), rtol=1e-3, atol=1e-7)


def test_the_convolutions_start_as_the_recipe_says(published, mended):
    """Uniform up to sqrt(6 / fan): He counts what comes in, Glorot what comes in and goes out."""
    for network, fan in ((published, 9 * (64 + 128)), (mended, 9 * 64)):
        kernel = network.get_layer("block2_conv1").get_weights()[0]
        limit = np.sqrt(6 / fan)
        assert 0.99 * limit < np.abs(kernel).max() <= limit


def test_every_activation_stands_behind_every_convolution(published, mended):
    recipe = replace(load_recipe("painters_published"), tasks=TASKS, image_size=32)
    prelu = build_network(replace(recipe, activation="prelu")).get_layer("vgg16_plain")
    assert prelu.count_params() == published.count_params() + sum(map(sum, VGG_BLOCKS))
    kinds = [type(layer).__name__ for layer in mended.layers]
    assert kinds.count("LeakyReLU") == kinds.count("Conv2D") == kinds.count("BatchNormalization") == 13
    first = kinds.index("Conv2D")
    assert kinds[first : first + 3] == ["Conv2D", "BatchNormalization", "LeakyReLU"]


def test_images_that_five_halvings_leave_nothing_of_are_refused():
    small = replace(load_recipe("painters_published"), tasks=TASKS, image_size=31)
    assert "vgg16_plain cannot be built for images of 31 pixels" in refusal(build_network, small)


def test_a_training_on_arrays_ends_in_a_prediction_file_that_reads_back_as_its_answers(data, tmp_path, capsys):
    recipe = replace(load_recipe("painters"), backbone="convnet", image_size=32, epochs=(1,), precision="float32")
    run = train(recipe, data, tmp_path / "run", cache=tmp_path / "cache")
    assert "held out by the data set itself: 24 images" in capsys.readouterr().out
    assert [len(task) for task in run.read_recipe().tasks] == [19, 32, 10]
    path = submit([run.folder], output=tmp_path / "sent/answers.npz", cache=tmp_path / "cache")
    assert "score by the answers of" in capsys.readouterr().out
    assert {file.name for file in path.parent.glob("[!.]*")} == {"answers.npz", "answers-probabilities.csv"}
    with np.load(path) as sent:
        for task in TASKS:
            np.save(tmp_path / f"sent/test_{task.name}.npy", sent[task.name])
            assert sent[f"{task.name}_probabilities"].sum(axis=1) == pytest.approx(np.ones(12), abs=1e-5)
            assert (sent[task.name].argmax(axis=1) == sent[f"{task.name}_probabilities"].argmax(axis=1)).all()
        (tmp_path / "sent/test_images.npy").write_bytes((data / "test_images.npy").read_bytes())
        again = read_questions(tmp_path / "sent/test_images.npy", TASKS)
        for task in TASKS:
            np.testing.assert_array_equal(again.images.codes[task.name] == YES, sent[task.name])


def test_the_classes_of_a_drawn_set_are_those_that_its_pictures_were_drawn_for(data):
    assert read_labels(data, ()).tasks == TASKS
