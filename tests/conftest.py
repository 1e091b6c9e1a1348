"""Fixtures that several test files share."""

import os
from pathlib import Path

import pandas as pd
import pytest

from competition.threads import share_of_threads

# Tests that run side by side share the threads, children that they start included; before anything counts them.
os.environ.update(share_of_threads(int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))))

from browsing import chromium  # noqa: F401  a fixture of all tests of pages

import competition.images.decode  # noqa: F401  before anything imports OpenCV, which reads its limit of pixels once

pd.options.mode.string_storage = "python"  # as without pyarrow, which most installations lack

SHARED = "COMPETITION_SHARED"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the real photographs; without it a test says that it did not run, and why."""
    folder = os.environ.get(SHARED)
    if not folder:
        pytest.skip(f"{SHARED} is not set; it names the folder that holds data/clothing")
    if not (Path(folder) / "data/clothing").is_dir():
        pytest.skip(f"{SHARED} is {folder}, which holds no data/clothing")
    return Path(folder)


@pytest.fixture
def label_file(tmp_path) -> Path:
    """Where a label file lies in a data set; nothing is there yet."""
    return tmp_path / "base/Annotations/label.csv"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first, then those marked slow, and the notebooks last.

    With several processes, the fast tests of a file run in one, and its slow ones in one, so that they share fixtures.
    """
    items.sort(key=lambda item: (item.path.suffix == ".ipynb", is_slow(item)))
    for item in items:
        file = item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(f"{file} slow" if is_slow(item) else file))


def is_slow(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None
