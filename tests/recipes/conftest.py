"""Fixtures of the recipes that start from public weights."""

import pytest


@pytest.fixture(scope="session")
def squeezenet_weights(request) -> str:
    """The file with SqueezeNet's ImageNet weights; "none" without the folder that holds it."""
    try:
        return str(request.getfixturevalue("shared") / "weights/squeezenet_v1.1_imagenet_notop.h5")
    except pytest.skip.Exception:
        return "none"
