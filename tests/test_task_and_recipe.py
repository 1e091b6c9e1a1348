"""Tasks and recipes: what they refuse, in whose words, and that recipes survive a run folder."""

import json
import re
from dataclasses import asdict, replace

import pytest
from helpers import given_by, refusal, write

from competition.commands.train import train
from competition.errors import InvalidInput, Problem
from competition.recipe import STRONGEST, Recipe, Stage, from_json
from competition.recipes import NAMES, describe_recipe, load_recipe
from competition.recipes.write import recipe_file
from competition.run import Run
from competition.task import LONGEST_NAME, Task


@pytest.mark.parametrize(
    ("name", "classes", "found"),
    [
        ("sleeve length", ("a", "b"), "'sleeve length'"),
        ("", ("a", "b"), "''"),
        ("top/category", ("a", "b"), "'top/category'"),
        ("_top", ("a", "b"), "'_top'"),
        ("top\n", ("a", "b"), r"'top\n'"),
        ("größe?", ("a", "b"), "'größe?'"),
        ("\N{COMBINING ACUTE ACCENT}e", ("a", "b"), "a letter or digit first"),
        ("图\N{ZERO WIDTH SPACE}片", ("a", "b"), r"'图\u200b片'"),
        ("t" * 260, ("a", "b"), "which has 260 characters; files of a run are named after it, so at most 234"),
        ("图片" * 400, ("a", "b"), "characters when written in ASCII (xn--"),
        ("top", ("a", "b", "a", "c", "c"), "names a class twice: a, c"),
        ("top", ("a",), "has 1 class"),
    ],
)
def test_a_task_refuses_names_and_classes_that_cannot_serve(name, classes, found):
    assert found in refusal(Task, name, classes)


@pytest.mark.parametrize("name", ["图片", "couleur_é", "größe", "цвет-2", "رنگ", "रंग", "สี.1", "7색"])
def test_a_task_may_be_named_in_any_script(name):
    task = Task(name, ("a", "b"))
    assert task.name == name
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", task.ascii_name)
    # As the name of a website is read, except that those are lower case and without '_'.
    assert task.ascii_name.removeprefix("xn--").encode().decode("punycode") == name


def test_an_ascii_name_is_that_of_layers_and_files_so_earlier_runs_are_read():
    assert Task("Sleeve_length-2.x", ("a", "b")).ascii_name == "Sleeve_length-2.x"


def test_one_name_written_in_two_ways_is_one_task():
    composed, in_two_parts = "couleur_\N{LATIN SMALL LETTER E WITH ACUTE}", "couleur_e\N{COMBINING ACUTE ACCENT}"
    assert Task(in_two_parts, ("a", "b")) == Task(composed, ("a", "b"))
    assert "appears twice" in refusal(Recipe, "mine", (Task(composed, ("a", "b")), Task(in_two_parts, ("c", "d"))))


def test_no_task_has_the_ascii_name_of_another():
    assert "appears twice" in refusal(Recipe, "mine", (Task("图片", ("a", "b")), Task("xn--wcsw84d", ("a", "b"))))


def test_a_recipe_with_names_in_any_script_survives_its_file_and_a_run(tmp_path):
    tasks = (Task("图片", ("红", "绿 '\"")), Task("couleur_é", ("été", "ß", "रंग"), "multilabel"))
    recipe = Recipe("mine", tasks)
    assert load_recipe(str(write(tmp_path / "mine.py", recipe_file(recipe, "图片\n")))) == recipe
    Run(tmp_path).write_recipe(recipe, {})
    assert Run(tmp_path).read_recipe() == recipe


def longest_task(letter: str) -> Task:
    for count in range(LONGEST_NAME, 0, -1):
        try:
            return Task(f"a.{letter * count}", ("a", "b"))
        except InvalidInput:
            continue
    raise AssertionError(f"no name with {letter} is allowed")


@pytest.mark.parametrize("letter", ["t", "图", "é"])
def test_files_can_be_named_after_the_longest_name_of_a_task(letter, tmp_path):
    name = longest_task(letter).ascii_name
    assert len(name) > LONGEST_NAME - 4
    Run(tmp_path).write_text(f"confusion/{name}.csv", "")
    assert (tmp_path / f"confusion/{name}.csv").is_file()


