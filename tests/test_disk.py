"""Disks that are full or closed, what stands in the way, runs and caches spoilt by hand, and several processes at once.

RLIMIT_FSIZE makes writes fail for real, in the middle of a file, in C libraries as well, and for any user.
"""

import errno
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from helpers import make_dataset, noise, refusal, write
from matplotlib.figure import Figure
from predicted import at_random, write_run
from small_data import TINY, write_data

from competition.__main__ import main
from competition.commands.list import list as leaderboard
from competition.dataset import ask_everything
from competition.drawing.output import write_pictures
from competition.errors import InvalidInput
from competition.files import JsonCache, locked, try_out, whole_file, whole_folder
from competition.images.contact_sheet import write_sheet
from competition.layouts import arrays, fashionai, fashionai_submission
from competition.run import Run, begun, new_run
from competition.scoring import plots

DATASET = make_dataset({"colour": [0, 1, 2] * 8})
QUICK = replace(TINY, backbone="convnet", trains=("heads",))


@contextmanager
def files_of_at_most(size: int):
    """No file may grow beyond `size` bytes in this block."""
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))


def everything(folder: Path) -> dict[str, bytes | None]:
    """All that lies in a folder, with its content."""
    return {
        path.relative_to(folder).as_posix(): None if path.is_dir() else path.read_bytes() for path in folder.rglob("*")
    }


def fail_with(number: int | None, text: str = "", named: bool = False) -> Callable[[Path], None]:
    def fail(temporary: Path) -> None:
        temporary.write_text("half") if temporary.is_file() else None
        where = [str(temporary)] if named else []
        raise OSError(text) if number is None else OSError(number, os.strerror(number), *where)

    return fail


@pytest.mark.parametrize("named", [True, False], ids=["with the temporary name", "without a name"])
@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, ["No space left on device", "MB are free", "make room"]),
        (errno.EDQUOT, ["quota"]),
        (errno.EFBIG, ["File too large", "ulimit -f"]),
        (errno.EROFS, ["Read-only file system", "name another folder"]),
        (errno.EACCES, ["Permission denied", "change its permissions"]),
        (errno.EIO, ["Input/output error"]),
    ],
)
@pytest.mark.parametrize("whole", [whole_file, whole_folder])
def test_what_cannot_be_written_is_named_with_why_and_what_to_do(tmp_path, monkeypatch, whole, number, words, named):
    monkeypatch.chdir(tmp_path)
    if whole is whole_file:
        write(Path("runs/scores.json"), "old")
    before, path = everything(tmp_path / "runs"), Path("runs/scores.json")

    def write_it():
        with whole(path) as temporary:
            fail_with(number, named=named)(temporary)

    message = refusal(write_it)
    assert message.startswith(f"{path} cannot be written: ")
    assert [word for word in [*words, str(tmp_path / "runs")] if word not in message] == []
    assert "\n" not in message
    assert ".writing-" not in message
    assert "unfinished" not in message
    assert everything(tmp_path / "runs") == before


def test_numpy_does_not_say_why_it_wrote_less_so_it_was_no_space(tmp_path):
    def write_it():
        with whole_file(tmp_path / "x.npy") as temporary:
            fail_with(None, "25600 requested and 4096 written")(temporary)

    assert "make room" in refusal(write_it)


def test_what_another_file_lacks_is_not_said_of_the_one_that_is_written(tmp_path):
    def read_another():
        with whole_file(tmp_path / "answers.csv"):
            (tmp_path / "questions.csv").read_text()

    with pytest.raises(FileNotFoundError, match=r"questions\.csv"):
        read_another()


QUESTIONS = ask_everything(Path("question.csv"), DATASET)
GIVEN = {"colour": np.random.default_rng(0).dirichlet(np.ones(3), len(DATASET)).round(8)}


def remember(path: Path) -> None:
    cache = JsonCache(path, lambda _: True)
    cache["key"] = "x" * 5000
    cache.write()


def draw(path: Path) -> None:
    with whole_folder(path) as unfinished:
        write_pictures([(unfinished / "images/1.png", 1)], lambda _: noise(60, 60), progress=False)


def save_arrays(path: Path) -> None:
    with whole_folder(path) as unfinished:
        np.save(unfinished / "x_train.npy", noise(60, 60))


