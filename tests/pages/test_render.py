"""The base of all pages, in a real browser: sound at both widths, whatever the names in it are."""

import base64
import re
from pathlib import Path

import cv2
import pytest
from browsing import WIDTHS, visit
from helpers import noise, refusal

from competition import extras
from competition.pages import render
from competition.pages.parts import Bar, Chart, Column, Fact, Layer, Line, Shade, Tile, columns, data_uri

SCRIPT = "<script>window.ran = 1</script>\"'><img src=x onerror='window.ran = 1'>"
POLICY = re.compile("<meta http-equiv=[^>]+>")
NAMES = (
    SCRIPT,
    "{{ 7 * 7 }}",
    "bell\a, colour\x1b[31m, turned \u202etxt.exe",
    "half \udcff of a name",
    "图片 سترة",
    "x" * 200,
)
DEMO = """{% extends "base.html" %}
{% import "macros.html" as page with context %}
{% block body %}
{% call page.section("numbers", "Numbers of " ~ names[0]) %}
{{ page.facts(facts) }}
{{ page.table("a table " ~ names[0], head, rows) }}
{{ page.table("a matrix", head, shades, "matrix") }}
{{ page.pairs(pairs) }}
{% endcall %}
{% call page.section("pictures", "Pictures") %}
{% call page.notice("Look out", "bad") %}
<ul>{% for name in names %}<li class="name">{{ name }}</li>{% endfor %}</ul>
{% endcall %}
{{ page.charts(charts) }}
{{ page.gallery("photographs of " ~ names[0], tiles) }}
{% call page.more("All of it: " ~ names[0]) %}<p>hidden at first</p>{% endcall %}
{% endcall %}
{% endblock %}"""


def picture(height: int, width: int) -> str:
    return data_uri(cv2.imencode(".jpg", noise(height, width))[1].tobytes(), "image/jpeg")


def demo(names=NAMES) -> str:
    """A page with every macro, whose every text holds one of the names."""
    many = columns("task", *(f"{name} {number}" for number in range(4) for name in names))
    layer = [Layer("heat", picture(9, 9), f"a layer of {names[0]}")]
    tiles = [
        Tile(picture(*size), f"a picture of {name}", *reversed(size), [Line(name, "bad", name)], layer, "bad")
        for name in names
        for size in ((40, 90), (90, 40))
    ]
    return render.fill(
        render.environment().from_string(DEMO),
        title=names[0],
        what="Demonstration",
        names=names,
        facts=[Fact(name, "0.981", name) for name in names],
        head=many,
        rows=[[name, *(Bar(0.4, name, 0.3, 0.6, 0.5) for _ in many[1:])] for name in names],
        shades=[[name, *(Shade(0.7, name) for _ in many[1:])] for name in names],
        pairs=[(name, name) for name in names],
        charts=[Chart(picture(60, 90), f"a plot of {name}", 320, 220, name) for name in names],
        tiles=tiles,
    )


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "demo.html"
    render.write_page(path, demo())
    return path


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_of_hostile_names_is_sound_at_both_widths(page, chromium, width, scheme):
    with visit(chromium, page, width, color_scheme=scheme) as seen:
        seen.assert_sound(page.as_uri())
        assert seen.page.title() == SCRIPT
        assert seen.page.locator("script").count() == 0
        paper, ink = (
            seen.page.evaluate(f"getComputedStyle(document.body).{name}") for name in ("backgroundColor", "color")
        )
        assert (brightness(paper) > brightness(ink)) == (scheme == "light")


def test_hostile_names_run_nothing_even_where_the_policy_of_the_page_would_let_them(tmp_path, chromium):
    html, found = POLICY.subn("", demo())
    assert found == 1
    render.write_page(tmp_path / "open.html", html)
    with visit(chromium, tmp_path / "open.html") as seen:
        assert seen.page.evaluate("window.ran") is None
        assert seen.errors == []


