"""Leaks: every image that stands twice is found, and what is written and drawn says so."""

import csv
from dataclasses import replace

import cv2
import numpy as np
import pytest
from helpers import make_dataset, write

from competition.data.leakage import (
    Images,
    Leak,
    between,
    draw_leaks,
    find_leaks,
    images_of,
    leaked_questions,
    write_leaks,
)
from competition.dataset import one_row_an_image

A, NEAR_A, B = 0, 0b1111, 2**64 - 1  # hashes


def images(tmp_path, *given: tuple[str, str, int]) -> Images:
    """Images by folder, digest and hash; those of rank are asked. Their pictures are plain."""
    folders, source = np.unique([folder for folder, *_ in given], return_inverse=True)
    names = [f"{row}.png" for row in range(len(given))]
    for row, (folder, *_) in enumerate(given):
        picture = np.full((20, 30, 3), 3 * row % 256, np.uint8)
        write(tmp_path / folder / names[row], cv2.imencode(".png", picture)[1].tobytes())
    dataset = replace(
        one_row_an_image((), tmp_path, tmp_path, names, {}, line=range(len(given))),
        sources=tuple(tmp_path / f"{folder}.csv" for folder in folders),
        roots=tuple(tmp_path / folder for folder in folders),
        source_of=source,
    )
    return Images(
        dataset,
        asked=folders[source] == "rank",
        digest=np.array([digest for _, digest, _ in given], object),
        hash=np.array([value for *_, value in given], np.uint64),
    )


def pair_of(first: int, second: int) -> Leak:
    return Leak(exact=True, distance=0, first=first, second=second)


def test_pairs_are_listed_with_questions_first_and_then_the_most_alike(tmp_path):
    found = images(
        tmp_path,
        ("base", "one", A),
        ("base", "two", NEAR_A),
        ("base", "three", B),
        ("base", "three", B),
        ("rank", "one", A),
        ("rank", "four", 0b10101 << 20),
    )
    assert find_leaks(found, 4) == [
        Leak(exact=True, distance=0, first=0, second=4),
        Leak(exact=False, distance=3, first=0, second=5),
        Leak(exact=False, distance=4, first=1, second=4),
        Leak(exact=True, distance=0, first=2, second=3),
        Leak(exact=False, distance=3, first=4, second=5),
        Leak(exact=False, distance=4, first=0, second=1),
    ]
    assert list(leaked_questions(found, 4)) == [4, 5]
    assert list(leaked_questions(found, 2)) == [4]


def random_images(tmp_path, seed: int) -> Images:
    rng = np.random.default_rng(seed)
    values = [int(value) for value in rng.integers(2**63, size=12)]
    given = []
    for _ in range(60):
        value = values[rng.integers(len(values))]
        for bit in rng.integers(64, size=rng.integers(4)):
            value ^= 1 << int(bit)
        given.append((str(rng.choice(["base", "more", "rank"])), f"{value} {rng.integers(2)}", value))
    return images(tmp_path, *given)


@pytest.mark.parametrize("seed", range(5))
def test_every_pair_is_true_and_every_image_with_a_partner_is_in_one(tmp_path, seed):
    found = random_images(tmp_path, seed)
    values = [int(value) for value in found.hash]
    truth = {
        (a, b): (values[a] ^ values[b]).bit_count()
        for a in range(len(values))
        for b in range(a + 1, len(values))
        if (values[a] ^ values[b]).bit_count() <= 4
    }
    leaks = find_leaks(found, 4)
    assert len({(leak.first, leak.second) for leak in leaks}) == len(leaks)
    assert all(truth.get((leak.first, leak.second)) == leak.distance for leak in leaks)
    assert all(leak.exact == (found.digest[leak.first] == found.digest[leak.second]) for leak in leaks)
    assert {row for leak in leaks for row in (leak.first, leak.second)} == {row for pair in truth for row in pair}
    same = {row for pair in truth if found.digest[pair[0]] == found.digest[pair[1]] for row in pair}
    assert {row for leak in leaks if leak.exact for row in (leak.first, leak.second)} == same
    assert {between(found, leak) for leak in leaks} == {between(found, pair_of(a, b)) for a, b in truth}
    crossing = {b if found.asked[b] else a for a, b in truth if found.asked[a] != found.asked[b]}
    assert list(leaked_questions(found, 4)) == sorted(crossing)


