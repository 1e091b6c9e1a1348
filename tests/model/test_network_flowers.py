"""The network of the recipe flowers: its exact parameters, and the weights that each of its parts starts from."""

from dataclasses import replace
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from helpers import noise, refusal

from competition.model.network import build_network
from competition.model.weights import load_first_weights
from competition.recipes.flowers import RECIPE, TASKS

FILE = "weights/squeezenet_v1.1_imagenet_notop.h5"
# What goes into fire2 to fire9, what it squeezes to, and what each of its two sides expands to.
FIRES = {
    2: (64, 16, 64),
    3: (128, 16, 64),
    4: (128, 32, 128),
    5: (256, 32, 128),
    6: (256, 48, 192),
    7: (384, 48, 192),
    8: (384, 64, 256),
    9: (512, 64, 256),
}


def shapes() -> dict[str, tuple[int, int, int, int]]:
    """The kernel of every layer of SqueezeNet 1.1 before its classifier, by its group in the public file."""
    found = {"conv1": (3, 3, 3, 64)}
    for number, (taken, squeeze, expand) in FIRES.items():
        found[f"fire{number}/squeeze1x1"] = (1, 1, taken, squeeze)
        found[f"fire{number}/expand1x1"] = (1, 1, squeeze, expand)
        found[f"fire{number}/expand3x3"] = (3, 3, squeeze, expand)
    return found


def parameters(groups: str) -> int:
    """Kernels and biases of the layers whose group starts with one of these words."""
    return sum(int(np.prod(s)) + s[-1] for name, s in shapes().items() if name.startswith(tuple(groups.split())))


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return build_network(RECIPE)


def part(network: keras.Model, name: str) -> keras.Model:
    return network.get_layer(name)


def test_each_part_has_the_parameters_of_its_layers(network):
    shared = parameters("conv1 fire2 fire3 fire4 fire5 fire6 fire7 fire8")
    own = parameters("fire9")
    assert (shared, own) == (525_312, 197_184)
    assert part(network, "squeezenet").count_params() == shared
    for task in TASKS:
        assert part(network, f"{task.name}_branch").count_params() == own
        assert part(network, f"{task.name}_maps").count_params() == 512 * len(task) + len(task)
    assert network.count_params() == shared + 2 * own + 513 * (2 + 3) == 922_245
    trained = sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)
    assert trained == network.count_params()


def test_the_shared_part_ends_in_the_pool_after_fire8_and_each_task_goes_on_from_there(network):
    # 227 -> 113 by conv1, then pools of 3 by steps of 2: 56, 27, 13, and the one of version 1.0: 6
    assert part(network, "squeezenet").output_shape == (None, 6, 6, 512)
    for task in TASKS:
        assert part(network, f"{task.name}_branch").input_shape == (None, 6, 6, 512)
        assert part(network, f"{task.name}_maps").kernel.shape == (1, 1, 512, len(task))
        assert part(network, f"{task.name}_maps").output.shape == (None, 6, 6, len(task))
    own = [[id(v) for v in part(network, f"{task.name}_branch").variables] for task in TASKS]
    assert not set(own[0]) & set(own[1])


def test_a_task_answers_with_the_softmax_of_the_mean_over_its_maps(network):
    image = noise(227, 227)[None]
    maps = keras.Model(network.input, {task.name: part(network, f"{task.name}_maps").output for task in TASKS})
    maps, answers = maps(image), network(image)
    for task in TASKS:
        scores = np.exp(np.array(maps[task.name]).mean(axis=(1, 2)))
        np.testing.assert_allclose(answers[task.name], scores / scores.sum(axis=1, keepdims=True), atol=1e-5)


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory) -> Path:
    """A file laid out as the public one, of random numbers."""
    rng, path = np.random.default_rng(0), tmp_path_factory.mktemp("weights") / "squeezenet.h5"
    with h5py.File(path, "w") as file:
        for group, shape in shapes().items():
            file.create_group(group).create_dataset("kernel", data=rng.normal(0, 0.05, shape).astype(np.float32))
            file[group].create_dataset("bias", data=rng.normal(0, 0.05, shape[-1]).astype(np.float32))
    return path


@pytest.fixture(params=["synthetic", "public"])
def weights(request) -> Path:
    """The weights file made here, and the public one where there is one."""
    if request.param == "synthetic":
        return request.getfixturevalue("synthetic")
    return request.getfixturevalue("shared") / FILE


def tensors(path: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Kernel, as RGB takes it, and bias of each layer of a file."""
    with h5py.File(path) as file:
        found = {group: kernel_and_bias(file[group]) for group in shapes()}
    kernel, bias = found["conv1"]  # in the file it takes BGR
    return {**found, "conv1": (kernel[:, :, ::-1], bias)}


def kernel_and_bias(group: h5py.Group) -> tuple[np.ndarray, np.ndarray]:
    arrays = []
    group.visititems(lambda _, item: arrays.append(item[()]) if isinstance(item, h5py.Dataset) else None)
    return tuple(sorted(arrays, key=np.ndim, reverse=True))


def test_weights_go_into_the_shared_part_and_into_the_fire9_of_each_task(weights):
    network, expected = build_network(RECIPE), tensors(weights)
    load_first_weights(network, replace(RECIPE, weights=str(weights)))
    places = {group: ["squeezenet"] for group in expected}
    places |= {group: ["type_branch", "colour_branch"] for group in expected if group.startswith("fire9")}
    for group, (kernel, bias) in expected.items():
        for place in places[group]:
            found = part(network, place).get_layer(group.replace("/", "_")).get_weights()
            np.testing.assert_array_equal(found[0], kernel)
            np.testing.assert_array_equal(found[1], bias)
    assert sum(map(len, places.values())) == 1 + 3 * 7 + 2 * 3


def test_a_file_that_lacks_a_branch_is_refused_and_nothing_changes(network, synthetic, tmp_path):
    broken = tmp_path / "broken.h5"
    broken.write_bytes(synthetic.read_bytes())
    with h5py.File(broken, "a") as file:
        del file["fire9"]
    before = network.get_weights()
    message = refusal(load_first_weights, network, replace(RECIPE, weights=str(broken)))
    assert f"{broken} does not hold the weights" in message
    assert "fire9/squeeze1x1" in message
    for old, new in zip(before, network.get_weights(), strict=True):
        np.testing.assert_array_equal(new, old)
