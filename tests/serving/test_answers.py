"""What is served is what `submit` answers, for a run, a cross-validation and a blend, whoever else asks."""

import base64
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import requests
from helpers import refusal
from served import RECIPE, given_by, hold_out, in_parallel, picture, png, promise, served, untrained
from small_data import COLOUR

from competition.data.check_images import inspect
from competition.dataset import ask_everything, one_row_an_image
from competition.model.answer import answer
from competition.run import CROSS_VALIDATION, Run
from competition.scoring.blend import Blend, blend_of
from competition.scoring.calibration import calibrate
from competition.scoring.predictions import read_predictions
from competition.scoring.promise import promise_of
from competition.serving.answers import answers_of
from competition.serving.service import calibrations_of

COUNT = 7


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> list[Path]:
    """Files of several sizes and formats."""
    folder = tmp_path_factory.mktemp("pictures")
    files = [
        folder / f"{number}.{ending}" for number, ending in zip(range(COUNT), ["png", "jpg"] * COUNT, strict=False)
    ]
    for number, file in enumerate(files):
        cv2.imwrite(str(file), picture(number, 30 + 31 * number, 60))
    return files


def submitted(blend: Blend, files: list[Path], folder: Path) -> dict[str, np.ndarray]:
    """What `submit` predicts for some files."""
    names = [file.name for file in files]
    images = one_row_an_image(blend.tasks, folder / "asked.csv", files[0].parent, names, {})
    return answer(blend, ask_everything(images.sources[0], images), inspect(images, folder), folder)


def differences(blend: Blend, files: list[Path], images: list[dict], folder: Path) -> dict[str, np.ndarray]:
    """How far what was served is from what is submitted, {task: (n, classes)}."""
    expected = submitted(blend, files, folder)
    found = {name: np.array([given_by(image)[name] for image in images]) for name in expected}
    assert min(np.ptp(values, axis=0).max() for values in expected.values()) > 0.05  # or any order would do
    return {name: np.abs(found[name] - expected[name]) for name in expected}


def cross_validation(folder: Path) -> Path:
    whole = untrained(folder)
    made = {**whole.read_made(), CROSS_VALIDATION: {"folds": 2, "seeds": 1}}
    whole.write_recipe(RECIPE, made)
    for fold in range(2):
        untrained(whole.part(RECIPE.seed, fold).folder, seed=fold + 1)
    return whole.folder


def blend(folder: Path) -> Path:
    """Weights that differ by task, networks of different sizes and aspects, views, and a geometric mean."""
    small = untrained(folder / "small", seed=3)
    large = untrained(folder / "large", replace(RECIPE, image_size=48, aspect="pad"), seed=4)
    members = ((small.folder, "plain"), (large.folder, "plain"), (large.folder, "flip"), (small.folder, "closer"))
    weights = {"colour": np.array([0.4, 0.3, 0.2, 0.1]), "tags": np.array([0.0, 0.5, 0.5, 0.0])}
    Blend(members, "geometric", RECIPE.tasks, weights).write(Run(folder / "blend-1"), {})
    return folder / "blend-1"


def assert_explained(image: dict, plain: dict) -> None:
    """Assert that an answer is the plain one with layers to lay over the picture, where something speaks for it."""
    layers = [task.pop("looked_at") for task in image["tasks"]]
    assert [task.pop("looked_at") for task in plain["tasks"]] == [None, None]
    assert [task["answers"] for task in image["tasks"]] == [task["answers"] for task in plain["tasks"]]
    assert any(layers)
    for layer in filter(None, layers):
        kind, _, content = layer.partition(";base64,")
        decoded = cv2.imdecode(np.frombuffer(base64.b64decode(content), np.uint8), cv2.IMREAD_UNCHANGED)
        assert (kind, decoded.shape[2]) == ("data:image/webp", 4)
        assert np.ptp(decoded[..., 3]) > 100  # of its opacity: something is covered, something is not


@pytest.mark.slow
@pytest.mark.parametrize("made", [lambda folder: untrained(folder / "mine-1").folder, cross_validation, blend])
def test_a_run_a_cross_validation_and_a_blend_answer_as_submit_does(tmp_path, pictures, made):
    folder = made(tmp_path / "runs")
    with served(folder) as server:
        answers = server.post(*(file.read_bytes() for file in pictures)).json()
        about = requests.get(server.address + "v1/model", timeout=60).json()
        (explained,) = server.post(pictures[0].read_bytes(), explain="true").json()["images"]
    assert_explained(explained, answers["images"][0])
    given = differences(blend_of([folder], ("plain",), "arithmetic"), pictures, answers["images"], tmp_path)
    assert max(one.max() for one in given.values()) < 1e-6
    assert about["networks"] == {"mine-1": 1, "runs": 2, "blend-1": 2}[folder.name]
    assert about["is_a"] == {"mine-1": "run", "runs": "cross-validation", "blend-1": "blend"}[folder.name]


def test_views_that_are_asked_for_are_averaged_as_submit_does(server, tmp_path, pictures):
    answers = server.post(*(file.read_bytes() for file in pictures), views="plain,flip").json()
    assert answers["views"] == ["plain", "flip"]
    (run,) = server.service.loaded.blend.runs
    flipped = blend_of([run.folder], ("plain", "flip"), "arithmetic")
    assert max(one.max() for one in differences(flipped, pictures, answers["images"], tmp_path).values()) < 1e-6
    plain = server.post(*(file.read_bytes() for file in pictures)).json()
    assert differences(flipped, pictures, plain["images"], tmp_path)["colour"].max() > 1e-3