def test_a_task_has_as_many_outputs_as_classes():
    assert len(Task("pant_length", ("Invisible", "Short Pant", "Mid"))) == 3
    assert len(Task("worn", ("hat",), "multilabel")) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"epochs": (1, 4)}, ["2 epochs, 1 learning_rate, 1 trains", "--epochs 1 4"]),
        ({"epochs": (), "learning_rate": (), "trains": ()}, ["0 epochs"]),
        ({"epochs": (0,)}, ["epochs are (0,)", "at least 1"]),
        ({"learning_rate": (0.0,)}, ["learning rates are (0.0,)", "above 0"]),
        ({"maybe": 0.5}, ["maybe is 0.5"]),
        ({"validation": 1.0}, ["validation is 1.0"]),
        ({"validation": -0.1}, ["validation is -0.1"]),
        ({"dropout": 1.0}, ["dropout is 1.0"]),
        ({"ema": 1.0}, ["ema is 1.0"]),
        ({"mixup": -0.1}, ["mixup is -0.1"]),
        ({"class_weights": "inverse"}, ["class_weights is 'inverse'", "none, balanced"]),
        ({"cutmix": 1.0, "trains": ("heads",)}, ["mix images", "cached features"]),
        ({"dropout": float("nan")}, ["dropout is nan"]),
        ({"label_smoothing": -0.1}, ["label_smoothing is -0.1"]),
        ({"zoom": (1.2, 0.8)}, ["zoom is (1.2, 0.8)", "smaller magnification first"]),
        ({"zoom": (0.0, 1.0)}, ["zoom is (0.0, 1.0)"]),
        ({"image_size": 3}, ["image_size is 3", "8"]),
        ({"batch_size": 0}, ["batch_size is 0"]),
        ({"accumulate": 0}, ["accumulate is 0"]),
        ({"halve_every": 0}, ["halve_every is 0"]),
        ({"seed": -1}, ["seed is -1"]),
        ({"warmup_steps": -1}, ["warmup_steps is -1"]),
        ({"rotation": -5.0}, ["rotation is -5.0"]),
        ({"shift": -0.1}, ["shift is -0.1"]),
        ({"transforms": (("blur", 1.0), ("hue", 0.6))}, ["transforms: hue is 0.6", "above 0, up to 0.5"]),
        ({"transforms": (("blur", 0.0),)}, ["transforms: blur is 0.0", "above 0, up to 10"]),
        ({"transforms": (("blur", float("nan")),)}, ["transforms: blur is nan", "above 0, up to 10"]),
        ({"transforms": (("sepia", 0.5),)}, ["no transform 'sepia'", *STRONGEST]),
        ({"transforms": (("blur", 1.0), ("grey", 0.1), ("blur", 2.0))}, ["transforms name blur more than once"]),
        ({"transforms": ("blur", 1.0)}, ["('blur', 1.0)", "pairs of a name and a strength"]),
        ({"weight_decay": -1.0}, ["weight_decay is -1.0"]),
        ({"amsgrad": True, "optimizer": "sgd"}, ["amsgrad", "sgd"]),
        ({"warmup_steps": 10}, ["warmup_steps is 10", "constant", "--schedule cosine"]),
        ({"tasks": (Task("top", ("a", "b")), Task("top", ("c", "d")))}, ["a task appears twice", "top"]),
    ],
)
def test_a_recipe_refuses_contradictions_in_the_users_words(changes, words):
    message = refusal(lambda: Recipe("mine", **changes))
    assert [word for word in words if word not in message] == []


def test_the_stages_are_the_columns_of_the_parallel_tuples():
    recipe = Recipe("mine", epochs=(2, 3), learning_rate=(1e-3, 1e-4), trains=("heads", "all"))
    assert recipe.stages == (Stage(2, 1e-3, "heads"), Stage(3, 1e-4, "all"))


@pytest.mark.parametrize(
    ("weights", "batch_norm", "trained"),
    [
        ("none", "auto", True),
        ("imagenet", "auto", False),
        ("file.h5", "auto", False),
        ("imagenet", "train", True),
        ("none", "inference", False),
    ],
)
def test_batch_normalisation_trains_by_itself_only_from_scratch(weights, batch_norm, trained):
    assert Recipe("mine", weights=weights, batch_norm=batch_norm).trains_batch_norm is trained


def test_every_recipe_that_is_listed_loads_under_its_own_name_and_says_what_it_is_for():
    for name in NAMES:
        assert load_recipe(name).name == name
        assert len(describe_recipe(name)) > 20


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_comes_back_equal_from_json(name):
    recipe = replace(load_recipe(name), tasks=(Task("top", ("a", "b")), Task("worn", ("hat",), "multilabel")))
    restored = from_json(json.loads(json.dumps(asdict(recipe))))
    assert restored == recipe
    assert hash(restored) == hash(recipe)  # tuples all the way down, no lists


