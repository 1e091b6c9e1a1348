"""Fonts for the names of tasks and classes, which may be in any script: Matplotlib's own has Latin, Greek, Cyrillic."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from matplotlib import get_cachedir
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager, get_font
from matplotlib.text import Text

USUAL = "DejaVu Sans"  # comes with Matplotlib
BOXES = "Last Resort"  # a font that has a box for every character there is


@contextmanager
def any_script(figure: Figure) -> Iterator[None]:
    """Let the texts of a figure, which is saved in this block, be drawn in fonts that have their characters.

    Those that no installed font has become boxes, which the first figure warns of.
    """
    texts = figure.findobj(Text)
    families, missing = fonts_for(frozenset("".join("".join(text.get_text().split()) for text in texts)))
    if families != (USUAL,):
        for text in texts:
            text.set_fontfamily(families)
    if missing:
        _warn_once()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # Matplotlib's, one for each character
        yield


@cache
def fonts_for(characters: frozenset[str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Families that together have these characters, as far as installed ones do, and those that none has."""
    files = _files()
    families, missing = [USUAL], characters - _characters(files.pop(USUAL))
    if not missing:  # nearly always; to read all fonts may take seconds
        return (USUAL,), missing
    # The first has most of them, so that a name is not a patchwork of fonts.
    for family in sorted(files, key=lambda family: (-len(missing & _characters(files[family])), family)):
        if found := missing & _characters(files[family]):
            families.append(family)
            missing -= found
    return tuple(families), missing


def _files() -> dict[str, str]:
    """The file of each family that Matplotlib knows and that is still there; the regular one, where there is one."""
    fonts = sorted(fontManager.ttflist, key=lambda font: (font.style == "normal", font.weight in {400, "normal"}))
    return {one.name: one.fname for one in fonts if not one.name.startswith(BOXES) and Path(one.fname).is_file()}


@cache
def _characters(file: str) -> frozenset[str]:
    return frozenset(map(chr, get_font(file).get_charmap()))


@cache
def _warn_once() -> None:
    warnings.warn(
        "no installed font has some characters of the names of tasks or classes, so plots show boxes in their place; "
        "the tables have them. Install one that has (fonts-noto-cjk: Chinese, Japanese, Korean), and empty "
        f"{get_cachedir()}, where Matplotlib remembers which fonts there are",
        stacklevel=5,
    )
