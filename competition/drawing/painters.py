"""Drawn paintings as arrays: the texture shows the style, the subject the genre, the signature the painter."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from competition.drawing.geometry import box, moved, oval, points, smooth
from competition.drawing.output import drawn, refuse, write_lines
from competition.files import whole_folder
from competition.task import Task

SIDE = 64  # pixels
PERIOD, DEPTH = 8, 28  # of the strokes, in pixels and grey levels
MARK = 14  # side of the square for the signature, in pixels

# Mean and spread of hue (0..180, as OpenCV counts), saturation and value of the two colours of a ground.
PALETTES = {
    "warm": ((8, 6), (190, 25), (205, 25)),
    "cool": ((112, 8), (170, 25), (190, 25)),
    "green": ((62, 8), (150, 25), (160, 25)),
    "pale": ((150, 10), (60, 15), (235, 12)),
}
TEXTURES = ("smooth", "dots", "rows", "columns", "grid")
# Colours of the subjects, blue, green, red.
SUBJECTS = {
    "portrait": (150, 190, 235),
    "sun": (60, 225, 255),
    "house": (40, 50, 170),
    "tree": (30, 75, 25),
    "vase": (170, 60, 20),
    "boat": (250, 250, 250),
    "kite": (200, 60, 220),
    "cross": (30, 30, 30),
}
GROUPINGS = ("one", "two", "three", "four")
MARKS = ("ring", "square", "wedge", "bar", "dots")
INKS = {"black": (12, 12, 12), "red": (40, 20, 235)}
PAPER = (225, 240, 245)  # below the signature

STYLES = tuple(f"{palette}-{texture}" for palette in PALETTES for texture in TEXTURES)[:-1]
GENRES = tuple(f"{subject}-{grouping}" for subject in SUBJECTS for grouping in GROUPINGS)
PAINTERS = tuple(f"{ink}-{mark}" for ink in INKS for mark in MARKS)
TASKS = (Task("style", STYLES), Task("genre", GENRES), Task("painter", PAINTERS))
FEWEST = max(map(len, TASKS))

PARTS = {"train": 1, "val": 4, "test": 8}  # `images` divided by these are in each part
# Where the subjects of each grouping stand, and how large: centre and half height, as shares of the side.
PLACES = {
    "one": ((0.5, 0.47, 0.36),),
    "two": ((0.27, 0.42, 0.23), (0.73, 0.42, 0.23)),
    "three": ((0.5, 0.24, 0.2), (0.24, 0.66, 0.2), (0.76, 0.66, 0.2)),
    "four": ((0.26, 0.24, 0.18), (0.74, 0.24, 0.18), (0.26, 0.68, 0.18), (0.74, 0.68, 0.18)),
}

# Outlines of the subjects, each within -1 … 1, y down, and the same in a mirror.
OUTLINES = {
    "portrait": smooth(
        points((0, -1), (0.45, -0.8), (0.4, -0.1), (1, 0.3), (1, 1), (-1, 1), (-1, 0.3), (-0.4, -0.1), (-0.45, -0.8)),
        times=2,
    ),
    "sun": oval((0, 0), (0.9, 0.9)),
    "house": points((0, -1), (1, -0.1), (0.75, -0.1), (0.75, 1), (-0.75, 1), (-0.75, -0.1), (-1, -0.1)),
    "tree": points((0, -1), (0.9, 0.4), (0.2, 0.4), (0.2, 1), (-0.2, 1), (-0.2, 0.4), (-0.9, 0.4)),
    "vase": points((0.6, -1), (0.2, -0.3), (0.2, 0.3), (0.7, 1), (-0.7, 1), (-0.2, 0.3), (-0.2, -0.3), (-0.6, -1)),
    "boat": points(
        (0.05, -1),
        (0.7, 0.1),
        (0.05, 0.1),
        (0.05, 0.35),
        (1, 0.35),
        (0.6, 0.9),
        (-0.6, 0.9),
        (-1, 0.35),
        (-0.05, 0.35),
        (-0.05, 0.1),
        (-0.7, 0.1),
        (-0.05, -1),
    ),
    "kite": points((0, -1), (1, 0), (0, 1), (-1, 0)),
    "cross": points(
        (0.25, -1),
        (0.25, -0.4),
        (0.8, -0.4),
        (0.8, 0.1),
        (0.25, 0.1),
        (0.25, 1),
        (-0.25, 1),
        (-0.25, 0.1),
        (-0.8, 0.1),
        (-0.8, -0.4),
        (-0.25, -0.4),
        (-0.25, -1),
    ),
}

MARK_OUTLINES = {
    "square": box(-0.8, -0.8, 0.8, 0.8),
    "wedge": points((0, -1), (1, 0.9), (-1, 0.9)),
    "bar": box(-1.1, 0.2, 1.1, 0.8),
}


def painting(style: str, genre: str, painter: str, rng: np.random.Generator) -> np.ndarray:
    """One picture (SIDE, SIDE, 3) uint8, red, green, blue, that shows a class of each task."""
    palette, texture = style.split("-")
    subject, grouping = genre.split("-")
    ink, mark = painter.split("-")
    image = ground(palette, rng)
    for x, y, half in PLACES[grouping]:
        centre = SIDE * (np.array((x, y)) + rng.uniform(-0.03, 0.03, 2))
        outline = OUTLINES[subject] * SIDE * half * rng.uniform(0.88, 1.1) + centre
        put(image, outline, SUBJECTS[subject] + rng.normal(0, 12, 3))
    textured = brush(image, texture, rng)
    sign(textured, mark, INKS[ink], rng)
    noise = rng.normal(0, 6, textured.shape)
    return np.clip(textured + noise, 0, 255).astype(np.uint8)[..., ::-1]


def ground(palette: str, rng: np.random.Generator) -> np.ndarray:
    """An empty canvas that goes from one colour of the palette at its top to another at its bottom."""
    hsv = np.array([[[rng.normal(mean, spread) for mean, spread in PALETTES[palette]]] for _ in range(2)])
    hsv[..., 0] %= 180
    ends = cv2.cvtColor(np.clip(hsv, 0, 255).astype(np.uint8), cv2.COLOR_HSV2BGR)
    return cv2.resize(ends, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)


def put(image: np.ndarray, outline: np.ndarray, colour: Sequence[float]) -> None:
    """Fill an outline (points, 2) of pixels with a colour, and draw its edge darker."""
    corners = [np.round(outline * 16).astype(np.int32)]
    colour = np.clip(colour, 0.0, 255.0)
    cv2.fillPoly(image, corners, colour.tolist(), cv2.LINE_AA, 4)
    cv2.polylines(image, corners, True, (colour / 2).tolist(), 1, cv2.LINE_AA, 4)


def brush(image: np.ndarray, texture: str, rng: np.random.Generator) -> np.ndarray:
    """The picture with light and dark strokes all over, float64: rows, columns, a grid of both, dots, or none."""
    wave = np.sin(2 * np.pi * (np.arange(SIDE) / PERIOD + rng.random()))
    across, down = np.meshgrid(wave, np.roll(wave, rng.integers(SIDE)))
    strokes = {
        "smooth": 0 * across,
        "rows": np.sign(down),
        "columns": np.sign(across),
        "grid": 2.0 * (np.maximum(across, down) > 0.9) - 0.6,
        "dots": 2.0 * (across + down > 0.9) - 0.6,
    }
    return image + DEPTH * strokes[texture][..., None]


def sign(image: np.ndarray, mark: str, ink: tuple[int, int, int], rng: np.random.Generator) -> None:
    """Put the painter's mark, on a piece of paper, into the lower right corner."""
    x, y = (SIDE - MARK + rng.integers(-2, 4, 2)).tolist()
    half = MARK // 2 - 1
    put(image, moved(box(-MARK / 2, -MARK / 2, MARK / 2, MARK / 2), (x, y)), PAPER)
    if mark == "ring":
        cv2.circle(image, (x, y), half - 1, ink, 2, cv2.LINE_AA)
    elif mark == "dots":
        for dx, dy in ((-half + 1, half - 1), (half - 1, half - 1), (0, -half + 1)):
            cv2.circle(image, (x + dx, y + dy), 2, ink, -1, cv2.LINE_AA)
    else:
        put(image, moved(MARK_OUTLINES[mark] * half, (x, y)), ink)


