"""A picture that is drawn on in body units: one unit is a head, the crown at y = 0 and the floor at y = 7.75."""

from dataclasses import dataclass

import cv2
import numpy as np

from competition.drawing.fabric import SIDE, Fabric


@dataclass(frozen=True)
class View:
    """The frame in body units: its upper and its lower edge; its middle is the body's."""

    top: float
    bottom: float


SHIFT = 4  # OpenCV's fixed-point pixel coordinates: sixteenths


class Canvas:
    """`image` (SIDE, SIDE, 3) uint8, BGR, and the 2 x 3 `camera` that takes body units to its pixels."""

    def __init__(self, image: np.ndarray, camera: np.ndarray):
        self.image, self.camera = image, camera
        self.scale = float(np.sqrt(abs(np.linalg.det(camera[:, :2]))))

    def pixels(self, shape: np.ndarray) -> np.ndarray:
        """Where the points of a shape (n, 2) lie in the picture, (n, 2) int32 in sixteenths of a pixel."""
        placed = shape @ self.camera[:, :2].T + self.camera[:, 2]
        return np.round(np.clip(placed, -4 * SIDE, 5 * SIDE) * (1 << SHIFT)).astype(np.int32)

    def fill(self, shape: np.ndarray, paint: "Fabric | np.ndarray") -> None:
        """Covers the inside of an outline with a colour or with cloth."""
        placed = self.pixels(shape)
        if isinstance(paint, Fabric):
            self._cut(placed, paint.pixels)
        else:
            cv2.fillPoly(self.image, [placed], tuple(paint), cv2.LINE_AA, SHIFT)

    def _cut(self, placed: np.ndarray, cloth: np.ndarray) -> None:
        corner = np.clip((placed.min(axis=0) >> SHIFT) - 1, 0, SIDE)
        far = np.clip((placed.max(axis=0) >> SHIFT) + 2, 0, SIDE)
        if (far <= corner).any():
            return
        part = slice(corner[1], far[1]), slice(corner[0], far[0])
        mask = np.zeros(far[::-1] - corner[::-1], np.uint8)
        cv2.fillPoly(mask, [placed - (corner << SHIFT)], 255, cv2.LINE_8, SHIFT)
        self.image[part] = cv2.copyTo(cloth[part], mask, self.image[part].copy())

    def stroke(self, line: np.ndarray, colour: np.ndarray, width: float = 0.03, closed: bool = False) -> None:
        """Draws a line `width` body units thick."""
        thickness = max(1, round(width * self.scale))
        cv2.polylines(self.image, [self.pixels(line)], closed, tuple(colour), thickness, cv2.LINE_AA, SHIFT)

    def piece(self, shape: np.ndarray, cloth: Fabric, width: float = 0.03) -> None:
        """A piece of cloth with its outline."""
        self.fill(shape, cloth)
        self.stroke(shape, cloth.seam, width, closed=True)

    def disc(self, centre, radius: float, colour: np.ndarray) -> None:
        """A round dot: a button, a hand, a joint."""
        where = self.pixels(np.asarray(centre, np.float64)[None])[0]
        pixels = round(radius * self.scale * (1 << SHIFT))
        cv2.circle(self.image, tuple(map(int, where)), pixels, tuple(colour), -1, cv2.LINE_AA, SHIFT)


def camera(rng: np.random.Generator, view: View) -> np.ndarray:
    """A random matrix (2, 3) that shows about this view, half the time mirrored.

    Scale, place, tilt and proportions vary, as in hand-held photographs.
    """
    size = SIDE / (view.bottom - view.top) * np.exp(rng.uniform(-0.1, 0.1))
    angle = np.deg2rad(rng.uniform(-7, 7))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    wide = rng.uniform(0.9, 1.1) * rng.choice((-1, 1))
    linear = size * turn @ np.diag([wide, 1.0])
    centre = SIDE / 2 + rng.uniform(-0.05, 0.05, 2) * SIDE
    return np.hstack([linear, (centre - linear @ (0, (view.top + view.bottom) / 2))[:, None]])
