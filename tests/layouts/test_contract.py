"""What all layouts have in common: labels and questions are read, answers written and read back, all problems named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import refusal, write

from competition.dataset import Dataset, Questions, ask_everything, one_row_an_image
from competition.layouts.answers import write_csv
from competition.layouts.fashionai_submission import check_submission
from competition.layouts.registry import LAYOUTS
from competition.task import Task

KIND, SIZE = Task("kind", ("cat", "dog")), Task("size", ("large", "small"))
TAGS = Task("tags", ("big", "wet"), "multilabel")
PICTURES = np.zeros((2, 8, 8, 3), np.uint8)
VEHICLES, ANIMALS = ("airplane", "automobile", "ship", "truck"), ("bird", "cat", "dog", "frog")
OBJECTS = {name: ("vehicle" if name in VEHICLES else "animal") for name in sorted(VEHICLES + ANIMALS)}
CIFAR10 = (Task("object", tuple(OBJECTS)), Task("kind", ("animal", "vehicle")))

Files = Mapping[str, Sequence[str] | np.ndarray | None]  # lines, an array, or None for an image that is not looked at
Said = Mapping[str, tuple[str | None, ...] | None]  # of each image, below the folder: its class for each task


@dataclass(frozen=True)
class Case:
    """A small data set of a layout, what it says, and what is wrong in it once lines and files are added.

    `gone` is what a refusal says behind the path of a data folder that does not exist. `unanswered` are questions in
    place of `questions`, without answers. `named` are text files that name images, each with a good line about another
    image. `wrong` are lines to add to files, or new files, and `places` what a refusal of the labels then names;
    `wrong_questions` and `question_places` are the same for questions.
    """

    tasks: tuple[Task, ...]
    labels: Files
    labelled: Said
    gone: str
    questions: Files
    question_file: str
    asked: Said
    unanswered: Files
    wrong: Files
    places: Sequence[str]
    wrong_questions: Files
    question_places: Sequence[str]
    named: Mapping[str, str]
    held_out: Sequence[str] = ()


CASES = {
    "fashionai": Case(
        tasks=(KIND, SIZE),
        labels={
            "classes.csv": ["kind,cat,dog", "size,large,small"],
            "base/Annotations/label.csv": ["a.jpg,kind_labels,yn", "a.jpg,size_labels,ny", "b.jpg,kind_labels,ny"],
        },
        labelled={"base/a.jpg": ("cat", "small"), "base/b.jpg": ("dog", None)},
        gone=" is not a folder; name the one that holds base/, rank/ and so on (train: --data)",
        questions={"rank/Tests/question.csv": [f"{n}.jpg,{task}_labels,yn" for n in "qp" for task in ("kind", "size")]},
        question_file="rank/Tests/question.csv",
        asked={"rank/q.jpg": None, "rank/p.jpg": None},
        unanswered={"Tests/question.csv": ["q.jpg,kind,", "q.jpg,size,", "p.jpg,kind,", "p.jpg,size,"]},
        wrong={"base/Annotations/label.csv": ["../x.jpg,kind_labels,yn", "x.jpg,kind_labels,yq", "x.jpg", "x.jpg,s,y"]},
        places=[f"base/Annotations/label.csv:{line}" for line in (4, 5, 6, 7)],
        wrong_questions={"rank/Tests/question.csv": ["../x.jpg,kind_labels,", "x.jpg,colour,", "x.jpg"]},
        question_places=[f"rank/Tests/question.csv:{line}" for line in (5, 6, 7)],
        named={"base/Annotations/label.csv": "{},kind_labels,yn", "rank/Tests/question.csv": "{},kind_labels,"},
    ),
    "table": Case(
        tasks=(KIND, SIZE),
        labels={"labels.csv": ["image,kind,size", "a.jpg,cat,small", "b.jpg,dog,", "c.jpg,,large"]},
        labelled={"a.jpg": ("cat", "small"), "b.jpg": ("dog", None), "c.jpg": (None, "large")},
        gone=": there is no such file or folder; name the table, or the folder that holds it",
        questions={
            "questions.csv": ["image", "q.jpg", "p.jpg"],
            "answers.csv": ["image,kind,size", "p.jpg,dog,", "q.jpg,cat,large"],
        },
        question_file="questions.csv",
        asked={"q.jpg": ("cat", "large"), "p.jpg": ("dog", None)},
        unanswered={"questions.csv": ["image,kind", "q.jpg,", "p.jpg,"]},
        wrong={"labels.csv": ["../x.jpg,cat,small", "x.jpg,cow,small", "y.jpg", "a.jpg,cat,"]},
        places=[f"labels.csv:{line}" for line in (5, 6, 7, 8)],
        wrong_questions={"questions.csv": ["../x.jpg", "q.jpg", "x.jpg,cat"]},
        question_places=[f"questions.csv:{line}" for line in (4, 5, 6)],
        named={"labels.csv": "{},cat,small", "questions.csv": "{}"},
    ),
    "folder": Case(
        tasks=(KIND,),
        labels={"train/cat/a.jpg": None, "train/dog/b.jpg": None, "val/dog/a.jpg": None},
        labelled={"train/cat/a.jpg": ("cat",), "train/dog/b.jpg": ("dog",), "val/dog/a.jpg": ("dog",)},
        held_out=["val/dog/a.jpg"],
        gone=" is not a folder; name the one that holds a folder for each class",
        questions={"test/cat/q.jpg": None, "test/dog/p.jpg": None},
        question_file="test",
        asked={"test/cat/q.jpg": ("cat",), "test/dog/p.jpg": ("dog",)},
        unanswered={"test/q.jpg": None, "test/p.jpg": None},
        wrong={"train/cow/x.jpg": None, "train/x.jpg": None, "train/dog/x.gif": None, "val/x.bmp": None},
        places=["train:1", "train/cow:1", "train/dog:1", "val:1"],
        wrong_questions={"test/cow/x.jpg": None, "test/x.jpg": None},
        question_places=["test:1", "test/cow:1"],
        named={},
    ),
    "fgo": Case(
        tasks=(KIND, TAGS),
        labels={
            "profiles.csv": ["name,kind", "Tom,cat", "Rex,dog"],
            "colors.csv": ["image_name,name,big,wet", "a.jpg,Tom,1,0", "b.jpg,Rex,0,0"],
        },
        labelled={"images/a.jpg": ("cat", "big"), "images/b.jpg": ("dog", "")},
        gone=" is not a folder; name the one that holds profiles.csv and colors.csv, or labels.csv",
        questions={
            "questions.csv": ["image_name", "q.jpg", "p.jpg"],
            "answers.csv": ["image_name,name,big,wet,kind_cat,kind_dog", "p.jpg,,1,1,0,1", "q.jpg,,0,1,1,0"],
        },
        question_file="questions.csv",
        asked={"images/q.jpg": ("cat", "wet"), "images/p.jpg": ("dog", "big|wet")},
        unanswered={"questions.csv": ["image_name", "q.jpg", "p.jpg"]},
        wrong={
            "profiles.csv": ["Bob,cow"],
            "colors.csv": ["../x.jpg,Tom,1,0", "x.jpg,Tom,1,2", "y.jpg,Tom", "a.jpg,Tom,1,0", "z.jpg,Tim,0,1"],
        },
        places=[*(f"colors.csv:{line}" for line in (4, 5, 6, 7, 8)), "profiles.csv:4"],
        wrong_questions={"questions.csv": ["../x.jpg", "q.jpg", "x.jpg"], "answers.csv": ["y.jpg,,0,0,1,0"]},
        question_places=["answers.csv:4", *(f"questions.csv:{line}" for line in (4, 5, 6))],
        named={"colors.csv": "{},Tom,1,0", "questions.csv": "{}"},
    ),
    "cifar10": Case(
        tasks=CIFAR10,
        labels={f"train/{name}/a.jpg": None for name in OBJECTS},
        labelled={f"train/{name}/a.jpg": words for name, words in zip(OBJECTS, OBJECTS.items(), strict=True)},
        gone=" is not a folder; name the one that holds train/, or x_train.npy and y_train.npy",
        questions={f"test/{name}/q.jpg": None for name in OBJECTS},
        question_file="test",
        asked={f"test/{name}/q.jpg": words for name, words in zip(OBJECTS, OBJECTS.items(), strict=True)},
        unanswered={"test/q.jpg": None, "test/p.jpg": None},
        wrong={"train/cow/x.jpg": None, "train/x.jpg": None, "train/dog/x.gif": None},
        places=["train:1", "train/cow:1", "train/dog:1"],
        wrong_questions={"mine.csv": ["../x.jpg,cat,animal", "x.jpg,horse,animal", "x.jpg", "a.jpg,cat,animal"]},
        question_places=[f"mine.csv:{line}" for line in (3, 4, 5, 6)],
        named={"mine.csv": "{},cat,animal"},
    ),
    "flowers": Case(
        tasks=(KIND, SIZE),
        labels={"train.txt": ["/data/a.jpg, 0, 1", "/data/b.jpg, 1, 0"], "val.txt": ["/data/c.jpg, 1, 1"]},
        labelled={"data/a.jpg": ("cat", "small"), "data/b.jpg": ("dog", "large"), "data/c.jpg": ("dog", "small")},
        held_out=["data/c.jpg"],
        gone=" holds no train.txt and no val.txt; images to train on and to validate on are expected in",
        questions={"test.txt": ["/data/q.jpg, 0, 1", "/data/p.jpg"]},
        question_file="test.txt",
        asked={"data/q.jpg": ("cat", "small"), "data/p.jpg": (None, None)},
        unanswered={"test.txt": ["/data/q.jpg", "/data/p.jpg"]},
        wrong={"train.txt": ["/../x.jpg, 0, 1", "/x.jpg, 2, 1"], "val.txt": ["/y.jpg, 0", "/data/b.jpg, 1, 0"]},
        places=["train.txt:3", "train.txt:4", "val.txt:2", "val.txt:3"],
        wrong_questions={"test.txt": ["/../x.jpg", "/x.jpg, 1", "/data/q.jpg"]},
        question_places=["test.txt:3", "test.txt:4", "test.txt:5"],
        named={"train.txt": "{}, 0, 1", "val.txt": "{}, 1, 1", "test.txt": "{}"},
    ),
    "arrays": Case(
        tasks=(KIND, SIZE),
        labels={
            "classes.csv": ["kind,cat,dog", "size,large,small"],
            "train_images.npy": PICTURES,
            "train_kind.npy": np.array([0, 1]),
            "train_size.npy": np.array([[0, 1], [1, 0]]),
            "val_images.npy": PICTURES[:1],
            "val_kind.npy": np.array([1]),
            "val_size.npy": np.array([[0, 1]]),
        },
        labelled={
            "train_images.npy[0]": ("cat", "small"),
            "train_images.npy[1]": ("dog", "large"),
            "val_images.npy[0]": ("dog", "small"),
        },
        held_out=["val_images.npy[0]"],
        gone="/train_images.npy cannot be read: No such file or directory",
        questions={"test_images.npy": PICTURES, "test_kind.npy": np.array([1, 0])},
        question_file="test_images.npy",
        asked={"test_images.npy[0]": ("dog", None), "test_images.npy[1]": ("cat", None)},
        unanswered={"test_images.npy": PICTURES},
        wrong={"train_kind.npy": np.array([2, -1]), "val_size.npy": np.array([[1, 1]]), "val_mood.npy": np.array([0])},
        places=["train_kind.npy[0]", "train_kind.npy[1]", "val_mood.npy", "val_size.npy[0]"],
        wrong_questions={"test_kind.npy": np.array([2, 0]), "test_mood.npy": np.array([0, 1])},
        question_places=["test_kind.npy[0]", "test_mood.npy"],
        named={},
    ),
}
MINE = {"mine.csv": ["image,object,kind", "a.jpg,cat,animal"]}  # answers of cifar10 are read like questions

any_layout = pytest.mark.parametrize("name", CASES)
any_text = pytest.mark.parametrize(
    ("name", "file"), [(name, file) for name, case in CASES.items() for file in case.named]
)


def place(folder: Path, *several: Files) -> Path:
    """Write files; lines are added to a file that is there."""
    for path, content in ((folder / name, content) for files in several for name, content in files.items()):
        if isinstance(content, np.ndarray):
            np.save(path, content)
        elif content is None:
            write(path, b"an image")
        else:
            write(path, [*(path.read_text().splitlines() if path.is_file() else ()), *content])
    return folder


def said(images: Dataset, folder: Path) -> dict[str, tuple[str | None, ...] | None]:
    """Of each image, below the folder, its classes for each task: None for a task without an answer."""
    found = {}
    for row in range(len(images)):
        answers = []
        for task in images.tasks if images.codes else ():
            yes = [name for name, code in zip(task.classes, images.codes[task.name][row], strict=True) if code == 2]
            answers.append("|".join(yes) if images.labelled[task.name][row] else None)
        found[images.path(row).relative_to(folder).as_posix()] = tuple(answers) or None
    return found


def asked(questions: Questions, folder: Path) -> list[tuple[str, str]]:
    """The image, below the folder, and the task of each question."""
    paths = [questions.images.path(row).relative_to(folder).as_posix() for row in range(len(questions.images))]
    return [(paths[image], task) for image, task in zip(questions.image, questions.tasks, strict=True)]


@pytest.fixture
def data(name, tmp_path) -> Path:
    """The small data set of a layout."""
    more = MINE if name == "cifar10" else {}
    return place(tmp_path / "data", CASES[name].labels, CASES[name].questions, more)


def read(name: str, folder: Path, file: str) -> Dataset:
    """What is read of the labels, if the file is one of theirs, else of this file of questions."""
    layout, case = LAYOUTS[name], CASES[name]
    labels = file in case.labels
    return layout.read_labels(folder, case.tasks) if labels else layout.read_questions(folder / file, case.tasks).images


def places(message: str, folder: Path) -> list[str]:
    """The places, below the folder, of the problems that a refusal lists."""
    return [
        line.strip().removeprefix(f"{folder}/").split(": ")[0].split(" is ")[0] for line in message.splitlines()[1:]
    ]


def test_every_layout_is_here_and_another_is_refused():
    assert set(CASES) == set(LAYOUTS)
    assert "there is no layout 'tabel'; allowed are fashionai, table, folder" in refusal(lambda: LAYOUTS["tabel"])


@any_layout
def test_labels_are_read_with_their_images_places_and_what_is_held_out(name, data):
    case = CASES[name]
    found = LAYOUTS[name].read_labels(data, case.tasks)
    assert found.tasks == case.tasks
    assert list(said(found, data).items()) == list(case.labelled.items())
    assert [path for path, held in zip(case.labelled, found.held_out, strict=True) if held] == list(case.held_out)
    assert len(set(found.ids)) == len(set(found.group)) == len(case.labelled)
    assert {values.dtype for values in found.codes.values()} == {np.dtype(np.uint8)}
    assert not any(found.codes[task.name][~found.labelled[task.name]].any() for task in found.tasks)
    for row, image in enumerate(found.names):
        file, line = found.place(row).rsplit(":", 1)
        assert Path(file).exists()
        assert name in ("folder", "cifar10", "arrays") or image in Path(file).read_text().splitlines()[int(line) - 1]


@pytest.mark.parametrize("name", ["fashionai", "table", "folder", "cifar10", "arrays"])
def test_tasks_and_classes_are_found_where_a_recipe_has_none(name, data):
    found = LAYOUTS[name].read_labels(data, ())
    assert [task.classes for task in found.tasks] == [task.classes for task in CASES[name].tasks]
    assert said(found, data) == CASES[name].labelled


@any_layout
def test_questions_ask_every_task_in_their_order_with_the_answers_that_are_known(name, data):
    case = CASES[name]
    (file,) = LAYOUTS[name].question_files(data)
    assert file == data / case.question_file
    questions = LAYOUTS[name].read_questions(file, case.tasks)
    assert asked(questions, data) == list(product(case.asked, [task.name for task in case.tasks]))
    images = questions.images
    assert said(images, data) == case.asked
    assert not any(values[~images.labelled[task]].any() for task, values in images.codes.items())


@any_layout
def test_questions_may_have_no_answers_and_there_may_be_none(name, tmp_path):
    case = CASES[name]
    place(tmp_path, case.labels)
    assert LAYOUTS[name].question_files(tmp_path) == []
    place(tmp_path, case.unanswered)
    (file,) = LAYOUTS[name].question_files(tmp_path)
    images = LAYOUTS[name].read_questions(file, case.tasks).images
    assert len(images) == 2
    assert (images.codes, images.labelled) == ({}, {})


@any_layout
def test_all_that_is_wrong_with_labels_is_one_message_with_all_places(name, data):
    message = refusal(LAYOUTS[name].read_labels, place(data, CASES[name].wrong), CASES[name].tasks)
    assert sorted(places(message, data)) == sorted(CASES[name].places)


@any_layout
def test_all_that_is_wrong_with_questions_is_one_message_with_all_places(name, data):
    file = "mine.csv" if name == "cifar10" else CASES[name].question_file
    place(data, CASES[name].wrong_questions)
    message = refusal(LAYOUTS[name].read_questions, data / file, CASES[name].tasks)
    assert sorted(places(message, data)) == sorted(CASES[name].question_places)


@any_layout
def test_what_is_not_there_is_refused_by_its_name(name, tmp_path):
    gone, tasks = tmp_path / "gone", CASES[name].tasks
    assert f"{gone}{CASES[name].gone}" in refusal(LAYOUTS[name].read_labels, gone, tasks)
    for file in (gone / CASES[name].question_file, *(tmp_path / file for file in CASES[name].named)):
        message = refusal(LAYOUTS[name].read_questions, file, tasks)
        assert message.startswith(f"{file} ")
        assert ("cannot be read: No such file" if file.suffix else "is not a folder; name one that") in message


@any_text
def test_an_image_outside_the_folder_or_without_a_name_is_refused_with_its_line(name, file, data):
    before, line_of = (data / file).read_text(), CASES[name].named[file].format
    outside = ["../x.jpg", "a/../../x.jpg"]
    outside += ["/../x.jpg", "/a/../../x.jpg", "/.."] if name == "flowers" else ["/etc/x.jpg"]  # below it in flowers
    wrong = {
        image: f"image {image!r} lies outside the folder of the file; allowed are paths below it" for image in outside
    }
    wrong |= {"": "'' names no image" if name == "flowers" else "the image name is empty"} if line_of("") else {}
    for image, words in wrong.items():
        write(data / file, before + line_of(image))
        assert f"{data / file}:{len(before.splitlines()) + 1}: {words}" in refusal(read, name, data, file)


@pytest.mark.parametrize(
    ("name", "file"), [(n, f) for n, case in CASES.items() for f in case.named if n != "fashionai"]
)
def test_an_image_that_is_named_twice_is_refused_with_both_lines(name, file, data):
    line_of, first = CASES[name].named[file].format, len((data / file).read_text().splitlines()) + 1
    place(data, {file: [line_of("x.jpg"), line_of("x.jpg")]})
    there = f"{file}:{first}" if name == "flowers" else f"line {first}"
    words = f"{data / file}:{first + 1}: x.jpg is already in {there}; keep one of the two"
    assert words in refusal(read, name, data, file)


@any_text
def test_byte_order_marks_windows_line_ends_and_blank_lines_change_nothing_but_line_numbers(name, file, data):
    before = read(name, data, file)
    first, *others = (data / file).read_text().splitlines()
    write(data / file, "\ufeff" + "\r\n".join([first, "", *others, ""]))
    after = read(name, data, file)
    assert said(after, data) == said(before, data)
    here = after.source_of == after.sources.index(data / file)
    np.testing.assert_array_equal(after.line[here], before.line[here] + (before.line[here] > 1))


@any_text
@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("x\0.jpg", "a NUL character, which no name or answer may contain; delete it"),
        ("b\xe9.jpg", "byte 0xe9 is not UTF-8; save the file as UTF-8"),
        ('"x.jpg', "not comma separated"),
    ],
    ids=["NUL", "latin-1", "quote"],
)
def test_a_file_that_is_no_text_or_no_csv_is_refused_with_its_line(name, file, image, words, data):
    before = (data / file).read_text()
    write(data / file, (before + CASES[name].named[file].format(image)).encode("latin-1"))
    assert f"{data / file}:{len(before.splitlines()) + 1}: {words}" in refusal(read, name, data, file)


@any_text
def test_an_empty_file_is_refused(name, file, data):
    write(data / file, "")
    assert f"{data / file}" in refusal(read, name, data, file)


def read_back(name: str, path: Path, questions: Questions) -> dict[str, np.ndarray]:
    """The classes that a file of answers gives for each task of the same images, (images, classes) bool."""
    tasks = questions.images.tasks
    if name == "arrays":
        with np.load(path) as arrays:
            assert {f"{task.name}_probabilities" for task in tasks} | {task.name for task in tasks} == set(arrays)
            return {task.name: arrays[task.name] == 1 for task in tasks}
    if name in ("flowers", "cifar10"):
        images = LAYOUTS[name].read_questions(path, tasks).images
    else:
        images = LAYOUTS["table" if name == "folder" else name].read_labels(path.parent, tasks)
    assert images.names.tolist() == questions.images.names.tolist()
    assert all(present.all() for present in images.labelled.values())
    return {task.name: images.codes[task.name] == 2 for task in tasks}


@any_layout
def test_answers_are_written_with_their_probabilities_and_read_back(name, data, tmp_path):
    layout, case = LAYOUTS[name], CASES[name]
    questions = layout.read_questions(data / CASES[name].question_file, case.tasks)
    rng = np.random.default_rng(0)
    given = {task.name: rng.dirichlet(np.ones(len(task)), len(case.asked)) for task in case.tasks}
    path = tmp_path / f"new/folder/labels{layout.ENDING}"
    written = layout.write_answers(path, questions, given, case.tasks)
    assert written[0] == path
    assert set(path.parent.iterdir()) == set(written)
    if name == "fashionai":
        assert written[1] == path.with_suffix(".zip")
        assert check_submission(path, questions.file, case.tasks) == []
        return
    assert written[1] == path.with_name("labels-probabilities.csv")
    beside = pd.read_csv(written[1])
    assert beside["image"].tolist() == questions.images.names.tolist()
    columns = {
        f"{task.name}_{one}": given[task.name][:, k] for task in case.tasks for k, one in enumerate(task.classes)
    }
    assert beside.columns.tolist() == ["image", *columns]
    np.testing.assert_allclose(beside[[*columns]], np.column_stack([*columns.values()]), atol=1e-8)
    for task, found in zip(case.tasks, read_back(name, path, questions).values(), strict=True):
        values = given[task.name]
        expected = values > 0.5 if task.kind == "multilabel" else values == values.max(axis=1, keepdims=True)
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", ["table", "fgo", "flowers", "arrays"])
def test_probabilities_of_two_classes_under_one_name_are_refused_and_nothing_is_written(name, tmp_path):
    """The class b_c of a task a, and the class c of a task a_b."""
    tasks = (Task("a", ("b_c", "d")), Task("a_b", ("c", "d")))
    images = one_row_an_image(tasks, tmp_path / "asked", tmp_path, ["0.jpg"], {})
    given = {task.name: np.array([[0.9, 0.1]]) for task in tasks}
    questions = ask_everything(tmp_path / "asked.csv", images)
    write(tmp_path / "asked.csv", ["image", "0.jpg"])
    message = refusal(LAYOUTS[name].write_answers, tmp_path / "out/mine.csv", questions, given, tasks)
    assert "a_b_c would be both class b_c of a and class c of a_b" in message
    assert not (tmp_path / "out").exists()


def test_a_csv_is_written_in_parts_as_it_would_be_at_once(tmp_path, monkeypatch):
    columns = {"image": np.array([f"{row}.jpg" for row in range(5)], object), "p": np.linspace(0, 1, 5)}
    monkeypatch.setattr("competition.layouts.answers.CHUNK", 2)
    write_csv(tmp_path / "parts.csv", columns, float_format="%.3f")
    pd.DataFrame(columns).to_csv(tmp_path / "once.csv", index=False, float_format="%.3f")
    assert (tmp_path / "parts.csv").read_bytes() == (tmp_path / "once.csv").read_bytes()
