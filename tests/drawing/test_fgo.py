"""The drawn game characters: who is drawn how often, and that every attribute can be seen."""

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from competition.drawing.characters import Profile, picture
from competition.drawing.fgo import characters, samples
from competition.recipes.fgo import COLOURS, TASKS

SINGLE = TASKS[:-1]
SOMEONE = Profile("Shucuis", "Female", "Europe", "melee", "TN", ("red",), looks=3)


@cache
def shown(profile: Profile, *colours: str) -> np.ndarray:
    """The character in one and the same scene and pose."""
    return picture(profile, colours or profile.colours, np.random.default_rng(5)).astype(int)


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