def test_copies_make_a_pair_each_and_not_one_with_each_other(tmp_path):
    found = images(tmp_path, *[("base", "same", A)] * 30, *[("base", f"{n}", B) for n in range(30)])
    assert [(leak.first, leak.second) for leak in find_leaks(found)] == [
        *((0, row) for row in range(1, 30)),
        *((30, row) for row in range(31, 60)),
    ]


def test_the_same_file_is_found_behind_another_that_only_looks_like_it(tmp_path):
    given = [("base", "one", A), ("base", "two", A), ("rank", "three", A), ("rank", "two", A)]
    assert Leak(exact=True, distance=0, first=1, second=3) in find_leaks(images(tmp_path, *given))


def test_images_without_a_partner_make_no_pair(tmp_path):
    found = images(tmp_path, ("base", "one", A), ("rank", "two", B))
    assert find_leaks(found) == []
    assert list(leaked_questions(found)) == []
    draw_leaks(tmp_path / "leaks.png", found, [])
    assert cv2.imread(str(tmp_path / "leaks.png")) is not None


def test_images_of_several_files_stand_one_after_the_other(tmp_path):
    labelled, asked = make_dataset({"a": [0, 1, 0]}), make_dataset({"a": [0, 1]})
    asked = replace(asked, sources=(tmp_path / "rank/Tests/question.csv",), roots=(tmp_path / "rank",))
    found = images_of(labelled, [asked], [["x", "y", "z"], ["p", "q"]], np.arange(5))
    assert list(found.dataset.ids) == ["base/0.png", "base/1.png", "base/2.png", "rank/0.png", "rank/1.png"]
    places = [found.dataset.place(row) for row in (2, 3)]
    assert places == ["base/Annotations/label.csv:3", f"{tmp_path}/rank/Tests/question.csv:1"]
    assert list(found.asked) == [False] * 3 + [True] * 2
    assert list(found.dataset.source_of) == [0, 0, 0, 1, 1]
    assert "".join(found.digest) == "xyzpq"
    assert found.dataset.path(3) == tmp_path / "rank/0.png"
    assert between(found, pair_of(0, 3)) == "base and rank"
    assert between(found, pair_of(0, 1)) == "base"


def test_the_table_names_both_images_and_their_places(tmp_path):
    found = images(tmp_path, ("base", "one", A), ("base", "two", NEAR_A), ("rank", "one", A))
    write_leaks(tmp_path / "leaks.csv", found, find_leaks(found))
    with (tmp_path / "leaks.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["kind", "distance", "image", "place", "other_image", "other_place", "between"]
    base, rank = tmp_path / "base.csv", tmp_path / "rank.csv"
    assert rows[1:] == [
        ["exact", "0", "base/0.png", f"{base}:0", "rank/2.png", f"{rank}:2", "base and rank"],
        ["near", "4", "base/1.png", f"{base}:1", "rank/2.png", f"{rank}:2", "base and rank"],
        ["near", "4", "base/0.png", f"{base}:0", "base/1.png", f"{base}:1", "base"],
    ]


def test_the_picture_shows_the_first_sixty_pairs(tmp_path):
    heights = []
    for pairs in (1, 5, 70):  # four in a row
        found = images(tmp_path, *[("base", "same", A)] * (pairs + 1))
        draw_leaks(tmp_path / "leaks.png", found, find_leaks(found))
        heights.append(len(cv2.imread(str(tmp_path / "leaks.png"))))
    one_row, two_rows, sixty_pairs = heights
    assert two_rows - one_row > 190
    assert sixty_pairs == one_row + 14 * (two_rows - one_row)
