"""Reading pictures: the same pixels as Pillow for every kind of file, and a reason for every file that is none."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import noise, waves, write
from PIL import Image, ImageOps

from competition.images import decode as images
from competition.images.decode import BadImage, read_file, reused

HEIGHT, WIDTH = 40, 56


def decode(content: bytes) -> np.ndarray:
    """The three channels that hold information."""
    picture = images.decode(content)
    assert (picture[..., 3] == 255).all()
    return picture[..., :3]


def read_image(path: Path) -> np.ndarray:
    return decode(read_file(path))


def encode(picture: Image.Image, kind: str, **options) -> bytes:
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def seen_by_pillow(content: bytes) -> np.ndarray:
    picture = Image.open(io.BytesIO(content))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return np.asarray(picture.convert("RGB"))


def a_picture(mode: str) -> Image.Image:
    picture = Image.fromarray(waves(HEIGHT, WIDTH))
    if mode == "P":
        return picture.quantize(64)
    if mode in {"RGBA", "LA"}:
        picture = picture.convert(mode)
        picture.putalpha(Image.linear_gradient("L").resize((WIDTH, HEIGHT)))
        return picture
    return picture.convert(mode)


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        *[("JPEG", mode, {"quality": 90}) for mode in ("RGB", "L", "CMYK")],
        ("JPEG", "RGB", {"quality": 90, "progressive": True}),
        *[("PNG", mode, {}) for mode in ("RGB", "L", "P", "RGBA", "LA", "1")],
        ("PNG", "P", {"transparency": 3}),
        *[("WEBP", mode, {"lossless": True}) for mode in ("RGB", "L", "P", "RGBA", "LA", "CMYK")],
        ("WEBP", "RGB", {"quality": 80}),
    ],
)
def test_a_picture_of_any_kind_looks_as_it_does_to_pillow(kind, mode, options):
    content = encode(a_picture(mode), kind, **options)
    picture = decode(content)
    assert (picture.shape, picture.dtype) == ((HEIGHT, WIDTH, 3), np.uint8)
    np.testing.assert_allclose(picture.astype(int), seen_by_pillow(content), atol=2)


def test_what_is_transparent_is_laid_on_white():
    picture = Image.new("RGBA", (8, 8), (200, 100, 0, 0))
    picture.paste((200, 100, 0, 51), (0, 0, 4, 8))  # a fifth of the colour, four fifths of white
    picture.paste((200, 100, 0, 255), (0, 0, 2, 8))
    seen = decode(encode(picture, "PNG"))
    assert [seen[4, column].tolist() for column in (0, 3, 6)] == [[200, 100, 0], [244, 224, 204], [255, 255, 255]]


def test_sixteen_bits_of_transparency_are_laid_on_white_too():
    pixel = [99, 100 * 257 + 60, 200 * 257 + 80, 51 * 257]  # blue, green, red, and a fifth opaque
    content = cv2.imencode(".png", np.full((4, 4, 4), pixel, np.uint16))[1].tobytes()
    np.testing.assert_array_equal(decode(content), np.full((4, 4, 3), [244, 224, 204]))


def test_sixteen_bits_become_eight():
    ramp = np.arange(256, dtype=np.uint16).repeat(4).reshape(32, 32) * 257
    seen = decode(encode(Image.fromarray(ramp), "PNG"))
    np.testing.assert_allclose(seen[..., 1].astype(int), ramp // 257, atol=1)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_rotation_noted_by_the_camera_is_applied(kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encode(a_picture("RGB"), kind, exif=exif)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB"))
    seen = decode(content)
    assert seen.shape == ((WIDTH, HEIGHT, 3) if orientation > 4 else (HEIGHT, WIDTH, 3))
    np.testing.assert_allclose(seen.astype(int), upright, atol=2)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_file_that_was_cut_short_is_bad(tmp_path, kind, share):
    content = encode(Image.fromarray(noise(64, 64)), kind)
    assert read_image(write(tmp_path / "whole", content)).shape == (64, 64, 3)
    with pytest.raises(BadImage, match="not an image, or cut short; allowed are whole JPEG, PNG and WebP files"):
        read_image(write(tmp_path / "cut", content[: int(len(content) * share)]))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.jpg", b"", "^the file is empty$"),
        ("text.jpg", b"this is no picture\n", "^not an image"),
        ("markers.jpg", b"\xff\xd8\xff", "^not an image"),
        ("missing.jpg", None, "^there is no such file$"),
        ("", None, "^cannot be opened: Is a directory$"),
        ("x" * 300, None, "^cannot be opened: File name too long$"),
        ("nul\0.jpg", None, "name"),
    ],
    ids=["empty", "text", "markers", "missing", "folder", "long", "nul"],
)
def test_a_file_that_is_no_picture_says_why(tmp_path, name, content, reason):
    path = tmp_path / name
    if content is not None:
        write(path, content)
    with pytest.raises(BadImage, match=reason):
        read_image(path)


def test_a_small_file_that_unfolds_into_an_enormous_picture_is_refused_unread():
    content = encode(Image.new("1", (9000, 9000)), "PNG")
    assert len(content) < 20_000
    with pytest.raises(BadImage, match=r"larger than 67,108,864 pixels; .* OPENCV_IO_MAX_IMAGE_PIXELS"):
        decode(content)


def test_reused_memory_holds_a_picture_until_the_next_is_decoded():
    large, small = (encode(Image.fromarray(waves(side, 2 * side)), "JPEG") for side in (40, 16))
    first = images.decode(large, reused)
    kept = first.copy()
    np.testing.assert_array_equal(kept[..., :3], decode(large))
    np.testing.assert_array_equal(images.decode(small, reused)[..., :3], decode(small))
    assert (first != kept).any()
    np.testing.assert_array_equal(images.decode(large, reused), kept)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("orientation", [None, 1, 6])
@pytest.mark.parametrize(("allowed", "factor"), [(1, 2), (2, 4), (3, 8), (5, 8)])
def test_a_jpeg_comes_out_at_the_fraction_that_is_allowed_whoever_decodes_it(mode, orientation, allowed, factor):
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    content = encode(Image.fromarray(waves(136, 264)).convert(mode), "JPEG", exif=exif)
    full, seen = decode(content), images.decode(content, halvings=lambda height, width: allowed)
    height, width = (-(-side // factor) for side in full.shape[:2])
    assert seen.shape == (height, width, 4)
    averaged = cv2.resize(full, (width, height), interpolation=cv2.INTER_AREA)
    assert np.abs(seen[..., :3].astype(int) - averaged).mean() < 6


def test_both_decoders_of_jpeg_give_the_same_pixels(shared):
    for path in sorted((shared / "data/clothing/base/Images").rglob("*.jpg"))[::80]:
        content = path.read_bytes()
        for allowed in (0, 1, 2, 3):
            quick = images.decode(content, halvings=lambda height, width, allowed=allowed: allowed)
            careful = cv2.imdecode(np.frombuffer(content, np.uint8), images.REDUCED[allowed])
            np.testing.assert_array_equal(quick[..., :3], careful[..., ::-1], err_msg=str(path))


def test_the_rotation_is_found_behind_other_segments_that_hold_a_scan_marker():
    exif = Image.Exif()
    exif[0x0112] = 6
    plain, turned = (encode(a_picture("RGB"), "JPEG", **options) for options in ({}, {"exif": exif}))
    segment = b"\xff\xed\x00\x08ab\xff\xda"  # APP13, six bytes long, before the one with the rotation
    segment += b"cd"
    content = turned[:2] + segment + turned[2:]
    assert decode(plain).shape[:2] == (HEIGHT, WIDTH)
    assert decode(content).shape[:2] == (WIDTH, HEIGHT)


def test_an_odd_side_is_rounded_up_when_halved_and_nothing_is_halved_unasked():
    content = encode(Image.fromarray(waves(131, 259)), "JPEG")
    assert images.decode(content, halvings=lambda height, width: 1).shape == (66, 130, 4)
    asked = []
    images.decode(content, halvings=lambda height, width: asked.append((height, width)) or 0)
    assert asked == [(131, 259)]
    assert images.decode(content).shape == (131, 259, 4)