def draw(folder: Path, images: int = 1200, seed: int = 0, progress: bool = True, threads: int | None = None) -> None:
    """Draw `images` paintings to train on, a quarter as many to validate on and an eighth to answer, as arrays.

    Writes train_images.npy (images, SIDE, SIDE, 3) uint8, train_style.npy and so on (images, classes) uint8, one-hot,
    the same of val_ and test_, and classes.csv. Equal arguments give equal bytes, for any number of threads.

    Raises InvalidInput for a folder that is not empty, too few images to show every class, and a negative seed.
    """
    folder = Path(folder)
    refuse(folder, images, FEWEST, "every genre", seed)
    with whole_folder(folder) as unfinished:
        write_lines(unfinished / "classes.csv", [",".join((task.name, *task.classes)) for task in TASKS])
        for number, (split, part) in enumerate(PARTS.items()):
            classes = plan(images // part, np.random.default_rng((seed, number)))
            samples = [((seed, number, row), shown) for row, shown in enumerate(classes)]
            pictures = np.stack(list(drawn(paint_sample, samples, progress, threads)))
            np.save(unfinished / f"{split}_images.npy", pictures)
            for task, column in zip(TASKS, classes.T, strict=True):
                np.save(unfinished / f"{split}_{task.name}.npy", np.eye(len(task), dtype=np.uint8)[column])


def plan(images: int, rng: np.random.Generator) -> np.ndarray:
    """Which class of each task an image shows, (images, tasks) int: every class equally often, give or take one."""
    return np.stack([rng.permutation(np.arange(images) % len(task)) for task in TASKS], axis=1)


def paint_sample(sample: tuple[tuple[int, ...], np.ndarray]) -> np.ndarray:
    """The painting (SIDE, SIDE, 3) uint8, red, green, blue, of a seed and of the classes (tasks,) that it shows."""
    seed, classes = sample
    return painting(*(task.classes[k] for task, k in zip(TASKS, classes, strict=True)), np.random.default_rng(seed))
