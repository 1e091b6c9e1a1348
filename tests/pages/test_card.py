"""The model card: limits that a reader must know of, and licences as far as they are known."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from helpers import letter_codes, write
from predicted import predicted

from competition.pages import card
from competition.pages.review import RARE, ClassCount
from competition.pages.scores import class_scores
from competition.pages.subject import Judged
from competition.recipe import Backbone, Recipe
from competition.recipes import load_recipe

SCRATCH = {"small", "convnet", "resnet", "vgg16_plain", "vgg16_bn"}


def limits_of(rows: list[tuple[str, int]], learned: list[int]) -> list[str]:
    """The limits for 20 images a row: the letters of the truth, and the class that is always answered."""
    codes = letter_codes(*(letters for letters, _ in rows for _ in range(20)))
    answers = np.repeat([answer for _, answer in rows], 20)
    predictions = predicted({"size": 0.1 + 0.7 * (answers[:, None] == np.arange(3))}, {"size": codes})
    scores = class_scores(predictions)
    counts = [ClassCount(one.task, one.name, count, one) for one, count in zip(scores, learned, strict=True)]
    return [*card.limits(Judged.of(predictions), counts, scores)]


def test_what_is_answered_well_has_no_limits():
    assert limits_of([("ynn", 0), ("nyn", 1), ("nny", 2)], [RARE, RARE, 500]) == []


def test_a_task_and_classes_that_are_hardly_better_than_chance_are_named():
    found = limits_of([("ynn", 0), ("nyn", 0), ("nny", 0)], [100, 100, 100])
    assert [line.split(":")[0] for line in found] == ["size"] * 3
    assert "accuracy of 33.3\u00a0% does not clearly exceed" in found[0]
    assert "b is found in 0.0\u00a0% of 20 images" in found[1]
    assert "c is found in 0.0\u00a0% of 20 images" in found[2]


def test_classes_that_were_never_seen_or_judged_and_rare_ones_are_named():
    found = limits_of([("ynn", 0), ("nyn", 1)], [0, 3, 100])
    assert found == [
        "size: a was never seen in training; the network cannot know it.",
        "size: c was never judged, because no image that was held out has it.",
        "Few images to learn from: size: b (3).",
    ]


def test_counts_that_are_not_known_are_said_to_be():
    (found,) = limits_of([("ynn", 0), ("nyn", 1), ("nny", 2)], [-1, -1, -1])
    assert found == "How many images of each class were trained on is not known; some classes may have few or none."


def test_without_held_out_images_nothing_is_known():
    assert [*card.limits(None, [], [])] == ["No image was held out, so nothing is known of its quality."]


@pytest.mark.parametrize("backbone", sorted(set(get_args(Backbone)) - SCRATCH))
def test_every_backbone_with_public_weights_has_a_licence(backbone):
    text = card.weights_and_licence(Recipe("mine", backbone=backbone))
    assert "licence: " in text
    assert card.NOT_RECORDED not in text


def test_weights_of_ones_own_have_none_that_is_recorded():
    own = card.weights_and_licence(Recipe("mine", backbone="vgg16", weights="/home/me/best.h5"))
    assert own == "the file best.h5; licence: not recorded"
    assert "random" in card.weights_and_licence(Recipe("mine", backbone="small", weights="none"))


def test_the_licence_of_the_data_is_read_where_one_lies(tmp_path):
    assert card.licence_of_data(tmp_path) == "not recorded: no file LICENSE lies with it"
    write(tmp_path / "LICENSE", ["# MIT License", "", "Copyright (c) 2018 somebody", "Permission"])
    told = "MIT License; Copyright (c) 2018 somebody (its file LICENSE)"
    assert card.licence_of_data(tmp_path) == card.licence_of_data(tmp_path / "labels.csv") == told
    assert card.licence_of_data(Path("gone/data")).startswith("not recorded")


def test_a_recipe_is_shown_as_what_differs_from_its_base():
    recipe = replace(load_recipe("clothing"), dropout=0.5, transforms=(("blur", 1.0),))
    assert card.base_of(recipe)[0] == "the recipe clothing"
    assert card.changes(recipe) == [
        ("transforms", "blur 1", "brightness 0.08 contrast 0.25"),
        ("dropout", "0.5", "0.3"),
    ]
    assert card.base_of(Recipe("mine"))[0] == "the defaults of all recipes"
    assert card.changes(Recipe("mine", epochs=(3,))) == [("epochs", "3", "1")]
