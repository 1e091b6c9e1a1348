"""Near-duplicates: images that look alike by a perceptual hash.

Images of one plain colour have the same hash whatever the colour, so they are all in one group.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import imagehash
import numpy as np
import pandas as pd
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from competition.errors import InvalidInput
from competition.files import CACHE, JsonCache
from competition.images.decode import BadImage, decode, read_file, reused
from competition.threads import in_threads

HASH = re.compile("[0-9a-f]{16}")
# Of 3,781 photographs of clothes, 1 pair is at distance 0, one photograph in two files, and 4 pairs at 4, like garments
# in the same place or posture. Up to 10 there are 793 pairs, and one group has 130 images. (The distance of two hashes
# is even, because half of the bits of each are set.)
DISTANCE, MAX_DISTANCE = 4, 16


def check_distance(distance: int) -> None:
    """Raises InvalidInput for a distance that is negative, or at which almost all images would be near."""
    if not 0 <= distance <= MAX_DISTANCE:
        raise InvalidInput(
            f"a distance of {distance} bits; allowed are 0, for equal hashes, to {MAX_DISTANCE}, where most are near"
        )


def perceptual_hashes(paths: Sequence[Path], digests: Sequence[str], cache: Path = CACHE) -> np.ndarray:
    """The hash of each image, (n,) uint64: which low frequencies of its brightness are above their median.

    imagehash.phash of the image as `decode` gives it, so that it does not matter whether an image is rotated in its
    pixels or by its EXIF tag. Kept by digest in `cache`/hashes.json. Raises InvalidInput for an unreadable image.
    """
    known = JsonCache(cache / "hashes.json", lambda value: isinstance(value, str) and HASH.fullmatch(value))
    missing = {digest: path for digest, path in zip(digests, paths, strict=True) if digest not in known}
    try:
        for digest, value in zip(missing, in_threads(_hash, [*missing.values()], "hashing images"), strict=True):
            known[digest] = value
    finally:  # what was hashed before a Ctrl-C need not be hashed again
        known.write()
    return np.array([int(known[digest], 16) for digest in digests], np.uint64)


def near_pairs(hashes: np.ndarray, distance: int = DISTANCE) -> np.ndarray:
    """Every two places of `hashes` (n,) uint64 that differ in at most `distance` bits, (pairs, 2) int, first < second.

    If the bits are divided into distance + 1 bands, two such hashes agree in at least one. So the hashes are sorted by
    each band in turn, and each is compared with the next, the one after that and so on while the band is the same. This
    takes memory for n hashes only, however many share a band. Equal hashes make many pairs; pass each hash once.
    """
    found = [np.empty(0, int)]  # first * n + second
    for bits in range(distance + 1):
        # every (distance + 1)-th bit, because neighbours among the frequencies are often alike
        band = hashes & np.uint64(sum(1 << bit for bit in range(bits, 64, distance + 1)))
        order = np.argsort(band, kind="stable")
        band, sorted_hashes = band[order], hashes[order]
        alive, step = np.arange(len(hashes)), 0
        while len(alive):
            step += 1
            alive = alive[alive + step < len(hashes)]
            alive = alive[band[alive] == band[alive + step]]
            near = alive[np.bitwise_count(sorted_hashes[alive] ^ sorted_hashes[alive + step]) <= distance]
            one, other = order[near], order[near + step]
            found.append(np.minimum(one, other) * len(hashes) + np.maximum(one, other))
    return np.stack(np.divmod(np.unique(np.concatenate(found)), max(len(hashes), 1)), axis=1)


def near_rows(hashes: np.ndarray, others: np.ndarray, distance: int = DISTANCE) -> np.ndarray:
    """The rows of `hashes` (n,) uint64 that equal or are near one of `others` (m,) uint64, ascending, (rows,) int."""
    unique, code = np.unique(np.concatenate([hashes, others]), return_inverse=True)
    known = np.zeros(len(unique), bool)
    known[code[len(hashes) :]] = True
    one, other = near_pairs(unique, distance).T
    near = known.copy()
    np.logical_or.at(near, one, known[other])
    np.logical_or.at(near, other, known[one])
    return np.flatnonzero(near[code[: len(hashes)]])


def duplicate_groups(hashes: np.ndarray, distance: int = DISTANCE) -> np.ndarray:
    """A number for each image, (n,) int from 0, equal for those that near pairs connect, directly or through others.

    Files with the same bytes have the same hash, so they need no check of their own.
    """
    unique, which = np.unique(hashes, return_inverse=True)
    first, second = near_pairs(unique, distance).T
    graph = coo_array((np.ones(len(first), bool), (first, second)), shape=(len(unique), len(unique)))
    return pd.factorize(connected_components(graph, directed=False)[1][which])[0]


def _hash(path: Path) -> str:
    try:
        picture = decode(read_file(path), reused)
    except BadImage as error:
        raise InvalidInput(f"{path}: {error}, though it was good a moment ago; run the command again") from None
    return str(imagehash.phash(Image.fromarray(picture)))
