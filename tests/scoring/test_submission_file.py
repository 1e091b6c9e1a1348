"""A submission file scored against known answers."""

import pytest
from helpers import refusal, write

from competition.scoring.submission_file import score_file
from competition.task import Task

ANSWERS = ["a.jpg,x_labels,yn", "b.jpg,x_labels,ny", "c.jpg,x_labels,yn"]


@pytest.fixture
def answers(tmp_path):
    return write(tmp_path / "rank/Tests/answers.csv", ANSWERS)


def submission(tmp_path, *values: str):
    rows = [f"{name}.jpg,x_labels,{value}" for name, value in zip("abc", values, strict=True)]
    return write(tmp_path / "mine.csv", rows)


def test_rows_are_matched_by_name_and_scored_by_the_rule(answers, tmp_path):
    """In order of confidence: a right, c wrong, b right; so AP = (1 + 1/2 + 2/3) / 3."""
    report = score_file(submission(tmp_path, "0.9;0.1", "0.4;0.6", "0.3;0.7"), answers)
    assert report.map == pytest.approx((1 + 1 / 2 + 2 / 3) / 3)
    assert report.accuracy == pytest.approx(2 / 3)
    assert report.chance == pytest.approx(2 / 3)


def test_names_of_classes_beside_the_data_do_not_matter(answers, tmp_path):
    write(tmp_path / "classes.csv", ["x,short,long", "y,red,green"])
    assert score_file(submission(tmp_path, "0.9;0.1", "0.4;0.6", "0.7;0.3"), answers).accuracy == 1


def test_digits_after_the_eighth_count_where_the_file_has_them(answers, tmp_path):
    """The organisers score the file as it is: here the wrong answer comes second, and no tie."""
    report = score_file(
        submission(tmp_path, "0.7000000002;0.2999999998", "0.4;0.6", "0.2999999999;0.7000000001"), answers
    )
    assert report.map == pytest.approx((1 + 1 / 2 + 2 / 3) / 3)


def test_a_submission_for_other_rows_is_not_scored(answers, tmp_path):
    mine = write(tmp_path / "mine.csv", ["a.jpg,x_labels,1;0"])
    assert "b.jpg,x_labels has no answer" in refusal(score_file, mine, answers)


def test_known_tasks_decide_what_is_allowed(answers, tmp_path):
    mine = submission(tmp_path, "0.9;0.8", "0.4;0.6", "0.3;0.7")
    assert "sum to" in refusal(score_file, mine, answers)
    score_file(mine, answers, (Task("x", ("p", "q"), "multilabel"),))


@pytest.mark.filterwarnings("ignore:1 rows repeat an image and task with the same letters")
def test_a_row_that_is_asked_twice_counts_twice(tmp_path):
    """By confidence: a right, c wrong, b right, b right once more; so AP = (1 + 1/2 + 2/3 + 3/4) / 4.

    Without the second b it would be (1 + 1/2 + 2/3) / 3.
    """
    answers = write(tmp_path / "answers.csv", [*ANSWERS, ANSWERS[1]])
    rows = [f"{name}.jpg,x_labels,{value}" for name, value in zip("abc", ("1;0", "0.4;0.6", "0.3;0.7"), strict=True)]
    report = score_file(write(tmp_path / "mine.csv", [*rows, "b.jpg,x_labels,0.45;0.55"]), answers)
    assert report.tasks[0].rows == 4
    assert report.map == pytest.approx((1 + 1 / 2 + 2 / 3 + 3 / 4) / 4)
    assert report.accuracy == pytest.approx(3 / 4)
    assert report.chance == pytest.approx(2 / 4)


def test_answers_that_contradict_each_other_are_refused_with_both_lines(tmp_path):
    answers = write(tmp_path / "answers.csv", [*ANSWERS, "b.jpg,x_labels,yn"])
    mine = write(tmp_path / "mine.csv", [f"{row.rpartition(',')[0]},1;0" for row in [*ANSWERS, "b.jpg,x_labels,yn"]])
    message = refusal(score_file, mine, answers)
    assert f"{answers}:4: b.jpg is 'yn' here but 'ny' at {answers}:2" in message
