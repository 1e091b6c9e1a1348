"""One picture of a game character: clothes in its colours, the weapon of its style, and a scene that shows the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from competition.drawing.canvas import Canvas, View, camera
from competition.drawing.colour import tint
from competition.drawing.fabric import Fabric, spread
from competition.drawing.figure import WAIST, Figure, draw_body, draw_head, some_figure
from competition.drawing.garments import draw_skirt, draw_sleeves, draw_top, draw_trousers
from competition.drawing.geometry import between, limb, moved, oval, points, smooth, symmetric
from competition.drawing.places import add_frame, add_lightning, draw_sign, draw_wings, place, sky
from competition.drawing.scene import lit

PIXELS = 256
VIEW = View(-0.9, 8.2)
PAINTS = {  # blue green red
    "white": (246, 246, 246),
    "red": (40, 34, 204),
    "green": (58, 148, 44),
    "black": (30, 27, 27),
    "blue": (206, 92, 30),
    "purple": (158, 44, 116),
    "gold": (34, 160, 214),
    "silver": (158, 156, 154),
}
SHINE = {"gold": (150, 232, 255), "silver": (240, 240, 240)}  # metals have bands of light
WOOD, STEEL, SPELL = tint(52, 84, 128), tint(150, 168, 128), tint(214, 206, 120)


@dataclass(frozen=True)
class Profile:
    """A character: its class for each multiclass task, the colours it mostly wears, the seed of its looks."""

    name: str
    gender: str
    region: str
    fighting_style: str
    alignment: str
    colours: tuple[str, ...]
    looks: int

    @property
    def order(self) -> str:
        """L, N or C: law, neither, chaos."""
        return self.alignment[0].replace("T", "N")

    @property
    def side(self) -> str:
        """G, N or E: good, neither, evil."""
        return self.alignment[1]


def picture(profile: Profile, colours: Sequence[str], rng: np.random.Generator) -> np.ndarray:
    """A (PIXELS, PIXELS, 3) uint8 BGR picture of the character in one to four colours."""
    figure = figure_of(profile, rng)
    canvas = Canvas(sky(rng, profile.side), camera(rng, VIEW))
    place(canvas, profile.region, rng)
    if profile.order == "C":
        add_lightning(canvas, rng)
    draw_wings(canvas, profile.side)
    if profile.fighting_style == "magic":
        draw_circle(canvas, rng)
    draw_dressed(canvas, profile, figure, [cloth_of(colour, rng) for colour in colours], rng)
    WEAPONS[profile.fighting_style](canvas, figure)
    draw_sign(canvas, profile.side)
    image = cv2.addWeighted(canvas.image, 0.6, lit(rng, canvas.image), 0.4, 0)  # mild, or white would be silver
    if profile.order == "L":
        add_frame(image)
    return cv2.resize(image, (PIXELS, PIXELS), interpolation=cv2.INTER_AREA)


def figure_of(profile: Profile, rng: np.random.Generator) -> Figure:
    """A body of the character's own skin and hair, in any pose: women have long hair and narrow shoulders."""
    own = np.random.default_rng(profile.looks)
    haircut, girth = ((2, 3)[own.integers(2)], 0.92) if profile.gender == "Female" else (0, 1.12)
    looks, pose = some_figure(own), some_figure(rng, raised=rng.uniform(20, 45))
    return replace(pose, skin=looks.skin, hair=looks.hair, haircut=haircut, girth=girth)


def cloth_of(colour: str, rng: np.random.Generator) -> Fabric:
    """Cloth that is clearly of this colour; metals shine in bands."""
    paint = np.clip(tint(*PAINTS[colour]) * rng.uniform(0.94, 1.04) + rng.uniform(-6, 6, 3), 0, 255)
    tile = np.full((32, 32, 3), paint, np.uint8)
    if colour in SHINE:
        share = (0.5 + 0.5 * np.cos(np.linspace(0, 2 * np.pi, 32, endpoint=False))) ** 3
        tile = between(paint, tint(*SHINE[colour]), share[:, None, None].repeat(32, axis=1)).astype(np.uint8)
    return Fabric(paint, spread(tile, rng.uniform(0.7, 1.1), rng.uniform(20, 70)))


def draw_dressed(
    canvas: Canvas, profile: Profile, figure: Figure, cloths: list[Fabric], rng: np.random.Generator
) -> None:
    """The body in a skirt or trousers, a top, a cape and sleeves, which take the cloths in turn."""
    below, top, cape, sleeves = (cloths[number % len(cloths)] for number in range(4))
    draw_cape(canvas, cape, rng)
    draw_body(canvas, figure, WOOD * 0.6)
    if profile.gender == "Female":
        draw_skirt(canvas, figure, below, rng.uniform(6.2, 7.2), rng)
    else:
        draw_trousers(canvas, figure, below, rng.uniform(1.85, 2.2), ease=0.14)
    draw_top(canvas, figure, top, hem=WAIST + 0.25)
    draw_sleeves(canvas, figure, sleeves, rng.uniform(1.4, 1.9), ease=0.1)
    draw_head(canvas, figure)
    if profile.gender == "Male":
        beard = points((0, 0.92), (0.2, 0.8), (0.38, 0.62), (0.34, 1.05), (0.16, 1.35), (0, 1.42))
        canvas.fill(smooth(symmetric(beard), times=2), figure.hair * 0.9)