def submission(path: Path) -> None:
    write(path.parent / "question.csv", [f"{name},colour_labels," for name in DATASET.names])
    asked = fashionai.read_questions(path.parent / "question.csv", DATASET.tasks)
    fashionai_submission.write_answers(path, asked, GIVEN, DATASET.tasks)


WRITES: dict[str, Callable[[Path], object]] = {
    "x.npz": lambda path: Run(path.parent).write_arrays(path.name, {"a": noise(50, 50)}),
    "x.txt": lambda path: Run(path.parent).write_text(path.name, "a line\n" * 1000),
    "sheet.png": lambda path: write_sheet(path, noise(60, 60)),
    "plot.png": lambda path: plots.save(Figure(), Run(path.parent), path.name),
    "answers.npz": lambda path: arrays.write_answers(path, QUESTIONS, GIVEN, DATASET.tasks),
    "memory.json": remember,
    "drawn": draw,
    "fetched": save_arrays,
    "submission.csv": submission,
}


@pytest.mark.parametrize("name", WRITES)
def test_where_there_is_no_room_one_line_names_the_file_and_nothing_is_left(name, tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    with files_of_at_most(600):
        message = refusal(WRITES[name], folder / name)
    assert message.startswith(f"{folder / name} cannot be written: ")
    assert "\n" not in message
    left = {path.name for path in folder.rglob("*")} - {".memory.json.lock", "question.csv"}
    assert left == set()
    WRITES[name](folder / name)  # with room it is written
    assert (folder / name).exists()


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join([*map(os.path.abspath, sys.path)]), "TF_CPP_MIN_LOG_LEVEL": "3"}


def test_output_to_a_full_disk_is_an_error_and_no_traceback(tmp_path):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "competition", "list"]
        done = subprocess.run(command, cwd=tmp_path, env=environment(), stdout=full, stderr=-1, text=True, check=False)
    assert done.stderr == "error: No space left on device: perhaps the output goes to a file on that disk\n"
    assert done.returncode == 1


def test_a_file_where_a_folder_belongs_and_a_link_to_nothing_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(Path("file"), "mine")
    Path("link").symlink_to("/nowhere/at/all")

    def write_below(folder: Path):
        with whole_file(folder / "x.csv"):
            pass

    def lock_below(folder: Path):
        with locked(folder / "a.lock"):
            pass

    for call in (write_below, lock_below, lambda folder: new_run("mine", root=folder), lambda f: try_out(f / "x.csv")):
        assert "file is a file where a folder belongs; move it away" in refusal(call, Path("file"))
        assert "link is a link to /nowhere/at/all, which is not there" in refusal(call, Path("link"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link"]
    assert (Path("file").read_text(), Path("link").is_symlink()) == ("mine", True)


def test_a_folder_in_the_place_of_a_file_is_refused_before_the_work(tmp_path):
    write(tmp_path / "x.csv/mine.txt", "mine")
    for opens in (whole_file, locked):
        with (
            pytest.raises(InvalidInput, match=r"x\.csv is a folder where a file belongs; move it away"),
            opens(tmp_path / "x.csv"),
        ):
            pytest.fail("the work was done for nothing")
    assert "is a folder" in refusal(JsonCache, tmp_path / "x.csv", lambda _: True)
    assert "is a folder" in refusal(try_out, tmp_path / "x.csv")
    assert everything(tmp_path) == {"x.csv": None, "x.csv/mine.txt": b"mine"}


def test_trying_out_leaves_nothing(tmp_path):
    try_out(tmp_path / "new/folder/x.csv")
    assert everything(tmp_path) == {}


def test_a_new_run_without_its_first_files_is_no_run(tmp_path):
    run = new_run("mine", root=tmp_path)

    def begin():
        with begun(run):
            run.write_text("first.txt", "written")
            fail_with(errno.ENOSPC)(run.folder)

    with pytest.raises(OSError, match="No space"):
        begin()
    assert everything(tmp_path) == {}


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 100_000, b"[1]", b"\xff\xfe"])
def test_a_cache_that_is_spoilt_says_that_its_content_is_found_again(tmp_path, content, capsys):
    cache = JsonCache(write(tmp_path / "images.json", content), lambda _: True)
    assert cache == {}
    assert capsys.readouterr().out == f"{cache.file} is damaged; what it remembered is found again, and written anew\n"
    cache["a"] = 1
    cache.write()
    assert json.loads(cache.file.read_text()) == {"a": 1}
    assert capsys.readouterr().out == ""


