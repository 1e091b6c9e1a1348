"""The report of a training, a cross-validation and a blend, with hostile names, in a real browser."""

import html
import json
import re
import shlex
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browsing import WIDTHS, visit
from predicted import write_views
from small_data import TINY, write_data

from competition import extras
from competition.__main__ import main
from competition.commands.blend import blend
from competition.commands.report import report
from competition.layouts.fashionai import read_label_files
from competition.pages import render
from competition.pages.report import make_report
from competition.pages.review import class_counts
from competition.pages.subject import Reported
from competition.run import CROSS_VALIDATION, Run
from competition.scoring.blend import blend_of
from competition.scoring.bootstrap import interval_of_means
from competition.scoring.mistakes import mistakes
from competition.scoring.promise import Promise, TaskPromise, Threshold
from competition.task import Task

SCRIPT = "<script>window.ran=1</script>"
RAN = "<img src=x onerror='window.ran = 1'>"  # without a /, so that it can name a file
TASKS = (Task("colour", (SCRIPT, f"\"'>{RAN}", "blue")), Task("shade", ("dark", "light")))
RECIPE = replace(TINY, tasks=TASKS, epochs=(2,), learning_rate=(1e-3,))
IMAGES, HELD = 48, 24
KINDS = ("training", "cross-validation", "blend")


@dataclass(frozen=True)
class Made:
    """The folders of the three, and the data that they were trained on."""

    data: Path
    runs: dict[str, Path]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Made:
    from competition.model.network import build_network
    from competition.model.restore import save

    folder = tmp_path_factory.mktemp("reports")
    data, network = hostile_data(folder / "data"), build_network(RECIPE)
    dataset = read_label_files([data / "base/Annotations/label.csv"], TASKS)
    rng = np.random.default_rng(0)
    seen = {
        view: {task.name: rng.dirichlet(np.ones(len(task)), IMAGES).round(8) for task in TASKS}
        for view in ("plain", "flip")
    }

    def write_run(path: Path, rows: np.ndarray, extra: dict, fold=0, scores=None) -> Run:
        run = Run(path)
        about = {"data": str(data), "precision": "float32", "command": f"competition train {SCRIPT}", **extra}
        run.write_recipe(RECIPE, about)
        given = {view: {name: values[rows] for name, values in one.items()} for view, one in seen.items()}
        predictions = write_views(run, dataset.take(rows), given, fold)
        means = {"best": predictions.score().to_json(), "interval": interval_of_means(predictions)}
        run.write_json("scores.json", {**means, "images": len(rows), "seconds": 3.0, "best_epoch": 2, **(scores or {})})
        history = [{"epoch": epoch, "stage": 1, "loss": 1 / epoch, "val_map": 0.3 * epoch} for epoch in (1, 2)]
        run.write_text("history.csv", pd.DataFrame(history).to_csv(index=False))
        save(network, run)
        return run

    every, fold = np.arange(IMAGES), np.arange(IMAGES) % 2
    training = write_run(folder / f"run {RAN}", every[:HELD], {})
    plan = {"folds": 2, "folds_digest": "0", "seeds": 1, "views": ["flip", "plain"]}
    parts = [{"seed": 0, "fold": number, "map": 0.25 + number, "accuracy": 0.5} for number in (0, 1)]
    views = {view: {"map": 0.25, "accuracy": 0.5} for view in seen}
    more = {"folds": parts, "seeds": [{"seed": 0, "map": 0.25, "accuracy": 0.5}], "views": views}
    whole = write_run(folder / "cv", every, {CROSS_VALIDATION: plan}, fold, more)
    for number in (0, 1):
        write_run(whole.part(0, number).folder, every[fold == number], {"fold": number}, number)
    blend((training.folder,), output=folder / "blend")
    return Made(data, dict(zip(KINDS, (training.folder, whole.folder, folder / "blend"), strict=True)))