def draw_cape(canvas: Canvas, cloth: Fabric, rng: np.random.Generator) -> None:
    """From the shoulders nearly to the floor, wider than the body."""
    foot = rng.uniform(2.1, 2.7)
    half = points((0, 1.3), (0.9, 1.5), (1.5, 3.2), (foot, 6.9), (0, 7.2))
    canvas.piece(smooth(symmetric(half), times=1), cloth)


def draw_circle(canvas: Canvas, rng: np.random.Generator) -> None:
    """A magic circle behind the caster: rings, a star, and signs between the rings."""
    middle, turn = np.array((0.0, 3.4)), rng.uniform(0, 1)
    for radius in (3.5, 3.05, 1.9):
        canvas.stroke(oval(middle, (radius, radius), 80), SPELL, 0.08, closed=True)
    angles = turn + np.linspace(0, 2 * np.pi, 7)[:6]
    corners = middle + 3.05 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for triangle in (corners[::2], corners[1::2]):
        canvas.stroke(triangle, SPELL, 0.07, closed=True)
    for angle in turn + np.linspace(0, 2 * np.pi, 24, endpoint=False):
        canvas.disc(middle + 3.28 * np.array((np.cos(angle), np.sin(angle))), 0.1, SPELL)


def hands(figure: Figure) -> tuple[np.ndarray, np.ndarray]:
    """The middle of the right hand and of the left."""
    right, left = (between(arm[2], arm[3], 0.5) for arm in sorted(figure.arms, key=lambda arm: -arm[0, 0]))
    return right, left


def draw_staff(canvas: Canvas, figure: Figure) -> None:
    """A staff with a glowing orb, and sparks in the other hand."""
    right, left = hands(figure)
    canvas.stroke(points((right[0], -0.2), (right[0], 7.4)), WOOD, 0.17)
    for radius, share in ((0.62, 0.0), (0.45, 0.5), (0.25, 0.9)):
        canvas.disc((right[0], -0.2), radius, between(SPELL, 255.0, share))
    for dx, dy in ((0, 0), (-0.45, 0.3), (-0.3, -0.45), (0.35, -0.35), (0.25, 0.45)):
        canvas.disc(moved(left, (dx, dy)), 0.15, between(SPELL, 255.0, 0.6))


def draw_sword(canvas: Canvas, figure: Figure) -> None:
    """A broad sword held upright, and a round shield."""
    right, left = hands(figure)
    blade = points((-0.26, 0), (-0.26, -4.0), (0, -4.7), (0.26, -4.0), (0.26, 0))
    canvas.fill(moved(blade, right), STEEL)
    canvas.stroke(moved(blade, right), STEEL * 0.4, 0.06, closed=True)
    canvas.stroke(moved(points((0, -0.2), (0, -4.2)), right), STEEL * 0.6, 0.06)
    canvas.stroke(moved(points((-0.7, 0), (0.7, 0)), right), WOOD * 0.7, 0.22)
    canvas.stroke(moved(points((0, 0), (0, 0.75)), right), WOOD * 0.7, 0.18)
    for radius, colour in ((1.25, WOOD * 0.55), (1.1, WOOD), (0.4, STEEL * 0.7)):
        canvas.disc(left, radius, colour)
    for angle in np.linspace(0, 2 * np.pi, 8, endpoint=False):
        canvas.disc(left + 0.82 * np.array((np.cos(angle), np.sin(angle))), 0.12, STEEL * 0.7)


def draw_bow(canvas: Canvas, figure: Figure) -> None:
    """A long bow with an arrow on its string, and a quiver over the shoulder."""
    right, _ = hands(figure)
    for x in (-0.75, -0.5, -0.25):
        canvas.stroke(points((x, 1.3), (x - 0.5, -0.4)), WOOD * 1.2, 0.07)
        canvas.fill(points((x - 0.36, 0.1), (x - 0.66, -0.05), (x - 0.6, -0.65), (x - 0.36, -0.5)), tint(205, 225, 232))
    angle = np.linspace(-1.25, 1.25, 24)
    arc = right + np.stack([2.4 * np.cos(angle) - 2.0, 2.9 * np.sin(angle)], axis=1)
    canvas.fill(limb(arc, 0.06 + 0.11 * np.cos(angle)), WOOD)
    canvas.stroke(arc[[0, -1]], tint(225, 235, 240), 0.05)
    canvas.stroke(right + points((-2.2, 0), (1.3, 0)), WOOD * 0.7, 0.09)
    canvas.fill(right + points((1.2, -0.2), (1.75, 0), (1.2, 0.2)), STEEL * 0.5)


WEAPONS = {"magic": draw_staff, "melee": draw_sword, "ranged": draw_bow}