def test_two_that_add_to_a_cache_keep_what_the_other_found(tmp_path):
    file = write(tmp_path / "c.json", '{"old": 0, "spoilt": "x"}')
    one, other = (JsonCache(file, lambda value: isinstance(value, int)) for _ in range(2))
    one["one"], other["other"], other["old"] = 1, 2, 3
    one.write()
    other.write()
    assert json.loads(file.read_text()) == other == {"old": 3, "one": 1, "other": 2}
    one["more"] = 4
    one.write()
    assert one["old"] == 3  # the newer, not the one that it had read


AT_ONCE = """
import sys
from pathlib import Path
from competition.errors import InvalidInput
from competition.files import JsonCache, whole_folder
from competition.run import new_run

def draw() -> str:
    with whole_folder(Path("drawn")) as folder:
        for number in range(50):
            (folder / f"{number}.txt").write_text(me)
    return f"{me} drew it"

me = sys.argv[1]
print("ready", flush=True)
sys.stdin.readline()
print(*(new_run("mine").name for _ in range(100)))
for number in range(20):
    cache = JsonCache(Path("cache/images.json"), lambda _: True)
    cache[f"{me}-{number}"] = number
    cache.write()
for make in (lambda: new_run("mine", Path("own")).name, draw):
    try:
        print(make())
    except InvalidInput as error:
        print(error)
"""


def test_several_processes_in_one_folder_take_nothing_from_each_other(tmp_path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": tmp_path, "env": environment()}
    names = "abcd"
    processes = [subprocess.Popen([sys.executable, "-c", AT_ONCE, name], **pipes) for name in names]
    assert [one.stdout.readline() for one in processes] == ["ready\n"] * len(names)
    for one in processes:
        one.stdin.write("go\n")
        one.stdin.flush()
    runs, own, drawn = zip(*(one.communicate(timeout=120)[0].splitlines() for one in processes), strict=True)
    assert [one.returncode for one in processes] == [0] * len(names)
    found = json.loads((tmp_path / "cache/images.json").read_text())
    assert found == {f"{name}-{number}": number for name in names for number in range(20)}
    assert sorted(" ".join(runs).split()) == sorted(f"mine-{number}" for number in range(1, 401))
    assert sorted(line for line in own if line == "own") == ["own"]
    assert all(line.startswith("own exists") or "another process has made it" in line for line in own if line != "own")
    (winner,) = (name for name, line in zip(names, drawn, strict=True) if line == f"{name} drew it")
    lost = "drawn cannot be written: another process has made it meanwhile, and it was left as it is; name another"
    assert sorted(drawn) == sorted([f"{winner} drew it", *[lost] * (len(names) - 1)])
    assert {path.read_text() for path in (tmp_path / "drawn").iterdir()} == {winner}
    assert [path.name for path in tmp_path.iterdir() if "unfinished" in path.name] == []


@pytest.mark.slow
def test_two_trainings_at_once_are_each_as_if_it_were_alone(tmp_path, monkeypatch):
    """They share the numbering of runs, the checked images, the decoded pictures and the features."""
    monkeypatch.chdir(tmp_path)
    write_data(Path("data"))
    write(Path("tiny.json"), json.dumps({"recipe": asdict(QUICK), "made": {}}))
    words = ["train", "tiny.json", "--data", "data"]
    command = [sys.executable, "-u", "-m", "competition", *words]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "env": environment()}
    with subprocess.Popen(command, **pipes) as other:
        first = other.stdout.readline()
        assert main(words) == 0
        said = first + other.communicate(timeout=300)[0]
    assert other.returncode == 0, said
    for file in ("model.weights.h5", "probabilities.npz", "prior.json"):
        assert len({Path(f"runs/tiny-{number}/{file}").read_bytes() for number in (1, 2)}) == 1, file
    assert not [*Path().rglob(".writing-*")]
    assert len(json.loads(Path("cache/images.json").read_text())) == 48
    assert len([*Path("cache/features").glob("*.npy")]) == 1
    assert len([*Path("cache/pictures").glob("*/*")]) == 48