def test_a_page_asks_nothing_of_the_network_even_if_something_in_it_would(page, chromium):
    with visit(chromium, page) as seen:
        seen.page.evaluate("document.body.append(Object.assign(new Image(), {src: 'http://localhost:9/a.png'}))")
        style = "@font-face { font-family: b; src: url(http://localhost:9/b) } * { font: 9px b }"
        seen.page.evaluate("s => document.head.appendChild(document.createElement('style')).append(s)", style)
        seen.page.wait_for_timeout(300)
        assert len(seen.errors) == 2
        assert all("Content Security Policy" in error for error in seen.errors)


def brightness(colour: str) -> int:
    """Of a colour as rgb(29, 33, 41)."""
    return sum(map(int, colour.removeprefix("rgb(").removesuffix(")").split(",")))


def test_names_are_read_as_they_are_and_what_is_not_seen_in_them_is_spelt_out(page, chromium):
    with visit(chromium, page) as seen:
        shown = seen.page.locator(".name").all_text_contents()
        assert shown[0] == SCRIPT
        assert shown[1] == "{{ 7 * 7 }}"
        assert shown[2] == r"bell\x07, colour\x1b[31m, turned \u202etxt.exe"
        assert shown[3] == r"half \udcff of a name"
        assert shown[4] == "图片 سترة"


@pytest.mark.parametrize("width", WIDTHS)
def test_contents_lead_to_their_sections_by_keyboard_and_what_is_wide_scrolls_in_itself(page, chromium, width):
    with visit(chromium, page, width, reduced_motion="reduce") as seen:
        seen.page.keyboard.press("Tab")
        assert seen.page.evaluate("document.activeElement.className") == "skip"
        seen.page.keyboard.press("Enter")
        assert seen.page.evaluate("document.activeElement.id") == "main"
        links = seen.page.locator("nav.contents a")
        assert links.all_text_contents() == [f"Numbers of {SCRIPT}", "Pictures"]
        links.last.focus()
        seen.page.keyboard.press("Enter")
        assert links.last.evaluate("e => document.querySelector(e.hash).getBoundingClientRect().top") < 100
        region = seen.page.get_by_role("region", name="a table").first
        region.focus()
        assert region.evaluate("e => { e.scrollLeft = 50; return e === document.activeElement && e.scrollLeft }") == 50
        summary = seen.page.locator("summary")
        summary.focus()
        seen.page.keyboard.press("Enter")
        assert seen.page.get_by_text("hidden at first").is_visible()


def test_a_layer_lies_over_the_whole_picture_and_a_picture_keeps_its_shape(page, chromium):
    with visit(chromium, page) as seen:
        seen.page.add_style_tag(content=".layer { display: block }")
        shapes = seen.page.evaluate(
            "[...document.querySelectorAll('.frame')].slice(0, 2).map(f => [...f.querySelectorAll('img')]"
            ".map(e => { const r = e.getBoundingClientRect(); return [r.x, r.y, r.width, r.height].map(Math.round) }))"
        )
        (wide, over_wide), (tall, over_tall) = shapes
        assert (wide, tall) == (over_wide, over_tall)
        assert wide[2] / wide[3] == pytest.approx(90 / 40, rel=0.05)
        assert tall[2] / tall[3] == pytest.approx(40 / 90, rel=0.05)


def test_a_value_that_a_template_lacks_is_an_error():
    import jinja2

    with pytest.raises(jinja2.UndefinedError, match="what"):
        render.render("base.html", title="no more than a title")


def test_without_jinja2_the_message_says_how_to_get_it(monkeypatch):
    def lacking(name: str):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    render.environment.cache_clear()
    monkeypatch.setattr(extras.importlib, "import_module", lacking)
    message = refusal(render.render, "base.html")
    assert message == "this needs jinja2, which is not installed; to install it: make extras EXTRAS=report"


def test_a_picture_is_in_the_page_itself():
    assert base64.b64decode(data_uri(b"bytes", "image/png").removeprefix("data:image/png;base64,")) == b"bytes"
    assert columns("task", "rows") == [Column("task"), Column("rows", number=True)]
