"""What a picture's file says of itself, looked at before anything is decoded: its size, and whether all of it is there.

The decoders trust what a file claims: libpng makes room for a chunk of 4 GB that a file of 61 bytes announces, all of
them print to the terminal what they miss, and a JPEG that was cut off is filled up with grey.
"""

import os
import re
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

MAX_PIXELS = int(os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"])  # set in competition/__init__.py, before OpenCV reads it
MAX_SIDE = 1_000_000  # pixels, the limit of libpng
ALLOWED = "allowed are whole JPEG, PNG and WebP files"
BROKEN = f"not an image, or cut short; {ALLOWED}"
JPEG, PNG, RIFF, WEBP = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"WEBP"
# How files begin that people take for one of the three.
OTHERS = {
    b"GIF8": "a GIF",
    b"II*\0": "a TIFF",
    b"MM\0*": "a TIFF",
    b"BM": "a BMP",
    b"\0\0\0\x0cjP  ": "a JPEG 2000",
    b"\xff\x0a": "a JPEG XL",
    b"\0\0\0\x0cJXL ": "a JPEG XL",
    b"<svg": "an SVG",
    b"%PDF": "a PDF",
    b"<!DOCTYPE": "a web page",
    b"<html": "a web page",
}
BOXES = {b"avif": "an AVIF", b"heic": "a HEIC", b"heix": "a HEIC", b"mif1": "a HEIF"}  # the four bytes after `ftyp`

# JPEG (ITU-T T.81, B.1.1): segments are FF, a byte for the kind, a length that does not count these two.
MARKER = re.compile(rb"\xff+([^\x00\x01\xd0-\xd8\xff])")
START_OF_SCAN, END, APP, APP1, ADOBE, COMMENT, EXIF = 0xDA, 0xD9, range(0xE0, 0xF0), 0xE1, 0xEE, 0xFE, b"Exif\0\0"
FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
PROGRESSIVE, ALL, MOST_SCANS = (0xC2, 0xC6, 0xCA, 0xCE), 2**64 - 1, 100
ARITHMETIC = 0xC9  # and above are frames whose numbers may take less than a bit
BLOCK = 64  # pixels
ORIENTATION, SHORT = 0x0112, 3  # a tag of EXIF, and the type of its value

# PNG: the samples of a pixel and the bits that each may have, by the type of colour.
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = SAMPLES
# First column, first row, and the steps between columns and rows of the seven passes of an interlaced picture.
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
FILTERS = 5
SIDE_BITS = 2**14 - 1  # of the sides that a WebP without a canvas can have


class BadImage(Exception):
    """A file cannot be read as an image; the message says why, without the path."""


class Unreachable(BadImage):
    """The disk or the network that holds a file has failed, not the file itself; another try may succeed."""


class TooLarge(BadImage):
    """An image has more pixels than are to be decoded."""


def what_else(content: bytes) -> str:
    """Why a file that is neither JPEG nor PNG nor WebP is refused."""
    kind = next((name for start, name in OTHERS.items() if content.startswith(start)), "")
    if content[4:8] == b"ftyp":
        kind = BOXES.get(content[8:12], kind)
    return f"{kind}, whatever its name ends in; {ALLOWED}: convert it" if kind else BROKEN


def refuse_too_large(height: int, width: int, most: int = MAX_PIXELS) -> None:
    """Raise TooLarge for more pixels than `most`, or longer sides than any decoder takes."""
    if height * width > most:
        hint = ", or raise OPENCV_IO_MAX_IMAGE_PIXELS" if most == MAX_PIXELS else ""
        raise TooLarge(f"larger than {most:,} pixels; make it smaller{hint}")
    if max(height, width) > MAX_SIDE:
        raise TooLarge(f"larger than {MAX_SIDE:,} pixels to a side; make it smaller")


def check_jpeg(content: bytes, most: int = MAX_PIXELS) -> int:
    """How a JPEG has to be turned, 1 to 8 as in EXIF; 1, not at all, where that is not said or cannot be parsed.

    Raises BadImage for more pixels than `most`, for more than the file can hold, which would be filled up, and that
    slowly, and for scans that are missing, without which a progressive picture stays coarse, or that are too many.
    """
    orientation = height = width = least = scans = 0
    progressive, missing = False, {}  # what no scan holds of each component: a bit for each coefficient
    for kind, place, end in _segments(content):
        if kind == APP1 and not orientation and content.startswith(EXIF, place):
            orientation = _orientation(content[place + len(EXIF) : end])
        elif kind in FRAMES:
            height, width = struct.unpack_from(">HH", content[place:end].ljust(5, b"\0"), 1)
            least, progressive = height * width // BLOCK // 8 if kind < ARITHMETIC else 0, kind in PROGRESSIVE
            missing = dict.fromkeys(content[place + 6 : end : 3], ALL if progressive else 1)
        elif kind == START_OF_SCAN:
            scans += 1
            components, held = _completed(content[place:end], progressive)
            missing = {one: left & ~held if one in components else left for one, left in missing.items()}
            if scans > MOST_SCANS or not (progressive or any(missing.values())):
                break
    refuse_too_large(height, width, most)
    if len(content) < least:
        raise BadImage(f"{BROKEN} ({len(content):,} bytes cannot hold {width} x {height} pixels)")
    if any(missing.values()):
        raise BadImage(f"{BROKEN} (its last scans are missing)")
    if scans > MOST_SCANS:
        raise BadImage(f"more than {MOST_SCANS} scans, which take for ever to decode; save it anew")
    return orientation or 1


def _completed(scan: bytes, progressive: bool) -> tuple[list[int], int]:
    """The components that a scan is about, and a bit for each of their coefficients that is complete with it."""
    *components, first, last, bits = scan[1:].rjust(3, b"\0")
    whole = first <= last < BLOCK and not bits % 16
    return components[::2], 1 if not progressive else (2 << last) - (1 << first) if whole else 0


def bare_jpeg(content: bytes) -> bytes:
    """A JPEG without what its pixels do not depend on: bytes between segments, comments, metadata, EXIF."""
    kept, scan = [content[:2]], len(content)
    for kind, place, end in _segments(content):
        if kind == START_OF_SCAN:
            scan = place - 4
            break
        if kind == ADOBE or kind not in (COMMENT, *APP):
            kept.append(content[place - 4 : end])
    return b"".join([*kept, content[scan:]])


def _segments(content: bytes) -> Iterator[tuple[int, int, int]]:
    """The kind of each segment, and where its body begins and ends; what lies between, as scans do, is skipped."""
    place = 2
    while (marker := MARKER.search(content, place)) and (kind := content[marker.end() - 1]) != END:
        start = marker.end() + 2
        place = max(start, start - 2 + int.from_bytes(content[start - 2 : start]))
        yield kind, start, place


def _orientation(exif: bytes) -> int:
    """The orientation in the first directory of EXIF data; 1, upright, where there is none."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for number in range(count):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", exif, start + 2 + 12 * number)
            if tag == ORIENTATION and kind == SHORT:
                return value if 1 <= value <= 8 else 1
    except struct.error:  # no order of bytes, or a directory beyond the end
        pass
    return 1


class Png(NamedTuple):
    """A PNG reduced to what its pixels depend on, and whether any of them may be transparent."""

    content: bytes
    transparent: bool


def whole_png(content: bytes, most: int = MAX_PIXELS) -> Png:
    """The chunks of a PNG that decide its pixels, all of them whole, so that libpng has nothing to complain of.

    Raises BadImage if one claims more bytes than follow, the checksum of a needed one is wrong, the picture has
    more pixels than `most`, or its rows are not all there.
    """
    found: dict[bytes, bytes] = {}
    data = []
    for kind, body in _chunks(content):
        if kind == b"IDAT":
            data.append(body)
        else:
            found.setdefault(kind, body)
    if b"IHDR" not in found or len(found[b"IHDR"]) != 13 or not data:
        raise BadImage(BROKEN)
    width, height, depth, colour, compression, filtering, interlaced = struct.unpack(">IIBBBBB", found[b"IHDR"])
    if depth not in DEPTHS.get(colour, ()) or compression or filtering or interlaced > 1 or not height * width:
        raise BadImage(f"{BROKEN} (its header holds values that are not allowed)")
    refuse_too_large(height, width, most)
    rows = _rows(b"".join(data), [*_passes(height, width, depth * SAMPLES[colour], interlaced)])
    chunks = {b"IHDR": found[b"IHDR"], **_colours(found, colour, depth)}
    if found.get(b"eXIf", b"")[:4] in (b"II*\0", b"MM\0*"):
        chunks[b"eXIf"] = found[b"eXIf"]
    chunks |= {b"IDAT": rows or b"".join(data), b"IEND": b""}
    transparent = colour in (GREY_ALPHA, RGB_ALPHA) or b"tRNS" in chunks
    return Png(PNG + b"".join(_chunk(kind, body) for kind, body in chunks.items()), transparent)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kind and the body of every chunk that pixels depend on, up to the last."""
    place, kind = len(PNG), b""
    while kind != b"IEND":
        length, kind = int.from_bytes(content[place : place + 4]), content[place + 4 : place + 8]
        left = len(content) - place - 12
        if length > left:
            claim = f" (a chunk claims {length:,} bytes, and {left:,} follow)" if left >= 0 else ""
            raise BadImage(f"{BROKEN}{claim}")
        end = place + 8 + length
        if kind in (b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"IDAT", b"IEND"):
            if zlib.crc32(content[place + 4 : end]) != int.from_bytes(content[end : end + 4]):
                raise BadImage(f"{BROKEN} (the checksum of its chunk {kind.decode()} is wrong)")
            yield kind, content[place + 8 : end]
        place = end + 4


def _chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4) + kind + body + zlib.crc32(body, zlib.crc32(kind)).to_bytes(4)


