"""The command submit, with a run that answers by hand: what it takes for the classes and the answers of its data."""

import os
from pathlib import Path
from threading import Event, Thread

import cv2
import numpy as np
import pytest
from helpers import noise, refusal, write

from competition.commands import submit as command
from competition.layouts import answers
from competition.model import answer
from competition.recipe import Recipe
from competition.run import Run
from competition.task import Task

KIND = Task("kind", ("cat", "dog"))


@pytest.fixture
def run(tmp_path, monkeypatch) -> Run:
    """A run on folders of images that takes every question for a dog."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/test").mkdir(parents=True)
    for number in range(2):
        cv2.imwrite(str(tmp_path / f"data/test/{number}.png"), noise(8, 8, number))
    run = Run(Path("runs/mine-1"))
    run.write_recipe(Recipe("mine", layout="folder", tasks=(KIND,)), {"data": "data", "command": "", "commit": None})
    run.write_json("scores.json", {})
    dogs = np.array([[0.25, 0.75]])
    monkeypatch.setattr(answer, "answer", lambda _, asked, *__: {"kind": dogs.repeat(len(asked.images), axis=0)})
    return run


def test_files_of_other_data_nearby_do_not_stop_a_submission(run, capsys):
    """Only FashionAI's layout has a classes.csv above its questions, and an answers.csv of letters beside them."""
    write(Path("classes.csv"), ["kind,fish,bird"])
    write(Path("data/answers.csv"), ["of,something,else,altogether"])
    written = command.submit((run.folder,), cache=Path("cache"))
    assert written.read_text().splitlines()[1:] == ["0.png,dog", "1.png,dog"]
    assert "score by" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("lines", "threshold", "said"),
    [
        (["id,target", "0,0.5", "1,0.5"], None, "column 'target': the probability of 'dog'\n"),
        (["id,target", "0,cat", "1,cat"], None, "column 'target': the class (with --probabilities, that of 'dog')\n"),
        (["id,cat,dog", "0,0,0", "1,0,0"], 0.5, "the columns of kind: the probability of each class, as 1 from 0.5 on"),
    ],
)
def test_what_the_columns_of_a_sample_got_is_said(run, capsys, lines, threshold, said):
    sample = write(Path("sample_submission.csv"), lines)
    command.submit((run.folder,), questions=sample, threshold=threshold, cache=Path("cache"))
    assert said in capsys.readouterr().out


def test_two_that_write_one_submission_do_not_mix_its_files(run, monkeypatch):
    """The second, which waits for the first to write both files, answers cat."""
    writes, began, let_go = answers.write_csv, Event(), Event()

    def slowly(*given, **options):
        began.set()
        assert let_go.wait(60)
        writes(*given, **options)

    monkeypatch.setattr(answers, "write_csv", slowly)
    submitted = [Thread(target=lambda: command.submit((run.folder,), cache=Path("cache"))) for _ in range(2)]
    submitted[0].start()
    assert began.wait(60)
    monkeypatch.setattr(answers, "write_csv", writes)
    cats = np.array([[0.75, 0.25]])
    monkeypatch.setattr(answer, "answer", lambda _, asked, *__: {"kind": cats.repeat(len(asked.images), axis=0)})
    submitted[1].start()
    submitted[1].join(0.5)
    assert submitted[1].is_alive()
    let_go.set()
    for one in submitted:
        one.join(60)
    answered, beside = (Path(f"submissions/mine-1{ending}.csv").read_text() for ending in ("", "-probabilities"))
    assert "cat" in answered.splitlines()[1]
    assert beside.splitlines()[1].startswith("0.png,0.75")


@pytest.fixture
def questions(run, tmp_path) -> Path:
    """FashionAI's questions, which ask the second image twice."""
    for number in range(3):
        cv2.imwrite(str(write(tmp_path / f"data/rank/Images/{number}.png", b"")), noise(8, 8, number))
    asked = [f"Images/{number}.png,kind_labels," for number in (0, 1, 2, 1)]
    made = {"data": "data", "command": "", "commit": None}
    run.write_recipe(Recipe("mine", tasks=(KIND,)), made)
    return write(tmp_path / "data/rank/Tests/question.csv", asked)


