"""Fixtures that several test files share."""

import os
from pathlib import Path

import pytest

import competition.images.decode  # noqa: F401  before anything imports OpenCV, which reads its limit of pixels only once

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast tests first, then those marked slow, and the notebooks last."""
    items.sort(key=lambda item: (item.path.suffix == ".ipynb", item.get_closest_marker("slow") is not None))