def hostile_data(folder: Path) -> Path:
    """The usual squares; a name that is markup, every fourth image with both tasks, and two files with the same bytes,
    one to train on and one to judge by, whose labels contradict each other."""
    file = write_data(folder, IMAGES) / "base/Annotations/label.csv"
    images = file.parents[1] / "Images"
    (images / "002.jpg").rename(images / f"{RAN}.jpg")
    shutil.copy(images / "004.jpg", images / "034.jpg")
    rows = file.read_text().replace("Images/002.jpg", f"Images/{RAN}.jpg").splitlines()
    rows = [re.sub(",y?n+y?n*$", ",nny", row) if "/034" in row else row for row in rows]
    rows = [re.sub(",y?n+y?n*$", ",ynn", row) if "/004" in row else row for row in rows]
    both = [f"Images/{number:03d}.jpg,shade_labels,yn" for number in range(0, IMAGES, 4) if number % 3 != 2]
    file.write_text("\n".join([*rows, *both]) + "\n")
    return folder


@pytest.fixture(scope="module")
def pages(made, tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # the cache is there
        paths = {kind: folder / f"{kind}.html" for kind in KINDS}
        assert report(made.runs["training"], output=paths["training"]) == paths["training"]
        for kind in KINDS[1:]:  # without the pictures of each fold, which are not what is tested here
            render.write_page(paths[kind], make_report(made.runs[kind]))
    return paths


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_report_is_sound_at_both_widths_and_its_links_lead_somewhere(pages, made, chromium, kind, width):
    with visit(chromium, pages[kind], width) as seen:
        seen.assert_sound(pages[kind].as_uri())
        assert seen.page.locator("h1").text_content() == made.runs[kind].name
        links = seen.page.evaluate("[...document.querySelectorAll('a')].map(e => e.getAttribute('href'))")
        assert len(links) > 15
        assert [link for link in links if not (link[0] == "#" and seen.page.locator(link).count() == 1)] == []
        assert seen.page.locator("nav a").count() == seen.page.locator("section").count()


def promised(made: Made, kind: str, folder: Path) -> Path:
    """A copy of a run with a promise for its first task, and none for its second."""
    run = shutil.copytree(made.runs[kind], folder)
    thresholds = {"colour": Threshold(0.5, 24, 12, 11, 10), "shade": Threshold(np.inf, 24, 0, 0, 0, 77)}
    tasks = {name: TaskPromise(24, (one,), np.array([0.5, 0.9])) for name, one in thresholds.items()}
    digest = blend_of([run], ("plain",), "arithmetic").digest
    Promise(precision=0.9, run=digest, source="pictures of another day", tasks=tasks).write(Run(run), {})
    return run


@pytest.mark.parametrize("kind", KINDS)
def test_a_promise_is_told_and_without_one_what_makes_it(made, pages, tmp_path, kind):
    assert f"competition promise {shlex.quote(str(made.runs[kind]))}" in html.unescape(pages[kind].read_text())
    text = " ".join(re.sub("<[^>]*>", " ", make_report(promised(made, kind, tmp_path / kind))).split())
    assert "With a probability of 0.95, at least 0.9 of what is tagged is right" in text
    assert "colour 0.50000000 50.0 % of 24 10 of 11" in text
    assert "shade no promise about 77, beside 24" in text
    assert "competition promise" not in text


def test_a_promise_for_other_weights_is_a_part_that_the_report_lacks(made, tmp_path):
    run = promised(made, "training", tmp_path / "run")
    (run / "model.weights.h5").write_bytes(b"others")
    with pytest.warns(UserWarning) as caught:
        make_report(run)
    assert "the report lacks the promise: " in str(caught[0].message)


def test_hostile_names_are_text_even_without_a_policy(pages, chromium, tmp_path):
    page = re.sub("<meta http-equiv=[^>]+>", "", pages["training"].read_text())
    render.write_page(tmp_path / "open.html", page)
    with visit(chromium, tmp_path / "open.html") as seen:
        assert seen.page.evaluate("window.ran") is None
        assert seen.errors == []
        assert seen.page.locator("pre").first.text_content() == f"competition train {SCRIPT}"
        assert seen.page.get_by_role("rowheader", name=SCRIPT).count() >= 1
        names = seen.page.locator(".line.name").all_text_contents()
        assert f"{RAN}.jpg" in names


def test_what_it_says_is_what_the_run_says(pages, made, chromium):
    predictions = Reported.read(made.runs["training"]).predictions
    wanted, wrong = predictions.score(), mistakes(predictions)
    with visit(chromium, pages["training"]) as seen:
        facts = seen.page.locator(".fact dd").all_inner_texts()
        assert facts[0].startswith(f"{wanted.map:.4f}")
        assert facts[2].startswith(f"{HELD}")
        rows = seen.page.locator("#scores tbody tr").all_inner_texts()
        for row, one in zip(rows, [*wanted.tasks, wanted], strict=True):
            ap, accuracy = (one.ap if hasattr(one, "ap") else one.map), one.accuracy
            assert f"{ap:.4f}" in row
            assert f"{accuracy:.4f}" in row
        assert seen.page.locator(".mistakes .tile").count() == min(36, len(wrong))
        assert f"{len(wrong)} mistakes" in seen.page.locator("#pictures").inner_text()
        first = seen.page.locator(".mistakes .tile").first.inner_text()
        assert f"answer: {wrong.answer[0]} {wrong.probability[0]:.0%}".replace("%", "\u00a0%") in first
        review = seen.page.locator("#review").inner_text()
        assert "1 judged image looks like an image on another side of the split" in review
        assert "1 label contradicts that of another file with the same bytes" in review
        assert {"004.jpg", "034.jpg"} == {name[-7:] for name in seen.page.locator(".twins .name").all_text_contents()}


def test_one_switch_shows_by_keyboard_where_the_network_looked_and_another_for_which_task(pages, chromium):
    with visit(chromium, pages["training"], reduced_motion="reduce") as seen:
        page, layers = seen.page, ".mistakes .layer"
        assert page.locator(layers).count() == page.locator(".mistakes .tile").count()
        assert page.locator(layers).first.is_hidden()
        page.locator("#heat").focus()
        page.keyboard.press("Space")
        assert all(one.is_visible() for one in page.locator(layers).all())
        assert page.locator(".samples .layer:visible").count() == page.locator(".samples .tile").count()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "own"
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.id") == "heat-1"
        both = page.locator(".samples .tile", has=page.locator(".line.heat-1"))
        assert page.locator(".samples .layer:visible").count() == both.count() > 0
        assert page.locator(".mistakes .layer:visible").count() == page.locator(".mistakes .tile").count()
        page.locator("#heat").uncheck()
        assert page.locator(".layer:visible").count() == 0


def test_it_is_readable_in_dark_mode_and_in_print(pages, chromium):
    with visit(chromium, pages["training"], color_scheme="dark") as seen:
        colours = "[document.body, document.querySelector('.fact')].map(e => getComputedStyle(e).backgroundColor)"
        assert all(max(map(int, re.findall(r"\d+", colour))) < 60 for colour in seen.page.evaluate(colours))
    paper = 794  # pixels across A4
    with visit(chromium, pages["training"], paper, color_scheme="dark") as seen:
        seen.page.emulate_media(media="print", color_scheme="dark")
        assert seen.overflow() == 0
        assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert max(map(int, re.findall(r"\d+", seen.page.evaluate("getComputedStyle(document.body).color")))) < 60
        assert not seen.page.locator("nav.contents").is_visible()
        assert seen.page.locator(".mistakes .tile").first.is_visible()
        hidden = "[...document.querySelectorAll('.scroll')].filter(e => e.clientHeight < e.scrollHeight - 1).length"
        assert seen.page.evaluate(hidden) == 0


def test_folds_have_a_table_and_each_image_is_looked_at_by_the_network_that_had_not_seen_it(pages, made, chromium):
    with visit(chromium, pages["cross-validation"]) as seen:
        rows = seen.page.locator("#parts table").first.locator("tbody tr").all_inner_texts()
        assert [row.split() for row in rows[:2]] == [["0", "0", "0.2500", "0.5000"], ["0", "1", "1.2500", "0.5000"]]
        assert seen.page.locator(".mistakes .layer").count() > 0
    reported = Reported.read(made.runs["cross-validation"])
    for image, fold in zip(reported.predictions.images, reported.predictions.fold, strict=True):
        held_out = np.load(reported.looked_with(fold).folder / "probabilities.npz")["images"]
        assert image in held_out


def test_a_blend_has_its_members_and_scores_that_its_weights_were_not_found_on(pages, made, chromium):
    written = json.loads((made.runs["blend"] / "blend.json").read_text())
    with visit(chromium, pages["blend"]) as seen:
        members = seen.page.locator("#parts table").first.locator("tbody tr")
        assert members.count() == len(written["members"])
        first = f"(of its first member, {made.runs['training'].name})"
        assert seen.page.locator("#made").inner_text().count(first) >= 3  # recipe, device, number format
        assert first in seen.page.locator("#card").inner_text()
        assert seen.page.locator(".fact dd").first.inner_text().startswith(f"{written['scores']['best']['map']:.4f}")
        assert seen.page.locator(".mistakes .layer").count() > 0


def test_commands_that_finish_a_run_name_the_report(made, tmp_path, capsys):
    blend((made.runs["training"],), output=tmp_path / "a blend")
    assert capsys.readouterr().out.endswith(f"competition report '{tmp_path / 'a blend'}'\n")


def test_where_the_images_are_gone_the_page_says_so_and_has_no_galleries(made, tmp_path, chromium):
    run = shutil.copytree(made.runs["training"], tmp_path / "run")
    values = json.loads((run / "recipe.json").read_text())
    values["made"]["data"] = str(tmp_path / "gone")
    (run / "recipe.json").write_text(json.dumps(values))
    with pytest.warns(UserWarning, match="the report lacks .*gone is not a folder"):
        assert report(run) == run / "report.html"
    with visit(chromium, run / "report.html") as seen:
        seen.assert_sound((run / "report.html").as_uri())
        assert "This report is not complete" in seen.page.locator(".notice.bad").first.inner_text()
        assert seen.page.locator(".gallery").count() == 0
        assert seen.page.locator("#scores tbody tr").count() == 3


@pytest.mark.parametrize(("made_with", "words"), [({"fraction": 0.1}, "10 %"), ({"smoke": True}, "two batches")])
def test_where_not_all_was_trained_on_the_page_says_how_much_and_counts_nothing(made, tmp_path, made_with, words):
    run = shutil.copytree(made.runs["training"], tmp_path / "run")
    values = json.loads((run / "recipe.json").read_text())
    values["made"] |= made_with
    (run / "recipe.json").write_text(json.dumps(values))
    (run / "model.weights.h5").unlink()  # where it looked is not what is tested here
    with pytest.warns(UserWarning, match="the report lacks where the network looked"):
        page = make_report(run)
    assert f"<dd>{words} of the images that were not held out</dd>" in page
    assert f"Only {words} of the images that were not held out were trained on" in page
    assert "Not counted, because which images were trained on is not recorded." in page
    assert "perhaps trained on" in page
    assert "was never seen in training" not in page
    assert {one.learned for one in class_counts(Reported.read(run), [], Reported.read(run).dataset)} == {-1}


def test_without_jinja2_the_pictures_are_made_and_the_error_says_how_to_get_the_page(
    made, tmp_path, monkeypatch, capsys
):
    def lacking(name: str):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    run = shutil.copytree(made.runs["training"], tmp_path / "run")
    render.environment.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(extras, "importlib", type("importlib", (), {"import_module": staticmethod(lacking)}))
        assert main(["report", str(run)]) == 1
    assert capsys.readouterr().err == (
        "error: this needs jinja2, which is not installed; to install it: make extras EXTRAS=report\n"
    )
    assert (run / "mistakes.png").is_file()
    assert not (run / "report.html").exists()