def written() -> list[Path]:
    return [*Path().glob("submissions/*")]


@pytest.mark.filterwarnings("ignore:1 rows repeat an image and task with the same letters")
def test_the_score_that_is_shown_counts_every_row(run, questions, monkeypatch, capsys):
    """By confidence: 1 twice, right both times, then 0, wrong, then 2, right: AP = (2/2 + 2/3 + 3/4) / 3."""
    monkeypatch.setattr(answer, "answer", lambda *_: {"kind": np.array([[0.25, 0.75], [0, 1], [0.4, 0.6]])})
    answers = ["yn", "ny", "ny", "ny"]
    rows = [f"{row}{letters}" for row, letters in zip(questions.read_text().splitlines(), answers, strict=True)]
    write(questions.with_name("answers.csv"), rows)
    path = command.submit((run.folder,), cache=Path("cache"))
    shown = capsys.readouterr().out
    assert f"score by {questions.with_name('answers.csv')}" in shown.replace("data/", f"{Path.cwd()}/data/")
    assert f"kind              4  {(1 + 2 / 3 + 3 / 4) / 3:.4f}  0.7500    0.7500" in shown
    assert path.read_text().splitlines()[0] == "Images/0.png,kind_labels,0.25000000;0.75000000"


def test_one_answer_serves_a_question_that_is_asked_twice_and_the_order_is_free(run, questions, monkeypatch, capsys):
    monkeypatch.setattr(answer, "answer", lambda *_: {"kind": np.array([[0.25, 0.75], [0, 1], [0.4, 0.6]])})
    answers = [f"Images/{number}.png,kind_labels,{letters}" for number, letters in ((2, "ny"), (1, "ny"), (0, "yn"))]
    write(questions.with_name("answers.csv"), answers)
    command.submit((run.folder,), cache=Path("cache"))
    assert f"kind              4  {(1 + 2 / 3 + 3 / 4) / 3:.4f}  0.7500    0.7500" in capsys.readouterr().out


def test_a_file_of_answers_has_the_ending_of_its_layout(run, questions):
    assert "--output is out.txt; for these data its name has to end in .csv" in refusal(
        lambda: command.submit((run.folder,), output=Path("out.txt"))
    )
    assert not Path("out.txt").exists()


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["Images/9.png,kind_labels,yn"], ["answers other questions than", "Images/9.png,kind_labels is not asked"]),
        (["Images/0.png,kind_labels,yyn"], ["answers.csv:1: 3 letters"]),
        ([f"Images/{n}.png,kind_labels,{a}" for n, a in zip((0, 1, 2, 1), "abab", strict=True)], ["answers.csv:1: "]),
    ],
    ids=["other questions", "other classes", "no letters"],
)
def test_nothing_is_written_where_the_answers_beside_the_questions_are_no_use(run, questions, rows, words):
    write(questions.with_name("answers.csv"), rows)
    message = refusal(command.submit, (run.folder,))
    assert [word for word in words if word not in message] == []
    assert written() == []


@pytest.mark.parametrize("spoilt", ["{", "[]", "null", '{"best": {}}', '{"best": 3}'])
def test_nothing_is_written_where_the_scores_of_the_run_are_spoilt(run, spoilt):
    write(run.folder / "scores.json", spoilt)
    assert "scores.json" in refusal(command.submit, (run.folder,))
    assert written() == []


@pytest.mark.parametrize("name", [b"\xff.csv", "a\u202eb.csv".encode(), b"a\x1b.csv"])
def test_a_submission_cannot_have_a_name_that_a_zip_cannot_hold_or_a_terminal_should_not_show(run, name):
    output = Path(os.fsdecode(name))
    assert "its name holds " in refusal(lambda: command.submit((run.folder,), output=output))
    assert not output.exists()
