"""`competition promise`: on test images of a run, a cross-validation or a blend, and on other labelled pictures."""

import csv
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import refusal, write
from predicted import write_views
from served import untrained
from small_data import COLOUR, SHADE, TINY, random_labels, read_data, write_data

from competition.__main__ import main
from competition.commands.promise import answered, on_test_images, promise
from competition.dataset import Dataset
from competition.run import CROSS_VALIDATION, Run
from competition.scoring import plots
from competition.scoring.blend import Blend, blend_of, read_blended
from competition.scoring.learn_then_test import make_promise
from competition.scoring.predictions import TEST, read_predictions
from competition.scoring.promise import Promise, Wanted
from competition.scoring.reports import write_report

EASY = Wanted(precision=0.3, confidence=0.6)  # what a network with random weights may reach
NAMES = tuple(task.name for task in TINY.tasks)
COUNT = 400


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def dataset(seed: int = 0) -> Dataset:
    return random_labels(COUNT, seed=seed)


def guesses(seed: int, skill: float = 6.0) -> dict[str, np.ndarray]:
    """Probabilities that are mostly right on `dataset`."""
    rng, given = np.random.default_rng(seed), {}
    for task in TINY.tasks:
        scores = np.exp(rng.normal(size=(COUNT, len(task))) + skill * (dataset().codes[task.name] == 2))
        given[task.name] = scores / scores.sum(axis=1, keepdims=True)
    return given


def trained(folder: Path, *, seed: int = 1, test: bool = True, **made) -> Run:
    """The folder of a finished training, without a network that could be loaded, with predictions of test images."""
    run = Run(folder)
    run.write_recipe(TINY, {"precision": "float32", "data": "data", "versions": {}, "commit": None} | made)
    run.write_json("scores.json", {"best": None})
    write(run.weights, f"weights {seed}")
    if test:
        write_views(run, dataset(), {"plain": guesses(seed), "flip": guesses(seed + 100)}, name=TEST)
    return run


def test_the_test_images_of_a_run_give_its_promise(capsys):
    run = trained(Path("runs/mine-1"))
    assert main(["promise", "runs/mine-1", "--precision", "0.9"]) == 0
    expected = make_promise(read_predictions(run, name=TEST), Wanted(precision=0.9), "", "")
    found = Promise.read(run.folder)
    assert {name: one.thresholds for name, one in found.tasks.items()} == {
        name: one.thresholds for name, one in expected.tasks.items()
    }
    assert all(one.promises_any for one in found.tasks.values())
    assert found.run == blend_of([run.folder], ("plain",), "arithmetic").digest
    assert json.loads((run.folder / "promise.json").read_text())["made"]["command"].startswith("competition")
    text = capsys.readouterr().out
    (colour,) = found.tasks["colour"].thresholds
    share = f"{100 * colour.tagged / colour.answered:.1f} %"
    cells = ["colour", f"{colour.value:.8f}", f"{share} of {colour.answered}", f"{colour.right} of {colour.judged}"]
    assert [cell.strip() for cell in text.splitlines()[1].split("  ") if cell] == cells
    assert "With a probability of 0.95, at least 0.9 of what is tagged is right, for each task (or label) alone" in text
    assert (
        "on the test images of its folds, one of each group of near-duplicates, and holds for pictures of the same"
        in text
    )


def test_a_new_promise_replaces_the_old_one_and_flags_say_what_is_wanted(capsys):
    run = trained(Path("runs/mine-1"))
    assert main(["promise", "runs/mine-1"]) == 0
    flags = ["--precision", "0.95", "--confidence", "0.9", "--by-class", "--jointly"]
    assert main(["promise", "runs/mine-1", *flags]) == 0
    found = Promise.read(run.folder)
    assert (found.precision, found.confidence, found.by_class, found.jointly) == (0.95, 0.9, True, True)
    assert [len(one.thresholds) for one in found.tasks.values()] == [3, 2]
    text = capsys.readouterr().out
    assert all(f"\n{task.name}: {name}" in text for task in (COLOUR, SHADE) for name in task.classes)
    assert "for every class (or label) at once" in text


