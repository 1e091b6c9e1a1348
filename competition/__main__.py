"""The command line: finds the command, and imports it only when it is called."""

import errno
import gc
import importlib
import inspect
import io
import os
import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import TextIO

from competition import stopping
from competition.errors import InvalidInput, no_such, visible
from competition.renamed import refuse_old_flags

COMMANDS = {
    "init": "inspect your own labels, and write a recipe for them",
    "probe": "compare pretrained networks on your own images, and say which to take",
    "audit": "show what a data set holds, as a page for the browser",
    "train": "train a recipe on a data set",
    "resume": "go on with a training that was stopped",
    "lists": "split a folder of labelled flowers into train.txt, val.txt and test.txt",
    "find-lr": "find a learning rate: the loss while the rate is increased",
    "folds": "make the folds that all experiments share, and find duplicate images",
    "cv": "train a recipe once per fold, and score all images together",
    "sweep": "train a recipe with several values of one field, and show the results side by side",
    "compare": "tell whether one run is better than another or the difference is noise",
    "blend": "find the weights with which several runs and views score best together",
    "promise": "find from which probability on a precision of the tags can be promised",
    "submit": "predict the questions, check the answers, and write a submission",
    "tag": "tag a catalogue of pictures, on one machine or a cluster; what is not sure enough is for review",
    "serve": "answer pictures over HTTP: a page to drop them on, and an API",
    "report": "explain a finished run on one page, and make the pictures and tables that it lacks",
    "export": "write a network in formats that other programs run, with a proof that it answers alike",
    "score": "score a submission against known answers",
    "check": "check a submission before it is uploaded",
    "draw": "draw a synthetic data set in the format that a recipe reads",
    "fetch": "download CIFAR-10 as arrays, for the recipe cifar10",
    "completion": "print what completes commands, flags and their choices in bash, zsh or fish",
    "list": "list recipes, and runs with their scores",
    "doctor": "show versions, devices, memory, disk and weights",
}
USAGE = 2
RESTARTS = "nothing half written is left, and the same command takes it up again"


class Visible:
    """A stream of text that spells out what a terminal should not be sent; all else is that of the stream."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(visible(text))
        return len(text)

    def __getattr__(self, name: str):
        return getattr(self._stream, name)


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return the exit status: 0, 1 for bad input, 2 for wrong usage, 75 if another machine has
    ended that trained with this one, 128 and its number for a signal: 130 for Ctrl-C, 143 for SIGTERM."""
    arguments = sys.argv[1:] if arguments is None else arguments
    return reported(lambda: dispatch(arguments))


def reported(action: Callable[[], int]) -> int:
    """Call `action` and return its exit status; report bad input, a full disk and signals without a traceback."""
    for stream in (sys.stdout, sys.stderr):  # a terminal that cannot show … prints ? instead of failing
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace", line_buffering=True)  # so that a log shows how far a training is
    warnings.formatwarning = lambda message, *_, **__: f"warning: {visible(str(message))}\n"
    try:
        with stopping.stoppable(), redirect_stdout(Visible(sys.stdout)):
            status = action()
        sys.stdout.flush()
        return status
    except InvalidInput as error:
        print(f"error: {visible(str(error))}", file=sys.stderr)
        return error.status
    except BrokenPipeError:  # the reader, `head` for example, has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a file that cannot be read, or what is printed goes to a full disk
        print(f"error: {visible(in_words(error))}", file=sys.stderr)
        return 1
    except stopping.Stopped as stop:
        gc.collect()  # TensorFlow's iterators, which complain when they outlive the interpreter
        print(visible(f"\n{stop if stop.advice else f'{stop}; {RESTARTS}'}"), file=sys.stderr)
        return stop.status


def in_words(error: OSError) -> str:
    """An error of the system: where it happened, if that is known, and what it is."""
    if error.filename is None:
        full = ": perhaps the output goes to a file on that disk" if error.errno == errno.ENOSPC else ""
        return f"{error.strerror or error}{full}"
    return f"{os.fsdecode(error.filename)}: {error.strerror}"


def dispatch(arguments: list[str]) -> int:
    """Print the overview, or import and call the command that the first argument names."""
    if not arguments or arguments[0] in {"-h", "--help"}:
        print(overview())
        return 0 if arguments else USAGE
    verb, *rest = arguments
    refuse_old_flags(rest)
    if verb not in COMMANDS:
        print(visible(no_such("command", verb, COMMANDS)), file=sys.stderr)
        return USAGE
    call(verb, rest)
    return 0


def overview() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {summary}" for name, summary in COMMANDS.items()]
    return "\n".join(["usage: competition COMMAND …", "", *lines, "", "`competition COMMAND --help` lists its flags."])


def call(verb: str, arguments: list[str]) -> None:
    name = verb.replace("-", "_")
    command = getattr(importlib.import_module(f"competition.commands.{name}"), name)
    if next(iter(inspect.signature(command).parameters), "") == "recipe":
        from competition.commands.arguments import call_with_recipe

        call_with_recipe(command, arguments)
        return
    import tyro

    tyro.cli(command, args=arguments, prog=f"competition {verb}", config=(tyro.conf.FlagCreatePairsOff,))


if __name__ == "__main__":
    sys.exit(main())
