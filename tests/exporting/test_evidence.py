"""Which pictures an export is proven on and fitted to, and which runs are refused before anything starts."""

import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import refusal, write
from predicted import write_views
from small_data import TINY, read_data, write_data

from competition.commands.export import export
from competition.dataset import Dataset
from competition.exporting import evidence
from competition.exporting.evidence import evidence_of, together
from competition.exporting.evidence import read_data as data_of
from competition.exporting.formats import refuse_missing
from competition.images.decode import decode, read_file
from competition.images.warp import square
from competition.run import Run
from competition.scoring.blend import Blend
from competition.scoring.predictions import TEST, Predictions


@pytest.fixture
def run(tmp_path, monkeypatch) -> Run:
    """A run on 48 pictures that held out the first 12, and kept the next 6 for a test."""
    monkeypatch.chdir(tmp_path)
    dataset, run = read_data(write_data(Path("data"))), Run(Path("runs/tiny-1"))
    run.write_recipe(TINY, {"data": "data", "precision": "float32"})
    for rows, name in ((np.arange(12), "probabilities.npz"), (np.arange(12, 18), TEST)):
        write_views(run, dataset.take(rows), {"plain": random(dataset.take(rows))}, name=name)
    run.write_json("scores.json", {})
    return run


def random(dataset: Dataset, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {task.name: rng.dirichlet(np.ones(len(task)), len(dataset)).round(8) for task in dataset.tasks}


def test_the_proof_is_about_the_images_that_were_held_out_in_their_order(run):
    found = evidence_of(run, data_of(run), sampled=False)
    assert found.held_out
    assert found.pictures.dataset.names.tolist() == [f"Images/{number:03d}.jpg" for number in range(12)]
    assert found.given.images.tolist() == found.pictures.dataset.ids.tolist()
    assert len(found.samples) == 0


def test_int8_is_fitted_to_images_that_were_trained_on_drawn_with_the_seed(run, monkeypatch):
    monkeypatch.setattr(evidence, "SAMPLES", 7)
    found = evidence_of(run, data_of(run), sampled=True)
    assert (found.samples.shape, found.samples.dtype) == ((7, 32, 32, 3), np.uint8)
    trained = [square(decode(read_file(Path(f"data/base/Images/{n:03d}.jpg"))), 32, "stretch") for n in range(18, 48)]
    assert all(any(np.array_equal(sample, one) for one in trained) for sample in found.samples)
    np.testing.assert_array_equal(found.samples, evidence_of(run, data_of(run), sampled=True).samples)


def test_an_image_that_the_training_skipped_is_not_fitted_to(run):
    for number in range(18, 47):  # all but one
        write(Path(f"data/base/Images/{number:03d}.jpg"), b"\xff\xd8\xff broken")
    assert len(evidence_of(run, data_of(run), sampled=True).samples) == 1


def test_a_run_that_held_nothing_out_is_proven_on_what_it_was_trained_on(run, monkeypatch):
    run.file("probabilities.npz").unlink()
    monkeypatch.setattr(evidence, "_predicted", lambda run, asked: Predictions.of(run.name, asked, random(asked)))
    found = evidence_of(run, data_of(run), sampled=False)
    assert not found.held_out
    trained = [*range(12), *range(18, 48)]
    assert sorted(found.pictures.dataset.names) == [f"Images/{number:03d}.jpg" for number in trained]
    assert found.given.images.tolist() == found.pictures.dataset.ids.tolist()
    monkeypatch.setattr(evidence, "TRAINED_ON", 5)
    some = evidence_of(run, data_of(run), sampled=False).pictures.dataset.names
    assert some.tolist() == found.pictures.dataset.names[:5].tolist()


def test_images_that_are_gone_are_named(run):
    lines = Path("data/base/Annotations/label.csv").read_text().splitlines()
    write(Path("data/base/Annotations/label.csv"), lines[3:])
    message = refusal(evidence_of, run, data_of(run), False)
    assert "3 of the images that runs/tiny-1 predicted" in message
    assert "base/Images/002.jpg" in message


def test_data_that_are_gone_are_said_with_their_place(run):
    Path("data").rename("elsewhere")
    assert "was trained on data, which is not there" in refusal(export, run.folder)


def test_a_blend_names_the_runs_to_export(run):
    blend = Run(Path("runs/blend-1"))
    blend.folder.mkdir()
    Blend.plain([(run.folder, "plain"), (run.folder, "flip")], "arithmetic", TINY.tasks).write(blend, {})
    assert refusal(export, blend.folder).splitlines()[1:] == ["  runs/tiny-1"]


def test_what_is_no_finished_run_is_refused(run):
    assert "holds no recipe.json" in refusal(export, Path("data"))
    run.file("scores.json").unlink()
    assert "has not finished" in refusal(export, run.folder)


def test_a_folder_that_exists_is_left_alone(run):
    kept = write(Path("exports/tiny-1/mine.txt"), "mine")
    assert "exists already" in refusal(export, run.folder)
    assert kept.read_text() == "mine"


def test_what_is_not_installed_is_said_before_anything_is_written(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert "make extras EXTRAS=export" in refusal(refuse_missing, ["onnx"])


def test_means_over_seeds_are_taken_in_the_order_of_the_first(run):
    dataset = data_of(run).take(np.arange(4))
    one, other = (Predictions.of("seed", dataset, random(dataset, seed)) for seed in (0, 1))
    mixed = other.take(np.array([2, 0, 3, 1]))
    mean = together([[one], [mixed.take(np.arange(2)), mixed.take(np.arange(2, 4))]])
    for name, values in one.probabilities.items():
        np.testing.assert_allclose(mean.probabilities[name], (values + other.probabilities[name]) / 2)
