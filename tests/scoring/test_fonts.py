"""Names in any script in pictures: drawn in a font that has them, and where none is installed, said once."""

import warnings
from io import BytesIO

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

from competition.run import Run
from competition.scoring import fonts
from competition.scoring.fonts import any_script
from competition.scoring.plots import confusion_matrix, save
from competition.task import Task

COMMON = "couleur_é, größe, цвет, χρώμα: ≥ →"
BOLD = "\N{MATHEMATICAL BOLD CAPITAL A}"  # Matplotlib's usual font has none, others that come with it do
CHINESE = Task("颜色", ("红", "绿"))


@pytest.fixture(autouse=True)
def nothing_remembered():
    """Neither what was found nor what was said before."""
    fonts.fonts_for.cache_clear()
    fonts._warn_once.cache_clear()
    yield
    fonts.fonts_for.cache_clear()


@pytest.fixture
def only_the_usual(monkeypatch):
    usual = [font for font in fontManager.ttflist if font.name in {fonts.USUAL, "Last Resort High-Efficiency"}]
    monkeypatch.setattr(fontManager, "ttflist", usual)


def matrix(task: Task) -> Figure:
    return confusion_matrix(task, np.eye(len(task), dtype=int))


def families(figure: Figure) -> list[str]:
    return figure.axes[0].title.get_fontfamily()


def test_a_usual_name_leaves_the_font_as_it_is():
    figure = matrix(Task("t", (COMMON, "b")))
    before = families(figure)
    with any_script(figure):
        pass
    assert families(figure) == before


def test_a_name_is_drawn_in_a_font_that_has_it():
    figure = matrix(Task("t", (BOLD, "b")))
    with pytest.warns(UserWarning, match="missing from font"):
        figure.savefig(BytesIO())
    with any_script(figure):
        pass
    figure.savefig(BytesIO())  # where a character is missing, Matplotlib warns, and a warning is an error
    assert families(figure)[0] == fonts.USUAL


def test_characters_that_no_font_has_are_said_once_and_drawn_as_boxes(only_the_usual, tmp_path):
    with pytest.warns(UserWarning) as said:
        save(matrix(CHINESE), Run(tmp_path), "one.png")
        save(matrix(Task("t", ("红", "ع"))), Run(tmp_path), "two.png")
    (warning,) = said
    assert "plots show boxes" in str(warning.message)
    assert (tmp_path / "one.png").stat().st_size > 1000
    assert (tmp_path / "two.png").stat().st_size > 1000


def test_other_warnings_of_a_drawing_are_not_hidden():
    with pytest.warns(UserWarning, match="something else"), any_script(Figure()):
        warnings.warn("something else", stacklevel=1)
