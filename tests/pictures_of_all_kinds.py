"""Pictures of every kind that a data set may hold."""

from pathlib import Path

import cv2
import numpy as np
from helpers import waves
from PIL import Image

ORIENTATION = 0x0112  # a tag of EXIF


def write_pictures(folder: Path) -> list[Path]:
    """JPEG, PNG and WebP files: grey, transparent, turned, with a palette, 16 bits, CMYK, thin, and just too small."""
    folder.mkdir(parents=True, exist_ok=True)
    plain, wide = waves(130, 90), waves(63, 260)
    opacity = np.tile(np.arange(90, dtype=np.uint8)[:, None] * 2, (130, 1, 1)).reshape(130, 90, 1)
    layers = np.concatenate([plain, opacity], axis=2)
    of_opencv = {
        "plain.jpg": plain,
        "large.jpg": waves(300, 700),
        "wide.jpg": wide,
        "border.jpg": waves(127, 128),  # the sides of a square of 32 four times, and almost
        "small.jpg": waves(20, 9),
        "grey.jpg": plain[..., 0],
        "wide.png": wide,
        "transparent.png": layers,
        "deep.png": plain.astype(np.uint16) * 257 - 5,
        "deep-transparent.png": layers.astype(np.uint16) * 257,
        "transparent.webp": layers,
        "thin.png": waves(300, 3),
    }
    for name, pixels in of_opencv.items():
        cv2.imwrite(str(folder / name), pixels)
    picture = Image.fromarray(plain)
    for number in range(2, 9):
        exif = picture.getexif()
        exif[ORIENTATION] = number
        picture.save(folder / f"turned-{number}.jpg", exif=exif)
    picture.quantize(9).save(folder / "palette.png")
    picture.convert("CMYK").save(folder / "cmyk.jpg")
    return sorted(folder.iterdir())
