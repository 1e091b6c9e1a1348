"""The person: measures and pose of a schematic body, and how its skin, hair, face and shoes are drawn.

Heights are the same for everyone, so that a hem has one meaning: chin 1.05, neck base 1.5, shoulder 1.68,
waist 3.05, hip 3.85, crotch 4.35, knee 5.75, ankle 7.3, sole 7.7 heads below the crown.
"""

from dataclasses import dataclass

import numpy as np

from competition.drawing.canvas import Canvas
from competition.drawing.colour import HAIRS, SKINS
from competition.drawing.geometry import between, flipped, limb, moved, oval, points, smooth, symmetric

WAIST, CROTCH, KNEE, ANKLE, SOLE = 3.05, 4.35, 5.75, 7.3, 7.7
ARM_WIDTHS = (0.21, 0.16, 0.115, 0.12)
LEG_WIDTHS = (0.37, 0.23, 0.14, 0.16)
# half width of the trunk by height, shoulder to crotch
TRUNK = points((1.68, 0.9), (1.85, 0.92), (2.3, 0.74), (2.6, 0.66), (3.05, 0.54), (3.85, 0.76), (4.35, 0.78))


@dataclass(frozen=True)
class Figure:
    """A body in a pose. Each arm is (4, 2): shoulder, elbow, wrist, fingertips; each leg hip, knee, ankle, sole."""

    skin: np.ndarray
    hair: np.ndarray
    haircut: int
    girth: float
    arms: tuple[np.ndarray, np.ndarray]
    legs: tuple[np.ndarray, np.ndarray]

    def half_width(self, height) -> np.ndarray:
        """Half the width of the trunk at a height, or at several."""
        return self.girth * np.interp(height, TRUNK[:, 0], TRUNK[:, 1])


def some_arm(rng: np.random.Generator, raised: float) -> np.ndarray:
    """The right arm, its upper part `raised` degrees from hanging straight down."""
    upper = np.deg2rad(raised + rng.uniform(-8, 8))
    lower = upper - np.deg2rad(rng.uniform(5, 30))
    hand = lower + np.deg2rad(rng.uniform(-12, 12))
    bones = [
        length * np.array([np.sin(angle), np.cos(angle)])
        for length, angle in ((1.35, upper), (1.2, lower), (0.62, hand))
    ]
    return np.cumsum([(0.76, 1.84), *bones], axis=0)


def some_leg(rng: np.random.Generator, stance: float) -> np.ndarray:
    """The right leg; `stance` spreads the feet."""
    bend = rng.uniform(-0.05, 0.05)
    return points((0.38, 4.1), (0.36 + stance / 2 + bend, KNEE), (0.33 + stance, ANKLE), (0.38 + stance, SOLE))


def some_figure(rng: np.random.Generator, raised: float = 16) -> Figure:
    """A random person; `raised` as in `some_arm`."""
    tone = between(*SKINS[(at := rng.integers(len(SKINS) - 1)) : at + 2], rng.random())
    stance = rng.uniform(-0.06, 0.25)
    return Figure(
        skin=tone,
        hair=HAIRS[rng.integers(len(HAIRS))] * rng.uniform(0.8, 1.15),
        haircut=int(rng.integers(5)),
        girth=rng.uniform(0.93, 1.07),
        arms=(some_arm(rng, raised), flipped(some_arm(rng, raised))[::-1]),
        legs=(some_leg(rng, stance), flipped(some_leg(rng, stance))[::-1]),
    )


def draw_body(canvas: Canvas, figure: Figure, shoes: np.ndarray) -> None:
    """Everything of skin, and the shoes: what is worn comes on top. The head is drawn by `draw_head`."""
    draw_hair_behind(canvas, figure)
    for leg in figure.legs:
        draw_leg(canvas, figure.skin, leg, shoes)
    heights = np.linspace(1.68, CROTCH, 12)
    side = np.stack([figure.half_width(heights), heights], axis=1)
    half = np.concatenate([points((0, 0.8), (0.2, 0.8), (0.21, 1.3), (0.34, 1.5)), side, points((0, 4.45))])
    canvas.fill(smooth(symmetric(half), times=2), figure.skin)
    draw_collarbones(canvas, figure.skin)
    for arm in figure.arms:
        draw_arm(canvas, figure.skin, arm)


def draw_collarbones(canvas: Canvas, skin: np.ndarray) -> None:
    """Two lines that show bare skin for what it is, and a shadow under the chin."""
    canvas.fill(smooth(points((-0.2, 1.0), (0.2, 1.0), (0.2, 1.12), (0, 1.22), (-0.2, 1.12))), skin * 0.82)
    bone = smooth(points((0.08, 1.7), (0.3, 1.66), (0.62, 1.7)), closed=False)
    for line in (bone, flipped(bone)):
        canvas.stroke(line, skin * 0.72, 0.025)