def test_a_network_in_half_a_format_answers_nearly_as_submit_does(tmp_path, pictures):
    run = untrained(tmp_path / "half-1", precision="mixed_bfloat16")
    with served(run.folder) as server:
        images = server.post(*(file.read_bytes() for file in pictures)).json()["images"]
    given = differences(blend_of([run.folder], ("plain",), "arithmetic"), pictures, images, tmp_path)
    assert max(one.max() for one in given.values()) < 1e-2
    expected = submitted(blend_of([run.folder], ("plain",), "arithmetic"), pictures, tmp_path)["colour"]
    for image, values in zip(images, expected, strict=True):
        second, first = np.sort(values)[-2:]
        same = image["tasks"][0]["answers"] == [COLOUR.classes[values.argmax()]]
        assert same or first - second < 1e-2


def test_every_client_gets_the_answers_to_its_own_pictures(server):
    """Sixteen at a time, of several pictures in several views: what shares a batch must not be mixed up."""
    plans = [
        ([png(client * 10 + one) for one in range(1 + client % 3)], ["plain", "flip"][client % 2])
        for client in range(16)
    ]
    alone = [
        [given_by(server.post(one, views=view).json()["images"][0]) for one in contents] for contents, view in plans
    ]

    def client(contents: list[bytes], view: str):
        return lambda: [server.post(*contents, views=view).json()["images"] for _ in range(3)]

    for (contents, _), expected, rounds in zip(
        plans, alone, in_parallel([client(*plan) for plan in plans]), strict=True
    ):
        for images in rounds:
            assert [image["name"] for image in images] == [f"{number}.png" for number in range(len(contents))]
            for image, values in zip(images, expected, strict=True):
                assert all(np.allclose(given_by(image)[task], values[task], atol=1e-6, rtol=0) for task in values)


def test_only_the_tasks_that_are_asked_for_are_answered(server):
    (image,) = server.post(png(), tasks="tags").json()["images"]
    assert [task["task"] for task in image["tasks"]] == ["tags"]
    (image,) = server.post(png(), tasks=["tags", "colour"]).json()["images"]
    assert [task["task"] for task in image["tasks"]] == ["colour", "tags"]


def test_what_reaches_the_threshold_of_the_promise_is_sure_enough_to_tag(server):
    """By plain loops over the thresholds of the fixture."""
    about = requests.get(server.address + "v1/model", timeout=60).json()
    assert (about["promise"]["precision"], about["promise"]["source"]) == (0.98, "pictures of another day")
    assert [task["thresholds"] for task in about["tasks"]] == [[0.8] * 3, [0.7, None, 0.9]]
    seen = set()
    for image in server.post(*(png(seed) for seed in range(30))).json()["images"]:
        colour, tags = image["tasks"]
        largest = max(one["probability"] for one in colour["classes"])
        assert colour["verdict"] == ("tag" if largest >= 0.8 else "ask")
        assert {one["sure"] for one in colour["classes"]} == {None}
        for one, least in zip(tags["classes"], (0.7, 2, 0.9), strict=True):
            assert one["answered"] == (one["probability"] > 0.5)
            assert one["sure"] == (one["probability"] >= least if one["answered"] else None)
        sure = [one["sure"] for one in tags["classes"] if one["answered"]]
        assert tags["verdict"] == ("tag" if all(sure) else "ask") if sure else "unknown"
        seen |= {colour["verdict"], tags["verdict"]}
    assert seen == {"tag", "ask", "unknown"}


def test_of_other_views_than_those_of_the_promise_nothing_is_promised(server):
    (image,) = server.post(png(), views="flip").json()["images"]
    assert [task["verdict"] for task in image["tasks"]] == ["unknown", "unknown"]
    (image,) = server.post(png(), views="plain").json()["images"]
    assert image["tasks"][0]["verdict"] in ("tag", "ask")


def verdicts(folder: Path) -> list[str]:
    """What is said of an answer that could not be surer, of each task."""
    promised = promise_of(blend_of([folder], ("plain",), "arithmetic"))
    surest = {"colour": np.array([0.0, 1.0, 0.0]), "tags": np.array([1.0, 0.0, 0.0])}
    return [one.verdict for one in answers_of(RECIPE.tasks, surest, promised)]


def test_a_run_without_a_promise_does_not_say_how_sure_it_is(tmp_path):
    run = untrained(tmp_path / "mine-1")
    assert verdicts(run.folder) == ["unknown", "unknown"]
    promise(run.folder, colour=[0.9], tags=[0.9] * 3)
    assert verdicts(run.folder) == ["tag", "tag"]
    promise(run.folder, colour=[np.inf], tags=[np.inf] * 3)  # it was tried, and nothing could be promised
    assert verdicts(run.folder) == ["unknown", "unknown"]


def test_a_blend_finds_its_temperatures_on_the_blend_of_its_members(tmp_path):
    """Both members predict the same of the pictures they held out, so that is what the blend gives."""
    folder = blend(tmp_path)
    for name, views in (("small", ("plain", "closer")), ("large", ("plain", "flip"))):
        hold_out(Run(tmp_path / name), views=views)
    (alone, _) = calibrate(read_predictions(Run(tmp_path / "small")))
    found = calibrations_of(blend_of([folder], ("plain",), "arithmetic"))
    assert found["colour"].temperature == pytest.approx(alone.temperature, rel=1e-3)


def test_the_promise_of_a_blend_is_used_and_one_for_other_weights_is_refused(tmp_path):
    folder = blend(tmp_path)
    promise(folder, colour=[0.9], tags=[0.9] * 3)
    assert verdicts(folder) == ["tag", "tag"]
    untrained(tmp_path / "small", seed=5)  # trained again, in its place
    message = refusal(verdicts, folder)
    assert "weights, recipe, views or mean differ; make it again with `competition promise`, or remove it" in message
