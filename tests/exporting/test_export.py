"""`competition export` from a run to files that answer alike without this project, and what it refuses."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from helpers import refusal, waves
from pictures_of_all_kinds import write_pictures

from competition.__main__ import main
from competition.commands.export import export
from competition.layouts.registry import reader_of
from competition.recipe import Recipe
from competition.run import CROSS_VALIDATION, Run
from competition.scoring.predictions import Predictions, joined, read_predictions
from competition.task import Task

# Names that TensorFlow cannot have, and two tasks with as many classes: only names tell their outputs apart.
TASKS = (
    Task("größe", ("klein", "mittel", "groß, breit")),
    Task("Ärmel.x-1", ("kurz", "lang", "keine")),
    Task("tags", ("wet", "big"), "multilabel"),
)
RECIPE = Recipe(
    name="mine",
    tasks=TASKS,
    layout="table",
    image_size=32,
    backbone="convnet",
    weights="none",
    pool="flatten",
    precision="float32",
)
FORMATS = ("saved_model", "onnx", "litert", "litert-int8")
MADE = {"precision": "float32", "command": "competition train mine", "commit": None}
WITHOUT = """
import runpy, sys
sys.modules.update(dict.fromkeys(["tensorflow", "keras", "competition", "PIL", "pandas", "simplejpeg"]))
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def write_table(folder: Path) -> Path:
    """21 pictures of all kinds and 19 plain ones, and a table that knows nearly everything of them."""
    files = write_pictures(folder)
    for number in range(19):
        files.append(folder / f"wave-{number}.png")
        cv2.imwrite(str(files[-1]), np.roll(waves(50, 60), 3 * number, axis=0) // (1 + number % 3))
    rng, tags = np.random.default_rng(0), ("wet", "big", "wet|big", "|")
    columns = [[*task.classes, ""] for task in TASKS[:2]]
    rows = [[file.name, *map(rng.choice, columns), tags[rng.integers(4)]] for file in files]
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["image", *(task.name for task in TASKS)], *rows])
    return folder / "labels.csv"


def write_training(run: Run, data: Path, network, held_out: np.ndarray, seed: int = 0) -> Predictions:
    """The folder of a training with this network and random weights that give varied answers."""
    from competition.images.cache import Pictures
    from competition.model.predict import predict
    from competition.model.restore import save

    rng = np.random.default_rng(seed)
    network.set_weights([rng.normal(0, 1 / np.sqrt(np.prod(w.shape[:-1])), w.shape) * 3 for w in network.get_weights()])
    run.folder.mkdir(parents=True)
    run.write_recipe(RECIPE, MADE | {"data": str(data)})
    save(network, run)
    dataset = reader_of(RECIPE).read_labels(data, TASKS).take(held_out)
    predictions = Predictions.of(run.name, dataset, predict(network, Pictures(dataset, RECIPE)), seed)
    predictions.write(run)
    run.write_json("scores.json", {})
    return predictions


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> SimpleNamespace:
    """A finished run, and a cross-validation of two folds, of a network that was never trained."""
    from competition.model.network import build_network

    folder = tmp_path_factory.mktemp("made")
    data, network = write_table(folder / "data"), build_network(RECIPE)
    run, whole = Run(folder / "runs/mine-1"), Run(folder / "runs/mine-cv-1")
    write_training(run, data, network, np.arange(0, 40, 2))
    parts = [write_training(whole.part(0, fold), data, network, np.arange(fold, 40, 2), fold) for fold in (0, 1)]
    whole.write_recipe(RECIPE, MADE | {"data": str(data), CROSS_VALIDATION: {"folds": 2, "seeds": 1}})
    joined(parts).write(whole)
    whole.write_json("scores.json", {})
    return SimpleNamespace(folder=folder, data=data, run=run, whole=whole)


@pytest.fixture(scope="module")
def exported(made) -> SimpleNamespace:
    """The run in all formats, and what was printed; TensorFlow is not started again to measure its speed."""
    from competition.exporting import write as writing

    measure, printed = writing.images_a_second, io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made.folder)
        patch.setattr(sys, "stdout", printed)
        patch.setattr(writing, "images_a_second", lambda file, threads: measure(file, threads) if file.suffix else 1.0)
        assert main(["export", str(made.run.folder), "--format", *FORMATS]) == 0
    return SimpleNamespace(folder=made.folder / "exports/mine-1", printed=printed.getvalue(), run=made.run)


def rows_of(script: Path, pictures: Path, name: str) -> list[dict]:
    """What predict.py prints where neither TensorFlow nor this project can be imported."""
    command = [sys.executable, "-c", WITHOUT, str(script), str(pictures), name]
    done = subprocess.run(command, capture_output=True, check=True)
    return [*csv.DictReader(io.StringIO(done.stdout.decode("utf-8"), newline=""))]


def expected(predictions: Predictions, pictures: Path) -> dict[tuple[str, str], dict[str, float]]:
    """{(file, task): {class: probability}} of what is answered: the likeliest class, or all labels above a half."""
    found = {}
    for task in predictions.tasks:
        for image, values in zip(predictions.images, predictions.probabilities[task.name], strict=True):
            chosen = [int(values.argmax())] if task.kind == "multiclass" else np.flatnonzero(values > 0.5)
            found[str(pictures / Path(image).name), task.name] = {task.classes[k]: values[k] for k in chosen}
    return found


