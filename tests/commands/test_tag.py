"""The command tag: what it refuses before any worker starts, and a job in processes that are killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from helpers import refusal, write
from served import TAGS, untrained
from small_data import COLOUR
from tagged import BROKEN, LEAST, fill_folder, plain, promised, read_parts, stacked, submitted

from competition import stopping
from competition.__main__ import main
from competition.commands.tag import tag
from competition.files import locked
from competition.run import Run
from competition.tagging import summary as job_summary
from competition.tagging.job import Done

SECONDS = 240  # of a job, against hanging only
ROUNDS = 15  # of the same pictures
# The command with small parts, so that there are many.
SMALL_PARTS = (
    "import sys, competition.tagging.job as job; job.MOST_ROWS = 8; "
    "from competition.__main__ import main; sys.exit(main(sys.argv[1:]))"
)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    return untrained(tmp_path_factory.mktemp("runs") / "mine-1")


@pytest.fixture
def pictures(tmp_path) -> Path:
    fill_folder(tmp_path / "pictures", 8)
    return tmp_path / "pictures"


@pytest.fixture
def engine(monkeypatch) -> list:
    """Stands in for Ray: what the command asks of it, and of what it says is written nothing is here."""
    asked = []

    def write_parts(job, numbers, *_, **given) -> Iterator[Done]:
        asked.append((numbers, given))
        yield Done(0, 1)

    fake = SimpleNamespace(joined=lambda address: nullcontext(asked.append(address)), write_parts=write_parts)
    monkeypatch.setitem(sys.modules, "competition.tagging.engine", fake)
    return asked


def call(run: Run, pictures: Path, **flags) -> str:
    return refusal(lambda: tag(run.folder, **{"input": pictures, "output": pictures.parent / "out", **flags}))


@pytest.mark.parametrize(
    "flags, words",
    [
        ({"max_failures": 1.5}, "--max-failures is 1.5; allowed are shares from 0 to 1"),
        ({"max_failures": float("nan")}, "--max-failures is nan; allowed are shares from 0 to 1"),
        ({"workers": 0}, "--workers is 0; allowed are whole numbers from 1"),
        ({"batch_size": -1}, "--batch-size is -1; allowed are whole numbers from 1"),
    ],
)
def test_flags_that_are_no_numbers_of_their_kind_are_refused(run, pictures, flags, words):
    assert call(run, pictures, **flags) == words


def test_a_run_without_a_promise_is_refused_with_both_ways_out_and_nothing_is_written(run, pictures):
    message = call(run, pictures)
    assert message.startswith(f"{run.folder} holds no promise.json")
    assert f"`competition promise {run.folder}`" in message and "--no-promise" in message
    assert [path.name for path in pictures.parent.iterdir()] == ["pictures"]


def test_a_missing_library_is_named_with_the_line_that_installs_it(run, pictures, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert call(run, pictures) == "this needs ray, which is not installed; to install it: make extras EXTRAS=cluster"


def test_two_jobs_do_not_write_into_one_folder(run, pictures):
    with locked(pictures.parent / ".out.lock"):
        assert "another `competition tag` writes into" in call(run, pictures, no_promise=True)


def test_what_is_not_promised_is_said_with_what_it_needs(run, pictures, tmp_path, engine, capsys):
    copy = untrained(tmp_path / "promised-1")
    promised(copy.folder, {"colour": (0.6,), "tags": LEAST["tags"]})
    message = call(copy, pictures)
    assert message.startswith(f"{tmp_path / 'out/parts/part-00000.parquet'} was written by a worker and is not there")
    assert "give --output a folder that all machines of the cluster share" in message
    said = capsys.readouterr().out
    assert (
        "tags: =1+1: not promised, so it is for review and not tagged; labelled pictures it needs: about 1,234" in said
    )
    assert "wet" not in said and "colour" not in said


def signalled(*_, **__):
    raise stopping.Stopped(signal.SIGTERM)


def test_a_signal_says_how_to_go_on_and_ends_with_its_status(run, pictures, engine, monkeypatch, capsys):
    monkeypatch.setattr(sys.modules["competition.tagging.engine"], "write_parts", signalled)
    words = ["tag", str(run.folder), "--input", str(pictures), "--output", str(pictures.parent / "out"), "--no-promise"]
    assert main(words) == 143
    assert "keeps the parts that are done, and the same command goes on with the others" in capsys.readouterr().err


def test_a_finished_job_is_summed_up_again_without_workers(run, pictures, engine, monkeypatch, capsys):
    flags = {"input": pictures, "output": pictures.parent / "out", "no_promise": True}
    refusal(lambda: tag(run.folder, **flags))
    assert engine == [None, ([0], {"workers": None, "batch_size": None})]
    import pyarrow as pa

    from competition.tagging.columns import columns_of
    from competition.tagging.job import Job

    job = Job(pictures.parent / "out", {"run": "", "promise": None, "version": ""})
    given = {task.name: np.zeros((8, len(task))) for task in (COLOUR, TAGS)}
    job.write(0, pa.table(columns_of((COLOUR, TAGS), given, None)), pa.table({"image": ["a", "b"]}))
    engine.clear()
    assert tag(run.folder, **flags) == pictures.parent / "out"
    assert engine == []
    summary = pictures.parent / "out/summary.json"
    said = json.loads(summary.read_text())
    assert (said["failed"], said["images_per_second"]) == (2, None)
    write(summary, json.dumps({**said, "images_per_second": 123}))
    tag(run.folder, **flags)
    assert json.loads(summary.read_text())["images_per_second"] == 123  # nothing was answered since
    message = call(
        run, pictures, no_promise=True, max_failures=0.1
    )  # all parts are there, as where the last one failed
    assert message.startswith("2 of 10 pictures cannot be read, and --max-failures is 0.1")
    monkeypatch.setattr(job_summary, "summarise", signalled)
    words = ["tag", str(run.folder), "--input", str(pictures), "--output", str(job.folder), "--no-promise"]
    assert main(words) == 143
    assert "keeps the parts that are done, and the same command goes on" in capsys.readouterr().err


@pytest.mark.parametrize("output", [".", "..", "out/.."])
def test_a_folder_that_is_named_by_dots_is_the_one_that_it_leads_to(run, pictures, output, monkeypatch):
    monkeypatch.chdir(pictures)
    there = sorted(pictures.parent.iterdir())
    message = call(run, pictures, output=Path(output), no_promise=True)
    assert message.startswith(f"{Path(output).resolve()} exists already and is not an empty folder")
    assert {path.name for path in pictures.parent.iterdir()} <= {*(path.name for path in there), ".pictures.lock"}


def test_the_root_of_the_disk_is_refused(run, pictures):
    assert call(run, pictures, output=Path("/"), no_promise=True).startswith("--output is /, which holds other things")


@contextmanager
def started(*words: str) -> Iterator[subprocess.Popen]:
    """The command in a process of its own; what it starts is known by a variable of its environment."""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "STARTED": str(time.monotonic_ns())}
    with subprocess.Popen(
        [sys.executable, "-c", SMALL_PARTS, "tag", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=env,
    ) as process:
        process.mark = f"STARTED={env['STARTED']}".encode()
        try:
            yield process
        finally:
            process.kill()


def workers_of(process: subprocess.Popen) -> dict[int, str]:
    """What the command started, number and name of each process."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if process.mark in (folder / "environ").read_bytes():
                found[int(folder.name)] = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:  # it has ended meanwhile
            continue
    return found