@pytest.mark.parametrize(
    ("flags", "transforms"),
    [
        ([], load_recipe("clothing").transforms),
        (["--transforms", "erase", "0.2", "blur", "1"], (("erase", 0.2), ("blur", 1.0))),
        (["--transforms", "--smoke"], ()),
    ],
    ids=["none given", "two given", "emptied"],
)
def test_transforms_are_a_flag_of_names_and_strengths(flags, transforms):
    assert given_by(train, "clothing", *flags)["recipe"].transforms == transforms


def test_fields_that_an_earlier_version_did_not_know_have_their_defaults():
    values = asdict(Recipe("mine", epochs=(4,), seed=3))
    del values["dropout"], values["zoom"]
    assert from_json(values) == Recipe("mine", epochs=(4,), seed=3)


def test_the_seed_of_an_earlier_version_drew_its_split_too():
    values = asdict(Recipe("mine", seed=7))
    del values["split_seed"]
    assert from_json(values) == Recipe("mine", seed=7, split_seed=7)


def test_names_of_version_0_1_0_are_understood():
    values = asdict(Recipe("mine", monitor="loss", task_updates="alternate", aspect_jitter=0.1, schedule="step_decay"))
    for new, old in (("monitor", "keep"), ("task_updates", "turns"), ("aspect_jitter", "stretch")):
        values[old] = values.pop(new)
    values["schedule"] = "halved"
    recipe = from_json(values)
    assert (recipe.monitor, recipe.task_updates, recipe.aspect_jitter) == ("loss", "alternate", 0.1)
    assert recipe.schedule == "step_decay"


@pytest.mark.parametrize("unknown", [["drop_path"], ["a", "drop_path"]])
def test_a_recipe_with_fields_of_another_version_is_refused(unknown):
    assert f"unknown here: {unknown}" in refusal(from_json, asdict(Recipe("mine")) | dict.fromkeys(unknown, 0.1))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"image_size": "abc"}, "image_size is 'abc'; allowed is a whole number"),
        ({"image_size": 96.5}, "image_size is 96.5; allowed is a whole number"),
        ({"epochs": 3}, "epochs is 3; allowed is a list of values"),
        ({"zoom": None}, "zoom is None; allowed is a list of values"),
        ({"dropout": "much"}, "dropout is 'much'; allowed is a number"),
        ({"tasks": ["colour"]}, "a value of the wrong type"),
        ({"epochs": ["many"]}, "a value of the wrong type"),
    ],
)
def test_a_value_of_another_kind_is_refused_in_words(wrong, words):
    assert words in refusal(from_json, asdict(Recipe("mine")) | wrong)


def test_an_unknown_recipe_lists_the_choices_and_the_nearest_one():
    message = refusal(load_recipe, "sketch")
    assert all(name in message for name in NAMES)
    assert message.endswith("perhaps you meant sketches")


def test_a_recipe_of_ones_own_is_a_python_file(tmp_path):
    source = 'from competition.recipe import Recipe\nRECIPE = Recipe(name="mine", image_size=64)\n'
    assert load_recipe(str(write(tmp_path / "mine.py", source))) == Recipe("mine", image_size=64)


@pytest.mark.parametrize("source", ["", "RECIPE = {'name': 'mine'}\n"])
def test_a_file_without_a_recipe_is_refused(tmp_path, source):
    assert "defines no RECIPE" in refusal(load_recipe, str(write(tmp_path / "mine.py", source)))


@pytest.mark.parametrize("source", ["RECIPE = Recipe(", "import no_such_module", "RECIPE = Recipe('mine')"])
def test_a_recipe_file_that_python_cannot_run_is_named_with_the_line(tmp_path, source):
    file = write(tmp_path / "mine.py", f"{source}\n")
    assert f"{file}:1: " in refusal(load_recipe, str(file))


def test_a_recipe_file_that_is_not_there_is_named(tmp_path):
    path = str(tmp_path / "mine.py")
    assert refusal(load_recipe, path) == f"{path}: there is no such recipe file"


def test_of_many_problems_the_first_twenty_are_shown_and_all_are_counted(tmp_path):
    problems = [Problem(tmp_path, line, "wrong") for line in range(1, 24)]
    lines = str(InvalidInput("Bad file:", problems)).splitlines()
    assert lines[0] == "Bad file:"
    assert lines[1:21] == [f"  {tmp_path}:{line}: wrong" for line in range(1, 21)]
    assert lines[21:] == ["  … and 3 more (23 in all)"]
    assert len(str(InvalidInput("Bad file:", problems[:20])).splitlines()) == 21