def test_what_cannot_be_promised_says_how_many_more_pictures_it_needs(capsys):
    trained(Path("runs/mine-1"))
    promise(Path("runs/mine-1"), Wanted(precision=0.999))
    assert capsys.readouterr().out.count("no promise") == 2
    found = Promise.read(Path("runs/mine-1"))
    for one in found.tasks.values():
        assert one.thresholds[0].value == np.inf
        assert one.thresholds[0].needed is None or one.thresholds[0].needed > 2000


def test_a_cross_validation_is_judged_by_the_mean_of_its_networks_as_it_answers():
    """The geometric mean of a blend goes down to each network, by hand; the arithmetic one is in the file already."""
    whole = trained(Path("runs/cv"), test=False, **{CROSS_VALIDATION: {"folds": 2, "seeds": 1}})
    networks = [guesses(seed) for seed in (1, 2)]
    mean = {name: (networks[0][name] + networks[1][name]) / 2 for name in NAMES}
    write_views(whole, dataset(), {"plain": mean}, name=TEST)
    for fold in (0, 1):
        trained(whole.part(TINY.seed, fold).folder, seed=fold + 1)
    other = trained(Path("runs/other"), seed=3)
    weights = {name: np.array([0.7, 0.3]) for name in NAMES}
    members = ((whole.folder, "plain"), (other.folder, "flip"))
    for kind, inside in (("arithmetic", mean), ("geometric", None)):
        Blend(members, kind, TINY.tasks, weights).write(Run(Path(f"runs/{kind}")), {})
        found = on_test_images(blend_of([Path(f"runs/{kind}")], ("plain",), "arithmetic"))
        for name in NAMES:
            outside = guesses(103)[name]
            if inside:
                expected = 0.7 * inside[name] + 0.3 * outside
            else:
                root = np.sqrt(networks[0][name] * networks[1][name])
                expected = (root / root.sum(axis=1, keepdims=True)) ** 0.7 * outside**0.3
                expected /= expected.sum(axis=1, keepdims=True)
            assert np.abs(found.probabilities[name] - expected).max() < 1e-5
    assert np.abs(read_blended(blend_of([whole.folder], ("plain",), "arithmetic"), TEST).probabilities["colour"]
                  - mean["colour"]).max() < 1e-8  # fmt: skip


def test_the_promise_of_a_blend_is_written_into_its_folder():
    one, other = (trained(Path(f"runs/{seed}"), seed=seed).folder for seed in (1, 2))
    weights = {name: np.array([0.5, 0.5]) for name in NAMES}
    Blend(((one, "plain"), (other, "flip")), "arithmetic", TINY.tasks, weights).write(Run(Path("runs/blend-1")), {})
    promise(Path("runs/blend-1"), Wanted(precision=0.9))
    assert Promise.read(Path("runs/blend-1")).run == blend_of([Path("runs/blend-1")], ("plain",), "arithmetic").digest
    assert not (one / "promise.json").exists()


def test_a_run_without_test_images_is_refused_with_both_ways_out():
    run = trained(Path("runs/mine-1"), test=False)
    write_views(run, dataset(), {"plain": guesses(1)})
    message = refusal(promise, run.folder)
    assert message.startswith("runs/mine-1 answered no test images, and those it held out chose its best epoch")
    assert "--data" in message and "competition folds --test-share" in message
    assert not (run.folder / "promise.json").exists()


def test_what_has_not_finished_is_refused():
    run = trained(Path("runs/mine-1"))
    (run.folder / "scores.json").unlink()
    assert "did not finish" in refusal(promise, run.folder)


def test_coverage_png_is_drawn_again_with_the_promise():
    run = trained(Path("runs/mine-1"))
    write_views(run, dataset(), {"plain": guesses(1)})
    write_report(run, "coverage.png", lambda: plots.coverage(read_predictions(run), None))
    before = (run.folder / "coverage.png").read_bytes()
    others = {path.name for path in run.folder.iterdir()}
    promise(run.folder, Wanted(precision=0.9))
    assert (run.folder / "coverage.png").read_bytes() != before
    assert {path.name for path in run.folder.iterdir()} == others | {"promise.json"}