def wait_until(holds: Callable[[], bool], process: subprocess.Popen) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.slow
def test_killed_as_a_whole_and_then_worker_by_worker_it_ends_with_each_picture_once(run, tmp_path):
    """Begun with one worker, then until SIGTERM comes, then with two, of which one is killed, and those that decode."""
    names = fill_folder(tmp_path, 40)
    rows = [f'"{name}",{number}' for number in range(ROUNDS) for name in names]
    table = write(tmp_path / "shop.csv", ["image,product", *rows])
    made, output = promised(run.folder, LEAST), tmp_path / "out"
    words = [str(run.folder), "--input", str(table), "--product-column", "product", "--output", str(output)]

    def parts() -> set[str]:
        return {path.name for path in output.glob("parts/part-*")}

    with started(*words) as process:
        wait_until(lambda: len(parts()) > 1, process)
        process.kill()
    killed = parts()
    with started(*words) as process:
        wait_until(lambda: len(parts()) > len(killed), process)
        process.terminate()
        said = process.communicate(timeout=SECONDS)[0]
    assert process.returncode == 143, said
    assert "stopped by SIGTERM" in said and "the same command goes on with the others" in said
    before = parts()
    kept = {name: (output / "parts" / name).stat().st_mtime_ns for name in before}
    with started(*words, "--workers", "2") as process:
        wait_until(lambda: len(parts()) > len(before) + 1, process)
        killed = kill_workers(process)
        left = len(parts())
        said = process.communicate(timeout=SECONDS)[0]
    assert process.returncode == 0, said
    assert len(killed) > 1, killed
    assert len(before) < left < len(parts())  # so each was killed in the middle
    assert {name: (output / "parts" / name).stat().st_mtime_ns for name in before} == kept
    found, failed = read_parts(output / "parts"), read_parts(output / "errors")
    good = [name for name in names if name not in BROKEN]
    assert found["image"].tolist() == good * ROUNDS
    assert found["product"].tolist() == [str(number) for number in range(ROUNDS) for _ in good]
    assert failed["image"].tolist() == [name for name in names if name in BROKEN] * ROUNDS
    given = submitted(plain(run), tmp_path, names)
    for task in (COLOUR, TAGS):
        np.testing.assert_allclose(stacked(found, task), np.tile(given[task.name], (ROUNDS, 1)), rtol=0, atol=1e-6)
    labels = [column for column in found if column.endswith(("_class", "_tag", "_review"))]
    assert all(len(rows) == 1 for rows in said_of(found[labels], found["image"]).values())
    assert made.in_words() in said and f"{len(found):,} pictures answered, {len(failed):,} could not be read" in said


def said_of(found: pd.DataFrame, images: pd.Series) -> dict[str, set[str]]:
    """All that is said of each picture."""
    said = defaultdict(set)
    for image, row in zip(images, found.itertuples(index=False), strict=True):
        said[image].add(repr(row))
    return said


def kill_workers(process: subprocess.Popen) -> list[str]:
    """Kill one process that holds networks, and all that decode, if not at this moment; return their names."""
    found = workers_of(process)
    decoders = [number for number, name in found.items() if name.startswith(("ray::MapBatches(see)", "ray::IDLE"))]
    networks = [number for number, name in found.items() if name.startswith("ray::MapWorker")]
    for number in [*decoders, networks[0]]:
        os.kill(number, signal.SIGKILL)
    return [found[number] for number in [*decoders, networks[0]]]
