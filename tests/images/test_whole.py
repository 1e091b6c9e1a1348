"""Pictures that claim what they do not hold, or hold what they do not claim: refused at once, in silence."""

import io
import resource
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import noise, waves
from PIL import Image

from competition.images.decode import BadImage, decode, reused
from competition.images.whole import check_jpeg

PNG, END = b"\x89PNG\r\n\x1a\n", b"\xff\xd9"


def encode(picture: Image.Image, kind: str = "JPEG", **options) -> bytes:
    content = io.BytesIO()
    picture.save(content, kind, **options)
    return content.getvalue()


def chunk(kind: bytes, body: bytes, claimed: int | None = None) -> bytes:
    length = len(body) if claimed is None else claimed
    return struct.pack(">I", length) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def header(width: int, height: int, depth: int = 8, colour: int = 2, interlaced: int = 0) -> bytes:
    return PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))


def png(*chunks: bytes, of: bytes = header(4, 4)) -> bytes:
    return of + b"".join(chunks) + chunk(b"IEND", b"")


def with_exif(orientation: int, **options) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encode(Image.fromarray(noise(64, 48)), exif=exif, **options)


def enlarged(content: bytes, height: int, width: int) -> bytes:
    """A JPEG whose header says another size."""
    frame = max(content.find(b"\xff\xc0"), content.find(b"\xff\xc2"))
    return content[: frame + 5] + struct.pack(">HH", height, width) + content[frame + 9 :]


def odd_sampling(content: bytes) -> bytes:
    """A JPEG of 4:4:4 turned into one whose red is sampled three times, which simplejpeg does not know."""
    frame = content.find(b"\xff\xc0")
    return content[: frame + 11] + b"\x31" + content[frame + 12 :]


ROUGH, SMOOTH = Image.fromarray(noise(64, 48)), Image.fromarray(waves(64, 48))
JPEGS = {
    "baseline": encode(ROUGH),
    "4:4:4": encode(ROUGH, subsampling=0),
    "progressive": encode(ROUGH, progressive=True),
    "grey": encode(ROUGH.convert("L")),
    "CMYK": encode(ROUGH.convert("CMYK")),
    "turned by EXIF": with_exif(6),
    "progressive and turned": with_exif(8, progressive=True),
    "restart markers": encode(ROUGH, restart_marker_blocks=2),
    "smooth": encode(SMOOTH),
}
ROWS = zlib.compress(bytes(4 * 13))
BROKEN_FILES = {
    "a PNG whose chunk claims 4 GB": header(4, 4) + struct.pack(">I", 0xFFFFFFF0) + b"IDAT" + bytes(16),
    "a PNG whose ancillary chunk claims 2 GB": header(4, 4) + struct.pack(">I", 0x7FFFFFFF) + b"zTXt" + bytes(16),
    "a PNG whose sum is wrong": png(chunk(b"IDAT", ROWS)[:-1] + b"\0"),
    "a PNG with too few rows": png(chunk(b"IDAT", zlib.compress(bytes(4 * 13 - 1)))),
    "a PNG whose rows are no zlib": png(chunk(b"IDAT", b"nothing of the kind")),
    "a PNG with an unknown filter": png(chunk(b"IDAT", zlib.compress(b"\x09" * 52))),
    "a PNG of a depth that does not exist": png(chunk(b"IDAT", ROWS), of=header(4, 4, depth=3)),
    "a PNG without a palette": png(chunk(b"IDAT", zlib.compress(bytes(20))), of=header(4, 4, colour=3)),
    "a PNG without rows": png(),
    "a PNG without an end": png(chunk(b"IDAT", ROWS))[:-12],
    "a JPEG of 8000 x 8000 in a few bytes": enlarged(encode(Image.new("RGB", (8, 8), "teal")), 8000, 8000),
    "a progressive one": enlarged(encode(Image.new("RGB", (8, 8), "teal"), progressive=True), 8000, 8000),
    "a JPEG of odd sampling, cut": odd_sampling(encode(ROUGH, subsampling=0))[:1500] + END,
    **{f"a JPEG that was cut: {name}": content[: 2 * len(content) // 3] + END for name, content in JPEGS.items()},
    "a WebP whose chunk claims 4 GB": b"RIFF\x20\0\0\0WEBPVP8 \xff\xff\xff\xff" + bytes(20),
    "a WebP whose file claims 4 GB": b"RIFF\xff\xff\xff\xffWEBPVP8 \x08\0\0\0" + bytes(20),
    "a WebP of a canvas of 2^48 pixels": b"RIFF\x20\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(4) + b"\xff" * 6 + bytes(10),
    "a GIF": encode(SMOOTH, "GIF"),
    "a TIFF": encode(SMOOTH, "TIFF"),
    "a BMP": encode(SMOOTH, "BMP"),
}


@pytest.mark.parametrize("content", BROKEN_FILES.values(), ids=BROKEN_FILES)
def test_a_broken_picture_is_refused_in_one_line(content):
    with pytest.raises(BadImage) as caught:
        decode(content)
    assert "\n" not in str(caught.value)


def test_broken_pictures_print_nothing_and_take_no_memory(tmp_path):
    for number, content in enumerate(BROKEN_FILES.values()):
        (tmp_path / f"{number}.jpg").write_bytes(content)
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from competition.images.decode import BadImage, decode, read_file\n"
        "before, refused = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0\n"
        "for path in Path(sys.argv[1]).iterdir():\n"
        "    try:\n"
        "        decode(read_file(path))\n"
        "    except BadImage:\n"
        "        refused += 1\n"
        "print(refused, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)\n"
    )
    root = str(Path(__file__).parents[2])
    ran = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, cwd=root, check=True)
    refused, megabytes = map(int, ran.stdout.split())
    assert (refused, ran.stderr) == (len(BROKEN_FILES), "")
    assert megabytes < 100


