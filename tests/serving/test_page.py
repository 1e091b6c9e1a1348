"""The page in a real browser, on a telephone and a desktop."""

import csv
import io
from pathlib import Path

import pytest
import requests
from browsing import WIDTHS, Visit, visit
from served import TAGS, Served, given_by, png, served, untrained

from competition.layouts.answers import for_spreadsheets  # noqa: F401  the same rule, in the page's script

HOSTILE = "=cmd <img src=x onerror=alert(1)>.png"
REFUSED = "Failed to load resource: the server responded with a status of 422 (Unprocessable Entity)"


def upload(seen: Visit, *files: tuple[str, bytes]) -> None:
    """Choose files, and wait until all that are on the page are answered or refused."""
    before = seen.page.locator("article").count()
    payload = [{"name": name, "mimeType": "image/png", "buffer": content} for name, content in files]
    seen.page.set_input_files("#files", payload)
    wait(seen, before + len(files))


def wait(seen: Visit, count: int) -> None:
    seen.page.get_by_role("status").filter(has_text=f"{count} of {count} answered").wait_for(timeout=30_000)


def downloaded(seen: Visit) -> list[list[str]]:
    with seen.page.expect_download() as download:
        seen.page.get_by_role("button", name="download answers").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_are_answered_where_they_are_chosen(chromium, server, width, scheme):
    """Several at once, one of them no picture: names are text, errors are in words, answers those of the API."""
    with visit(chromium, server.address, width, color_scheme=scheme) as seen:
        seen.assert_sound(server.address)
        upload(seen, (HOSTILE, png(1)), ("b.png", png(2)), ("c.png", b"no picture"))
        assert seen.errors == [REFUSED]
        seen.errors.clear()
        seen.assert_sound(server.address)
        first, second, third = seen.page.locator("article").all()
        assert first.locator("h2").inner_text() == HOSTILE
        assert "not an image, or cut short" in third.get_by_role("alert").inner_text()
        (told,) = server.post(png(2)).json()["images"]
        colour, tags = second.locator("section").all()
        assert colour.locator(".answer").inner_text() == told["tasks"][0]["answers"][0]
        assert tags.locator(".answer").inner_text() == (", ".join(told["tasks"][1]["answers"]) or "none of them")
        words = {"tag": "sure enough to tag", "ask": "ask a person", "unknown": "no promise"}
        assert colour.locator(".verdict").inner_text() == words[told["tasks"][0]["verdict"]]
        shown = {line.split("\n")[0] for line in tags.locator("li").all_inner_texts()}
        assert {text.removesuffix(" ask a person").strip() for text in shown} == set(TAGS.classes)
        assert "1 refused" in seen.page.locator("#said").inner_text()


def test_the_answers_are_downloaded_as_a_table_that_no_spreadsheet_computes(chromium, server):
    with visit(chromium, server.address) as seen:
        upload(seen, (HOSTILE, png(1)), ("b.png", b"no picture"), ('"q", c.png', png(3)))
        header, first, second = downloaded(seen)
    assert header == [
        "image",
        *(f"{task}{column}" for task in ("colour", "tags") for column in ("", " probability", " verdict")),
    ]
    assert (first[0], second[0]) == (f"'{HOSTILE}", '"q", c.png')
    for row, seed in ((first, 1), (second, 3)):
        (told,) = server.post(png(seed)).json()["images"]
        colour, tags = told["tasks"]
        assert row[1] == colour["answers"][0]
        assert float(row[2]) == pytest.approx(max(given_by(told)["colour"]), abs=1e-6)
        joined = "|".join(tags["answers"])
        assert row[4] == (f"'{joined}" if joined.startswith("=") else joined)


def test_the_page_shows_from_where_on_it_tags_and_what_is_promised(chromium, server):
    with visit(chromium, server.address) as seen:
        upload(seen, ("a.png", png(1)))
        marks = seen.page.locator("section").first.locator(".mark").all()
        assert [mark.evaluate("one => one.style.getPropertyValue('--at')") for mark in marks] == ["0.8"]
        seen.page.get_by_text("What this model answers").click()
        text = seen.page.locator("details").last.inner_text()
    assert "With a probability of 0.95, at least 0.98 of what is tagged is right" in text
    assert "colour\t0.80000000\t50.0 % of 100\t50 of 50" in text
    assert "tags: =1+1\tno promise" in text


