"""What a training works on: which seed decides what is held out, and what is said of its labels before it begins."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import make_dataset, refusal
from small_data import TINY, write_data

from competition.data.load import read_images, read_material, split
from competition.recipe import Recipe

DATASET = make_dataset({"colour": [number % 3 for number in range(200)]})


def held_out(**seeds: int) -> list[int]:
    training, held = split(DATASET, Recipe("mine", validation=0.2, **seeds))
    assert sorted([*training, *held]) == list(range(200))
    return held.tolist()


def test_the_split_has_a_seed_of_its_own():
    assert held_out(seed=1) == held_out(seed=2)
    assert held_out(split_seed=1) != held_out(split_seed=2)
    np.testing.assert_allclose([len(held_out(split_seed=seed)) for seed in range(5)], 40, atol=1)


@pytest.mark.parametrize("validation", [0.2, 0.5])
def test_data_that_hold_out_all_of_their_images_are_refused(validation):
    all_held_out = replace(DATASET, held_out=np.ones(len(DATASET), bool))
    message = refusal(split, all_held_out, Recipe("mine", validation=validation))
    assert message == "the data set holds out all of its images, so there is none to train on"


@pytest.fixture
def copied(tmp_path) -> Path:
    """A data set in which image 000, of any colour, is there 25 times more, each time as red and as dark."""
    folder = write_data(tmp_path / "data", images=12) / "base"
    labels = folder / "Annotations/label.csv"
    first, *others = [line for line in labels.read_text().splitlines() if "colour" in line]
    assert first.startswith("Images/000.jpg")
    rows = [first[:-3] + "nny", *others]
    for number in range(25):
        shutil.copy(folder / "Images/000.jpg", folder / f"Images/copy-{number}.jpg")
        rows += [f"Images/copy-{number}.jpg,{task}" for task in ("colour_labels,ynn", "shade_labels,yn")]
    labels.write_text("\n".join(rows) + "\n")
    return folder.parent


def test_contradicting_copies_are_one_warning_with_the_first_twenty(copied, tmp_path):
    with pytest.warns(UserWarning, match="contradict") as said:
        read_material(TINY, copied, False, tmp_path / "cache")
    (warning,) = said
    title, *lines = str(warning.message).splitlines()
    labels = copied / "base/Annotations/label.csv"
    assert title.startswith("25 labels contradict those of another file with the same bytes")
    first = len(labels.read_text().splitlines()) - 50 + 1
    expected = f"  {labels}:{first}: colour: Images/copy-0.jpg is red, but Images/000.jpg is blue ({labels}:1)"
    assert (lines[0], len(lines), lines[-1]) == (expected, 21, "  … and 5 more (25 in all)")


def test_copies_that_agree_are_not_mentioned(copied, tmp_path):
    labels = copied / "base/Annotations/label.csv"
    labels.write_text(labels.read_text().replace("nny", "ynn", 1))
    assert len(read_images(TINY, copied, False, tmp_path / "cache")[0]) == 8 + 25
