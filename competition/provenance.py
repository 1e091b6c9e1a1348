"""How a run was made: when, by which command, with which commit and versions."""

import platform
import shlex
import subprocess
import sys
from datetime import datetime
from importlib.metadata import version
from pathlib import Path


def how_it_was_made(data: Path) -> dict:
    """What recipe.json records beside the recipe: time, command, commit, data and versions."""
    packages = ("competition", "keras", "tensorflow", "numpy", "opencv-python-headless", "simplejpeg", "albumentations")
    return {
        **called(),
        "data": str(data.absolute()),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
    }


def called() -> dict:
    """The present time, the command and the commit."""
    return {
        "started": datetime.now().astimezone().isoformat(timespec="seconds"),
        "command": shlex.join(["competition", *sys.argv[1:]]),
        "commit": git_commit(),
    }


def git_commit() -> str | None:
    """The commit of the project's own checkout, with -dirty if files differ from it; None outside of git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        found = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return found.stdout.strip() or None
