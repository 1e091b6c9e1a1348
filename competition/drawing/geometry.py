"""Plane geometry: outlines and curves as (n, 2) arrays of x and y, x to the right and y down."""

import numpy as np


def points(*pairs: tuple[float, float]) -> np.ndarray:
    """The pairs (x, y) as an (n, 2) array."""
    return np.array(pairs, np.float64)


def between(first, second, share: float):
    """The shape (or number) that lies `share` of the way from `first` to `second`."""
    return (1 - share) * first + share * second


def smooth(corners: np.ndarray, closed: bool = True, times: int = 3) -> np.ndarray:
    """Corners rounded off by cutting each one `times` times (Chaikin); an open line keeps its two ends."""
    for _ in range(times):
        following = np.roll(corners, -1, axis=0)
        cut = np.stack([between(corners, following, 0.25), between(corners, following, 0.75)], axis=1)
        cut = cut.reshape(-1, 2)
        corners = cut if closed else np.concatenate([corners[:1], cut[:-2], corners[-1:]])
    return corners


def moved(shape: np.ndarray, by) -> np.ndarray:
    """The shape, moved by (x, y)."""
    return np.add(shape, by)


def flipped(shape: np.ndarray) -> np.ndarray:
    """The mirror image, left for right, walked in the opposite direction."""
    return (shape * (-1, 1))[::-1]


def symmetric(right_half: np.ndarray) -> np.ndarray:
    """The whole outline of which the right half is given, from one point on the axis to the other."""
    return np.concatenate([right_half, flipped(right_half)])


def resampled(line: np.ndarray, count: int) -> np.ndarray:
    """`count` points at equal distances along the line, so that two lines can be blended point by point."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    walked = np.concatenate([[0], np.cumsum(steps)])
    where = np.linspace(0, walked[-1], count)
    return np.stack([np.interp(where, walked, line[:, 0]), np.interp(where, walked, line[:, 1])], axis=1)


def upto(joints: np.ndarray, reach: float) -> np.ndarray:
    """The start of a chain of joints, cut at `reach` joints (1.5: halfway along the second bone).

    A reach beyond the last joint lengthens the last bone.
    """
    bone = min(int(reach), len(joints) - 2)
    end = between(joints[bone], joints[bone + 1], reach - bone)
    return np.concatenate([joints[: bone + 1], end[None]])


def limb(joints: np.ndarray, half_widths) -> np.ndarray:
    """The outline of a band along a chain of joints, with its half width at each joint."""
    ahead = np.gradient(joints, axis=0)
    ahead /= np.maximum(np.hypot(*ahead.T), 1e-9)[:, None]
    across = ahead[:, ::-1] * (1, -1) * np.asarray(half_widths, np.float64)[:, None]
    return np.concatenate([joints + across, (joints - across)[::-1]])


def oval(centre: tuple[float, float], radii: tuple[float, float], count: int = 40) -> np.ndarray:
    """An upright ellipse."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([centre[0] + radii[0] * np.cos(angle), centre[1] + radii[1] * np.sin(angle)], axis=1)


def box(left: float, top: float, right: float, bottom: float) -> np.ndarray:
    """An upright rectangle."""
    return points((left, top), (right, top), (right, bottom), (left, bottom))
