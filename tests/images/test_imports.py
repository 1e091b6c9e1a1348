"""What importing the package does to OpenCV and albumentations, seen in a process of its own."""

import json
import os
import subprocess
import sys

import pytest

SET_BY_THE_PACKAGE = ("OPENCV_IO_MAX_IMAGE_PIXELS", "NO_ALBUMENTATIONS_UPDATE")
IMPORT_AND_DECODE = """
import io, json, os, sys
import competition.drawing
first = {name: name in sys.modules for name in ("cv2", "competition.images.decode")}
import competition.images.batches
from competition.images.decode import BadImage, decode
from PIL import Image

content = io.BytesIO()
Image.new("1", (9000, 9000)).save(content, "PNG")
try:
    decoded = str(decode(content.getvalue()).shape)
except BadImage as error:
    decoded = str(error)
late = {"albumentations": "albumentations" in sys.modules, "no update": os.environ.get("NO_ALBUMENTATIONS_UPDATE")}
print(json.dumps({"first": first, "decoded": decoded, **late}))
"""


@pytest.fixture(scope="module")
def found() -> dict:
    """What the script above sees in an environment in which nothing is set."""
    environment = {name: value for name, value in os.environ.items() if name not in SET_BY_THE_PACKAGE}
    command = [sys.executable, "-c", IMPORT_AND_DECODE]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, timeout=60)
    return json.loads(done.stdout)


def test_the_limit_of_pixels_holds_even_if_opencv_is_imported_before_the_decoder(found):
    assert found["first"] == {"cv2": True, "competition.images.decode": False}
    assert found["decoded"].startswith("larger than 67,108,864 pixels")


def test_albumentations_is_imported_only_where_it_is_needed_and_asks_no_package_index(found):
    assert found["albumentations"] is False
    assert found["no update"] == "1"