def test_the_coverage_png_of_before_stays_where_the_new_one_cannot_be_drawn(monkeypatch):
    run = trained(Path("runs/mine-1"))
    write_views(run, dataset(), {"plain": guesses(1)})
    write(run.folder / "coverage.png", "of before")

    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(plots, "coverage", fail)
    with pytest.warns(UserWarning, match=r"no space left.*`competition promise runs/mine-1` tries again"):
        promise(run.folder, Wanted(precision=0.9))
    assert (run.folder / "coverage.png").read_text() == "of before"
    assert (run.folder / "promise.json").is_file()


def test_where_nothing_can_be_promised_no_precision_is_stated(capsys):
    trained(Path("runs/mine-1"))
    promise(Path("runs/mine-1"), Wanted(precision=0.9999))
    said = capsys.readouterr().out
    assert "Nothing could be promised, so nothing is tagged: on the test images of its folds" in said
    assert "of what is tagged is right" not in said


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> Path:
    """A folder with the data of a run, with other labelled pictures, and a run with a network of random weights."""
    folder = tmp_path_factory.mktemp("promise")
    write_data(folder / "data", images=24)
    write_data(folder / "other", images=40, seed=1)
    run = untrained(folder / "runs/mine-1", TINY)
    run.write_recipe(TINY, run.read_made() | {"data": str(folder / "data")})
    return folder


