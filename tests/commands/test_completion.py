"""Completion by the Tab key, asked of bash itself."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import refusal, write

import competition.commands.completion
from competition.__main__ import COMMANDS, main
from competition.commands.completion import script
from competition.recipes import NAMES

PRINT = """
import sys
from competition.__main__ import main

main(["completion", "bash"])
sys.exit(bool({"keras", "tensorflow"} & set(sys.modules)))
"""
ASK = """
source competition.bash
COMP_WORDS=({words})
COMP_CWORD=$(({count} - 1))
_competition
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The script for bash, some files, and a Python without any package: a Tab may load none of them."""
    folder = tmp_path_factory.mktemp("shell")
    done = subprocess.run([sys.executable, "-c", PRINT], capture_output=True, check=True)
    write(folder / "competition.bash", done.stdout)
    for name in ("mine.py", "my pictures/a.jpg", "bin/python3"):
        write(folder / name, f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -S -E "$@"\n')
    (folder / "bin/python3").chmod(0o755)
    return folder


def completed(folder: Path, *words: str) -> list[str]:
    """What bash offers for the last of some words."""
    asked = ASK.format(words=" ".join(map(shlex.quote, words)), count=len(words))
    done = subprocess.run(
        [shutil.which("bash"), "-c", asked],
        cwd=folder,
        env={"PATH": f"{folder}/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


def test_commands_recipes_flags_and_choices_are_completed(folder):
    verbs = completed(folder, "competition", "")
    assert set(verbs) - {"-h", "--help"} == set(COMMANDS)
    assert completed(folder, "competition", "swe") == ["sweep"]
    assert set(NAMES) <= set(completed(folder, "competition", "train", ""))
    assert completed(folder, "competition", "cv", "clothing_") == ["clothing_squeezenet"]
    assert completed(folder, "competition", "train", "clothing", "--backb") == ["--backbone"]
    assert completed(folder, "competition", "train", "mine.py", "--over") == ["--overfit"]
    assert completed(folder, "competition", "train", "clothing", "--preset", "") == ["fast", "usual", "best"]
    assert completed(folder, "competition", "train", "fgo", "--optimizer", "ad") == ["adam", "adamw"]
    assert completed(folder, "competition", "submit", "--views", "plain", "fl") == ["flip"]
    assert completed(folder, "competition", "train", "clothing", "--on-nan", "") == ["stop", "halve"]


def test_every_line_offered_is_a_word_that_fits(folder):
    """Help of several lines is no word, and flags are those of the command."""
    flags = completed(folder, "competition", "train", "clothing", "--")
    assert {"--epochs", "--data", "--no-flip", "--fraction", "--dry-run"} <= set(flags)
    assert [flag for flag in flags if not flag.startswith("--") or " " in flag] == []
    assert "--epochs" not in completed(folder, "competition", "submit", "--")


def test_where_nothing_else_fits_files_are_offered(folder):
    for before in (["submit"], ["train", "clothing", "--data"], ["report"], ["train"]):
        assert completed(folder, "competition", *before, "my") == ["my pictures"], before
        assert completed(folder, "competition", *before, "my pictures/") == ["my pictures/a.jpg"], before


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_command_prints_what_the_shell_can_read(shell, capsys):
    assert main(["completion", shell]) == 0
    printed = capsys.readouterr().out
    assert printed == script(shell) + "\n"
    assert "_tyro_competition" in printed
    if found := shutil.which(shell):
        subprocess.run([found, "-n"], input=printed, text=True, check=True)


def test_another_kind_of_script_by_tyro_is_refused(monkeypatch):
    monkeypatch.setattr(competition.commands.completion, "BEFORE", "something else")
    assert "install that of requirements.lock" in refusal(script, "bash")


def test_another_shell_is_refused_with_those_that_there_are(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["completion", "powershell"])
    assert stopped.value.code == 2
    assert "bash" in capsys.readouterr().err