@pytest.mark.parametrize("name", JPEGS)
def test_a_jpeg_cut_anywhere_is_refused_though_an_end_marker_follows(name):
    content = JPEGS[name]
    assert decode(content) is not None
    scan = content.find(b"\xff\xda") + 20
    for place in range(scan, len(content) - 8, max(1, (len(content) - scan) // 200)):
        with pytest.raises(BadImage, match="not an image, or cut short"):
            decode(content[:place] + END)


def unusual() -> dict[str, bytes]:
    plain = encode(ROUGH)
    scan, jfif = plain.find(b"\xff\xda"), plain.find(b"JFIF")
    return {
        "bytes behind the data": plain[:-2] + b"abcdef" + END,
        "bytes behind the end": plain + b"more" * 100,
        "bytes between segments": plain[:scan] + b"abcd" + plain[scan:],
        "JFIF 2": plain[: jfif + 5] + b"\2" + plain[jfif + 6 :],
        "a broken profile of colours": plain[:2] + b"\xff\xe2\x00\x10ICC_PROFILE\0\x09\x01" + plain[2:],
    }


@pytest.mark.parametrize("content", unusual().values(), ids=unusual())
def test_a_jpeg_that_is_whole_and_merely_unusual_is_accepted_in_silence(content, capfd):
    np.testing.assert_array_equal(decode(content)[..., :3], np.asarray(Image.open(io.BytesIO(encode(ROUGH)))))
    assert capfd.readouterr() == ("", "")


def test_a_turned_and_unusual_jpeg_is_turned():
    content = with_exif(6)
    assert decode(content[:-2] + b"abcdef" + END).shape == (48, 64, 4)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", [*range(10), 300])
def test_the_orientation_is_read_in_both_orders_of_bytes_and_odd_ones_are_upright(order, orientation):
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8)
    entries = struct.pack(f"{order}HHHI4sHHIHH", 2, 0x010F, 2, 4, b"abc\0", 0x0112, 3, 1, orientation, 0)
    exif = b"Exif\0\0" + start + entries
    content = b"\xff\xd8\xff\xe1" + struct.pack(">H", 2 + len(exif)) + exif + encode(ROUGH)[2:]
    assert check_jpeg(content) == (orientation if 1 <= orientation <= 8 else 1)
    for size in range(len(exif)):  # cut anywhere
        cut = b"\xff\xd8\xff\xe1" + struct.pack(">H", 2 + size) + exif[:size] + encode(ROUGH)[2:]
        assert check_jpeg(cut) in (1, orientation)


def test_reused_memory_holds_a_turned_picture_too():
    content = with_exif(6)
    np.testing.assert_array_equal(decode(content, reused).copy(), decode(content))


def test_what_libpng_would_print_is_mended_where_the_pixels_are_whole(capfd):
    pixels = noise(4, 4)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    profile = chunk(b"iCCP", b"x\0\0" + zlib.compress(b"no profile"))
    more = png(profile, chunk(b"IDAT", zlib.compress(rows + b"more") + b"and more"), chunk(b"tRNS", b"?"))
    np.testing.assert_array_equal(decode(more)[..., :3], pixels)
    few = chunk(b"PLTE", bytes([250, 120, 10])), chunk(b"IDAT", zlib.compress(b"\0\0\1" * 2))
    np.testing.assert_array_equal(decode(png(*few, of=header(2, 2, colour=3)))[0, :, :3], [[250, 120, 10], [0, 0, 0]])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("colour", "samples"), [(0, 1), (2, 3), (4, 2), (6, 4)])
