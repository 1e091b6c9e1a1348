"""Spoilt labels, questions, answers, folds and recipes: each is read, or refused with the name of the file."""

import ast
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from formats import JPEG
from helpers import write
from hostile import WORDS, folder, read_or_refused, seeds, spoilt
from hypothesis import example, given
from hypothesis import strategies as st
from layouts.test_contract import CASES

from competition.data.folds import read_folds
from competition.dataset import Dataset
from competition.errors import InvalidInput
from competition.images.decode import BadImage, read_file
from competition.layouts.classes import read_classes
from competition.layouts.fashionai_submission import check_submission
from competition.layouts.registry import LAYOUTS
from competition.recipe import Recipe
from competition.recipes import load_recipe
from competition.recipes.write import recipe_file
from competition.run import CROSS_VALIDATION, SCORES, Run
from competition.task import Task

TEXTS = [
    (layout, part, name)
    for layout, case in CASES.items()
    for part in ("labels", "questions")
    for name, lines in getattr(case, part).items()
    if isinstance(lines, list)
]
FOLDS = b'image,group,fold\na/x.jpg,0,0\na/y.jpg,0,0\na/z.jpg,1,1\na/"q,r".jpg,2,test\n'
QUESTIONS = b"Images/a.jpg,kind_labels,\nImages/b.jpg,size_labels,\nImages/a.jpg,size_labels,\n"
ANSWERS = b"Images/a.jpg,kind_labels,0.25;0.75\nImages/b.jpg,size_labels,1;0\nImages/a.jpg,size_labels,0.5;5e-1\n"
RECIPE = Recipe("mine", tasks=(Task("kind", ("cat", "dog")), Task("tags", ("big", "wet"), "multilabel")))
RUN = json.dumps(
    {"recipe": asdict(RECIPE), "made": {"started": "2026-01-01", "versions": {"competition": "0.2.0"}}}
).encode()
NAMES = st.text("aé夜😀 \"'\\{}%#\n\r\t\0\x1b\x85\u2028\u202e\udcff", max_size=8)
FIELDS = [*asdict(RECIPE)]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from([word.decode(errors="replace") for word in WORDS]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "classes", "kind", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
PLANS = st.none() | VALUES | st.fixed_dictionaries({"folds": VALUES | st.integers(), "seeds": VALUES | st.integers()})


def lay_out(home: Path, files) -> None:
    for name, content in files.items():
        if isinstance(content, np.ndarray):
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            np.save(home / name, content)
        else:
            write(home / name, JPEG if content is None else content)


def with_its_images(read, *arguments) -> Dataset:
    """What is read, once the images that it names have been opened."""
    found = read(*arguments)
    images = getattr(found, "images", found)
    for row in range(min(len(images), 20)):
        try:
            read_file(images.path(row))
        except BadImage as error:
            assert "\n" not in str(error)
    return found


@given(st.data())
def test_spoilt_label_and_question_files_are_read_or_refused(data):
    layout, part, name = data.draw(st.sampled_from(TEXTS))
    case, tasks = CASES[layout], data.draw(st.booleans())
    content = "".join(f"{line}\n" for line in getattr(case, part)[name]).encode()
    with folder() as home:
        lay_out(home, {**case.labels, **case.questions})
        write(home / name, data.draw(spoilt(content)))
        given = case.tasks if tasks or part == "questions" or layout == "flowers" else ()
        if part == "labels":
            read_or_refused(home, with_its_images, LAYOUTS[layout].read_labels, home, given)
        else:
            read_or_refused(home, with_its_images, LAYOUTS[layout].read_questions, home / case.question_file, given)


@given(spoilt(b"kind,cat,dog\nsize,large,small\n"))
def test_a_spoilt_classes_csv_is_read_or_refused(content):
    with folder() as home:
        for task in read_or_refused(home, read_classes, write(home / "classes.csv", content)) or ():
            assert not any("\u202e" in name or "\x1b" in name for name in task.classes)


@given(spoilt(FOLDS))
@example(FOLDS.replace(b"1,1", b"9999999999999999999999,1"))
@example(FOLDS.replace(b"1,1", b"1," + b"9" * 5000))
@example(FOLDS.replace(b"1,1", "1,²".encode()))
def test_spoilt_folds_are_read_or_refused(content):
    with folder() as home:
        read_or_refused(home, read_folds, write(home / "folds.csv", content))


@given(st.data())
def test_a_spoilt_submission_is_checked_or_refused(data):
    with folder() as home:
        questions, answers = write(home / "question.csv", QUESTIONS), write(home / "answers.csv", ANSWERS)
        spoil = data.draw(st.sampled_from([questions, answers]))
        write(spoil, data.draw(spoilt(spoil.read_bytes())))
        problems = read_or_refused(home, check_submission, answers, questions, RECIPE.tasks[:1])
        assert all(str(home) in str(problem) for problem in problems or ())


@given(st.data())
def test_a_spoilt_recipe_is_read_or_refused(data):
    if data.draw(st.booleans()):
        content = data.draw(spoilt(RUN))
    else:
        values = json.loads(RUN)
        for _ in range(data.draw(st.integers(1, 3))):
            values["recipe"][data.draw(st.sampled_from(FIELDS))] = data.draw(VALUES)
        values["made"][CROSS_VALIDATION] = data.draw(PLANS)
        content = json.dumps(values).encode()
    with folder() as home:
        write(home / "recipe.json", content)
        recipe = read_or_refused(home, Run(home).read_recipe)
        assert recipe is None or isinstance(recipe, Recipe)
        read_or_refused(home, lambda: Run(home).trainings)


@given(st.data())
def test_spoilt_scores_are_read_or_refused(data):
    content = json.dumps({"best": {"map": 0.5, "accuracy": 0.5, "tasks": {}}, "epochs": 3}).encode()
    with folder() as home:
        write(home / SCORES, data.draw(spoilt(content)))
        read_or_refused(home, Run(home).read_scores)


@given(st.lists(NAMES, min_size=2, max_size=4, unique=True), NAMES, NAMES)
@example(["\\'", "'"], "", "")
@example(['"', '"\'\\"', "{x}"], '"""\nimport os; os.mkdir("harm")\n"""', "\\")
def test_the_recipe_that_init_writes_holds_the_names_of_others_and_runs_nothing(classes, words, images):
    try:
        recipe = Recipe("mine", (Task("kind", tuple(classes)),), layout="table", images=images, split_column="split")
    except InvalidInput:
        return
    text = recipe_file(recipe, words)
    calls = [node.func.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    assert sorted(calls) == ["Recipe", "Task"]
    with folder() as home:
        assert load_recipe(str(write(home / "mine.py", text))) == recipe


@pytest.mark.parametrize("content", seeds("recipe"))
def test_a_recipe_that_failed_once_is_read_or_refused(content):
    with folder() as home:
        write(home / "recipe.json", content)
        read_or_refused(home, Run(home).read_recipe)
