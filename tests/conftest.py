"""Fixtures that several test files share."""

import os
from pathlib import Path

import pytest

import competition.data.images  # noqa: F401  before anything imports OpenCV, which reads its limit of pixels only once

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
    """Fast tests first: those without Keras, then those with it, then the slow ones, and the notebooks last."""
    keras = (
        "test_absent",
        "test_crossvalidation",
        "test_bench",
        "test_precision",
        "test_doctor",
        "test_network",
        "test_weights",
        "test_training",
        "test_replicas",
        "test_layers",
        "test_normalisation",
        "test_find_rate",
        "test_fgo.py",
        "test_cifar10",
        "test_painters",
        "test_sweep",
        "test_init",
    )

    def cost(item: pytest.Item) -> tuple:
        slow = item.get_closest_marker("slow") is not None
        return item.path.suffix == ".ipynb", slow, item.path.name.startswith(keras)

    items.sort(key=cost)