SPOILT: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "garbage": lambda path: path.write_bytes(bytes(range(256)) * 4),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "gone": lambda path: path.unlink(),
}


@pytest.fixture
def two_runs(tmp_path, monkeypatch) -> tuple[Run, Run]:
    monkeypatch.chdir(tmp_path)
    runs = [write_run(Path(f"runs/mine-{seed}"), at_random(seed)) for seed in (1, 2)]
    for run in runs:
        run.write_recipe(replace(TINY, tasks=at_random(1).tasks), {"started": "2001-01-01T12:00", "data": "data"})
        run.write_json("scores.json", {"best": {"map": 0.5, "accuracy": 0.5}})
        run.write_text("history.csv", "epoch,stage,loss\n1,1,0.5\n2,1,0.25\n")
    return tuple(runs)


@pytest.mark.parametrize("how", SPOILT)
@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("recipe.json", "report"),
        ("recipe.json", "submit"),
        ("recipe.json", "blend"),
        ("probabilities.npz", "blend"),
        ("probabilities.npz", "compare"),
    ],
)
def test_a_run_that_is_spoilt_is_named_and_left_as_it_is(two_runs, file, command, how, capsys):
    SPOILT[how](two_runs[0].folder / file)
    before = everything(two_runs[0].folder)
    both = ["--output", "blend"] if command == "blend" else []
    words = [command, "runs/mine-1", *(["runs/mine-2"] if command in ("blend", "compare") else []), *both]
    assert main(words) == 1
    said = capsys.readouterr().err
    assert f"runs/mine-1/{file}" in said or f"runs/mine-1 holds no {file}" in said
    assert "Traceback" not in said
    after = everything(two_runs[0].folder)
    assert {name: after.get(name) for name in before} == before
    assert not Path("blend").exists()


@pytest.mark.parametrize("how", SPOILT)
@pytest.mark.parametrize("file", ["recipe.json", "scores.json"])
def test_a_run_that_is_spoilt_does_not_keep_the_others_from_being_listed(two_runs, file, how, capsys):
    SPOILT[how](two_runs[0].folder / file)
    leaderboard()
    lines = [line for line in capsys.readouterr().out.splitlines() if "mine-" in line]
    assert "mine-2" in lines[0]
    assert "0.5000" in lines[0]
    if how != "gone":
        assert "not readable: " in lines[1]
        assert f"runs/mine-1/{file}" in lines[1]


@pytest.mark.parametrize("how", [how for how in SPOILT if how != "cut"])
def test_the_history_of_a_run_is_named_where_it_is_spoilt(two_runs, how, capsys):
    run, _ = two_runs
    run.write_recipe(run.read_recipe(), {**run.read_made(), "fold": 0})  # which has no report but the curves
    SPOILT[how](run.folder / "history.csv")
    with pytest.warns(UserWarning, match=r"curves.png could not be made \(runs/mine-1/history.csv cannot be read \("):
        assert main(["report", "runs/mine-1"]) == 1
    assert "runs/mine-1/curves.png" in capsys.readouterr().err


def test_columns_that_a_history_lacks_are_named(two_runs):
    two_runs[0].write_text("history.csv", "epoch,sta\n")
    message = refusal(lambda: two_runs[0].read_history("epoch", "stage", "loss"))
    assert message == "runs/mine-1/history.csv has no column stage, loss; the run has to be made again"


def test_what_a_recipe_does_not_record_is_named(two_runs):
    made = two_runs[0].read_made()
    assert made["data"] == "data"
    assert made.get("precision") is None
    assert "runs/mine-1/recipe.json does not say what 'precision' was" in refusal(lambda: made["precision"])


def test_scores_in_a_folder_are_no_reason_to_train_again(two_runs):
    """An unfinished fold of a cross-validation is trained again, and what is there of it is removed."""
    SPOILT["a folder"](two_runs[0].folder / "scores.json")
    assert two_runs[0].finished
    assert "runs/mine-1/scores.json cannot be read (Is a directory)" in refusal(two_runs[0].read_scores)
