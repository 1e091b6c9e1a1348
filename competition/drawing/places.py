"""Where a game character stands: a sky that is good or evil, buildings of its region, signs of law or chaos."""

import cv2
import numpy as np

from competition.drawing.canvas import Canvas
from competition.drawing.colour import tint
from competition.drawing.fabric import SIDE
from competition.drawing.geometry import between, box, flipped, moved, oval, points, smooth, symmetric

HORIZON = 6.4  # where the floor begins, in heads below the crown
WIDE = 4.6  # half of the width that can be seen, in heads
SKIES = {  # at the top and at the horizon, blue green red
    "G": ((250, 236, 214), (214, 240, 252)),
    "N": ((176, 160, 142), (196, 190, 178)),
    "E": ((44, 40, 46), (62, 66, 92)),
}


def sky(rng: np.random.Generator, side: str) -> np.ndarray:
    """An empty (SIDE, SIDE, 3) uint8 picture: rays for the good, smoke for the evil, clouds for the neutral."""
    upper, lower = (tint(*colour) * rng.uniform(0.92, 1.04) for colour in SKIES[side])
    down = np.linspace(0, 1, SIDE)[:, None, None]
    image = np.ascontiguousarray(np.broadcast_to(between(upper, lower, down), (SIDE, SIDE, 3)).clip(0, 255), np.uint8)
    if side == "G":
        add_rays(rng, image)
    else:
        add_puffs(rng, image, between(lower, 255.0, 0.35) if side == "N" else tint(26, 24, 30))
    return image


def add_rays(rng: np.random.Generator, image: np.ndarray) -> None:
    """Beams of light that spread from behind the head."""
    middle, start = np.array([SIDE / 2, SIDE / 4]), rng.uniform(0, 0.3)
    for angle in np.arange(start, start + 2 * np.pi, 0.3):
        tips = middle + 2 * SIDE * np.stack([np.cos([angle, angle + 0.13]), np.sin([angle, angle + 0.13])], axis=1)
        cv2.fillPoly(image, [np.vstack([middle, tips]).astype(np.int32)], (238, 250, 255), cv2.LINE_AA)


def add_puffs(rng: np.random.Generator, image: np.ndarray, colour: np.ndarray) -> None:
    """Clouds or smoke, in heaps of discs."""
    for x, y in rng.integers(0, SIDE, (7, 2)) * (1, 0.6):
        for dx, dy, radius in rng.integers((-50, -14, 12), (50, 14, 34), (7, 3)):
            cv2.circle(image, (int(x + dx), int(y + dy)), int(radius), tuple(colour), -1, cv2.LINE_AA)


def place(canvas: Canvas, region: str, rng: np.random.Generator) -> None:
    """The floor, and buildings of the region to both sides."""
    stone = tint(*STONES[region]) * rng.uniform(0.85, 1.1)
    for aside in (-1, 1):
        for far in (True, False):
            middle = aside * (rng.uniform(1.9, 2.5) if far else rng.uniform(3.1, 3.9))
            size = rng.uniform(0.8, 1.1) * (0.75 if far else 1.0)
            BUILDINGS[region](canvas, middle, size, between(stone, 200.0, 0.3) if far else stone)
    canvas.fill(box(-9, HORIZON, 9, 12), between(stone, 120.0, 0.4))
    canvas.stroke(points((-9, HORIZON), (9, HORIZON)), stone * 0.6, 0.06)


def placed(shape: np.ndarray, middle: float, size: float) -> np.ndarray:
    """A shape (n, 2) whose foot is at the origin, enlarged, and moved to `middle` on the horizon."""
    return shape * size + (middle, HORIZON)


def piece(canvas: Canvas, shape: np.ndarray, colour: np.ndarray) -> None:
    canvas.fill(shape, colour)
    canvas.stroke(shape, colour * 0.55, 0.05, closed=True)


