"""Spoilt pictures: each is decoded, or refused in one line; nothing is printed, nor the memory filled."""

import io
import struct
import zlib

import numpy as np
import pytest
from helpers import noise, waves
from hostile import bounded, seeds, spoilt
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from competition.images.decode import BadImage, decode

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def encode(picture: Image.Image, kind: str, **options) -> bytes:
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def chunk(kind: bytes, body: bytes, claimed: int | None = None) -> bytes:
    length = len(body) if claimed is None else claimed
    return struct.pack(">I", length) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, depth: int, colour: int, *chunks: bytes, interlaced: int = 0) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))
    return SIGNATURE + header + b"".join(chunks) + chunk(b"IEND", b"")


SMOOTH, ROUGH = Image.fromarray(waves(40, 56)), Image.fromarray(noise(24, 24))
EXIF = Image.Exif()
EXIF[0x0112] = 6
JPEGS = [
    encode(SMOOTH, "JPEG"),
    encode(ROUGH, "JPEG", quality=95, subsampling=0),
    encode(SMOOTH, "JPEG", progressive=True),
    encode(SMOOTH.convert("L"), "JPEG"),
    encode(SMOOTH.convert("CMYK"), "JPEG"),
    encode(ROUGH, "JPEG", exif=EXIF),
    encode(SMOOTH, "JPEG", restart_marker_blocks=2, icc_profile=b"icc" * 30, comment=b"none"),
]
PNGS = [
    *(encode(SMOOTH.convert(mode), "PNG") for mode in ("RGB", "L", "RGBA", "LA", "1")),
    encode(SMOOTH.quantize(16), "PNG"),
    encode(SMOOTH.quantize(64), "PNG", transparency=3),
    encode(ROUGH, "PNG", exif=EXIF, icc_profile=b"icc" * 30),
    encode(Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30) * 100), "PNG"),
    png(8, 8, 8, 0, chunk(b"IDAT", zlib.compress(bytes(92))), interlaced=1),
]
WEBPS = [
    encode(SMOOTH, "WEBP", quality=60),
    encode(ROUGH, "WEBP", lossless=True),
    encode(SMOOTH.convert("RGBA"), "WEBP", lossless=True, exif=EXIF),
    encode(ROUGH, "WEBP", save_all=True, append_images=[ROUGH.rotate(90)]),
]
REFUSED = [encode(SMOOTH, kind) for kind in ("GIF", "TIFF", "BMP", "JPEG2000", "PPM", "ICO")]
EVERY = [*JPEGS, *PNGS, *WEBPS, *REFUSED]
# What markers and fields of the formats may hold, and claims of sizes.
WORDS = (
    *(
        b"\xff\xd9",
        b"\xff\xd8",
        b"\xff\xda",
        b"\xff\xc0",
        b"\xff\xc2",
        b"\xff\xc9",
        b"\xff\xe1",
        b"\xff\xd0",
        b"\xff" * 99,
    ),
    *(b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x1f\x40\x1f\x40", b"\0\0", b"\xff\xff", b"\0" * 400),
    *(b"IDAT", b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"acTL", b"fcTL", b"fdAT", b"IEND", b"iCCP", b"zTXt", b"sBIT"),
    *(b"RIFF", b"VP8 ", b"VP8L", b"VP8X", b"ANMF", b"ALPH", b"Exif\0\0II*\0", b"MM\0*"),
)


def decoded_or_refused(content: bytes) -> np.ndarray | None:
    try:
        with bounded():
            picture = decode(content)
    except BadImage as error:
        assert "\n" not in str(error)
        return None
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[2] == 4
    return picture


def spoilt_one_of(files: list[bytes]) -> st.SearchStrategy[bytes]:
    return st.sampled_from(files).flatmap(lambda content: spoilt(content, EVERY, WORDS))


@st.composite
def spoilt_png(draw) -> bytes:
    """A PNG of which chunks are spoilt, repeated, left out or in another order, with the right sums."""
    content, chunks, place = draw(st.sampled_from(PNGS)), [], len(SIGNATURE)
    while place < len(content):
        (length,) = struct.unpack_from(">I", content, place)
        chunks.append((content[place + 4 : place + 8], content[place + 8 : place + 8 + length]))
        place += 12 + length
    chunks += draw(st.lists(st.sampled_from(chunks), max_size=2))
    if draw(st.booleans()):
        chunks = draw(st.permutations(chunks))
    spoil = draw(st.integers(0, len(chunks) - 1))
    kind, body = chunks[spoil]
    if kind == b"IDAT" and draw(st.booleans()):  # the rows themselves
        body = zlib.compress(draw(spoilt(zlib.decompress(body), [], WORDS)))
    else:
        body = draw(spoilt(body, [], WORDS))
    chunks[spoil] = kind, body
    return SIGNATURE + b"".join(chunk(*one) for one in chunks)


@given(st.data())
def test_a_spoilt_jpeg_is_decoded_or_refused(silent, data):
    decoded_or_refused(data.draw(spoilt_one_of(JPEGS)))


@given(st.data())
def test_a_spoilt_png_is_decoded_or_refused(silent, data):
    decoded_or_refused(data.draw(spoilt_one_of(PNGS)))


@given(spoilt_png())
def test_a_png_with_spoilt_chunks_and_right_sums_is_decoded_or_refused(silent, content):
    decoded_or_refused(content)


@given(st.data())
def test_a_spoilt_webp_is_decoded_or_refused(silent, data):
    decoded_or_refused(data.draw(spoilt_one_of(WEBPS)))


@given(st.data())
def test_a_spoilt_file_of_another_format_is_refused(silent, data):
    content = data.draw(spoilt_one_of(REFUSED))
    if not content.startswith((b"\xff\xd8\xff", SIGNATURE, b"RIFF")):
        assert decoded_or_refused(content) is None


@pytest.mark.parametrize("content", seeds("pictures"))
def test_what_failed_once_is_refused(silent, content):
    assert decoded_or_refused(content) is None
