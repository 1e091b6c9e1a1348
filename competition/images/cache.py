"""The decoded pictures of a dataset, optionally cached on disk, so that a run decodes each image only once."""

import os
import shutil
import threading
import warnings
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import simplejpeg

from competition.dataset import Dataset
from competition.errors import InvalidInput
from competition.files import whole_file, writing
from competition.images.decode import CHANNELS, BadImage, digest_of, read_file, reused
from competition.images.warp import decode_for
from competition.recipe import Recipe
from competition.threads import in_threads

GIGABYTE = 10**9
USUAL_ROOM = 8.0  # gigabytes
# What decides the pixels of a plain view. Raise the version when the project's own code changes them.
PIXELS = f"v2-opencv{cv2.__version__}-simplejpeg{simplejpeg.__version__}"
HEADER = 8  # bytes: height and width, two uint32


class Pictures:
    """The decoded images of a dataset by row, scaled down to less than twice the size of the network's input.

    `digests` are those of the image files (`digest_of`); a `cache` finds decoded pictures by them.
    """

    def __init__(
        self, dataset: Dataset, recipe: Recipe, digests: Sequence[str] = (), cache: "PictureCache | None" = None
    ):
        self.dataset, self.recipe, self.cache, self.digests = dataset, recipe, cache, digests

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, row: int) -> np.ndarray:
        """A picture (height, width, 4) uint8, valid until the same thread asks for another.

        Raises InvalidInput, with the line in the label file, if the image cannot be read.
        """
        if self.cache and (cached := self.cache.read(self.digests[row])) is not None:
            return cached
        picture = self._decode(row)
        if self.cache:
            self.cache.keep(self.digests[row], picture)
        return picture

    def keep(self) -> None:
        """Read every picture once, so that these are cached before others fill the cache."""
        if self.cache and not self.cache.full:
            deque(in_threads(self.__getitem__, range(len(self))), maxlen=0)

    def take(self, rows: np.ndarray) -> "Pictures":
        digests = [self.digests[row] for row in rows] if self.digests else ()
        return Pictures(self.dataset.take(rows), self.recipe, digests, self.cache)

    def _decode(self, row: int) -> np.ndarray:
        path = self.dataset.path(row)
        try:
            content = read_file(path)
            if self.cache and digest_of(content) != self.digests[row]:  # it would be kept under the name of another
                raise BadImage("the file has changed since it was checked; start again")
            return decode_for(content, self.recipe)
        except BadImage as error:
            raise InvalidInput(f"{self.dataset.place(row)}: {path}: {error}") from None


class PictureCache:
    """A folder of decoded pictures, one file each: height, width and RGB, named after the digest of the image file.

    There is a sub-folder for each image size, aspect and decoder. Nothing is added once `limit` bytes, or half of
    the free disk, are used, and a warning says so; nothing is ever removed. Several processes may share the folder;
    what others add while this one runs is not counted.
    """

    def __init__(self, folder: Path, recipe: Recipe, limit: int):
        self.folder = folder / f"{recipe.image_size}-{recipe.aspect}-{PIXELS}"
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        used = sum(map(_size, folder.glob("*/*")))
        self.room = min(limit - used, shutil.disk_usage(folder).free // 2)
        self.full = False
        self._lock = threading.Lock()

    def read(self, digest: str) -> np.ndarray | None:
        """The picture (height, width, 4) uint8 of an image file, or None if it is not there or incomplete.

        It is valid until the same thread asks for another.
        """
        try:
            with (self.folder / digest).open("rb") as file:
                content = reused("kept", os.fstat(file.fileno()).st_size)
                file.readinto(content)
        except OSError:  # usually not there yet; one that cannot be read is decoded again
            return None
        height, width = content[:HEADER].view(np.uint32).tolist() if len(content) > HEADER else (0, 0)
        if not height * width or len(content) != HEADER + height * width * 3:
            return None
        out = reused("decoded", height, width, CHANNELS)
        return cv2.cvtColor(content[HEADER:].reshape(height, width, 3), cv2.COLOR_RGB2RGBA, dst=out)

    def keep(self, digest: str, picture: np.ndarray) -> None:
        """Add a picture (height, width, 4) uint8 if there is room."""
        height, width = picture.shape[:2]
        size = HEADER + height * width * 3
        with self._lock:
            if size > self.room:
                return self._stop("there is no more room within --picture-cache and half of the free disk")
            self.room -= size
        content = np.empty(size, np.uint8)
        content[:HEADER].view(np.uint32)[:] = height, width
        cv2.cvtColor(picture, cv2.COLOR_RGBA2RGB, dst=content[HEADER:].reshape(height, width, 3))
        try:
            with whole_file(self.folder / digest, durable=False) as path:
                path.write_bytes(content.data)  # `tofile` would not say why it fails
        except InvalidInput as error:  # a failing cache must not end a training
            reason = getattr(error.__cause__, "strerror", None) or error
            with self._lock:
                self._stop(f"it cannot be written ({reason})")

    def _stop(self, reason: str) -> None:
        """Add nothing from now on, and warn once, with the reason."""
        self.room = 0
        if not self.full:
            self.full = True
            warnings.warn(
                f"{self.folder.parent}: {reason}; all other images are decoded in every epoch. To make room, empty it",
                stacklevel=2,
            )


def _size(file: Path) -> int:
    """Bytes of a file; 0 if another process has renamed or removed it meanwhile."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
