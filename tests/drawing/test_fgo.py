"""The drawn game characters: every attribute can be seen, files repeat, and nothing half drawn is left."""

import csv
import hashlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from competition.drawing.characters import Profile, picture
from competition.drawing.fgo import characters, draw, samples
from competition.errors import InvalidInput
from competition.recipes.fgo import COLOURS, TASKS

SINGLE = TASKS[:-1]
SOMEONE = Profile("Shucuis", "Female", "Europe", "melee", "TN", ("red",), looks=3)
FILES = {"profiles.csv", "colors.csv", "questions.csv", "answers.csv"}


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def digests(folder: Path) -> dict[str, str]:
    """A hash of every file below a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def shown(profile: Profile, *colours: str) -> np.ndarray:
    """The character in one and the same scene and pose."""
    return picture(profile, colours or profile.colours, np.random.default_rng(5)).astype(int)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("drawing") / "drawn"
    draw(folder, images=60, seed=3, progress=False, threads=1)
    return folder


def test_every_picture_is_named_once_and_lies_among_the_images(drawn):
    labelled, asked = ([row["image_name"] for row in table(drawn / name)] for name in ("colors.csv", "questions.csv"))
    assert (len(labelled), len(asked)) == (60, 15)
    assert set(digests(drawn)) == FILES | {f"images/{name}" for name in labelled + asked}
    assert list(drawn.parent.iterdir()) == [drawn]
    for path in (drawn / "images").iterdir():
        assert cv2.imread(str(path), cv2.IMREAD_UNCHANGED).shape == (256, 256, 3)


def test_answers_say_of_each_question_what_the_profile_says(drawn):
    profiles = {row["name"]: row for row in table(drawn / "profiles.csv")}
    answers = table(drawn / "answers.csv")
    assert [row["image_name"] for row in answers] == [row["image_name"] for row in table(drawn / "questions.csv")]
    for row in answers:
        for task in SINGLE:
            true = [value for value in task.classes if row[f"{task.name}_{value}"] == "1"]
            assert true == [profiles[row["name"]][task.name]]


def test_equal_seeds_give_equal_bytes_for_any_number_of_threads_and_another_seed_other_ones(drawn, tmp_path):
    draw(tmp_path / "again", images=60, seed=3, progress=False, threads=3)
    assert digests(tmp_path / "again") == digests(drawn)
    draw(tmp_path / "other", images=40, seed=4, progress=False)
    assert not set(digests(tmp_path / "other").values()) & set(digests(drawn).values())


def test_forty_characters_share_the_values_of_each_task_about_equally():
    cast = characters(0)
    assert len({one.name for one in cast}) == 40
    for task in SINGLE:
        counts = Counter(getattr(one, task.name) for one in cast)
        assert set(counts) == set(task.classes)
        assert max(counts.values()) - min(counts.values()) <= 1


def test_every_character_is_drawn_about_equally_often_and_mostly_in_its_own_colours():
    drawn = samples(characters(1), 400, (1, 1))
    assert set(Counter(sample.profile.name for sample in drawn).values()) == {10}
    assert 0.65 < np.mean([sample.colours == sample.profile.colours for sample in drawn]) < 0.85
    assert set().union(*(sample.colours for sample in drawn)) == set(COLOURS)


@pytest.mark.parametrize("task", SINGLE, ids=lambda task: task.name)
def test_any_two_values_of_a_task_in_the_same_scene_can_be_told_apart(task):
    pictures = [shown(replace(SOMEONE, **{task.name: value})) for value in task.classes]
    for number, first in enumerate(pictures):
        for second in pictures[:number]:
            assert (np.abs(first - second).max(axis=2) > 30).mean() > 0.02


@pytest.mark.parametrize("colour", COLOURS)
def test_each_colour_covers_a_part_of_the_picture_also_among_four(colour):
    others = [other for other in COLOURS if other != colour]
    for number in range(4):
        four = [*others[:number], colour, *others[number:3]]
        without = [*others[:number], "green" if colour == "red" else "red", *others[number:3]]
        assert (np.abs(shown(SOMEONE, *four) - shown(SOMEONE, *without)).max(axis=2) > 30).mean() > 0.015


def test_good_and_evil_and_law_and_chaos_are_seen_on_their_own():
    """The two axes do not hide one another: each pair of alignments that share one differ by the other."""
    frame = [
        np.abs(shown(replace(SOMEONE, alignment=f"L{side}")) - shown(replace(SOMEONE, alignment=f"N{side}")))
        for side in "GE"
    ]
    assert all(difference[:20].mean() > 10 * difference[60:200, 60:200].mean() + 8 for difference in frame)
    sky = [np.median(shown(replace(SOMEONE, alignment=f"C{side}"))[:60]) for side in "GNE"]
    assert sky[0] > sky[1] + 20 > sky[2] + 50


def test_what_cannot_be_drawn_is_refused_and_nothing_is_left(tmp_path):
    with pytest.raises(InvalidInput, match="39 images cannot show all 40 characters: draw 40 or more"):
        draw(tmp_path / "few", images=39, progress=False)
    with pytest.raises(InvalidInput, match="the seed is -1"):
        draw(tmp_path / "negative", seed=-1, progress=False)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken/mine.txt").write_text("kept")
    with pytest.raises(InvalidInput, match="not an empty folder"):
        draw(tmp_path / "taken", progress=False)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["mine.txt", "taken"]


def test_nothing_is_left_where_drawing_fails(tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("out of paint")

    monkeypatch.setattr("competition.drawing.fgo.picture", fail)
    with pytest.raises(RuntimeError, match="out of paint"):
        draw(tmp_path / "half", images=40, progress=False)
    assert not list(tmp_path.iterdir())
