"""What the networks behind a run answer, and the files that hold their weights."""

import gc
import resource
from dataclasses import replace
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from helpers import refusal
from small_data import TINY, write_data

from competition.data.check_images import inspect
from competition.layouts.registry import LAYOUTS
from competition.model import restore
from competition.model.answer import answer
from competition.model.backbones.registry import BACKBONES
from competition.model.network import build_network
from competition.run import CROSS_VALIDATION, Run
from competition.scoring.blend import Blend
from competition.training.compile import compile_stage

CONVNET = replace(TINY, backbone="convnet")
MADE = {"precision": "float32"}
PRIOR = {"colour": [0.2, 0.3, 0.5], "shade": [0.5, 0.5]}


def write_run(run: Run, recipe=CONVNET, made=MADE) -> Run:
    """A run of a network with random weights."""
    run.write_recipe(recipe, made)
    run.write_json("prior.json", PRIOR)
    restore.save(build_network(recipe), run)
    return run


def test_weights_that_do_not_fit_on_the_disk_leave_the_earlier_ones(tmp_path):
    """HDF5 itself would end the process: a file that it cannot write cannot be closed either."""
    run, network = Run(tmp_path), build_network(CONVNET)
    restore.save(network, run)
    before, (size, hard) = run.weights.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, hard))
    try:
        message = refusal(restore.save, build_network(CONVNET), run)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    assert message.startswith(f"{run.weights} cannot be written: File too large, in {tmp_path}; ")
    gc.collect()
    assert run.weights.read_bytes() == before
    restore.load(network, run)
    assert [path.name for path in tmp_path.iterdir()] == ["model.weights.h5"]


def test_the_file_of_weights_depends_on_the_weights_alone(tmp_path):
    network, files = build_network(CONVNET), []
    for name in "ab":
        run = Run(tmp_path / name)
        restore.save(network, run)
        keras.Model(network.input, network.output)  # which Keras counts
        files.append(run.weights.read_bytes())
    assert files[0] == files[1]


@pytest.mark.parametrize(
    "content", [lambda whole: whole[:5000], lambda whole: whole.replace(b"HEAP", b"HEAQ"), lambda _: b""]
)
def test_weights_that_are_spoilt_are_named_with_what_to_do(tmp_path, content):
    run, network = Run(tmp_path), build_network(CONVNET)
    restore.save(network, run)
    run.weights.write_bytes(content(run.weights.read_bytes()))
    message = refusal(restore.load, network, run)
    assert message.startswith(f"{run.weights} cannot be loaded into the network of this run: ")
    assert message.endswith("; bring the file back, or make the run again")


@pytest.mark.parametrize("prior", [{}, [], {"colour": [0.5, 0.5], "shade": [0.5, 0.5]}, {"colour": None}])
def test_shares_of_classes_that_are_spoilt_are_named(tmp_path, prior):
    run = write_run(Run(tmp_path / "run"))
    run.write_json("prior.json", prior)
    data = write_data(tmp_path / "data", images=0, questions=2)
    message = refusal(answers, [run.folder], data / "rank/Tests/question.csv", tmp_path)
    assert f"{run.folder / 'prior.json'} lacks a share for each class of colour" in message


def answers(folders: list[Path], questions: Path, cache: Path) -> dict[str, np.ndarray]:
    blend = Blend.plain([(folder, "plain") for folder in folders], "arithmetic", TINY.tasks)
    asked = LAYOUTS["fashionai"].read_questions(questions, TINY.tasks)
    return answer(blend, asked, inspect(asked.images, cache), cache)


def test_the_networks_of_a_cross_validation_are_built_once_and_answer_as_if_each_were_built(tmp_path, monkeypatch):
    write_data(tmp_path / "data", images=1, questions=6)
    questions = tmp_path / "data/rank/Tests/question.csv"
    whole = Run(tmp_path / "cv")
    whole.write_recipe(CONVNET, {**MADE, CROSS_VALIDATION: {"folds": 2, "seeds": 2}})
    parts = [
        write_run(whole.part(seed, fold), replace(CONVNET, seed=seed, split_seed=7))
        for seed in (0, 1)
        for fold in (0, 1)
    ]
    alone = [answers([part.folder], questions, tmp_path) for part in parts]
    built, spec = [], BACKBONES["convnet"]
    counting = replace(spec, build=lambda recipe: built.append(recipe) or spec.build(recipe))
    monkeypatch.setitem(BACKBONES, "convnet", counting)
    together = answers([whole.folder], questions, tmp_path)
    assert len(built) == 1
    for name, values in together.items():
        np.testing.assert_allclose(values, np.mean([given[name] for given in alone], axis=0), atol=1e-7)
        assert np.ptp([given[name] for given in alone], axis=0).max() > 1e-3


def test_networks_that_compute_in_other_formats_are_built_each(tmp_path):
    runs = [write_run(Run(tmp_path / policy), made={"precision": policy}) for policy in ("float32", "mixed_bfloat16")]
    formats = [network.get_layer("convnet").compute_dtype for network in restore.networks(runs)]
    assert formats == ["float32", "bfloat16"]


def arrays_in(path: Path) -> dict[str, tuple[int, ...]]:
    """The shape of every array in an HDF5 file, by its place."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.update({name: item.shape} if isinstance(item, h5py.Dataset) else {}))
    return found


@pytest.mark.parametrize(
    "changes",
    [{}, {"split_at": "pool2"}, {"shared": (8,), "towers": ((8, 8), (4,))}, {"weights": "imagenet"}],
    ids=["plain", "split", "towers", "fixed statistics"],
)
def test_the_file_of_a_network_in_training_holds_its_weights_alone_where_they_always_were(changes, tmp_path):
    recipe, run = replace(CONVNET, **changes), Run(tmp_path)
    network = build_network(recipe)
    compile_stage(network, recipe, recipe.stages[0], 1)
    restore.save(network, run)
    network.save_weights(tmp_path / "by-keras.weights.h5")
    everything = arrays_in(tmp_path / "by-keras.weights.h5")
    expected = {name: shape for name, shape in everything.items() if not name.startswith("optimizer")}
    assert len(expected) < len(everything)
    assert arrays_in(run.weights) == expected
    again = build_network(recipe)
    for path in (run.weights, tmp_path / "by-keras.weights.h5"):  # with the state of an optimizer, as once
        restore.load(again, Run(path.rename(tmp_path / "model.weights.h5").parent))
        for found, values in zip(again.get_weights(), network.get_weights(), strict=True):
            np.testing.assert_array_equal(found, values)
        restore.load(network, run)  # into the one that is being trained, too