@pytest.mark.slow
def test_float_formats_answer_as_keras_and_int8_is_reported(exported):
    proof = json.loads((exported.folder / "proof.json").read_text(encoding="utf-8"))
    assert [*proof["formats"]] == [*FORMATS]
    assert proof["pictures"] == "20 pictures that the run held out"
    for name, found in proof["formats"].items():
        assert found["rows"] == sum(mask.sum() for mask in read_predictions(exported.run).labelled.values())
        assert (found["from_float32"] < 1e-4) == (name != "litert-int8")
        assert (found["unlike"], found["changed"]) == (0, 0) or name == "litert-int8"
        assert found["megabytes"] > 0
        assert min(found["images_a_second"].values()) > 0
    rows = [line for line in exported.printed.splitlines() if line.startswith("| ")]
    assert [row.split()[1] for row in rows] == ["format", "-----------", *FORMATS]
    assert "\n".join(rows) in (exported.folder / "README.md").read_text(encoding="utf-8")
    sizes = [proof["formats"][name]["megabytes"] for name in ("litert", "litert-int8")]
    assert sizes[1] < sizes[0] / 2


@pytest.mark.slow
def test_what_int8_changes_is_listed(exported):
    unlike = json.loads((exported.folder / "proof.json").read_text())["formats"]["litert-int8"]["unlike"]
    with (exported.folder / "changed.csv").open(encoding="utf-8", newline="") as file:
        rows = [*csv.DictReader(file)]
    assert [row["format"] for row in rows] == ["litert-int8"] * unlike
    assert all(row["submit"] != row["predict.py"] for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["onnx", "litert"])
def test_predict_py_answers_as_the_run_does_without_tensorflow_and_without_the_project(exported, made, name):
    rows = rows_of(exported.folder / "predict.py", made.data.parent, name)
    wanted, given = expected(read_predictions(made.run), made.data.parent), {}
    for row in rows:
        given.setdefault((row["image"], row["task"]), {})[row["class"]] = float(row["probability"])
    assert len({image for image, _ in given}) == 40
    for key, classes in wanted.items():
        assert given.get(key, {}) == pytest.approx(classes, abs=1e-4)


@pytest.mark.slow
def test_every_format_holds_its_labels(exported):
    import onnx

    text = (exported.folder / "labels.json").read_text(encoding="utf-8")
    onnx_file, litert_file = (exported.folder / name for name in ("onnx/network.onnx", "litert/network.tflite"))
    assert {one.key: one.value for one in onnx.load(onnx_file).metadata_props}["labels.json"] == text
    assert zipfile.ZipFile(litert_file).read("labels.json").decode() == text
    assert (exported.folder / "saved_model/network/assets.extra/labels.json").read_text(encoding="utf-8") == text
    labels = json.loads(text)
    assert [task["classes"] for task in labels["tasks"]] == [list(task.classes) for task in TASKS]
    assert [task["output"] for task in labels["tasks"]] == ["xn--gre-6ka8i", "xn--rmel.x-1-rra", "tags"]
    assert all(task["temperature"] > 0 for task in labels["tasks"])


@pytest.mark.slow
def test_batches_are_free_and_the_axis_has_a_name(exported):
    import onnxruntime
    from ai_edge_litert.interpreter import Interpreter

    images = np.stack([waves(32, 32), waves(32, 32)[::-1], waves(32, 32)[:, ::-1]])
    session = onnxruntime.InferenceSession(exported.folder / "onnx/network.onnx")
    assert [(one.name, one.shape) for one in session.get_inputs()] == [("image", ["batch", 32, 32, 3])]
    assert {one.shape[0] for one in session.get_outputs()} == {"batch"}
    names = [one.name for one in session.get_outputs()]
    together = dict(zip(names, session.run(names, {"image": images}), strict=True))
    runner = Interpreter(str(exported.folder / "litert/network.tflite")).get_signature_runner()
    for number in range(3):
        alone = runner(image=images[number : number + 1])
        for name in names:
            np.testing.assert_allclose(together[name][number], alone[name][0], atol=1e-4)


@pytest.mark.slow
def test_int8_takes_bytes_and_gives_floats(exported):
    from ai_edge_litert.interpreter import Interpreter

    runner = Interpreter(str(exported.folder / "litert-int8/network.tflite")).get_signature_runner()
    assert [one["dtype"] for one in runner.get_input_details().values()] == [np.uint8]
    assert {one["dtype"] for one in runner.get_output_details().values()} == {np.float32}


@pytest.mark.slow
def test_the_folds_of_a_cross_validation_are_proven_each_on_its_own_images_and_averaged(made, monkeypatch):
    monkeypatch.setattr("competition.exporting.write.images_a_second", lambda *_: 1.0)
    folder = export(made.whole.folder, output=made.folder / "cv")
    assert [path.name for path in sorted((folder / "onnx").iterdir())] == [f"seed-0-fold-{k}.onnx" for k in (0, 1)]
    proof = json.loads((folder / "proof.json").read_text(encoding="utf-8"))
    assert proof["pictures"] == "40 pictures that the run held out"
    assert proof["formats"]["onnx"]["from_own"] < 1e-4  # the other fold's network would answer something else
    assert "pictures with the mean of them" in (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_nothing_is_written_where_a_format_differs(made, monkeypatch):
    monkeypatch.setattr("competition.exporting.proof.LARGEST", -1.0)
    message = refusal(lambda: export(made.run.folder, output=made.folder / "refused"))
    assert "nothing was written" in message
    assert [path.name for path in made.folder.iterdir() if "refused" in path.name] == []
