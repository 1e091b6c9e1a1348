"""Garments that cover the trunk and the limbs: tops, coats, skirts, trousers, sleeves; a hem is a height."""

import numpy as np

from competition.drawing.canvas import Canvas
from competition.drawing.fabric import Fabric
from competition.drawing.figure import ARM_WIDTHS, CROTCH, WAIST, Figure
from competition.drawing.geometry import between, box, flipped, limb, oval, points, resampled, smooth, upto

# where a top of ordinary cut ends above, from the left shoulder to the right one
CREW_NECK = points((-0.93, 1.72), (-0.34, 1.47), (-0.2, 1.66), (0, 1.7), (0.2, 1.66), (0.34, 1.47), (0.93, 1.72))


def side(figure: Figure, top: float, hem: float, ease: float = 0.05, flare: float = 0.0) -> np.ndarray:
    """The right edge of a garment from `top` down to `hem`, (24, 2), `ease` wider than the body.

    Below the hip it widens by `flare` units per unit of height.
    """
    heights = np.linspace(top, hem, 24)
    below = np.maximum(heights - 3.85, 0)
    return np.stack([figure.half_width(np.minimum(heights, 3.85)) + ease + flare * below, heights], axis=1)


def draw_top(
    canvas: Canvas, figure: Figure, cloth: Fabric, contour=CREW_NECK, hem: float = 4.0, flare: float = 0.1
) -> None:
    """A garment of the trunk under a `contour` that runs from its left end to its right one."""
    right = side(figure, contour[-1, 1], hem, flare=flare)
    left = flipped(side(figure, contour[0, 1], hem, flare=flare))
    canvas.piece(np.concatenate([contour, right, left]), cloth)


def draw_sleeves(canvas: Canvas, figure: Figure, cloth: Fabric, reach: float, ease: float = 0.07) -> None:
    """Both sleeves, `reach` joints long: 1 the elbow, 2 the wrist, 3 the fingertips."""
    for arm in figure.arms:
        draw_sleeve(canvas, arm, cloth, reach, ease)


def draw_sleeve(canvas: Canvas, arm: np.ndarray, cloth: Fabric, reach: float, ease: float) -> None:
    """One sleeve with its cuff; a very short one stands off like a cap."""
    chain = upto(arm, reach)
    at = np.append(np.arange(len(chain) - 1.0), reach)
    widths = np.interp(np.minimum(at, 2), np.arange(4), ARM_WIDTHS) + ease + 0.05 * (at == reach)
    canvas.fill(oval(arm[0], (0.24, 0.22)), cloth)
    outline = limb(chain, widths)
    canvas.fill(outline, cloth)
    canvas.stroke(outline, cloth.seam)
    cuff = limb(np.stack([between(chain[-2], chain[-1], 0.99), chain[-1]]), widths[-1:].repeat(2))
    canvas.stroke(cuff, cloth.seam, 0.06)


def draw_folds(canvas: Canvas, edge: np.ndarray, cloth: Fabric, count: int, top: float) -> None:
    """Faint folds that run from the axis at height `top` to the hem, whose two ends `edge` holds."""
    for share in np.linspace(0, 1, count + 2)[1:-1]:
        foot = edge[0] * (1 - share) + edge[1] * share
        canvas.stroke(np.stack([(foot[0] * 0.45, top), foot]), cloth.colour * 0.8, 0.025)


def draw_coat(canvas: Canvas, figure: Figure, cloth: Fabric, hem: float, rng: np.random.Generator) -> None:
    """A coat or jacket with long sleeves, a closed front and a hem at the height `hem`."""
    flare = rng.uniform(0.0, 0.16)
    right = side(figure, 1.72, hem, ease=0.1, flare=flare)
    shoulder = CREW_NECK[[0, 1, 3, 5, 6]]
    canvas.piece(np.concatenate([shoulder, right, flipped(right)]), cloth)
    draw_sleeves(canvas, figure, cloth, rng.uniform(1.8, 2.1), ease=0.09)
    canvas.stroke(points((0, 1.75), (0, hem)), cloth.seam, 0.04)
    for height in np.arange(2.0, min(hem - 0.15, 4.2), 0.5):
        canvas.disc((0.1, height), 0.05, cloth.seam)
    if hem > 3.6 and rng.random() < 0.5:
        canvas.piece(box(-figure.half_width(WAIST) - 0.12, 2.98, figure.half_width(WAIST) + 0.12, 3.14), cloth.toned())
    canvas.stroke(np.stack([flipped(right)[0], right[-1]]), cloth.seam, 0.06)


def draw_skirt(canvas: Canvas, figure: Figure, cloth: Fabric, hem: float, rng: np.random.Generator) -> None:
    """A skirt from the waist to a hem at the height `hem`: straight, flared or pleated."""
    flare = rng.uniform(0.02, 0.28)
    right = side(figure, WAIST, hem, ease=0.06, flare=flare)
    canvas.piece(np.concatenate([right, flipped(right)]), cloth)
    draw_folds(canvas, np.stack([flipped(right)[0], right[-1]]), cloth, int(rng.integers(0, 7)), 3.3)
    draw_waistband(canvas, figure, cloth.toned())
    canvas.stroke(np.stack([flipped(right)[0], right[-1]]), cloth.seam, 0.06)


def draw_waistband(canvas: Canvas, figure: Figure, cloth: Fabric) -> None:
    """A belt: it marks the waist."""
    wide = figure.half_width(WAIST) + 0.07
    canvas.piece(box(-wide, WAIST - 0.08, wide, WAIST + 0.08), cloth)


def draw_trousers(canvas: Canvas, figure: Figure, cloth: Fabric, reach: float, ease: float) -> None:
    """Trousers whose legs are `reach` joints long: 1 the knee, 2 the ankle, 3 the sole."""
    right = side(figure, WAIST, CROTCH, ease=0.04)
    canvas.fill(np.concatenate([right, points((0, CROTCH + 0.2)), flipped(right)]), cloth)
    for leg in figure.legs:
        draw_trouser_leg(canvas, leg, cloth, reach, ease)
    canvas.stroke(right, cloth.seam)
    canvas.stroke(flipped(right), cloth.seam)
    canvas.stroke(points((0, WAIST), (0, CROTCH + 0.1)), cloth.seam)
    draw_waistband(canvas, figure, cloth.toned())


def draw_trouser_leg(canvas: Canvas, leg: np.ndarray, cloth: Fabric, reach: float, ease: float) -> None:
    """One leg of the trousers with its hem."""
    chain = resampled(upto(leg, reach), 12)
    heights = np.interp(chain[:, 1], leg[:, 1], np.arange(4.0))
    widths = np.interp(heights, np.arange(4.0), (0.39, 0.25 + ease, 0.17 + ease, 0.17 + ease))
    outline = limb(chain, widths)
    canvas.piece(outline, cloth)
    canvas.stroke(np.stack([outline[11], outline[12]]), cloth.seam, 0.07)
    crease = smooth(chain[3:], closed=False, times=1)
    canvas.stroke(crease, cloth.colour * 0.82, 0.02)
