"""A heat map as a picture to lay over the photograph that it is of."""

import cv2
import numpy as np

from competition.recipe import Aspect

SIDE = 64  # pixels of the longer side: browsers stretch it smoothly
HOTTEST = 228  # of the 255 colours of TURBO, which ends in a dark red
FAINTEST, STRONGEST = 0.2, 0.85  # below this heat a layer is transparent, and this opacity it has at most
QUALITY = 70  # of WebP, in which a layer takes about a kilobyte


def heat_layer(heat: np.ndarray, height: int, width: int, aspect: Aspect) -> bytes:
    """A transparent WebP to stretch over a picture of these sides, at most SIDE pixels: what is not hot is not covered.

    `heat` (rows, columns) float32, from 0 to 1, is that of the square which the network saw of the picture; with the
    aspect `pad`, the grey beside the picture is cut off.
    """
    smooth = cv2.resize(heat, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC).clip(0, 1)
    if aspect == "pad":
        down, across = (max(1, round(SIDE * side / max(height, width))) for side in (height, width))
        top, left = (SIDE - down) // 2, (SIDE - across) // 2
        smooth = smooth[top : top + down, left : left + across]
    colour = cv2.applyColorMap(np.rint(HOTTEST * smooth).astype(np.uint8), cv2.COLORMAP_TURBO)
    opacity = np.clip((smooth - FAINTEST) / (1 - FAINTEST), 0, 1) * STRONGEST
    layer = np.dstack([colour, np.rint(255 * opacity).astype(np.uint8)])
    return cv2.imencode(".webp", layer, [cv2.IMWRITE_WEBP_QUALITY, QUALITY])[1].tobytes()
