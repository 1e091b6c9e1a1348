"""A table of labels: what its columns ask, what its cells become, and how everything that is wrong is said."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import letter_codes, refusal, write

from competition.layouts.registry import LAYOUTS
from competition.layouts.table import label_file, question_files, read_labels, read_questions
from competition.layouts.table_cells import read_table
from competition.layouts.table_tasks import infer_tasks
from competition.task import Task

SHAPE, COLOUR = Task("shape", ("disk", "square")), Task("colour", ("blue", "green", "red"))
TAGS = Task("tags", ("big", "wet"), "multilabel")
GENDER = Task("gender", ("Female", "Male"))


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "mine.csv"


def inferred(file: Path, lines: list[str]) -> tuple[tuple[Task, ...], str]:
    """The tasks of a table and, in one text, what was noted."""
    tasks, notes, problems = infer_tasks(read_table(write(file, lines)))
    assert problems == []
    return tasks, "\n".join(notes)


def numbered(*rows: str) -> list[str]:
    """A header, and rows about 0.jpg, 1.jpg and so on."""
    return [f"image,{rows[0]}", *(f"{number}.jpg,{row}" for number, row in enumerate(rows[1:]))]


def test_a_column_is_a_task_and_an_empty_cell_is_absent(file):
    dataset = read_labels(write(file, numbered("shape,colour", "disk,red", ",green", " square ,blue", "disk,")))
    assert dataset.tasks == (SHAPE, COLOUR)
    assert [dataset.path(row) for row in (0, 3)] == [file.parent / "0.jpg", file.parent / "3.jpg"]
    assert dataset.place(2) == f"{file}:4"
    np.testing.assert_array_equal(dataset.codes["shape"], letter_codes("yn", "nn", "ny", "yn"))
    np.testing.assert_array_equal(dataset.labelled["shape"], [True, False, True, True])
    np.testing.assert_array_equal(dataset.codes["colour"], letter_codes("nny", "nyn", "ynn", "nnn"))
    np.testing.assert_array_equal(dataset.labelled["colour"], [True, True, True, False])
    assert not dataset.held_out.any()


def test_values_joined_by_a_bar_are_a_multilabel_task_and_a_lone_bar_is_none_of_them(file):
    dataset = read_labels(write(file, numbered("tags,shape", "wet,disk", "big | wet,disk", "|,square", ",disk")))
    assert dataset.tasks == (TAGS, SHAPE)
    np.testing.assert_array_equal(dataset.codes["tags"], letter_codes("ny", "yy", "nn", "nn"))
    np.testing.assert_array_equal(dataset.labelled["tags"], [True, True, True, False])


def test_a_class_called_na_is_a_class_and_numbers_are_in_their_order(file):
    tasks, _ = inferred(file, numbered("doors,region", "10,NA", "9,null", "2,nan"))
    assert tasks == (Task("doors", ("2", "9", "10")), Task("region", ("NA", "nan", "null")))


def test_flags_of_a_prefix_are_one_task_in_which_a_row_of_zeros_is_absent(file):
    rows = numbered("gender_Female,size,gender_Male", "1,s,0", "0,l,1", "0,s,0", "1,l,0", ",s,")
    tasks, notes = inferred(file, rows)
    assert tasks == (GENDER, Task("size", ("l", "s")))
    assert "gender: no row has two ones" in notes
    assert "and 1 rows of zeros are read as absent" in notes
    dataset = read_labels(file)
    np.testing.assert_array_equal(dataset.codes["gender"], letter_codes("yn", "ny", "nn", "yn", "nn"))
    np.testing.assert_array_equal(dataset.labelled["gender"], [True, True, False, True, False])


def test_flags_that_are_answered_one_by_one_are_a_task_each(file):
    tasks, notes = inferred(file, numbered("is_wet,is_big", "1,", ",0", "0,1", ","))
    assert tasks == (Task("is_wet", ("0", "1")), Task("is_big", ("0", "1")))
    assert notes == "is_wet, is_big are answered one by one, so each is a task of its own: yes, no or unknown"
    dataset = read_labels(file, tasks)
    np.testing.assert_array_equal(dataset.codes["is_wet"], letter_codes("ny", "nn", "yn"))
    np.testing.assert_array_equal(dataset.labelled["is_big"], [False, True, True])


def test_a_few_rows_filled_by_half_among_many_with_exactly_one_flag_are_slips(file):
    full = [f"{n % 2},{1 - n % 2}" for n in range(18)]
    message = refusal(read_labels, write(file, numbered("a_b,a_c", *full, "1,", ",0")))
    assert f"{file}:20: a_b='1', a_c='': either all cells of a task are empty, or none is" in message
    assert f"{file}:21: a_b='': either all cells of a task are empty, or none is" in message
    tasks, notes = inferred(file, numbered("a_b,a_c", *full, "1,", ",0", ",0"))  # more than a tenth is meant
    assert tasks == (Task("a_b", ("0", "1")), Task("a_c", ("0", "1")))
    tasks, notes = inferred(file, numbered("a_b,a_c", *full, "1,1", "1,"))  # where two may be true, each is asked alone
    assert "a_b, a_c are answered one by one" in notes


@pytest.mark.parametrize(
    ("task", "columns", "rows"),
    [
        (Task("gr__e", ("big", "small")), "größe", ["big", "small"]),
        (Task("a__", ("a", "b")), "a颜色", ["a", "b"]),
        (Task("farbe_gr_n", ("ja", "nein")), "farbe grün", ["ja", "nein"]),
    ],
)
def test_a_recipe_of_the_time_when_tasks_were_named_in_ascii_finds_its_columns(file, task, columns, rows):
    dataset = read_labels(write(file, numbered(columns, *rows)), (task,))
    np.testing.assert_array_equal(dataset.codes[task.name], letter_codes("yn", "ny"))


def test_a_class_called_like_a_missing_value_is_a_warning_when_it_is_read_for_training(file):
    write(file, numbered("region", "NA", "EU", ""))
    with pytest.warns(
        UserWarning, match="region has a class 'NA', which usually means that nothing is known; only an em"
    ):
        dataset = read_labels(file, (Task("region", ("EU", "NA")),))
    np.testing.assert_array_equal(dataset.codes["region"], letter_codes("ny", "yn"))


@pytest.mark.parametrize("classes", [("1", "1.0"), ("TRUE", "True"), ("caf\u00e9", "cafe\u0301"), ("a b", "a\u00a0b")])
def test_two_spellings_of_a_class_are_a_warning_when_they_are_read_for_training(file, classes):
    write(file, numbered("x", *classes))
    with pytest.warns(UserWarning, match="x has the classes .*, which look like one; spell it alike"):
        read_labels(file, (Task("x", classes),))


def test_of_the_classes_of_many_tasks_one_warning_is_given(file):
    write(file, numbered(",".join(f"x{n}" for n in range(9)), ",".join(["NA"] * 9), ",".join(["EU"] * 9)))
    with pytest.warns(UserWarning) as caught:
        read_labels(file, tuple(Task(f"x{n}", ("EU", "NA")) for n in range(9)))
    words = "x0, x1, x2, x3 and 5 more: classes that usually mean that nothing is known; for example, x0 has a class"
    assert [words in str(one.message) for one in caught] == [True]


def test_flags_of_a_prefix_of_which_two_are_true_are_multilabel_and_a_row_of_zeros_says_none(file):
    rows = numbered("tags_big,tags_wet,gender_Female,gender_Male", "1,1,1,0", "0,0,0,1", ",,1,0")
    tasks, notes = inferred(file, rows)
    assert tasks == (TAGS, GENDER)
    assert notes == ""
    dataset = read_labels(file)
    np.testing.assert_array_equal(dataset.codes["tags"], letter_codes("yy", "nn", "nn"))
    np.testing.assert_array_equal(dataset.labelled["tags"], [True, True, False])


@pytest.mark.parametrize(
    "flags",
    [
        ("False", "True"), ("0.0", "1.0"), ("FALSE", "TRUE"), ("false", "true"), ("no", "yes"), ("No", "Yes"),
        ("NO", "YES"), ("no", "1"),
    ],
)  # fmt: skip
def test_flags_as_pandas_spreadsheets_and_people_write_them(file, flags):
    rows = [[flags[1], flags[0]], [flags[0], flags[1]]]
    assert inferred(file, numbered("gender_Female,gender_Male", *map(",".join, rows)))[0] == (GENDER,)
    np.testing.assert_array_equal(read_labels(file).codes["gender"], letter_codes("yn", "ny"))


@pytest.mark.parametrize(
    ("rows", "task"),
    [
        (["1,0", "0,1", ","], Task("class", ("cat", "dog"))),  # exactly one in every row
        (["1,0", "0,1", "0,0"], Task("tags", ("cat", "dog"), "multilabel")),
        (["1,0", "1,1", "0,1"], Task("tags", ("cat", "dog"), "multilabel")),
    ],
)
def test_flags_without_a_prefix_are_one_task_which_is_said(file, rows, task):
    tasks, notes = inferred(file, numbered("cat,dog", *rows))
    assert tasks == (task,)
    assert f"cat, dog share no prefix; they are read as one task, {task.name}" in notes
    assert read_labels(file).labelled[task.name].sum() == len([row for row in rows if row != ","])


@pytest.mark.parametrize(("no", "yes"), [("FALSE", "TRUE"), ("false", "True")])
def test_false_and_true_without_a_prefix_are_one_task_as_0_and_1_are(file, no, yes):
    tasks, _ = inferred(file, numbered("cat,dog", f"{yes},{no}", f"{no},{yes}"))
    assert tasks == (Task("class", ("cat", "dog")),)
    np.testing.assert_array_equal(read_labels(file).codes["class"], letter_codes("yn", "ny"))


@pytest.mark.parametrize(("no", "yes"), [("no", "yes"), ("NO", "Yes")])
def test_no_and_yes_without_a_prefix_are_a_question_each(file, no, yes):
    tasks, notes = inferred(file, numbered("cat,dog", f"{yes},{no}", f"{no},{yes}"))
    assert tasks == (Task("cat", tuple(sorted((no, yes)))), Task("dog", tuple(sorted((no, yes)))))
    assert notes == ""


def test_one_flag_alone_is_a_task_of_two_values(file):
    assert inferred(file, numbered("wet", "1", "0", "1")) == ((Task("wet", ("0", "1")),), "")


@pytest.mark.parametrize(
    ("columns", "names", "note"),
    [
        (["fighting_style_magic", "fighting_style_melee"], ["fighting_style"], ""),
        (["hair_dark_red", "hair_dark_blue", "hair_white"], ["hair"], ""),
        (
            ["hair_colour_red", "hair_colour_blue", "hair_length_long", "hair_length_short"],
            ["hair_colour", "hair_length"],
            "hair_colour, hair_length are tasks of their own, not one task hair",
        ),
    ],
)
def test_the_longest_prefix_that_leaves_no_column_alone_names_the_task(file, columns, names, note):
    rows = [",".join("1" if place == row else "0" for place in range(len(columns))) for row in range(len(columns))]
    tasks, notes = inferred(file, numbered(",".join(columns), *rows))
    assert [task.name for task in tasks] == names
    assert [f"{task.name}_{name}" for task in tasks for name in task.classes] == columns
    assert note in notes


def test_a_name_that_cannot_name_a_task_is_changed_and_found_again(file):
    rows = numbered("hair colour,eye-shape_round one,eye-shape_oval", "red,1,0", "blue,0,1")
    tasks, notes = inferred(file, rows)
    assert tasks == (Task("hair_colour", ("blue", "red")), Task("eye-shape", ("round one", "oval")))
    assert "column 'hair colour' is called hair_colour" in notes
    np.testing.assert_array_equal(read_labels(file, tasks).codes["eye-shape"], letter_codes("yn", "ny"))


def test_what_could_be_a_slip_is_said(file):
    rows = numbered("colour,year", *(f"{'Red' if n % 2 else 'red'},{1990 + n % 12}" for n in range(48)))
    _, notes = inferred(file, rows)
    assert "colour: Red, red differ only in capitals" in notes
    assert "year: its 12 numbers are read as classes" in notes


def test_names_are_relative_to_the_folder_of_the_file_or_to_images_in_it(file):
    write(file, numbered("shape", "disk", "square"))
    write(file.parent / "images/1.jpg", b"x")
    assert read_labels(file).path(0) == file.parent / "images/0.jpg"
    write(file.parent / "0.jpg", b"x")
    assert read_labels(file).path(0) == file.parent / "0.jpg"


def test_rows_that_answer_nothing_are_no_labelled_images(file):
    dataset = read_labels(write(file, numbered("shape,note", "disk,", ",hello", "square,")), (SHAPE,))
    assert list(dataset.names) == ["0.jpg", "2.jpg"]


@pytest.mark.parametrize(
    ("lines", "place", "words"),
    [
        ([], 1, "the file is empty"),
        (["0.jpg,disk", "1.jpg,disk"], 1, "is about an image, 0.jpg, but has to name the columns"),
        (["image;shape", "0.jpg;disk"], 1, "separated by semicolons"),
        ([",image,shape", "0,a.jpg,disk"], 1, "column 1 has no name"),
        (["image,shape,shape", "a.jpg,disk,disk"], 1, "columns 'shape' and 'shape' cannot be told apart"),
        (["image,a b,a_b", "a.jpg,disk,disk"], 1, "columns 'a b' and 'a_b' cannot be told apart"),
        (["image", "a.jpg"], 1, "there is no column to learn"),
        (["id,image,shape", "7,a.jpg,disk"], 2, "'7' in the first column, 'id', names no image; put column 'image' f"),
        (["image,shape", "a.jpg,disk", "a,disk"], 3, "'a' in the first column, 'image', names no image; allowed"),
        (["image,shape", "a.jpg,disk", "b.jpg"], 3, "1 cells in 'b.jpg'; the header names 2"),
        (numbered("shape,country", "disk,DE", "square,DE"), 1, "column 'country' holds one single value, 'DE'"),
        (numbered("shape,country", "disk,", "square,"), 1, "column 'country' holds nothing at all"),
        (numbered("shape,a_b,a_c", "disk,0,0", "square,0,0"), 1, "no cell of a_b, a_c is 1"),
        (numbered("note", *(f"text {n}" for n in range(20))), 1, "'note' holds 20 different values in 20 rows"),
        (numbered("a_b,a_c,a", "1,0,x", "0,1,y"), 1, "the 0/1 columns a_b, a_c are the task a, and so is column 'a'"),
        (numbered("a_b,a_c", "1,0", "0,1", "0,1", "2,0"), 5, "a_b='2': allowed are 0 and 1"),
        (numbered("a", "x|y", "y|y", "y"), 3, "'y|y' in column 'a' names a value twice"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(file, lines, place, words):
    message = refusal(read_labels, write(file, lines))
    assert f"{file}:{place}: " in message
    assert words in message


@pytest.mark.parametrize(
    ("task", "lines", "place", "words"),
    [
        (COLOUR, numbered("colour", "red", "gren"), 3, "there is no value 'gren'; allowed are blue, green, red; p"),
        (COLOUR, numbered("colour", "red|blue"), 2, "several values, but colour is multiclass"),
        (COLOUR, numbered("color", "red"), 1, "no column 'colour', and no 0/1 columns colour_blue and so"),
        (GENDER, numbered("gender_Female,gender_Male", "1,0", "1,1"), 3, "2 values are true, but gender is multiclass"),
        (GENDER, numbered("gender_Female,gender_Male", "ja,0"), 2, "gender_Female='ja': allowed are 0 and 1"),
        (GENDER, numbered("gender_Female,gender_Male", "1,0", ",1"), 3, "gender_Male='1': either all cells of a task"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_tasks_of_a_recipe_is_said_with_its_line(file, task, lines, place, words):
    message = refusal(read_labels, write(file, lines), (task,))
    assert f"{file}:{place}: " in message
    assert words in message


def test_every_problem_of_a_file_is_in_one_message(file):
    lines = ["image,a_b,a_c,country", "0.jpg,1,0,DE", "1.jpg,0,1,DE", "x,1,0,DE", "0.jpg,1,0,DE", "2.jpg,2,1,DE"]
    message = refusal(read_labels, write(file, lines))
    assert [f"{file}:{place}: " in message for place in range(1, 7)] == [True, False, False, True, True, True]


def test_what_follows_from_names_that_are_all_bad_is_not_said(file):
    message = refusal(read_labels, write(file, ["image,shape,note", "a,disk,x", "b,square,y"]))
    assert [f"{file}:{place}: " in message for place in (1, 2, 3)] == [False, True, True]
    assert "names no image" in message
    assert "nothing" not in message


def test_a_table_without_labels_is_refused(file):
    assert "not a single label for shape" in refusal(read_labels, write(file, numbered("shape", "", "")), (SHAPE,))


def test_the_table_of_a_folder_is_labels_csv_or_the_only_one(tmp_path):
    assert "holds no table" in refusal(label_file, tmp_path)
    for other in ("questions.csv", "answers.csv"):
        write(tmp_path / other, ["image"])
    mine = write(tmp_path / "mine.csv", numbered("shape", "disk"))
    assert label_file(tmp_path) == label_file(mine) == mine
    write(tmp_path / "yours.csv", ["image"])
    message = refusal(label_file, tmp_path)
    assert [word for word in ("several tables", "mine.csv", "yours.csv") if word not in message] == []
    named = write(tmp_path / "labels.csv", ["image"])
    assert label_file(tmp_path) == named
    assert "no such file or folder" in refusal(label_file, tmp_path / "nowhere")


def test_questions_lie_beside_the_table(file):
    write(file, numbered("shape,colour", "disk,red", "square,blue"))
    assert question_files(file) == question_files(file.parent) == []
    questions = write(file.parent / "questions.csv", ["image", "7.jpg", "8.jpg"])
    assert question_files(file) == question_files(file.parent) == [questions]


def test_answers_are_known_from_filled_cells_and_from_the_file_beside(tmp_path):
    questions = write(tmp_path / "questions.csv", numbered("shape,colour", "disk,", ",", ",blue"))
    asked = read_questions(questions, (SHAPE, COLOUR)).images
    np.testing.assert_array_equal(asked.labelled["shape"], [True, False, False])
    np.testing.assert_array_equal(asked.codes["colour"], letter_codes("nnn", "nnn", "ynn"))
    write(tmp_path / "answers.csv", ["file,colour,shape", "5.jpg,red,disk", "2.jpg,red,square", "1.jpg,green,"])
    asked = read_questions(questions, (SHAPE, COLOUR)).images
    np.testing.assert_array_equal(asked.codes["shape"], letter_codes("yn", "nn", "ny"))
    np.testing.assert_array_equal(asked.codes["colour"], letter_codes("nnn", "nyn", "nny"))
    np.testing.assert_array_equal(asked.labelled["colour"], [False, True, True])


def test_one_value_in_every_question_is_a_placeholder_and_no_answer(tmp_path):
    lines = numbered("shape,colour,site", "disk,blue,x", "disk,,x", "disk,red,x")
    with pytest.warns(match="questions.csv: shape: one value in every row is a placeholder"):
        asked = read_questions(write(tmp_path / "questions.csv", lines), (SHAPE, COLOUR)).images
    assert {name: labelled.tolist() for name, labelled in asked.labelled.items()} == {
        "shape": [False, False, False],
        "colour": [True, False, True],
    }
    with pytest.warns(match="a placeholder"):
        asked = read_questions(write(tmp_path / "questions.csv", numbered("shape", "disk", "disk")), (SHAPE,)).images
    assert not asked.codes  # so nothing is scored


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["image"], "asks nothing"),
        (["image,shape", "a.jpg,round"], "questions.csv:2: column 'shape': there is no value 'round'"),
    ],
)
def test_questions_that_cannot_be_answered_are_refused(tmp_path, lines, words):
    assert words in refusal(read_questions, write(tmp_path / "questions.csv", lines), (SHAPE,))


@pytest.mark.parametrize("asked", [["image"], ["image,gender_Female,gender_Male,tags,shape,note"]])
def test_a_submission_has_the_columns_of_the_labels_and_is_read_back(tmp_path, asked):
    rows = numbered("gender_Female,gender_Male,tags,shape,note", "1,0,wet|big,disk,a", "0,1,wet,square,b")
    file = write(tmp_path / "mine.csv", rows)
    tasks = (GENDER, TAGS, SHAPE)
    filled = asked + [f"{name}.jpg{',' * asked[0].count(',')}" for name in "xyz"]
    questions = read_questions(write(tmp_path / "questions.csv", filled), tasks)
    probabilities = {
        "gender": np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]]),
        "tags": np.array([[0.9, 0.8], [0.1, 0.2], [0.1, 0.7]]),
        "shape": np.array([[0.3, 0.7], [0.6, 0.4], [0.5, 0.5]]),
    }
    written = LAYOUTS["table"].write_answers(tmp_path / "out/mine-1.csv", questions, probabilities, tasks)
    assert [path.name for path in written] == ["mine-1.csv", "mine-1-probabilities.csv"]
    assert written[0].read_text().splitlines() == [
        "image,gender_Female,gender_Male,tags,shape",
        "x.jpg,1,0,big|wet,square",
        "y.jpg,0,1,|,disk",
        "z.jpg,1,0,wet,disk",
    ]
    again = read_labels(written[0], tasks)
    np.testing.assert_array_equal(again.codes["gender"], letter_codes("yn", "ny", "yn"))
    np.testing.assert_array_equal(again.codes["tags"], letter_codes("yy", "nn", "ny"))
    np.testing.assert_array_equal(again.codes["shape"], letter_codes("ny", "yn", "yn"))
    assert all(values.all() for values in again.labelled.values())
    table = pd.read_csv(written[1])
    np.testing.assert_allclose(table[["tags_big", "tags_wet"]], probabilities["tags"])
    assert file.is_file()


def test_a_submission_without_a_table_beside_it_has_a_column_a_task(tmp_path):
    questions = read_questions(write(tmp_path / "questions.csv", ["file", "x.jpg"]), (GENDER,))
    written = LAYOUTS["table"].write_answers(
        tmp_path / "out.csv", questions, {"gender": np.array([[0.9, 0.1]])}, (GENDER,)
    )
    assert written[0].read_text() == "file,gender\nx.jpg,Female\n"