def pagoda(canvas: Canvas, middle: float, size: float, colour: np.ndarray) -> None:
    """Four storeys, each under a roof whose corners turn up."""
    roof = smooth(
        symmetric(points((0, -0.62), (0.3, -0.5), (0.6, -0.2), (1.35, -0.3), (1.1, 0.08), (0, 0.12))), times=2
    )
    for storey in range(4):
        share = 1 - 0.18 * storey
        foot = -1.45 * storey
        piece(
            canvas, placed(box(-0.7 * share, foot - 1.0, 0.7 * share, foot), middle, size), between(colour, 255.0, 0.45)
        )
        for x in (-0.35, 0.0, 0.35):
            canvas.stroke(placed(points((x * share, foot - 0.9), (x * share, foot)), middle, size), colour * 0.6, 0.06)
        piece(canvas, placed(roof * share + (0, foot - 1.0), middle, size), colour * 0.8)


def pyramid(canvas: Canvas, middle: float, size: float, colour: np.ndarray) -> None:
    """Two sides, one in shadow, in courses of stone; an obelisk before it."""
    piece(canvas, placed(points((-2.2, 0), (0.3, -4.6), (2.2, 0)), middle, size), colour)
    canvas.fill(placed(points((0.3, -4.6), (2.2, 0), (0.8, 0)), middle, size), colour * 0.7)
    for height in np.arange(0.5, 4.4, 0.5):
        share = 1 - height / 4.6
        line = points((0.3 - 2.5 * share, -height), (0.3 + 1.9 * share, -height))
        canvas.stroke(placed(line, middle, size), colour * 0.6, 0.03)
    needle = points((-1.5, 0), (-1.38, -3.6), (-1.2, -4.1), (-1.02, -3.6), (-0.9, 0))
    piece(canvas, placed(needle, middle, size), colour * 0.85)


def castle(canvas: Canvas, middle: float, size: float, colour: np.ndarray) -> None:
    """A tower of blocks with battlements, a slit of a window, and a pointed roof behind it."""
    piece(canvas, placed(points((0.1, -4.2), (0.7, -7.0), (1.3, -4.2)), middle, size), colour * 0.55)
    piece(canvas, placed(box(0.2, -4.2, 1.2, 0), middle, size), colour * 0.9)
    piece(canvas, placed(box(-1.0, -4.4, 0.5, 0), middle, size), colour)
    for x in (-1.1, -0.55, 0.0):
        piece(canvas, placed(box(x, -4.85, x + 0.35, -4.3), middle, size), colour)
    for number, height in enumerate(np.arange(0.4, 4.2, 0.4)):
        canvas.stroke(placed(points((-1.0, -height), (0.5, -height)), middle, size), colour * 0.7, 0.025)
        for x in np.arange(-0.8 + 0.2 * (number % 2), 0.5, 0.4):
            canvas.stroke(placed(points((x, -height), (x, 0.4 - height)), middle, size), colour * 0.7, 0.025)
    canvas.fill(placed(box(-0.35, -3.4, -0.15, -2.5), middle, size), colour * 0.25)


def mosque(canvas: Canvas, middle: float, size: float, colour: np.ndarray) -> None:
    """An onion dome over pointed arches, and a minaret."""
    piece(canvas, placed(box(-1.4, -2.4, 1.0, 0), middle, size), colour)
    onion = points((0, -4.6), (0.12, -4.2), (0.75, -3.7), (1.05, -3.0), (0.75, -2.4), (0, -2.4))
    piece(canvas, placed(moved(smooth(symmetric(onion), times=2), (-0.2, 0)), middle, size), colour * (1.0, 0.8, 0.6))
    arch = points((0, -1.8), (0.3, -1.2), (0.3, 0), (0, 0))
    for x in (-1.0, -0.2, 0.6):
        canvas.fill(placed(moved(symmetric(arch), (x, 0)), middle, size), colour * 0.4)
    piece(canvas, placed(box(1.1, -5.4, 1.45, 0), middle, size), colour * 0.95)
    piece(canvas, placed(box(1.0, -4.7, 1.55, -4.5), middle, size), colour * 0.8)
    cap = symmetric(points((0, -6.2), (0.25, -5.6), (0.25, -5.4), (0, -5.4)))
    piece(canvas, placed(moved(smooth(cap, times=1), (1.28, 0)), middle, size), colour * (1.0, 0.8, 0.6))


