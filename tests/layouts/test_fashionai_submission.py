"""Submissions: the exact file, and every way in which one can be malformed."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from helpers import refusal, write

from competition.layouts.fashionai import read_questions
from competition.layouts.fashionai_submission import check_submission, write_answers
from competition.task import Task

COLOUR = Task("colour", ("red", "green", "blue"))
SIZE = Task("size", ("small", "large"))
TASKS = (COLOUR, SIZE)
QUESTIONS = ["b.jpg,colour_labels,", "a.jpg,size,", "a.jpg,colour_labels,", "c.jpg,size_labels,x", "b.jpg,size_labels,"]
GOOD = [
    "b.jpg,colour_labels,0.2;0.3;0.5",
    "a.jpg,size,0.25;0.75",
    "a.jpg,colour_labels,1;0;0",
    "c.jpg,size_labels,0.50000000;0.50000000",
    "b.jpg,size_labels,1e-7;0.9999999",
]


@pytest.fixture
def asked(tmp_path) -> Path:
    return write(tmp_path / "rank/Tests/question.csv", QUESTIONS)


@pytest.fixture
def answered(tmp_path) -> Path:
    return tmp_path / "mine.csv"


@pytest.fixture
def probabilities() -> dict[str, np.ndarray]:
    """For the images b, a and c in order of their appearance."""
    colour = [[0.125, 0.25, 0.625], [1 / 3, 1 / 3, 1 / 3], [0, 0, 1]]
    return {"colour": np.array(colour, np.float32), "size": np.array([[0.1, 0.9], [1, 0], [0.123456789, 0.876543211]])}


def test_a_submission_is_exactly_this(asked, probabilities, tmp_path):
    path = tmp_path / "new/folder/mine.csv"
    _, zipped = write_answers(path, read_questions(asked, TASKS), probabilities, TASKS)
    expected = (
        b"b.jpg,colour_labels,0.12500000;0.25000000;0.62500000\n"
        b"a.jpg,size,1.00000000;0.00000000\n"
        b"a.jpg,colour_labels,0.33333334;0.33333334;0.33333334\n"
        b"c.jpg,size_labels,0.12345679;0.87654321\n"
        b"b.jpg,size_labels,0.10000000;0.90000000\n"
    )
    assert path.read_bytes() == expected
    assert zipped == tmp_path / "new/folder/mine.zip"
    with zipfile.ZipFile(zipped) as archive:
        assert archive.namelist() == ["mine.csv"]
        assert archive.read("mine.csv") == expected
    assert {file.name for file in path.parent.iterdir()} == {"mine.csv", "mine.zip"}
    assert check_submission(path, asked, TASKS) == []


@pytest.mark.parametrize(
    ("image", "values", "words"),
    [
        (2, [np.nan, 1], "c.jpg,size_labels: 'nan;1.00000000' holds a value that is not finite"),
        (2, [0.5, 0.4], "c.jpg,size_labels: the values sum to 0.9"),
        (0, [1.5, -0.5], "b.jpg,size_labels: value 1.5 is outside 0 … 1"),
    ],
)
def test_a_submission_that_would_be_refused_leaves_nothing_behind(asked, answered, probabilities, image, values, words):
    probabilities["size"][image] = values
    message = refusal(write_answers, answered, read_questions(asked, TASKS), probabilities, TASKS)
    assert message.startswith(f"{answered} was not written")
    assert words in message
    assert ".writing" not in message  # the user never saw that file
    assert list(answered.parent.glob("*")) == [answered.parent / "rank"]


def test_a_task_that_nobody_predicted_is_not_left_empty(asked, answered, probabilities):
    del probabilities["size"]
    assert "a.jpg,size: " in refusal(write_answers, answered, read_questions(asked, TASKS), probabilities, TASKS)
    assert not answered.exists()


def test_a_refused_submission_leaves_the_one_before_it_as_it_was(asked, answered, probabilities):
    questions = read_questions(asked, TASKS)
    _, zipped = write_answers(answered, questions, probabilities, TASKS)
    before = answered.read_bytes(), zipped.read_bytes()
    probabilities["size"][0] = np.nan
    refusal(write_answers, answered, questions, probabilities, TASKS)
    assert (answered.read_bytes(), zipped.read_bytes()) == before


def test_the_csv_is_not_overwritten_by_its_own_zip(asked, tmp_path, probabilities):
    path = tmp_path / "mine.zip"
    assert ".csv" in refusal(write_answers, path, read_questions(asked, TASKS), probabilities, TASKS)


@pytest.mark.parametrize("tasks", [(), TASKS])
@pytest.mark.parametrize("disguise", [str, lambda text: text.replace("\n", "\r\n")])
def test_a_good_submission_passes(asked, answered, tasks, disguise):
    assert check_submission(write(answered, disguise("\n".join(GOOD) + "\n")), asked, tasks) == []


def test_a_byte_order_mark_is_refused(asked, answered):
    problems = check_submission(write(answered, "\ufeff" + "\n".join(GOOD) + "\n"), asked, TASKS)
    assert [(problem.line, "byte order mark" in problem.text) for problem in problems] == [(1, True)]


def test_a_blank_line_is_refused_with_its_number(asked, answered):
    problems = check_submission(write(answered, "\n".join([*GOOD[:2], "", *GOOD[2:]]) + "\n"), asked, TASKS)
    assert [(problem.line, "blank line" in problem.text) for problem in problems] == [(3, True)]


def changed(line: int, row: str) -> list[str]:
    return [row if number == line else old for number, old in enumerate(GOOD, start=1)]


BAD_VALUES = [
    ("a.jpg,size,0.5;0.5;0", "3 values, but the task has 2 classes"),
    ("a.jpg,size,1", "1 values, but the task has 2 classes"),
    ("a.jpg,size,nan;1", "'nan;1' holds a value that is not finite"),
    ("a.jpg,size,inf;0", "'inf;0' holds a value that is not finite"),
    ("a.jpg,size,-0.5;1", "value -0.5 is outside 0 … 1"),
    ("a.jpg,size,0;1.1", "value 1.1 is outside 0 … 1"),
    ("a.jpg,size,0.5;0.500002", "the values sum to 1.00000200; allowed is 1 ± 1e-06"),
    ("a.jpg,size,0.5;0.499998", "the values sum to 0.99999800"),
    ("a.jpg,size,", "'' is not a list of numbers; allowed is p;p;… with 2 numbers"),
    ("a.jpg,size,yn", "'yn' is not a list of numbers"),
    ("a.jpg,size,0.5;0.5;", "is not a list of numbers"),
    ("a.jpg,size,0.5;0_0.5", "is not a list of numbers"),  # Python reads it, the organisers need not
    ("a.jpg,size,0.5; 0.5", "is not a list of numbers"),
    ("a.jpg,size,0.5;٠.٥", "is not a list of numbers"),
]


@pytest.mark.parametrize("tasks", [(), TASKS])
@pytest.mark.parametrize(("row", "words"), BAD_VALUES)
def test_bad_values_are_named_with_their_line(asked, answered, row, words, tasks):
    problems = check_submission(write(answered, changed(2, row)), asked, tasks)
    assert [(problem.file, problem.line) for problem in problems] == [(answered, 2)]
    assert problems[0].text.startswith("a.jpg,size: ")
    assert words in problems[0].text


def test_a_sum_off_by_less_than_a_millionth_passes(asked, answered):
    assert check_submission(write(answered, changed(2, "a.jpg,size,0.5;0.5000005")), asked, TASKS) == []


BAD_ROWS = [
    (GOOD[:3] + GOOD[4:], [("question.csv", 4, "c.jpg,size_labels has no answer in")]),
    ([*GOOD, "d.jpg,size_labels,0;1"], [("mine.csv", 6, "d.jpg,size_labels is not asked in")]),
    (
        [*GOOD, "d.jpg,size_labels,0;1", "d.jpg,size_labels,0;1"],
        [("mine.csv", 6, "is not asked in"), ("mine.csv", 7, "is not asked in")],
    ),
    ([*GOOD, GOOD[1]], [("mine.csv", 6, "a.jpg,size is answered already; delete the row")]),
    (
        [GOOD[1], GOOD[0], *GOOD[2:]],
        [("mine.csv", 1, "out of order: found a.jpg,size, expected b.jpg,colour_labels as at")],
    ),
    (
        changed(2, "a.jpg,size_labels,0;1"),
        [("mine.csv", 2, "is not asked in"), ("question.csv", 2, "a.jpg,size has no answer")],
    ),
    (changed(2, "a.jpg,size"), [("mine.csv", 2, "2 columns"), ("question.csv", 2, "a.jpg,size has no answer")]),
    (changed(2, "a.jpg,size,0;1,"), [("mine.csv", 2, "4 columns"), ("question.csv", 2, "a.jpg,size has no answer")]),
]


@pytest.mark.parametrize(("lines", "expected"), BAD_ROWS)
def test_rows_that_are_missing_too_many_or_out_of_order_are_named(asked, answered, lines, expected):
    problems = check_submission(write(answered, lines), asked, TASKS)
    assert problems == sorted(problems)
    assert [(problem.file.name, problem.line) for problem in problems] == [(name, line) for name, line, _ in expected]
    assert [text for problem, (*_, text) in zip(problems, expected, strict=True) if text not in problem.text] == []


def test_all_problems_come_in_one_list_in_the_order_of_lines(asked, answered):
    lines = [GOOD[0], "a.jpg,size,2;-1", "d.jpg,size,0;1", GOOD[3], "b.jpg,size_labels", "a.jpg,colour_labels,0;0;0"]
    problems = check_submission(write(answered, lines), asked, TASKS)
    assert [problem.line for problem in problems if problem.file == answered] == [2, 3, 5, 6]
    assert [problem.line for problem in problems if problem.file == asked] == [5]


def test_without_known_classes_all_rows_of_a_task_need_one_number_of_values(asked, answered):
    lines = [*GOOD[:4], "b.jpg,size_labels,0;0;1"]
    (problem,) = check_submission(write(answered, lines), asked)
    assert (problem.line, "3 values, but the task has 2 classes" in problem.text) == (5, True)
    wide = [row.replace("size,0.25;0.75", "size,0;0;1").replace("0.50000000;0.50000000", "1;0;0") for row in lines]
    assert check_submission(write(answered, wide), asked) == []
    assert [problem.line for problem in check_submission(answered, asked, TASKS)] == [2, 4, 5]


def test_values_of_a_multilabel_task_need_no_sum_of_one(asked, answered):
    write(answered, changed(2, "a.jpg,size,0.9;0.8"))
    assert len(check_submission(answered, asked, TASKS)) == 1
    assert check_submission(answered, asked, (COLOUR, Task("size", SIZE.classes, "multilabel"))) == []


def test_a_question_asked_twice_is_answered_twice(asked, answered):
    write(asked, [*QUESTIONS, QUESTIONS[0]])
    assert check_submission(write(answered, [*GOOD, GOOD[0]]), asked, TASKS) == []
    (problem,) = check_submission(write(answered, GOOD), asked, TASKS)
    assert (problem.file, problem.line) == (asked, 6)


def test_a_bad_line_among_the_questions_is_not_passed_over(asked, answered):
    write(asked, [*QUESTIONS, "d.jpg,size_labels"])
    (problem,) = check_submission(write(answered, GOOD), asked, TASKS)
    assert (problem.file, problem.line) == (asked, 6)


@pytest.mark.parametrize("content", ["", "ImageName,AttrKey,AttrValues\n", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_at_all_is_refused(asked, answered, content):
    assert str(answered) in refusal(check_submission, write(answered, content), asked)
    assert "cannot be read" in refusal(check_submission, answered.with_name("gone.csv"), asked)
