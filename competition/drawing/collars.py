"""What is worn around the neck: the collar of a shirt, the lapels of a jacket, the neck of a pullover.

Every value of an attribute has the same number of points or measures, so that a form between two values is a mean of
their arrays.
"""

import numpy as np

from competition.drawing.canvas import Canvas
from competition.drawing.fabric import Fabric
from competition.drawing.geometry import flipped, moved, points, resampled, smooth, symmetric

POINTS = 80


def leaf(*corners: tuple[float, float], rounding: int = 0) -> np.ndarray:
    """The right leaf of a collar or lapel, (POINTS, 2), its corners rounded `rounding` times."""
    outline = smooth(points(*corners), times=rounding)
    return resampled(np.concatenate([outline, outline[:1]]), POINTS)


def collar(shape: np.ndarray, ribbed: bool = False) -> np.ndarray:
    """A collar (POINTS + 1, 2): its right leaf, then one row that says whether it is knitted in ribs."""
    return np.concatenate([shape, [(ribbed, ribbed)]])


COLLARS = {
    "Shirt Collar": collar(leaf((0.03, 1.72), (0.24, 1.36), (0.36, 1.42), (0.62, 1.72), (0.5, 2.14))),
    "Peter Pan": collar(
        leaf(
            *((0.02, 1.72), (0.3, 1.42), (0.42, 1.46), (0.74, 1.62), (0.74, 1.98), (0.36, 2.12), (0.04, 2.04)),
            rounding=3,
        )
    ),
    "Puritan Collar": collar(
        leaf((0.02, 1.72), (0.32, 1.4), (0.5, 1.46), (1.02, 1.56), (1.2, 1.86), (1.16, 2.3), (0.03, 2.52))
    ),
    "Rib Collar": collar(
        leaf((0, 1.72), (0.24, 1.5), (0.33, 1.36), (0.45, 1.4), (0.36, 1.7), (0, 1.98), rounding=1),
        ribbed=True,
    ),
}

LAPELS = {
    "Notched": leaf(
        *((0, 3.1), (0.16, 2.2), (0.3, 1.4), (0.42, 1.42), (0.66, 1.66)),
        *((0.56, 1.92), (0.42, 1.94), (0.86, 2.02), (0.5, 2.62)),
    ),
    "Collarless": leaf((0, 3.1), (0.16, 2.2), (0.3, 1.4), (0.34, 1.42), (0.2, 2.2), (0.02, 3.1)),
    "Shawl Collar": leaf(
        (0, 3.1), (0.16, 2.2), (0.3, 1.4), (0.44, 1.4), (0.6, 1.75), (0.58, 2.2), (0.4, 2.7), rounding=1
    ),
    "Plus Size Shawl": leaf(
        (0, 3.3), (0.16, 2.2), (0.28, 1.36), (0.55, 1.3), (1.2, 1.66), (1.12, 2.4), (0.6, 3.15), rounding=1
    ),
}

# height of the tube's upper rim, half its width, depth of the frill, drop of the cowl
NECKS = {
    "Turtle Neck": np.array([1.02, 0.3, 0.0, 0.0]),
    "Ruffle Semi-High Collar": np.array([1.3, 0.42, 0.15, 0.0]),
    "Low Turtle Neck": np.array([1.36, 0.3, 0.0, 0.0]),
    "Draped Collar": np.array([1.4, 0.42, 0.0, 1.0]),
}
NECK_FOOT = 1.72


def draw_leaves(canvas: Canvas, right: np.ndarray, cloth: Fabric) -> None:
    """A leaf and its mirror image, with strong outlines."""
    for half in (flipped(right), right):
        canvas.piece(half, cloth, 0.045)


def draw_collar(canvas: Canvas, form: np.ndarray, cloth: Fabric) -> None:
    """A collar of `COLLARS`, or between two of them."""
    draw_leaves(canvas, form[:-1], cloth)
    if form[-1, 0] > 0.5:
        draw_ribs(canvas, cloth)


