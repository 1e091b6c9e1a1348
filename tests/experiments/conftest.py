"""A stand-in for the trainings that cross-validations and sweeps start."""

import sys
from collections.abc import Callable

import pytest
from helpers import write

from competition.experiments.runner import Job

PROGRAM = """#!/bin/sh
for run; do :; done  # the last word of the command line
mkdir -p began && touch "began/$$"
tries=0
while [ $(ls began | wc -l) -lt ${TOGETHER:-1} ]; do
    sleep 0.01
    tries=$((tries + 1))
    [ $tries -lt 2000 ] || exit 8
done
mkdir "$run" || exit 9  # it is there already
printf "%s\\n" "${COMPETITION_THREADS-unset}" "${CUDA_VISIBLE_DEVICES-unset}" "$PATH" > "$run/machine"
echo "$@" > "$run/words"
[ "$STOPS" ] || echo '{"best": null, "seconds": 1}' > "$run/scores.json"
echo "about 2 s an epoch"
echo "a line for the log"
"""


@pytest.fixture
def trainer(tmp_path, monkeypatch) -> Callable[[Job], list[str]]:
    """A program in place of Python, which leaves a finished run at once; gives the command line of a training.

    It fails if the run exists, and waits until as many trainings began as the variable TOGETHER says. With the variable
    STOPS the run is not finished.
    """
    monkeypatch.chdir(tmp_path)
    program = write(tmp_path / "python", PROGRAM)
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    for name in ("COMPETITION_THREADS", "CUDA_VISIBLE_DEVICES", "TOGETHER", "STOPS"):
        monkeypatch.delenv(name, raising=False)
    return lambda job: (job.run.folder / "words").read_text().split()