BUILDINGS = {"Asia": pagoda, "Egypt": pyramid, "Europe": castle, "Middle East": mosque}
STONES = {
    "Asia": (70, 92, 128),
    "Egypt": (118, 176, 208),
    "Europe": (138, 132, 124),
    "Middle East": (190, 206, 214),
}


def add_lightning(canvas: Canvas, rng: np.random.Generator) -> None:
    """Chaos: jagged bolts all over, and splinters in the air."""
    for x in (-3.9, -2.6, 2.6, 3.9):
        steps = np.linspace(-1.5, 8.5, 15)
        bolt = np.stack([x + rng.uniform(-0.55, 0.55, 15), steps + rng.uniform(-0.2, 0.2, 15)], axis=1)
        canvas.stroke(bolt, tint(150, 110, 190), 0.13)
        canvas.stroke(bolt, tint(235, 215, 245), 0.05)
    for x, y in rng.uniform((-WIDE, -1), (WIDE, 8), (16, 2)):
        canvas.fill(moved(rng.uniform(-0.28, 0.28, (3, 2)), (x, y)), tint(120, 80, 150))


def add_frame(image: np.ndarray) -> None:
    """Law: two straight lines around everything, and squares between them at equal distances."""
    colour, deep, step = (110, 84, 60), 34, 32
    for inset in (4, deep):
        cv2.rectangle(image, (inset, inset), (SIDE - 1 - inset, SIDE - 1 - inset), colour, 4)
    for at in range(deep // 2, SIDE, step):
        for x, y in ((at, 19), (at, SIDE - 20), (19, at), (SIDE - 20, at)):
            cv2.rectangle(image, (x - 7, y - 7), (x + 7, y + 7), colour, -1)


def draw_wings(canvas: Canvas, side: str) -> None:
    """Behind the shoulders: feathers of the good, skin and bones of the evil."""
    draw = {"G": feathers, "E": bat_wing}.get(side)
    if draw:
        for mirror in (np.array((1.0, 1.0)), np.array((-1.0, 1.0))):
            draw(canvas, mirror)


def feathers(canvas: Canvas, mirror: np.ndarray) -> None:
    for angle in np.linspace(-0.5, 1.15, 8):
        ahead = np.array((np.cos(angle), np.sin(angle)))
        across = ahead[::-1] * (-1, 1)
        reach = 3.3 - 1.1 * abs(angle)
        root = np.array((0.5, 2.0))
        feather = np.stack([root, root + 0.6 * reach * ahead + 0.26 * across, root + reach * ahead])
        feather = smooth(np.vstack([feather, (root + 0.6 * reach * ahead - 0.26 * across)[None]]), times=2)
        canvas.fill(feather * mirror, tint(222, 238, 246))
        canvas.stroke(feather * mirror, tint(150, 172, 190), 0.04, closed=True)


def bat_wing(canvas: Canvas, mirror: np.ndarray) -> None:
    skin = tint(46, 50, 84)
    edge = points(
        (0.5, 2.0), (1.7, 0.3), (3.6, 0.2), (3.2, 1.5), (3.5, 2.8), (2.6, 2.6), (2.3, 3.9), (1.6, 3.1), (0.5, 3.6)
    )
    canvas.fill(edge * mirror, skin)
    for tip in edge[[2, 4, 6]]:
        canvas.stroke(np.stack([edge[1], tip]) * mirror, skin * 0.45, 0.07)
    canvas.stroke(edge * mirror, skin * 0.45, 0.06, closed=True)


def draw_sign(canvas: Canvas, side: str) -> None:
    """On the head: a halo of the good, horns of the evil."""
    if side == "G":
        canvas.stroke(oval((0, -0.45), (0.62, 0.2)), tint(200, 245, 255), 0.12, closed=True)
    elif side == "E":
        horn = smooth(points((0.2, 0.1), (0.55, -0.25), (0.5, -0.95), (0.82, -0.3), (0.42, 0.22)), times=2)
        for shape in (horn, flipped(horn)):
            piece(canvas, shape, tint(70, 96, 120))
