"""Threads: how many there are, and that their results come in order and stop at the first error."""

import sys
import threading
import time

import pytest
from helpers import refusal

from competition.threads import count_threads, in_threads, share_of_threads


def test_results_stand_in_the_order_of_the_items():
    assert list(in_threads(lambda number: number**2, range(100))) == [number**2 for number in range(100)]


def test_a_bar_is_shown_where_it_has_a_name(monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert list(in_threads(str, range(3), progress="reading")) == ["0", "1", "2"]
    assert "reading: 100%" in capsys.readouterr().err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert list(in_threads(str, range(3))) == ["0", "1", "2"]
    assert capsys.readouterr().err == ""


def test_there_are_as_many_threads_as_the_environment_says(monkeypatch):
    monkeypatch.setenv("COMPETITION_THREADS", "3")
    together, lock, most = 0, threading.Lock(), []
    full = threading.Event()

    def work(_: int) -> None:
        nonlocal together
        with lock:
            together += 1
            most.append(together)
            if together == 3:
                full.set()
        full.wait(5)
        with lock:
            together -= 1

    list(in_threads(work, range(9)))
    assert max(most) == 3


def test_the_first_error_is_raised_and_what_has_not_begun_is_dropped():
    begun = []

    def work(number: int) -> None:
        begun.append(number)
        if number == 0:
            raise ValueError("broken")
        time.sleep(0.01)

    with pytest.raises(ValueError, match="broken"):
        list(in_threads(work, range(1000), threads=1))
    assert len(begun) < 1000


def test_jobs_share_the_threads(monkeypatch):
    monkeypatch.setenv("COMPETITION_THREADS", "7")
    assert count_threads() == 7
    assert share_of_threads(2) == {"COMPETITION_THREADS": "3"}
    assert share_of_threads(1) == {}


@pytest.mark.parametrize("wrong", ["0", "-1", "two", "1.5"])
def test_what_is_no_number_of_threads_is_refused(monkeypatch, wrong):
    monkeypatch.setenv("COMPETITION_THREADS", wrong)
    assert f"COMPETITION_THREADS is {wrong!r}" in refusal(count_threads)