@pytest.fixture
def copied(real, tmp_path, monkeypatch) -> Path:
    shutil.copytree(real, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    run = Run(Path("runs/mine-1"))
    run.write_recipe(TINY, run.read_made() | {"data": str(tmp_path / "copy/data")})
    return run.folder


def test_other_labelled_pictures_are_answered_as_submit_does(copied, tmp_path, capsys):
    from competition.data.check_images import inspect
    from competition.dataset import ask_everything
    from competition.model.answer import answer

    assert main(["promise", "runs/mine-1", "--data", "other", "--precision", "0.3", "--confidence", "0.6"]) == 0
    assert "was found on the images of other, one of each group" in capsys.readouterr().out
    blend, labelled = blend_of([copied], ("plain",), "arithmetic"), read_data(Path("other"))
    found, _ = answered(blend, Path("other"), False, tmp_path / "cache")
    given = answer(blend, ask_everything(Path("other"), labelled), inspect(labelled, tmp_path), tmp_path)
    for name in NAMES:
        assert np.abs(found.probabilities[name] - given[name]).max() < 1e-8
        assert (found.codes[name] == labelled.codes[name]).all()
    assert Promise.read(copied).tasks["shade"].rows == labelled.labelled["shade"].sum() == 13


def test_they_may_be_a_table_whatever_the_layout_of_the_recipe(copied, tmp_path):
    labelled = read_data(Path("other"))
    rows = []
    for row, name in enumerate(labelled.names):
        cells = (
            task.classes[labelled.codes[task.name][row].argmax()] if labelled.labelled[task.name][row] else ""
            for task in TINY.tasks
        )
        rows.append([f"other/base/{name}", *cells])
    with Path("labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["image", *NAMES], *rows])
    blend = blend_of([copied], ("plain",), "arithmetic")
    found, source = answered(blend, Path("labels.csv"), False, tmp_path / "cache")
    as_folder, _ = answered(blend, Path("other"), False, tmp_path / "cache")
    assert source == "the images of labels.csv"
    assert all((found.codes[name] == as_folder.codes[name]).all() for name in NAMES)
    assert all((found.probabilities[name] == as_folder.probabilities[name]).all() for name in NAMES)


def test_near_duplicates_among_them_are_of_one_group(copied, tmp_path):
    images = Path("other/base/Images")
    shutil.copy(images / "001.jpg", images / "004.jpg")
    found, _ = answered(blend_of([copied], ("plain",), "arithmetic"), Path("other"), False, tmp_path / "cache")
    groups = dict(zip((Path(image).name for image in found.images.tolist()), found.group.tolist(), strict=True))
    assert groups["001.jpg"] == groups["004.jpg"]
    assert len(set(groups.values())) == len(groups) - 1


def test_pictures_that_the_run_has_seen_are_refused_with_their_lines(copied, tmp_path):
    shutil.copy("data/base/Images/005.jpg", "other/base/Images/007.jpg")
    message = refusal(lambda: promise(copied, EASY, data=Path("other")))
    data = Path("data").resolve()
    assert message.startswith("1 of 40 images are, or nearly are (by perceptual hashes at most 4 bits apart), among")
    assert f"of {data} that runs/mine-1 was trained or held out on" in message
    seen = data / "base/Images/005.jpg"
    told = f"  other/base/Annotations/label.csv:8: other/base/Images/007.jpg is like {seen}"
    assert message.splitlines()[1:] == [told]
    assert not (copied / "promise.json").exists()


def test_near_duplicates_of_pictures_that_the_run_has_seen_are_refused_too(copied):
    """As `folds` keeps them together: the same photograph in another size and quality has other bytes."""
    picture = cv2.imread("data/base/Images/005.jpg")
    cv2.imwrite("other/base/Images/007.jpg", cv2.resize(picture, (96, 80)), [cv2.IMWRITE_JPEG_QUALITY, 80])
    message = refusal(lambda: promise(copied, EASY, data=Path("other")))
    assert message.startswith("1 of 40 images are, or nearly are")
    assert [line.split(" is like ")[1] for line in message.splitlines()[1:]] == [
        str(Path("data/base/Images/005.jpg").resolve())
    ]
    assert not (copied / "promise.json").exists()


def test_test_images_of_the_run_are_not_among_them(copied):
    """Nothing was chosen by a test image, so it may come again; what lies beside it may not."""
    labelled = read_data(Path("data"))
    run = Run(copied)
    given = {task.name: np.full((len(labelled), len(task)), 1 / len(task)) for task in TINY.tasks}
    rows = np.arange(5, 6)
    write_views(run, labelled.take(rows), {"plain": {name: one[rows] for name, one in given.items()}}, name=TEST)
    shutil.copy("data/base/Images/005.jpg", "other/base/Images/007.jpg")
    promise(copied, EASY, data=Path("other"))
    shutil.copy("data/base/Images/006.jpg", "other/base/Images/008.jpg")
    assert "data/base/Images/006.jpg" in refusal(lambda: promise(copied, EASY, data=Path("other")))


def test_data_of_the_run_that_are_gone_are_no_error_but_said_and_kept(copied, capsys):
    Path("data").rename("moved")
    promise(copied, EASY, data=Path("other"))
    assert "not compared with what the run was trained on (" in capsys.readouterr().out
    assert "not compared with what the run was trained on (" in Promise.read(copied).source
    Path("moved").rename("data")
    Path("data/base/Images/003.jpg").unlink()
    promise(copied, EASY, data=Path("other"))
    assert Promise.read(copied).source.startswith("the images of other (not compared with 1 images of ")


def test_a_broken_picture_is_refused_unless_it_may_be_skipped(copied, capsys):
    Path("other/base/Images/003.jpg").write_bytes(b"no picture")
    message = refusal(lambda: promise(copied, EASY, data=Path("other")))
    assert "1 of 40 images cannot be used" in message and "--skip-bad-images" in message
    promise(copied, EASY, data=Path("other"), skip_bad_images=True)
    assert Promise.read(copied).tasks["colour"].rows == 26  # of 27
    assert "left out: other/base/Annotations/label.csv:4: other/base/Images/003.jpg" in capsys.readouterr().out


def test_labels_of_other_classes_are_refused_with_their_line(copied):
    file = Path("other/base/Annotations/label.csv")
    file.write_text(file.read_text().replace(",yn", ",ynnn"))
    assert "label.csv:" in refusal(lambda: promise(copied, EASY, data=Path("other")))
