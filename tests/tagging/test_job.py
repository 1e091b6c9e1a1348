"""The folder of a job: it goes on with its own, and refuses what belongs to anything else."""

import json
from pathlib import Path

import pytest
from helpers import refusal, write

from competition.tagging import job as module
from competition.tagging.job import Done, Job, follow

PLAN = {"input": "a1", "rows": 100, "part_rows": 40, "run": "b2", "promise": None, "version": "0.2.0"}


@pytest.fixture
def job(tmp_path) -> Job:
    begun = Job(tmp_path / "out", PLAN)
    begun.begin({"run": "runs/mine-1"})
    return begun


def test_a_job_says_what_it_is_about_before_anything_else_and_goes_on_with_the_same(job):
    said = json.loads((job.folder / "job.json").read_text())
    assert {key: said[key] for key in PLAN} == PLAN
    assert said["made"]["run"] == "runs/mine-1" and said["made"]["command"].startswith("competition")
    job.begin({"run": "elsewhere/mine-1"})
    assert json.loads((job.folder / "job.json").read_text()) == said


@pytest.mark.parametrize(
    "change, words",
    [
        ({"input": "c3"}, "the pictures of the input, or their order: a1 there, c3 now"),
        ({"rows": 99}, "the number of pictures: 100 there, 99 now"),
        ({"run": "d4"}, "what answers: weights, recipes, views or mean: b2 there, d4 now"),
        ({"promise": "e5"}, "the promise: None there, e5 now"),
        ({"version": "0.3.0"}, "the version of competition: 0.2.0 there, 0.3.0 now"),
    ],
)
def test_another_job_is_refused_with_what_differs(job, change, words):
    message = refusal(Job(job.folder, {**PLAN, **change}).begin, {})
    assert message.startswith(f"{job.folder} holds another job; give --output another folder")
    assert message.endswith(f"\n  {words}")


def test_a_folder_with_other_things_is_refused_and_left_as_it_is(tmp_path):
    write(tmp_path / "out/mine.txt", "mine")
    message = refusal(Job(tmp_path / "out", PLAN).begin, {})
    assert message.startswith(f"{tmp_path / 'out'} exists already and is not an empty folder")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("content", ["[]", "{", ""])
def test_a_damaged_description_of_a_job_is_refused(tmp_path, content):
    write(tmp_path / "job.json", content)
    assert str(tmp_path / "job.json") in refusal(Job(tmp_path, PLAN).begin, {})


def done(job: Job, *parts: tuple[int, int]) -> list[Done]:
    return [Done(number, len(job.rows_of(number)) - failed, failed) for number, failed in parts]


def test_failures_up_to_the_share_are_let_pass_and_one_more_stops_with_what_to_do(job):
    assert follow(done(job, (0, 2), (1, 1), (2, 0)), job, 0.03) == 97
    waiting = iter(done(job, (0, 2), (1, 2), (2, 0)))
    message = refusal(follow, waiting, job, 0.03)
    assert message.startswith("4 of 100 pictures cannot be read, and --max-failures is 0.03")
    assert str(job.folder / "errors") in message
    assert [part.number for part in waiting] == [2]  # it does not wait for the rest
    assert follow(done(job, (0, 40), (1, 40), (2, 20)), job, 1.0) == 0


def test_failures_of_before_count_too(job, capsys):
    import pyarrow as pa

    job.write(1, pa.table({"image": ["a"] * 36}), pa.table({"image": ["b"] * 4}))
    assert job.missing == [0, 2]
    assert follow(done(job, (0, 0), (2, 0)), job, 0.04) == 60
    assert capsys.readouterr().out == f"{job.folder} has 1 of 3 parts; going on with the others\n"
    assert refusal(follow, iter([]), job, 0.03).startswith("4 of 100 pictures")


def test_a_file_that_is_being_written_is_no_part(job):
    write(job.folder / "parts/.writing-x.parquet", b"half")
    assert job.missing == [0, 1, 2]


def test_a_part_is_there_only_after_its_errors(job, monkeypatch):
    import pyarrow as pa

    written = []
    monkeypatch.setattr(Job, "_write", lambda _, path, table: written.append(Path(path).parent.name))
    job.write(0, pa.table({"image": ["a"]}), pa.table({"image": ["b"]}))
    assert written == ["errors", "parts"]


def test_without_a_terminal_a_line_now_and_then_says_how_far_it_is(job, capsys, monkeypatch):
    monkeypatch.setattr(module, "SAID", 2)
    follow(done(job, (0, 0), (1, 0), (2, 0)), job, 1.0)
    assert capsys.readouterr().out == "2 of 3 parts\n"
