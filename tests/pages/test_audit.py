"""`competition audit`: the page of a data set, in a real browser, with hostile names and broken files in it."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from browsing import WIDTHS, visit
from helpers import make_dataset, noise, refusal, write
from small_data import TINY, write_data

from competition import extras
from competition.commands.audit import audit
from competition.data.audit import audit_data, count_classes
from competition.pages import audit as page_of
from competition.pages.audit import judged

SCRIPT = "<script>window.ran = 1</script>"
ROWS = 40


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    """The page of a table with hostile names, a broken image, one that is missing, and a file that is there twice."""
    folder = tmp_path_factory.mktemp(SCRIPT.replace("/", "_")) / "data"
    for row in range(ROWS):
        write(folder / f"{row}.png", cv2.imencode(".png", noise(30 + row, 40, seed=row))[1].tobytes())
    write(folder / "5.png", (folder / "6.png").read_bytes())
    write(folder / "7.png", b"broken")
    rows = [f"{row}.png,{SCRIPT if row % 2 else 'plain'},{'wet|big' if row % 3 else 'big'}" for row in range(ROWS)]
    write(folder / "labels.csv", [f'image,"{SCRIPT}",tags', *rows])
    return audit(data=folder, output=folder.parent / "audit.html", cache=folder.parent / "cache")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_is_sound_and_runs_no_name(page, chromium, width):
    with visit(chromium, page, width) as seen:
        seen.assert_sound(page.as_uri())
        assert seen.page.evaluate("window.ran") is None
        assert seen.page.locator("h3").all_text_contents() == ["script_window.ran___1__script_", "tags"]


def test_the_page_says_what_is_wrong_and_leads_there(page, chromium):
    with visit(chromium, page, reduced_motion="reduce") as seen:
        notes = seen.page.locator("#first li a")
        assert [text.split()[:2] for text in notes.all_text_contents()] == [["1", "images"], ["2", "labels"]]
        notes.first.click()
        assert seen.page.url.endswith("#files")
        broken = seen.page.locator("#files .notice li").text_content()
        assert "labels.csv:9" in broken and "7.png" in broken
        assert "6.png is plain, but 5.png is" in seen.page.locator("#alike .notice li").first.text_content()
        first = seen.page.locator("#alike .twins > div").first
        assert first.locator("h4").text_content() == "data: the same file"
        assert first.locator(".line").all_text_contents() == ["5.png", "6.png"]


def test_classes_come_with_their_numbers_and_pictures(page, chromium):
    with visit(chromium, page) as seen:
        cells = seen.page.locator("#classes table").first.locator("tbody tr").first.locator("th, td")
        assert [text.strip() for text in cells.all_text_contents()[:3]] == [SCRIPT, "20", "50.0%"]
        assert seen.page.locator("#classes .class .gallery").first.locator("img").count() == 6
        labels = seen.page.locator("#tasks table").nth(1).locator("tbody tr")
        assert [text.split() for text in labels.all_text_contents()] == [["2", str(ROWS)]]


def test_what_the_official_rule_makes_of_a_class_depends_on_how_rare_it_is():
    dataset = make_dataset({"colour": [0] * 88 + [1] * 11 + [2]})
    table = judged(dataset, count_classes(dataset), 0.5).set_index("name")
    assert table["held_out"].tolist() == [44, 5.5, 0.5]
    assert table["error"].round(4).tolist() == [round(0.5 / np.sqrt(rows), 4) for rows in (44, 5.5, 0.5)]
    assert table["verdict"].tolist() == ["", "too few to score on", "one image: to learn from, or to score on"]
    assert table["least"].is_monotonic_decreasing and table["most"].is_monotonic_decreasing


def test_labels_that_have_to_be_imported_first_say_so(tmp_path):
    write(tmp_path / "labels.csv", ["image_name;tags", "a.png;red blue", "b.png;red"])
    message = refusal(lambda: audit(data=tmp_path / "labels.csv", output=tmp_path / "audit.html"))
    assert "has to be imported first: competition init NAME" in message
    assert not (tmp_path / "audit.html").exists()


def test_without_jinja2_nothing_is_read(monkeypatch, tmp_path):
    def lacking(name: str):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(extras.importlib, "import_module", lacking)
    assert "make extras EXTRAS=report" in refusal(lambda: audit(data=tmp_path / "nowhere"))


def test_a_data_set_without_a_readable_image_still_has_a_page(tmp_path):
    data = write_data(tmp_path / "data", images=4, questions=1)
    for image in (data / "base/Images").iterdir():
        image.write_bytes(b"broken")
    html = audit(data=data, output=tmp_path / "audit.html", cache=tmp_path / "cache").read_text()
    assert "4 images cannot be read" in html


def test_the_page_is_named_after_the_whole_name_of_the_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(Path("shop.v2/labels.csv"), ["image,kind", "a.png,red", "b.png,blue", "c.png,red"])
    for number, name in enumerate("abc"):
        write(Path(f"shop.v2/{name}.png"), cv2.imencode(".png", noise(30, 40, seed=number))[1].tobytes())
    assert audit(data=Path("shop.v2")) == Path("audit-shop.v2.html")


def test_what_the_files_hold_out_is_expected_and_tasks_with_too_many_classes_are_named(tmp_path, monkeypatch):
    found = audit_data(TINY, write_data(tmp_path / "data", images=8), tmp_path / "cache")
    assert page_of.values(found, TINY, tmp_path)["held_out"] == TINY.validation
    own = replace(found.dataset, held_out=np.arange(8) < 2)
    monkeypatch.setattr(page_of, "PICTURED", 2)
    shown = page_of.values(replace(found, dataset=own), TINY, tmp_path)
    assert (shown["held_out"], shown["not_pictured"]) == (0.25, ["colour"])  # of three classes; shade has two