def _colours(found: dict[bytes, bytes], colour: int, depth: int) -> dict[bytes, bytes]:
    """The palette, filled up to as many colours as a pixel can name, and what is transparent, where it fits."""
    palette, clear = found.get(b"PLTE", b""), found.get(b"tRNS", b"")
    if colour == PALETTE and (not palette or len(palette) % 3 or len(palette) > 3 * 256):
        raise BadImage(f"{BROKEN} (its palette is missing or damaged)")
    fits = {GREY: len(clear) == 2, RGB: len(clear) == 6, PALETTE: 0 < len(clear) <= len(palette) // 3}
    filled = {b"PLTE": palette.ljust(3 << depth, b"\0")[: 3 << depth]} if colour == PALETTE else {}
    return filled | ({b"tRNS": clear[: 1 << depth] if colour == PALETTE else clear} if fits.get(colour) else {})


def _passes(height: int, width: int, bits: int, interlaced: int) -> Iterator[tuple[int, int]]:
    """The rows of each pass, and the bytes of each of them: a filter, and pixels of so many bits."""
    for left, top, across, down in PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = -((left - width) // across), -((top - height) // down)
        if columns > 0 and rows > 0:
            yield rows, 1 + (columns * bits + 7) // 8


def _rows(data: bytes, passes: list[tuple[int, int]]) -> bytes:
    """Check that the rows are all there; return them packed anew where more follows them, which libpng complains of."""
    size, inflate = sum(rows * stride for rows, stride in passes), zlib.decompressobj()
    try:
        rows = inflate.decompress(data, size + 1)
    except zlib.error as error:
        raise BadImage(f"{BROKEN} ({error})") from None
    if len(rows) < size:
        raise BadImage(BROKEN)
    start = 0
    for count, stride in passes:
        if (np.frombuffer(rows, np.uint8, count * stride, start)[::stride] >= FILTERS).any():
            raise BadImage(f"{BROKEN} (a row has a filter that does not exist)")
        start += count * stride
    clean = inflate.eof and not inflate.unused_data and len(rows) == size
    return b"" if clean else zlib.compress(rows[:size], 1)


def check_webp(content: bytes, most: int = MAX_PIXELS) -> None:
    """Raise BadImage for a WebP whose chunks claim more bytes than there are, or more pixels than `most`."""
    size, place = 8 + int.from_bytes(content[4:8], "little"), 12
    if size > len(content):
        raise BadImage(BROKEN)
    while place + 8 <= size:
        kind, length = content[place : place + 4], int.from_bytes(content[place + 4 : place + 8], "little")
        place += 8
        if length > size - place:
            raise BadImage(f"{BROKEN} (a chunk claims {length:,} bytes, and {size - place:,} follow)")
        body = content[place : place + 10].ljust(10, b"\0")
        if kind == b"VP8X":  # the canvas
            refuse_too_large(*(1 + int.from_bytes(body[at : at + 3], "little") for at in (7, 4)), most)
        elif kind == b"VP8 ":
            refuse_too_large(*(int.from_bytes(body[at : at + 2], "little") & SIDE_BITS for at in (8, 6)), most)
        elif kind == b"VP8L":
            sides = int.from_bytes(body[1:5], "little")
            refuse_too_large(1 + (sides >> 14 & SIDE_BITS), 1 + (sides & SIDE_BITS), most)
        place += length + length % 2