def test_a_page_without_a_promise_gives_no_verdict_and_says_why(chromium, tmp_path):
    run = untrained(tmp_path / "mine-1")
    with served(run.folder) as server, visit(chromium, server.address) as seen:
        upload(seen, ("a.png", png(1)))
        verdicts = seen.page.locator(".verdict").all()
        assert [one.inner_text() for one in verdicts] == ["no promise", "no promise"]
        assert "competition promise makes a promise" in verdicts[0].get_attribute("title")
        seen.page.get_by_text("What this model answers").click()
        assert "competition promise makes a promise" in seen.page.locator("details").last.inner_text()
        seen.assert_sound(server.address)


def test_pictures_are_pasted_and_dropped(chromium, server):
    send = """([bytes, kind]) => {
      const data = new DataTransfer();
      data.items.add(new File([new Uint8Array(bytes)], kind + ".png", {type: "image/png"}));
      const options = {bubbles: true, cancelable: true};
      document.dispatchEvent(kind === "paste" ? new ClipboardEvent("paste", {...options, clipboardData: data})
        : new DragEvent("drop", {...options, dataTransfer: data}));
    }"""
    with visit(chromium, server.address) as seen:
        for number, kind in enumerate(("paste", "drop"), 1):
            seen.page.evaluate(send, [list(png(number)), kind])
            wait(seen, number)
        assert seen.page.locator("article h2").all_inner_texts() == ["paste.png", "drop.png"]
        assert seen.page.locator(".answer").count() == 4
        seen.assert_sound(server.address)


def test_where_the_network_looked_is_switched_on_and_off_by_the_keyboard(chromium, server):
    with visit(chromium, server.address) as seen:
        upload(seen, ("a.png", png(1)))
        layer, buttons = seen.page.locator("img.heat"), seen.page.get_by_role("button", name="where it looked")
        seen.page.get_by_label("Drop pictures here").focus()
        for _ in range(4):  # the download, remove all, remove, and the first switch
            seen.page.keyboard.press("Tab")
        seen.page.keyboard.press("Enter")
        layer.wait_for(timeout=30_000)
        assert layer.get_attribute("src").startswith("data:image/webp;base64,")
        likeliest = seen.page.locator("section .class").first.inner_text()
        assert layer.get_attribute("alt") == f"what in the picture speaks for colour: {likeliest}"
        assert seen.page.locator(".side .note").inner_text() == f"what speaks for colour: {likeliest}"
        assert buttons.first.get_attribute("aria-pressed") == "true"
        box, below = layer.bounding_box(), seen.page.locator("article img").first.bounding_box()
        assert [round(box[side]) for side in box] == [round(below[side]) for side in box]
        seen.page.keyboard.press("Enter")
        layer.wait_for(state="hidden")
        seen.page.get_by_role("button", name="remove a.png").click()
        assert seen.page.locator("article").count() == 0
        seen.assert_sound(server.address)


def test_a_busy_server_is_asked_again(chromium, server, monkeypatch):
    with visit(chromium, server.address) as seen:
        monkeypatch.setattr(server.service.room, "places", 0)
        payload = [{"name": "a.png", "mimeType": "image/png", "buffer": png()}]
        with seen.page.expect_response(lambda response: response.status == 503):
            seen.page.set_input_files("#files", payload)
        monkeypatch.setattr(server.service.room, "places", 128)
        wait(seen, 1)
        assert seen.page.locator(".answer").count() == 2


def test_nothing_runs_in_the_page_but_its_own_script(server: Served):
    headers = requests.get(server.address, timeout=60).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert headers["content-type"] == "text/html; charset=utf-8"


def test_no_class_of_a_task_is_a_tag_of_the_page(server: Served):
    html = requests.get(server.address, timeout=60).text
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
