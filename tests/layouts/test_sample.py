"""A sample of a submission: what it asks, and that it is answered in exactly its shape."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from helpers import refusal, write

from competition.__main__ import main
from competition.layouts.sample import Sample, Shape, check_against, is_sample, read_sample
from competition.task import Task

KIND = Task("kind", ("cat", "dog", "owl"))
WET = Task("wet", ("no", "yes"))
TAGS = Task("tags", ("big", "red", "wet"), "multilabel")
KINDS = np.array([[0.7, 0.2, 0.1], [0.2, 0.3, 0.5], [0.1, 0.8, 0.1]])
WETS = np.array([[0.75, 0.25], [0.4, 0.6], [0.5, 0.5]])
LABELS = np.array([[0.9, 0.1, 0.6], [0.3, 0.2, 0.1], [0.4, 0.8, 0.7]])
IDS = ("q7", "q2", "q10")  # in no order of theirs


def answered(
    folder: Path, lines: list[str], tasks: tuple[Task, ...], *, threshold: float | None = None, **given
) -> list[str]:
    """The lines of the file that answers a sample with the probabilities given for each task."""
    sample = write(folder / "sample_submission.csv", lines)
    for name in IDS:
        write(folder / f"test/{name}.jpg", b"x")
    layout = Sample(folder, threshold)
    asked = layout.read_questions(sample, tasks)
    (written,) = layout.write_answers(folder / "out/answers.csv", asked, given, tasks)
    assert check_against(written, sample) == []
    return written.read_text().splitlines()


def ids(header: str, cells: str) -> list[str]:
    return [header, *(f"{name},{cells}" for name in IDS)]


@pytest.mark.parametrize("ending", ["", ".jpg"])
def test_ids_are_found_with_and_without_an_ending_and_stay_as_they_are(tmp_path, ending):
    sample = write(tmp_path / "sample_submission.csv", ["id,kind", *(f"{name}{ending},cat" for name in IDS)])
    for name in IDS:
        write(tmp_path / f"test/{name}.jpg", b"x")
    asked = Sample(tmp_path).read_questions(sample, (KIND,))
    assert [asked.images.path(row) for row in range(3)] == [tmp_path / f"test/{name}.jpg" for name in IDS]
    assert not asked.images.codes  # what a sample holds is no answer
    (written,) = Sample(tmp_path).write_answers(tmp_path / "out.csv", asked, {"kind": KINDS}, (KIND,))
    assert written.read_text().splitlines() == ["id,kind", f"q7{ending},cat", f"q2{ending},owl", f"q10{ending},dog"]


def test_a_column_a_class_gets_its_probability_in_the_order_of_the_file(tmp_path):
    lines = answered(tmp_path, ids("image_id,owl,cat,dog", "0.25,0.25,0.5"), (KIND,), kind=KINDS)
    assert lines == [
        "image_id,owl,cat,dog",
        "q7,0.10000000,0.70000000,0.20000000",
        "q2,0.50000000,0.20000000,0.30000000",
        "q10,0.10000000,0.10000000,0.80000000",
    ]


def test_with_a_threshold_a_column_a_class_gets_0_and_1(tmp_path):
    lines = answered(tmp_path, ids("image_id,wet,big,red", "0,0,0"), (TAGS,), threshold=0.6, tags=LABELS)
    assert lines == ["image_id,wet,big,red", "q7,1,1,0", "q2,0,0,0", "q10,1,0,1"]


def test_a_label_column_gets_the_class_also_by_another_name_if_there_is_one_task(tmp_path):
    for folder, column in (("a", "kind"), ("b", "predicted")):
        lines = answered(tmp_path / folder, ids(f"id,{column}", "cat"), (KIND,), kind=KINDS)
        assert lines == [f"id,{column}", "q7,cat", "q2,owl", "q10,dog"]


@pytest.mark.parametrize("between", [" ", ";", "|", ","])
def test_several_labels_are_joined_as_the_sample_joins_them(tmp_path, between):
    cell = f'"big{between}wet"' if between == "," else f"big{between}wet"
    lines = answered(tmp_path, ids("id,tags", cell), (TAGS,), tags=LABELS)
    several = [f"big{between}wet", "", f"red{between}wet"]
    quote = '"' if between == "," else ""
    assert lines == [
        "id,tags",
        *(f"{i},{quote}{s}{quote}" if s else f"{i}," for i, s in zip(IDS, several, strict=True)),
    ]


def test_the_likeliest_classes_are_as_many_as_the_sample_has(tmp_path):
    lines = answered(tmp_path, ids("id,kind", "owl dog"), (KIND,), kind=KINDS)
    assert lines == ["id,kind", "q7,cat dog", "q2,owl dog", "q10,dog cat"]
    shape = Shape.of(read_sample(tmp_path / "sample_submission.csv"), (KIND,))
    assert shape.meanings(None) == ["column 'kind': the 2 likeliest classes"]


def test_a_class_and_its_probability_are_written_where_the_sample_has_both(tmp_path):
    lines = answered(tmp_path, ids("id,kind", "cat 0.1"), (KIND,), kind=KINDS)
    assert lines == ["id,kind", "q7,cat 0.70000000", "q2,owl 0.50000000", "q10,dog 0.80000000"]
    shape = Shape.of(read_sample(tmp_path / "sample_submission.csv"), (KIND,))
    assert shape.meanings(None) == ["column 'kind': the class and its probability"]


def test_several_labels_are_those_from_the_threshold_on(tmp_path):
    lines = answered(tmp_path, ids("id,tags", "big"), (TAGS,), threshold=0.3, tags=LABELS)
    assert lines == ["id,tags", "q7,big wet", "q2,big", "q10,big red wet"]


def test_a_column_of_halves_gets_the_probability_of_yes(tmp_path):
    assert answered(tmp_path, ids("id,wet", "0.5"), (WET,), wet=WETS) == [
        "id,wet",
        "q7,0.25000000",
        "q2,0.60000000",
        "q10,0.50000000",
    ]


@pytest.mark.parametrize(
    ("lines", "tasks", "threshold", "meanings"),
    [
        (ids("id,kind", "cat"), (KIND,), None, ["column 'kind': the class"]),
        (ids("id,tags", "big"), (TAGS,), None, ["column 'tags': the classes"]),
        (ids("id,target", "0"), (WET,), None, ["column 'target': the probability of 'yes'"]),  # no class is called 0
        (ids("id,target", "0.5"), (WET,), None, ["column 'target': the probability of 'yes'"]),
        (ids("id,dog", "0.5"), (Task("pet", ("dog", "cat")),), None, ["column 'dog': the probability of 'dog'"]),
        (ids("id,target", "0.5"), (Task("pet", ("cat", "dog")),), None, ["column 'target': the probability of 'dog'"]),
        (
            ids("id,owl,cat,dog,wet", "0,0,0,no"),
            (KIND, WET),
            None,
            [
                "column 'wet': the class (with --probabilities, that of 'yes')",
                "the columns of kind: the probability of each class",
            ],
        ),
        (
            ids("id,target", "0.5"),
            (WET,),
            0.25,
            ["column 'target': the probability of 'yes', as 1 from 0.25 on and as 0 below"],
        ),
        (ids("id,kind", "dog cat"), (KIND,), None, ["column 'kind': the 2 likeliest classes"]),
        (
            ids("id,big,red,wet", "-1,-1,1"),
            (TAGS,),
            None,
            ["the columns of tags: the probability of each class, as 1 above 0.5 and as -1 below"],
        ),
    ],
)
def test_what_each_column_holds_is_said(tmp_path, lines, tasks, threshold, meanings):
    sample = write(tmp_path / "sample.csv", lines)
    assert Sample(tmp_path, threshold).meanings(sample, tasks) == meanings


def test_the_likeliest_classes_are_as_many_as_the_sample_shows(tmp_path):
    lines = ["id,kind", "q7,cat", "q2,cat dog", "q10,owl"]
    assert answered(tmp_path, lines, (KIND,), kind=KINDS) == ["id,kind", "q7,cat dog", "q2,owl dog", "q10,dog cat"]


@pytest.mark.parametrize(
    ("threshold", "rows"),
    [(None, ["q7,1,1,-1", "q2,-1,-1,-1", "q10,1,-1,1"]), (0.7, ["q7,-1,1,-1", "q2,-1,-1,-1", "q10,1,-1,1"])],
)
def test_columns_of_1_and_minus_1_are_answered_so(tmp_path, threshold, rows):
    sample = ids("id,wet,big,red", "1,-1,-1")  # wet is 1 in every row, as big is -1
    assert answered(tmp_path, sample, (TAGS,), threshold=threshold, tags=LABELS) == ["id,wet,big,red", *rows]


def test_columns_in_other_capitals_are_those_of_the_task_and_its_classes(tmp_path):
    kind = answered(tmp_path / "a", ids("ID,Kind,WET", "cat,no"), (KIND, WET), kind=KINDS, wet=WETS)
    assert kind == ["ID,Kind,WET", "q7,cat,no", "q2,owl,yes", "q10,dog,no"]
    classes = answered(tmp_path / "b", ids("ID,Owl,Cat,Dog", "0,0,1"), (KIND,), threshold=0.5, kind=KINDS)
    assert classes == ["ID,Owl,Cat,Dog", "q7,0,1,0", "q2,1,0,0", "q10,0,0,1"]


def test_a_submission_that_would_be_refused_is_named_by_its_own_name(tmp_path):
    """And not by that of the file in which it was written first."""
    problem = f"{tmp_path / 'out/answers.csv'}:2: 'cat' in column 'target'; allowed are numbers"
    assert problem in refusal(partial(answered, kind=KINDS), tmp_path, ids("id,target", "0"), (KIND,))


def test_zeros_may_ask_for_probabilities_and_a_flag_says_so(tmp_path):
    benign = Task("malignant", ("0", "1"))
    assert answered(tmp_path / "a", ids("id,malignant", "0"), (benign,), malignant=WETS)[1:] == [
        "q7,0",
        "q2,1",
        "q10,0",
    ]
    sample = write(tmp_path / "b/sample_submission.csv", ids("id,malignant", "0"))
    for name in IDS:
        write(tmp_path / f"b/{name}.jpg", b"x")
    layout = Sample(tmp_path / "b", probabilities=True)
    asked = layout.read_questions(sample, (benign,))
    (written,) = layout.write_answers(tmp_path / "out.csv", asked, {"malignant": WETS}, (benign,))
    assert written.read_text().splitlines()[1:] == ["q7,0.25000000", "q2,0.60000000", "q10,0.50000000"]
    assert layout.meanings(sample, (benign,)) == ["column 'malignant': the probability of '1'"]


def test_several_tasks_have_the_columns_and_the_order_of_the_file(tmp_path):
    lines = answered(tmp_path, ids("id,wet,kind", "no,cat"), (KIND, WET), kind=KINDS, wet=WETS)
    assert lines == ["id,wet,kind", "q7,no,cat", "q2,yes,owl", "q10,no,dog"]


def test_header_and_ids_are_written_letter_for_letter(tmp_path):
    decomposed = "cafe\u0301"
    sample = write(tmp_path / "sample_submission.csv", ["Image Id;kind", f"{decomposed};cat", "q2;cat"])
    for name in ("caf\u00e9", "q2"):
        write(tmp_path / f"{name}.jpg", b"x")
    asked = Sample(tmp_path).read_questions(sample, (KIND,))
    (written,) = Sample(tmp_path).write_answers(tmp_path / "out.csv", asked, {"kind": KINDS[:2]}, (KIND,))
    assert written.read_text() == f"Image Id;kind\n{decomposed};cat\nq2;owl\n"


@pytest.mark.parametrize("header", ["id, kind", ",kind", "id,kind ", '"id, of a photo",kind'])
def test_a_header_is_written_as_it_stands_also_with_blanks_or_without_a_name(tmp_path, header):
    assert answered(tmp_path, ids(header, "cat"), (KIND,), kind=KINDS) == [header, "q7,cat", "q2,owl", "q10,dog"]


@pytest.mark.parametrize(
    ("lines", "tasks", "words"),
    [
        (ids("id,colour", "red"), (KIND, WET), "no task of the run answers 'colour'"),
        (["id", *IDS], (KIND,), "there is nothing but ids"),
        (ids("id,no,yes", "0,1"), (WET, Task("big", ("no", "yes"))), "column 'no' answers several tasks"),
        (ids("id,kind,", "cat,"), (KIND,), "sample_submission.csv:1: column 3 has no name"),
        (["id,kind", "q7,cat", "q7,cat"], (KIND,), "about 1 images more than once"),
    ],
)
def test_a_sample_that_cannot_be_answered_is_refused(tmp_path, lines, tasks, words):
    for name in IDS:
        write(tmp_path / f"test/{name}.jpg", b"x")
    sample = write(tmp_path / "sample_submission.csv", lines)
    assert words in refusal(Sample(tmp_path).read_questions, sample, tasks)


def test_an_image_of_test_that_is_missing_is_not_that_of_train(tmp_path):
    for path in ("test/q7.jpg", "train/q7.jpg", "train/q2.jpg"):
        write(tmp_path / path, b"x")
    asked = Sample(tmp_path).read_questions(write(tmp_path / "s.csv", ["id,kind", "q7,cat", "q2,cat"]), (KIND,))
    assert [asked.images.path(row) for row in range(2)] == [tmp_path / "test/q7.jpg", tmp_path / "test/q2.jpg"]


def test_an_image_that_is_missing_is_looked_for_beside_the_others(tmp_path):
    write(tmp_path / "test/q7.jpg", b"x")
    asked = Sample(tmp_path).read_questions(write(tmp_path / "s.csv", ["id,kind", "q7,cat", "gone,cat"]), (KIND,))
    assert [asked.images.path(row) for row in range(2)] == [tmp_path / "test/q7.jpg", tmp_path / "test/gone.jpg"]


@pytest.mark.parametrize(
    ("name", "lines", "found"),
    [
        ("sample_submission.csv", ["id,kind", "q,cat"], True),
        ("SampleSubmission.csv", ["id,kind", "q,cat", "r,dog"], True),
        ("asked.csv", ["id,kind", "q,cat", "r,cat"], True),
        ("asked.csv", ["id,site,kind", "q,east,cat", "r,west,cat"], True),  # the site is no task
        ("asked.csv", ["id,owl,cat,dog", "q,0.5,0.5,0.5", "r,0.5,0.5,0.5"], True),
        ("asked.csv", ["id,owl,cat,dog", "q,0,0,1", "r,0,0,1"], True),
        ("asked.csv", ["id,kind", "q,cat", "r,dog"], False),  # answers that are known
        ("asked.csv", ["id,owl,cat,dog", "q,0,0,1", "r,0,0,0"], False),
        ("asked.csv", ["id,site", "q,east", "r,east"], False),
        ("asked.csv", ["id,kind", "q,", "r,"], False),
        ("asked.csv", ["id", "q", "r"], False),
        ("questions.csv", ["id,kind", "q,cat", "r,cat"], False),  # answered in the project's own form
        ("question.csv", ["Images/a.jpg,kind_labels,", "Images/b.jpg,kind_labels,"], False),
    ],
)
def test_a_sample_is_known_by_its_name_or_by_one_value_in_every_row(tmp_path, name, lines, found):
    assert is_sample(write(tmp_path / name, lines), (KIND,)) == found


SAMPLE = ["id,cat,dog", "q7,0.5,0.5", "q2,0.5,0.5", "q10,0.5,0.5"]


@pytest.mark.parametrize(
    ("lines", "place", "words"),
    [
        (["id,dog,cat", *SAMPLE[1:]], 1, "the header is 'id,dog,cat'; that of sample.csv is 'id,cat,dog'"),
        (SAMPLE[:3], 1, "2 rows; sample.csv has 3"),
        ([*SAMPLE[:2], SAMPLE[3], SAMPLE[2]], 3, "is about 'q10'; sample.csv has 'q2' in this place"),
        ([*SAMPLE[:2], "q2,0.5,1.5", SAMPLE[3]], 3, "'1.5' in column 'dog'; allowed are numbers from 0 to 1"),
        ([*SAMPLE[:3], "q10,,0.5"], 4, "'' in column 'cat'; allowed are numbers from 0 to 1"),
    ],
)
def test_what_differs_from_the_sample_is_said_with_its_line(tmp_path, capsys, lines, place, words):
    sample = write(tmp_path / "sample.csv", SAMPLE)
    mine = write(tmp_path / "mine.csv", lines)
    problems = check_against(mine, sample)
    assert problems[0].line == place
    assert words in problems[0].text
    assert main(["check", str(mine), str(sample)]) == 1  # the command, too
    assert f"{mine}:{place}: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("sample", "lines", "place", "text"),
    [
        (
            SAMPLE,
            [line.replace(",", ";") for line in SAMPLE],
            1,
            "the header is 'id;cat;dog'; that of sample.csv is 'id,cat,dog'",
        ),
        (SAMPLE, ["Id,cat,dog", *SAMPLE[1:]], 1, "the header is 'Id,cat,dog'; that of sample.csv is 'id,cat,dog'"),
        (SAMPLE, ["id,cat", "q7,1", "q2,0", "q10,0"], 1, "the header is 'id,cat'; that of sample.csv is 'id,cat,dog'"),
        (
            ["id,caf\u00e9", "q7,a", "q2,b"],
            ["id,cafe\u0301", "q7,a", "q2,b"],
            1,
            "the header is 'id,cafe\u0301'; that of sample.csv is 'id,caf\u00e9'",
        ),
        (SAMPLE, ["id, cat,dog", *SAMPLE[1:]], 1, "the header is 'id, cat,dog'; that of sample.csv is 'id,cat,dog'"),
        (SAMPLE, [f"{line}," for line in SAMPLE], 1, "the header is 'id,cat,dog,'; that of sample.csv is 'id,cat,dog'"),
        (SAMPLE, [*SAMPLE, "q11,0.5,0.5"], 1, "4 rows; sample.csv has 3"),
        (["id,n", "07,a", "q2,b"], ["id,n", "7,a", "q2,b"], 2, "is about '7'; sample.csv has '07' in this place"),
        (
            ["id,n", "q7.jpg,a", "q2.jpg,b"],
            ["id,n", "q7.jpg,a", "q2,b"],
            3,
            "is about 'q2'; sample.csv has 'q2.jpg' in this place",
        ),
        (
            ["id,n", "caf\u00e9,a", "q2,b"],
            ["id,n", "cafe\u0301,a", "q2,b"],
            2,
            "is about 'cafe\u0301'; sample.csv has 'caf\u00e9' in this place",
        ),
        (["id,n", "q7,a", "q2,b"], ["id,n", "q7 ,a", "q2,b"], 2, "is about 'q7 '; sample.csv has 'q7' in this place"),
        (["id,n", "q7,a", "q2,b"], ["id,n", "q7,a", "q2,"], 3, "'' in column 'n'; allowed are filled cells"),
        (["id,n", "q7,0", "q2,0"], ["id,n", "q7,3", "q2,"], 3, "'' in column 'n'; allowed are numbers"),
        (["id,n", "q7,0", "q2,0"], ["id,n", "q7,inf", "q2,1"], 2, "'inf' in column 'n'; allowed are numbers"),
        (["id,n", "q7,0", "q2,0"], ["id,n", "q7,1e999", "q2,1"], 2, "'1e999' in column 'n'; allowed are numbers"),
        (["id,n", "q7,0", "q2,0"], ["id,n", "q7,nan", "q2,1"], 2, "'nan' in column 'n'; allowed are numbers"),
        (["id,n", "q7,0", "q2,0"], ["id,n", "q7,1", "q2,cat"], 3, "'cat' in column 'n'; allowed are numbers"),
        (SAMPLE, [*SAMPLE[:3], "q10,-0.1,1"], 4, "'-0.1' in column 'cat'; allowed are numbers from 0 to 1"),
        (SAMPLE, [*SAMPLE[:3], "q10,inf,1"], 4, "'inf' in column 'cat'; allowed are numbers from 0 to 1"),
        (SAMPLE, [*SAMPLE[:3], "q10,cat,1"], 4, "'cat' in column 'cat'; allowed are numbers from 0 to 1"),
    ],
)
def test_a_submission_that_differs_from_the_sample_in_one_thing_has_one_problem(tmp_path, sample, lines, place, text):
    mine = write(tmp_path / "mine.csv", lines)
    problems = check_against(mine, write(tmp_path / "sample.csv", sample))
    assert list(map(str, problems)) == [f"{mine}:{place}: {text}"]


@pytest.mark.parametrize(
    ("sample", "lines"),
    [
        (["id,tags", "q7,big wet", "q2,big wet"], ["id,tags", "q7,", "q2,red"]),  # none of several labels
        (["id,kind", "q7,", "q2,"], ["id,kind", "q7,cat", "q2,"]),  # the sample does not show what belongs there
        (SAMPLE, ["id,cat,dog", "q7,0,1", "q2,1e-9,1.0", "q10,.25,0.75"]),
    ],
)
def test_what_the_sample_leaves_open_is_allowed(tmp_path, sample, lines):
    assert check_against(write(tmp_path / "mine.csv", lines), write(tmp_path / "sample.csv", sample)) == []


def test_numbers_of_classes_one_or_several_are_numbers(tmp_path, capsys):
    sample = write(tmp_path / "sample.csv", ["id,labels", "q7,0", "q2,0"])
    assert check_against(write(tmp_path / "mine.csv", ["id,labels", "q7,3 14", "q2,2"]), sample) == []
    (problem,) = check_against(write(tmp_path / "mine.csv", ["id,labels", "q7,cat", "q2,2"]), sample)
    assert str(problem).endswith("mine.csv:2: 'cat' in column 'labels'; allowed are numbers")
    assert main(["check", str(sample), str(sample)]) == 0
    assert "complete and well formed" in capsys.readouterr().out
    assert main(["check", str(sample), str(sample), "--classes", "classes.csv"]) == 1
    assert "--classes is for rows of image, task and letters" in capsys.readouterr().err
