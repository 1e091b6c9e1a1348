"""Ctrl-C, SIGTERM and SIGHUP, in processes of their own."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from competition import stopping

# The shell of a test run may ignore signals; a deferred block says how far it has come.
SCRIPT = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_IGN if "nohup" in sys.argv else signal.SIG_DFL)
from competition import stopping
from competition.__main__ import reported

def work():
    if "deferred" not in sys.argv:
        print("began", flush=True)
        time.sleep(0.5 if "nohup" in sys.argv else 60)
        return 0
    with stopping.deferred():
        print("began", flush=True)
        until = time.monotonic() + 60
        while not stopping.is_pending() and time.monotonic() < until:
            time.sleep(0.01)
        print("asked", flush=True)
        time.sleep(60 if "long" in sys.argv else 0)
        print("saved", flush=True)
        stopping.stop_if_pending()
    print("not reached")

sys.exit(reported(work))
"""


def started(*arguments: str) -> subprocess.Popen:
    """The script above, once it has begun."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, *arguments], text=True, **pipes)
    assert process.stdout.readline() == "began\n"
    return process


@pytest.mark.parametrize(
    ("number", "name", "status"),
    [(signal.SIGINT, "Ctrl-C", 130), (signal.SIGTERM, "SIGTERM", 143), (signal.SIGHUP, "SIGHUP", 129)],
)
def test_a_signal_ends_a_command_with_its_status_and_a_sentence(number, name, status):
    process = started()
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == status
    restarts = "nothing half written is left, and the same command takes it up again"
    assert errors == f"\nstopped by {name}; {restarts}\n"


def test_a_deferred_block_saves_first():
    process = started("deferred")
    process.send_signal(signal.SIGTERM)
    printed, errors = process.communicate(timeout=60)
    assert (process.returncode, printed) == (143, "asked\nsaved\n")
    assert "SIGTERM: finishing the batch; Ctrl-C again stops at once" in errors


def test_a_second_ctrl_c_stops_at_once_and_a_second_sigterm_does_not():
    process = started("deferred", "long")
    process.send_signal(signal.SIGTERM)
    assert process.stdout.readline() == "asked\n"
    process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.2)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == -signal.SIGINT
    process.communicate()


def test_nohup_is_respected():
    process = started("nohup")
    process.send_signal(signal.SIGHUP)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


def test_a_stopped_drawing_leaves_nothing(tmp_path):
    command = [sys.executable, "-m", "competition", "draw", str(tmp_path / "garments")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, cwd=Path(__file__).parents[1])
    until = time.monotonic() + 60
    while not any(tmp_path.rglob("*.jpg")) and time.monotonic() < until:
        time.sleep(0.05)
    assert any(tmp_path.rglob("*.jpg"))
    process.terminate()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 143
    assert b"stopped by SIGTERM; nothing half written is left" in errors
    assert list(tmp_path.iterdir()) == []


def test_what_a_library_sets_for_signals_is_taken_back():
    before = signal.getsignal(signal.SIGTERM)
    with stopping.handlers_kept():
        signal.signal(signal.SIGTERM, lambda *_: None)
    assert signal.getsignal(signal.SIGTERM) == before