@pytest.mark.parametrize("side", [1, 2, 3, 5, 9])
def test_the_rows_of_an_interlaced_png_are_counted(colour, samples, side):
    """Those that OpenCV accepts: one byte less is refused."""
    counts = [(len(range(top, side, down)), len(range(left, side, across))) for left, top, across, down in ADAM7]
    size = sum(rows * (1 + columns * samples) for rows, columns in counts if rows * columns)
    whole, short = (
        png(chunk(b"IDAT", zlib.compress(bytes(count))), of=header(side, side, colour=colour, interlaced=1))
        for count in (size, size - 1)
    )
    assert cv2.imdecode(np.frombuffer(whole, np.uint8), cv2.IMREAD_COLOR) is not None
    assert decode(whole).shape == (side, side, 4)
    with pytest.raises(BadImage):
        decode(short)


def test_a_picture_that_its_bytes_cannot_hold_is_refused_before_memory_is_taken():
    for options in ({}, {"progressive": True}):
        content = enlarged(encode(Image.new("RGB", (8, 8), "teal"), **options), 8000, 8000)
        assert len(content) < 1000
        with pytest.raises(BadImage, match="bytes cannot hold 8000 x 8000 pixels"):
            decode(content, memory=lambda *_: pytest.fail("memory was taken"))


ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


@pytest.mark.parametrize(("kind", "words"), [("GIF", "^a GIF, "), ("TIFF", "^a TIFF, "), ("BMP", "^a BMP, ")])
def test_another_format_is_named_whatever_the_file_is_called(kind, words):
    with pytest.raises(BadImage, match=f"{words}whatever its name ends in; allowed are whole JPEG, PNG and WebP files"):
        decode(encode(SMOOTH, kind))


def test_a_large_transparent_picture_is_laid_on_white_in_little_memory():
    content = encode(Image.new("RGBA", (4096, 4096), (255, 0, 0, 128)), "PNG", compress_level=1)
    before = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(
        resource.RLIMIT_AS, (pages * resource.getpagesize() + 20 * 4096**2, before[1])
    )  # 20 bytes a pixel
    try:
        assert decode(content)[4000, 4000].tolist() == [255, 127, 127, 255]
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def test_all_photographs_are_accepted(shared):
    refused = []
    for path in sorted((shared / "data/clothing").rglob("*.jpg")):
        try:
            decode(path.read_bytes(), reused)
        except BadImage as error:
            refused.append((path, error))
    assert refused == []