def draw_ribs(canvas: Canvas, cloth: Fabric) -> None:
    """Ribs across a knitted band around the neck."""
    for angle in np.linspace(-0.15, np.pi + 0.15, 27):
        ray = np.array([np.cos(angle), np.sin(angle)])
        ends = moved(np.stack([ray * 0.3, ray * (0.42, 0.52)]), (0, 1.42))
        canvas.stroke(ends, cloth.seam, 0.022)


def draw_placket(canvas: Canvas, cloth: Fabric, hem: float) -> None:
    """The buttoned front of a shirt."""
    for x in (-0.08, 0.08):
        canvas.stroke(points((x, 1.75), (x, hem)), cloth.seam, 0.02)
    for height in np.arange(1.95, hem, 0.42):
        canvas.disc((0, height), 0.05, cloth.seam)


def draw_lapels(canvas: Canvas, form: np.ndarray, cloth: Fabric, inside: Fabric) -> None:
    """The open front of a jacket with lapels of `LAPELS`; `inside` is what is worn under it."""
    canvas.fill(points((0, 3.1), (0.36, 1.45), (0.2, 1.66), (-0.2, 1.66), (-0.36, 1.45)), inside)
    canvas.stroke(points((0, 3.1), (0, 4.2)), cloth.seam, 0.04)
    draw_leaves(canvas, form, cloth.toned())
    canvas.disc((0.08, 3.2), 0.07, cloth.seam)


def draw_neck(canvas: Canvas, form: np.ndarray, cloth: Fabric, skin: np.ndarray) -> None:
    """A neck of `NECKS`: a tube, with a frill or a cowl as far as the form has any."""
    top, wide, frill, drop = form
    draw_tube(canvas, top, wide, cloth)
    if frill > 0.03:
        draw_frill(canvas, top, wide, frill, cloth)
    if drop > 0.1:
        draw_cowl(canvas, drop, cloth, skin)


def draw_tube(canvas: Canvas, top: float, wide: float, cloth: Fabric) -> None:
    """A tube around the neck up to the height `top`, with the seam of its turned-down rim."""
    upper = points((0, top + 0.1), (wide, top))
    lower = moved(points((wide + 0.02, -0.28), (0.5, -0.1), (0.3, 0.12), (0, 0.2)), (0, NECK_FOOT))
    canvas.piece(symmetric(np.concatenate([upper, lower])), cloth, 0.045)
    rim = points((-wide, top + 0.14), (0, top + 0.24), (wide, top + 0.14))
    canvas.stroke(smooth(rim, closed=False), cloth.seam, 0.03)


def draw_frill(canvas: Canvas, top: float, wide: float, depth: float, cloth: Fabric) -> None:
    """A wavy band that stands up around the neck."""
    x = np.linspace(-1, 1, 90)
    middle, wave = top + 0.1 * (1 - x**2), np.sin(x * 24)
    upper = np.stack([x * (wide + depth), middle + depth * (0.6 * wave - 0.4)], axis=1)
    lower = np.stack([x * (wide + depth * 0.6), middle + 0.3 + depth * 0.5 * wave], axis=1)
    canvas.piece(np.concatenate([upper, lower[::-1]]), cloth, 0.04)
    for i in range(3, len(x), 6):
        canvas.stroke(np.stack([upper[i], lower[i]]), cloth.seam, 0.02)


def draw_cowl(canvas: Canvas, drop: float, cloth: Fabric, skin: np.ndarray) -> None:
    """Loose folds that hang from the shoulders, the lowest by `drop`, around a wide opening."""
    for k, depth in enumerate(np.linspace(1.0, 0.3, 4) * drop):
        upper, lower = points((0.8 - 0.13 * k, 1.6 - 0.05 * k), ((0.8 - 0.13 * k) * 0.6, 1.65 + depth))
        canvas.piece(smooth(np.stack([upper * (-1, 1), lower * (-1, 1), lower, upper])), cloth, 0.04)
    low = 1.55 + 0.25 * drop
    opening = smooth(points((-0.36, 1.4), (-0.3, low), (0.3, low), (0.36, 1.4)))
    canvas.fill(opening, skin)
    canvas.stroke(opening[8:-8], cloth.seam, 0.04)
