"""A drawn data set of ten kinds of things at 32 x 32 pixels, as an image folder: train/ and test/, <class>/NNNN.jpg."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from competition.drawing.colour import any_colour, distinct, edge
from competition.drawing.geometry import between, box, limb, moved, oval, points, smooth
from competition.drawing.output import refuse, write_pictures
from competition.files import whole_folder
from competition.recipes.cifar10 import CLASSES

SIDE, FINE = 32, 4  # pixels of a picture, and how many times finer it is drawn
SHIFT = 4  # OpenCV's fixed-point pixel coordinates: sixteenths
DARK, PALE = np.array((35.0, 35.0, 38.0)), np.array((235.0, 225.0, 215.0))
Part = tuple[np.ndarray, np.ndarray]  # an outline, x and y from -1 to 1, and the colour inside


class Sample(NamedTuple):
    """What a picture shows, and the seed of its details."""

    kind: str
    seed: tuple[int, int, int]


def draw(folder: Path, images: int = 2000, seed: int = 0, progress: bool = True, threads: int | None = None) -> None:
    """Draw `images` pictures to train on, and a quarter as many to test, every class equally often.

    Equal arguments give equal bytes, for any number of threads. The folder appears when it is complete.

    Raises InvalidInput for a folder that is not empty, too few images to test every class, and a negative seed.
    """
    folder = Path(folder)
    refuse(folder, images, 4 * len(CLASSES), f"all {len(CLASSES)} classes in train/ and test/", seed)
    counts = {"train": images, "test": images // 4}
    with whole_folder(folder) as unfinished:
        work = [
            (unfinished / split / kind / f"{number // len(CLASSES):04d}.jpg", Sample(kind, (seed, part, number)))
            for part, (split, count) in enumerate(counts.items())
            for number in range(count)
            for kind in [CLASSES[number % len(CLASSES)]]
        ]
        write_pictures(work, paint, progress, threads)


def paint(sample: Sample) -> np.ndarray:
    """The picture of a sample, (32, 32, 3) uint8, BGR."""
    rng = np.random.default_rng(sample.seed)
    ground = any_colour(rng)
    image = place(rng, ground)
    paint_body = distinct(rng, [ground, DARK])
    camera = some_camera(rng)
    for outline, colour in FIGURES[sample.kind](rng, paint_body):
        placed = np.round((outline @ camera[:, :2].T + camera[:, 2]) * (1 << SHIFT)).astype(np.int32)
        cv2.fillPoly(image, [placed], tuple(colour), cv2.LINE_AA, SHIFT)
    return taken(rng, image)


def place(rng: np.random.Generator, colour: np.ndarray) -> np.ndarray:
    """The scene: one colour above a horizon and another below, with a few discs, FINE times as large as the picture."""
    side = SIDE * FINE
    image = np.full((side, side, 3), colour, np.uint8)
    horizon = rng.integers(side // 3, 2 * side)
    image[horizon:] = between(colour, any_colour(rng), 0.4)
    for x, y, size in rng.integers(0, side, (rng.integers(0, 4), 3)):
        cv2.circle(image, (int(x), int(y)), int(size) // 8, tuple(between(colour, any_colour(rng), 0.4)), -1)
    return image


def some_camera(rng: np.random.Generator) -> np.ndarray:
    """A random matrix (2, 3) from -1..1 to fine pixels, half the time mirrored."""
    half = SIDE * FINE / 2
    angle = np.deg2rad(rng.uniform(-15, 15))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = half * rng.uniform(0.7, 1.05) * turn @ np.diag([rng.choice((-1, 1)) * rng.uniform(0.85, 1.1), 1.0])
    return np.hstack([linear, (half + half * rng.uniform(-0.18, 0.18, 2))[:, None]])


def taken(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """The scene as a camera with few pixels takes it: uneven light, soft, with grain."""
    light = cv2.resize(rng.uniform(0.75, 1.2, (2, 2)).astype(np.float32), image.shape[1::-1])[..., None]
    small = cv2.resize(image * light, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.clip(np.rint(small + rng.normal(0, 5, small.shape)), 0, 255).astype(np.uint8)


def airplane(rng: np.random.Generator, colour: np.ndarray) -> list[Part]:
    """From above, or from below: a body, wings and tail swept back."""
    sweep, shade = rng.uniform(0.1, 0.5), edge(colour)
    wing = points((0.25, 0), (0.05 - sweep, 0.8), (-0.15 - sweep, 0.8), (-0.2, 0))
    tail = moved(wing * (0.5, 0.4), (-0.65, 0))
    swept = [(part * (1, side), shade) for part in (wing, tail) for side in (-1, 1)]
    return [*swept, (oval((0, 0), (0.92, 0.13)), colour)]


def automobile(rng: np.random.Generator, colour: np.ndarray) -> list[Part]:
    """A low body with a cabin, on two wheels."""
    roof = rng.uniform(-0.45, -0.3)
    cabin = points((-0.6, 0), (-0.35, roof), (0.25, roof), (0.55, 0))
    window = moved(cabin * (0.75, 0.7), (0, -0.01))
    body = smooth(box(-0.92, -0.05, 0.92, 0.32), times=2)
    return [(cabin, colour), (window, PALE), (body, colour), *wheels(-0.52, 0.52)]


def truck(rng: np.random.Generator, colour: np.ndarray) -> list[Part]:
    """A tall box behind a cab, on three wheels."""
    cab = points((0.35, 0.35), (0.35, -0.25), (0.7, -0.25), (0.92, 0.05), (0.92, 0.35))
    window = points((0.5, 0), (0.5, -0.17), (0.66, -0.17), (0.78, 0))
    load = box(-0.92, rng.uniform(-0.75, -0.5), 0.28, 0.3)
    return [(load, edge(colour)), (cab, colour), (window, PALE), *wheels(-0.7, -0.3, 0.62)]


def wheels(*places: float) -> list[Part]:
    return [(oval((x, 0.35), (0.19, 0.19)), DARK) for x in places]


def ship(rng: np.random.Generator, colour: np.ndarray) -> list[Part]:
    """A hull with a deck house and a funnel, in the water."""
    hull = points((-0.85, 0.1), (0.95, 0.05), (0.65, 0.5), (-0.7, 0.5))
    house = box(-0.55, -0.25, rng.uniform(0, 0.4), 0.12)
    funnel = box(-0.35, rng.uniform(-0.8, -0.5), -0.12, -0.2)
    water = box(-3, 0.42, 3, 3)
    return [(funnel, edge(colour)), (house, PALE), (hull, colour), (water, np.array((150.0, 110.0, 60.0)))]


def bird(rng: np.random.Generator, colour: np.ndarray) -> list[Part]:
    """A round body with a beak and a tail, on two thin legs."""
    tail = points((-0.3, 0), (-0.95, rng.uniform(-0.35, 0.3)), (-0.85, 0.35), (-0.3, 0.25))
    beak = points((0.62, -0.42), (0.95, -0.3), (0.6, -0.24))
    wing = oval((-0.15, 0.08), (0.33, 0.18))
    thin = [(limb(points((x, 0.3), (x + 0.05, 0.85)), (0.025, 0.025)), DARK) for x in (-0.02, 0.16)]
    body = [(tail, edge(colour)), (oval((0, 0.1), (0.52, 0.34)), colour), (oval((0.45, -0.32), (0.24, 0.23)), colour)]
    return [*thin, *body, (wing, edge(colour)), (beak, np.array((40.0, 150.0, 230.0))), eye(0.5, -0.36)]


def cat(rng: np.random.Generator, colour: np.ndarray) -> list[Part]:
    """Sits and looks at us: pointed ears, a tail that curls up."""
    tail = limb(points((0.3, 0.75), (0.7, 0.7), (0.8, 0.3), (0.7, rng.uniform(-0.2, 0.1))), (0.09, 0.09, 0.08, 0.05))
    ear = points((0.08, -0.55), (0.34, -0.95), (0.38, -0.4))
    ears = [(ear * (side, 1), edge(colour)) for side in (-1, 1)]
    body = [(oval((0, 0.45), (0.42, 0.47)), colour), (oval((0, -0.32), (0.42, 0.36)), colour)]
    return [(tail, colour), *ears, *body, eye(-0.16, -0.36), eye(0.16, -0.36), (oval((0, -0.2), (0.06, 0.05)), DARK)]


def dog(rng: np.random.Generator, colour: np.ndarray) -> list[Part]:
    """Stands: a long snout, a hanging ear, short legs, the tail up."""
    tail = limb(points((-0.6, -0.05), (-0.9, rng.uniform(-0.6, -0.4))), (0.08, 0.04))
    head = [(oval((0.6, -0.38), (0.26, 0.25)), colour), (oval((0.82, -0.28), (0.2, 0.11)), colour)]
    ear = oval((0.48, -0.26), (0.1, 0.26))
    body = limb(points((-0.6, 0.1), (0.45, 0.05), (0.6, -0.3)), (0.27, 0.27, 0.18))
    return [*legs(colour, 0.8, 0.09), (tail, colour), (body, colour), *head, (ear, edge(colour)), eye(0.66, -0.44)]


def deer(rng: np.random.Generator, colour: np.ndarray) -> list[Part]:
    """Stands on long thin legs: a slender neck and antlers."""
    antler = points((0.55, -0.55), (rng.uniform(0.3, 0.5), -0.95))
    horns = [(limb(moved(antler, (x, 0)), (0.04, 0.03)), PALE) for x in (0, 0.14)]
    horns += [(limb(points((0.5, -0.75), (0.8, -0.92)), (0.035, 0.025)), PALE)]
    head = oval((0.66, -0.5), (0.2, 0.1))
    return [*legs(colour, 0.95, 0.05), *hoofed(colour, 0.2, 0.09), *horns, (head, colour), eye(0.64, -0.52)]


def horse(rng: np.random.Generator, colour: np.ndarray) -> list[Part]:
    """Stands on strong legs: a thick neck with a mane, and a tail to the ground."""
    tail = limb(points((-0.62, -0.1), (-0.88, 0.1), (-0.85, rng.uniform(0.4, 0.7))), (0.06, 0.11, 0.05))
    mane = limb(points((0.3, -0.15), (0.48, -0.8)), (0.12, 0.09))
    head = limb(points((0.5, -0.72), (0.9, -0.45)), (0.15, 0.09))
    return [
        *legs(colour, 0.95, 0.085),
        (tail, DARK),
        (mane, DARK),
        *hoofed(colour, 0.29, 0.17),
        (head, colour),
        eye(0.6, -0.65),
    ]


def hoofed(colour: np.ndarray, thick: float, neck: float) -> list[Part]:
    """The body of a deer or a horse with its neck."""
    body = limb(points((-0.6, 0.05), (0.4, 0.05)), (thick, thick))
    return [(body, colour), (limb(points((0.35, 0.05), (0.58, -0.6)), (1.5 * neck, neck)), colour)]


def legs(colour: np.ndarray, ground: float, half: float) -> list[Part]:
    """Four, the far ones darker."""
    near = [(limb(points((x, 0), (x, ground)), (half, half)), colour) for x in (-0.55, 0.38)]
    far = [(limb(points((x, 0), (x, ground - 0.06)), (half, half)), edge(colour)) for x in (-0.32, 0.2)]
    return [*far, *near]


def frog(rng: np.random.Generator, colour: np.ndarray) -> list[Part]:
    """Squats and looks at us: wide, its eyes on top, its legs folded at its sides."""
    wide = rng.uniform(0.62, 0.75)
    folded = [(oval((x, 0.35), (0.27, 0.34)), edge(colour)) for x in (-0.66, 0.66)]
    feet = [(oval((x, 0.68), (0.24, 0.07)), edge(colour)) for x in (-0.6, 0.6)]
    bumps = [(oval((x, -0.28), (0.2, 0.2)), colour) for x in (-0.33, 0.33)]
    pupils = [(oval((x, -0.3), (0.1, 0.1)), DARK) for x in (-0.33, 0.33)]
    mouth = limb(points((-0.4, 0.12), (0, 0.2), (0.4, 0.12)), (0.02, 0.03, 0.02))
    return [*folded, *feet, (oval((0, 0.2), (wide, 0.45)), colour), *bumps, *pupils, (mouth, DARK)]


def eye(x: float, y: float) -> Part:
    return oval((x, y), (0.06, 0.06)), DARK


FIGURES: dict[str, Callable[[np.random.Generator, np.ndarray], list[Part]]] = {
    "airplane": airplane,
    "automobile": automobile,
    "bird": bird,
    "cat": cat,
    "deer": deer,
    "dog": dog,
    "frog": frog,
    "horse": horse,
    "ship": ship,
    "truck": truck,
}
