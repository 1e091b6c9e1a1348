"""Ctrl-C, SIGTERM and SIGHUP: a command cleans up and ends; a training finishes its batch and saves first."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM", signal.SIGHUP: "SIGHUP"}


@dataclass
class _State:
    """Of this process: the first signal that came, and whether it waits for `stop_if_pending`."""

    pending: signal.Signals | None = None
    deferred: bool = False


_state = _State()


class Stopped(KeyboardInterrupt):
    """A signal has ended a command; `advice` says what is left of its work and how to go on."""

    def __init__(self, number: signal.Signals, advice: str = ""):
        super().__init__(advice)
        self.number, self.advice = number, advice

    @property
    def status(self) -> int:
        """The exit status by which a shell knows the signal: 130 for Ctrl-C, 143 for SIGTERM."""
        return 128 + self.number

    def __str__(self) -> str:
        return f"stopped by {NAMES[self.number]}" + (f"; {self.advice}" if self.advice else "")


@contextmanager
def stoppable() -> Iterator[None]:
    """Within the block, signals raise `Stopped` in the main thread; a second Ctrl-C ends the process at once.

    A signal that the process was started to ignore, as by nohup, stays ignored. Other threads see no signals, so
    there the block changes nothing; nor does it within another one.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in NAMES}
    if _receive in before.values():
        yield
        return
    for number, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(number, _receive)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _state.pending = None


@contextmanager
def handlers_kept() -> Iterator[None]:
    """Take back what a library sets for signals in this block."""
    before = {number: signal.getsignal(number) for number in NAMES}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def deferred() -> Iterator[None]:
    """Within the block a signal waits until `stop_if_pending` is called or the block ends."""
    with _deferring(True):
        yield
    stop_if_pending()


@contextmanager
def not_deferred() -> Iterator[None]:
    """Within a `deferred` block, one that may be stopped at once: nothing of it has to be saved."""
    stop_if_pending()
    with _deferring(False):
        yield


def is_pending() -> bool:
    """Whether a signal is waiting."""
    return _state.pending is not None


def stop_if_pending() -> None:
    """Raise `Stopped` if a signal is waiting."""
    if _state.pending is not None:
        stop()


def stop() -> NoReturn:
    """Raise `Stopped` for the signal that is waiting, or as for SIGTERM, where only another worker has had one."""
    raise Stopped(_state.pending or signal.SIGTERM)


@contextmanager
def _deferring(value: bool) -> Iterator[None]:
    before, _state.deferred = _state.deferred, value
    try:
        yield
    finally:
        _state.deferred = before


def _receive(number: int, frame) -> None:
    if _state.pending is None:
        _state.pending = signal.Signals(number)
        if _state.deferred:
            os.write(2, f"\n{NAMES[number]}: finishing the batch; Ctrl-C again stops at once\n".encode())
        else:
            raise Stopped(_state.pending)
    elif number == signal.SIGINT:
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
