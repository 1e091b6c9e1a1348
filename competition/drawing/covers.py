"""What hides the deciding part of a garment where the answer is "Invisible"."""

from collections.abc import Callable

import numpy as np

from competition.drawing.canvas import Canvas
from competition.drawing.colour import distinct
from competition.drawing.fabric import Fabric, fabric
from competition.drawing.geometry import box, flipped, limb, moved, oval, points, smooth, symmetric
from competition.drawing.outfit import Outfit

Cover = Callable[[Canvas, Outfit, np.random.Generator], None]


def cover_cloth(outfit: Outfit, rng: np.random.Generator) -> Fabric:
    """Cloth for something that is neither the garment nor skin nor scene."""
    return fabric(rng, distinct(rng, [outfit.figure.skin, outfit.main.colour, *outfit.scene]))


def cover_legs(canvas: Canvas, outfit: Outfit, rng: np.random.Generator) -> None:
    """A table, a crate or a bush in front of the lower body."""
    top, wide = rng.uniform(3.35, 3.6), rng.uniform(1.5, 2.6)
    crate = box(-wide, top, wide, 9.0)
    cloth = cover_cloth(outfit, rng)
    canvas.piece(crate, cloth, 0.06)
    canvas.piece(box(-wide - 0.15, top - 0.1, wide + 0.15, top + 0.12), cloth.toned(), 0.05)


def cover_with_hair(canvas: Canvas, outfit: Outfit, rng: np.random.Generator) -> None:
    """Long hair that falls in front of the shoulders and meets over the chest."""
    hair = outfit.figure.hair
    end = rng.uniform(2.9, 3.4)
    outer = points((0.1, 0.2), (0.5, 0.3), (0.85, 1.3), (1.05, 2.2), (0.9, end))
    lock = np.concatenate([outer, points((-0.08, end + 0.1), (-0.08, 1.2), (0.3, 0.9))])
    for half in (lock, flipped(lock)):
        canvas.fill(smooth(half), hair)
    for x in np.linspace(-0.85, 0.85, 16):
        root = np.sign(x) * (0.36 + 0.06 * abs(x))
        strand = smooth(points((root, 0.6), (x * 1.1, 1.5), (x, 2.3), (x * 0.9, end)), closed=False)
        canvas.stroke(strand, hair * 0.7 + 12, 0.025)


def cover_with_scarf(canvas: Canvas, outfit: Outfit, rng: np.random.Generator) -> None:
    """A thick scarf wound around the neck, with two tails that hang down."""
    cloth = cover_cloth(outfit, rng)
    for x in (0.33, -0.3):
        tail = points((x, 1.6), (x, 2.4), (x, rng.uniform(2.8, 3.6)))
        canvas.piece(limb(tail, (0.3, 0.36, 0.4)), cloth, 0.04)
    for height, wide in ((1.95, 0.95), (1.6, 0.9), (1.3, 0.7)):
        half = points((0, -0.3), (wide * 0.7, -0.3), (wide, 0), (wide * 0.6, 0.35), (0, 0.42))
        canvas.piece(moved(smooth(symmetric(half)), (0, height)), cloth, 0.04)


def cover_with_thing(canvas: Canvas, outfit: Outfit, rng: np.random.Generator) -> None:
    """A board, a bag or a bouquet held up in front of neck and chest, with the fingers that hold it."""
    middle, wide, high = rng.uniform(1.95, 2.15), rng.uniform(0.95, 1.25), rng.uniform(0.85, 1.1)
    outline = box(-wide, middle - high, wide, middle + high)
    if rng.random() < 0.4:
        outline = oval((0, middle), (wide * 1.1, high * 1.1))
    canvas.piece(outline, cover_cloth(outfit, rng), 0.06)
    for side in (-1, 1):
        for k in range(4):
            canvas.disc((side * wide * 0.9, middle + 0.3 + 0.13 * k), 0.09, outfit.figure.skin * 0.95)


def cover_arms(canvas: Canvas, outfit: Outfit, rng: np.random.Generator) -> None:
    """A cape that hides both arms."""
    end = rng.uniform(4.6, 5.2)
    half = points((0, 1.45), (0.4, 1.45), (1.15, 1.75), (2.0, 3.0), (2.4, end), (0, end + 0.2))
    cloth = cover_cloth(outfit, rng)
    canvas.piece(smooth(symmetric(half), times=2), cloth, 0.05)
    canvas.stroke(points((0, 1.5), (0, end + 0.2)), cloth.seam, 0.04)
    for x in (-1.1, -0.5, 0.5, 1.1):
        canvas.stroke(points((x * 0.5, 2.0), (x * 1.6, end)), cloth.seam, 0.025)