def draw_leg(canvas: Canvas, skin: np.ndarray, leg: np.ndarray, shoes: np.ndarray) -> None:
    """One leg with a mark at the knee, and its shoe."""
    calf = between(leg[1], leg[2], 0.35)
    chain = np.stack([leg[0], leg[1], calf, leg[2], leg[3]])
    outline = smooth(limb(chain, (LEG_WIDTHS[0], LEG_WIDTHS[1], 0.24, 0.13, 0.12)), times=2)
    canvas.fill(outline, skin)
    canvas.stroke(outline, skin * 0.7, 0.02, closed=True)
    cap = smooth(leg[1] + points((-0.15, -0.1), (-0.08, 0.1), (0.08, 0.1), (0.15, -0.1)), closed=False)
    canvas.stroke(cap, skin * 0.62, 0.035)
    canvas.fill(smooth(leg[3] + points((-0.15, -0.17), (0.15, -0.17), (0.24, 0.08), (-0.2, 0.08))), shoes)


def draw_arm(canvas: Canvas, skin: np.ndarray, arm: np.ndarray) -> None:
    """One arm with marks at elbow and wrist, and its hand."""
    outline = smooth(limb(arm[:3], ARM_WIDTHS[:3]), times=1)
    canvas.disc(arm[0], ARM_WIDTHS[0], skin)
    canvas.fill(outline, skin)
    canvas.stroke(outline, skin * 0.7, 0.02, closed=True)
    fold = smooth(arm[1] + points((-0.1, -0.04), (0, 0.05), (0.1, -0.04)), closed=False)
    canvas.stroke(fold, skin * 0.62, 0.035)
    draw_hand(canvas, skin, arm)


def draw_hand(canvas: Canvas, skin: np.ndarray, arm: np.ndarray) -> None:
    """A mitten with thumb and finger lines, from the wrist to the fingertips."""
    wrist, tips = arm[2], arm[3]
    inward = -np.sign(arm[0, 0]) * np.array([1.0, 0.0])
    thumb = np.stack([between(wrist, tips, 0.2), between(wrist, tips, 0.55) + 0.24 * inward])
    canvas.stroke(thumb, skin * 0.93, 0.1)
    palm = between(wrist, tips, np.array([[-0.05], [0.3], [0.65], [1.0]]))
    outline = smooth(limb(palm, (0.1, 0.16, 0.15, 0.06)), times=2)
    canvas.fill(outline, skin)
    canvas.stroke(outline, skin * 0.7, 0.02, closed=True)
    for aside in (-0.06, 0.0, 0.06):
        canvas.stroke(moved(palm[2:], (aside, 0)), skin * 0.7, 0.015)


def draw_hair_behind(canvas: Canvas, figure: Figure) -> None:
    """The hair that falls behind the shoulders, for the haircuts that have any."""
    length = (0.0, 0.0, 1.15, 1.75, 0.0)[figure.haircut]
    if length:
        half = points((0, -0.05), (0.42, 0.1), (0.5, 0.6), (0.5, length), (0, length + 0.1))
        canvas.fill(smooth(symmetric(half)), figure.hair * 0.85)


def draw_head(canvas: Canvas, figure: Figure) -> None:
    """Head, face and the hair over it; the last haircut is the bald head of a mannequin."""
    canvas.fill(smooth(symmetric(points((0, 0.02), (0.4, 0.1), (0.38, 0.8), (0.16, 1.06), (0, 1.08)))), figure.skin)
    draw_face(canvas, figure.skin)
    if figure.haircut == 4:
        return
    if figure.haircut == 1:
        canvas.disc((0, -0.12), 0.2, figure.hair)
    cap = points((0, -0.04), (0.36, 0.0), (0.44, 0.35), (0.4, 0.62), (0.34, 0.4), (0.2, 0.22), (0, 0.26))
    canvas.fill(smooth(symmetric(cap)), figure.hair)


def draw_face(canvas: Canvas, skin: np.ndarray) -> None:
    """Eyes, nose and mouth."""
    for side in (-1, 1):
        canvas.fill(oval((0.15 * side, 0.53), (0.055, 0.03)), skin * 0.25)
    canvas.stroke(points((0.0, 0.55), (0.03, 0.7), (-0.02, 0.72)), skin * 0.75, 0.02)
    canvas.stroke(smooth(points((-0.11, 0.84), (0, 0.89), (0.11, 0.84)), closed=False), skin * (0.6, 0.55, 0.85), 0.035)
