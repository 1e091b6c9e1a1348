"""The leaderboard while something trains: how far it is, and how it is shown as it changes."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from select import select

import pytest
from helpers import write
from small_data import TINY

from competition import stopping, unfinished
from competition.commands import list as leaderboard
from competition.run import Run

MADE = {"command": "competition train tiny", "commit": None, "started": "2026-01-02T03:04:05+00:00", "arguments": {}}
RECIPE = replace(TINY, epochs=(2, 5), learning_rate=(1e-3, 1e-3), trains=("heads", "all"))


def begun(folder: Path, epochs: int, **made) -> Run:
    """A run that has done so many epochs, and not ended."""
    folder.mkdir(parents=True)
    run = Run(folder)
    run.write_recipe(RECIPE, MADE | made)
    if epochs:
        write(folder / "history.csv", ["epoch,loss", *(f"{epoch},1" for epoch in range(1, epochs + 1))])
    return run


def cross_validation(folder: Path, finished: int, epochs: int) -> Run:
    """Five folds, some finished, and the next one begun."""
    whole = begun(folder, 0, cross_validation={"folds": 5, "seeds": 1, "views": ["plain"]})
    for fold in range(finished):
        write(begun(whole.part(0, fold).folder, 7).folder / "scores.json", "{}")
    begun(whole.part(0, finished).folder, epochs)
    return whole


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lines() -> dict[str, str]:
    """What the leaderboard says of each run."""
    _, *shown = leaderboard.list_of_runs()
    return {line.split()[0]: " ".join(line.split()[1:]) for line in shown}


def test_what_trains_says_in_which_epoch_and_a_cross_validation_how_many_folds_are_done(place):
    for epochs in (0, 3, 7):
        begun(place / f"runs/single-{epochs}", epochs)
    begun(place / "runs/stopped-1", 3)
    whole = cross_validation(place / "runs/tiny-cv-1", finished=2, epochs=4)
    cross_validation(place / "runs/tiny-cv-2", finished=1, epochs=4)
    with ExitStack() as locks:
        for epochs in (0, 3, 7):
            locks.enter_context(unfinished.exclusive(Run(place / f"runs/single-{epochs}")))
        locks.enter_context(unfinished.exclusive(whole.part(0, 2)))
        said = lines()
    for name, words in (
        ("single-0", "in training, epoch 1 of 7 split"),
        ("single-3", "in training, epoch 4 of 7 split"),
        ("single-7", "in training, epoch 7 of 7 split"),  # its reports
        ("stopped-1", "stopped; `competition resume` goes on split"),
        ("tiny-cv-1", "2 of 5 trained, epoch 5 of 7 5 folds"),
        ("tiny-cv-2", "1 of 5 trained 5 folds"),
    ):
        assert said[name].startswith(words), name


def looks(monkeypatch, *events) -> list[float]:
    """Let `list --watch` look once more after each event, and end by Ctrl-C after the last; the pauses it made."""
    left, paused = list(events), []

    def pause(seconds: float) -> None:
        paused.append(seconds)
        if not left:
            raise stopping.Stopped(signal.SIGINT)
        left.pop(0)()

    monkeypatch.setattr(time, "sleep", pause)
    return paused


def test_without_a_terminal_the_runs_are_printed_once_for_each_change(place, monkeypatch, capsys):
    run = begun(place / "runs/tiny-1", 0)
    write(begun(place / "runs/best-1", 7).folder / "scores.json", '{"best": {"map": 0.9, "accuracy": 0.8}}')
    nothing, advance = (lambda: None), (lambda: write(run.folder / "history.csv", ["epoch,loss", "1,2"]))
    with unfinished.exclusive(run):
        paused = looks(monkeypatch, nothing, advance, nothing)
        leaderboard.list(watch=True)
    assert len(paused) == 4
    printed = capsys.readouterr().out
    assert re.findall(r"^  tiny-1 +in training, epoch (\d) of 7", printed, re.M) == ["1", "2"]
    assert re.findall(r"^  (\S+)", printed, re.M) == ["tiny-1", "best-1"] * 2  # what trains is first
    assert "\x1b" not in printed
    assert "recipes" not in printed


def test_another_signal_than_ctrl_c_is_no_usual_end(place, monkeypatch):
    def terminated(seconds: float) -> None:
        raise stopping.Stopped(signal.SIGTERM)

    monkeypatch.setattr(time, "sleep", terminated)
    with pytest.raises(stopping.Stopped):
        leaderboard.list(watch=True)


def test_on_a_terminal_the_lines_are_written_over_and_ctrl_c_ends_it_well(place):
    """In a terminal of 60 columns: no clearing of the screen, no line that is longer, and the exit status is 0."""
    run = begun(place / "runs/tiny-1", 0)
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "60", "LINES": "20"}
    command = [sys.executable, "-m", "competition", "list", "--watch"]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # what ignores it would start what ignores it
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        signal.signal(signal.SIGINT, before)
        shown = read_until(ours, b"tiny-1")
        write(run.folder / "scores.json", '{"best": {"map": 0.75, "accuracy": 0.5}}')
        shown += read_until(ours, b"0.7500")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    os.close(ours)
    text = shown.decode()
    assert text.count("\x1b[2A") == 1  # up to the head, and over both lines
    assert "\x1b[2J" not in text
    assert max(len(re.sub(r"\x1b\[\w+", "", line)) for line in text.splitlines()) < 60


def read_until(terminal: int, wanted: bytes) -> bytes:
    """What a program prints on a terminal, up to the line that has some bytes."""
    found = b""
    while wanted not in found or not found.endswith(b"\x1b[J"):
        assert select([terminal], [], [], 60)[0], found  # else it would be waited for, for ever
        found += os.read(terminal, 4096)
    return found
