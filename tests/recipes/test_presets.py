"""Presets: what they change of any recipe, what they leave, and that flags beside them win."""

import pytest
from helpers import given_by

from competition.__main__ import main
from competition.commands.train import train
from competition.recipe import differences
from competition.recipes import NAMES, load_recipe
from competition.recipes.presets import PRESETS


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_changes_only_epochs_pixels_and_averages(name):
    recipe = load_recipe(name)
    fast, best = PRESETS["fast"](recipe), PRESETS["best"](recipe)
    assert PRESETS["usual"](recipe) == recipe
    assert differences(recipe, fast).keys() <= {"epochs", "image_size", "halve_every"}
    assert differences(recipe, best).keys() <= {"epochs", "image_size", "ema", "halve_every"}
    assert fast.image_size <= recipe.image_size <= best.image_size
    for stage, less, more in zip(recipe.stages, fast.stages, best.stages, strict=True):
        assert (less.trains, more.trains) == (stage.trains, stage.trains)
        wanted = (stage.epochs, stage.epochs) if stage.trains == "heads" else (None, 2 * stage.epochs)
        assert wanted in {(less.epochs, more.epochs), (None, more.epochs)}
        assert 1 <= less.epochs <= stage.epochs


def test_the_values_of_a_recipe_from_weights_and_of_one_from_scratch():
    for name, preset, epochs, size in (
        ("clothing", "fast", (20, 1), 192),
        ("clothing", "best", (20, 8), 320),
        ("sketches", "fast", (6,), 96),
        ("sketches", "best", (24,), 96),
        ("fashionai", "fast", (1, 1, 1), 192),
    ):
        recipe = PRESETS[preset](load_recipe(name))
        assert (recipe.epochs, recipe.image_size) == (epochs, size), (name, preset)
    assert PRESETS["best"](load_recipe("fashionai")).ema == 0.98
    assert PRESETS["best"](load_recipe("painters")).ema == 0  # its statistics of batch normalisation are trained


def test_a_preset_is_printed_and_flags_beside_it_win(capsys):
    given = given_by(train, "clothing", "--epochs", "20", "3", "--preset", "fast", "--seed", "7")["recipe"]
    assert (given.epochs, given.image_size, given.seed) == ((20, 3), 192, 7)
    printed = capsys.readouterr().out
    assert printed == "preset fast: image_size 192 (was 260), epochs 20 1 (was 20 4, but the flag says 20 3)\n"
    assert given_by(train, "clothing", "--preset=usual")["recipe"] == load_recipe("clothing")
    assert capsys.readouterr().out == "preset usual: the recipe as it stands\n"
    assert given_by(train, "clothing")["recipe"] == load_recipe("clothing")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("words", [["--preset", "faster"], ["--preset"], ["--pre", "fast"]])
def test_another_word_is_refused_with_the_choices(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["train", "clothing", *words])
    assert stopped.value.code == 2
    assert "preset" in capsys.readouterr().err
