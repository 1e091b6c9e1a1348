"""Fixtures of the recipes that start from public weights."""

import pytest

FILE = "weights/squeezenet_v1.1_imagenet_notop.h5"


@pytest.fixture(scope="session")
def squeezenet_weights(request) -> str:
    """The file with SqueezeNet's ImageNet weights; "none" where it is not there."""
    try:
        file = request.getfixturevalue("shared") / FILE
    except pytest.skip.Exception:
        return "none"
    return str(file) if file.is_file() else "none"


@pytest.fixture(scope="session")
def public_weights(shared, squeezenet_weights) -> str:
    """The same file, for a test that shows what is learnt from it; without it, the test is skipped."""
    if squeezenet_weights == "none":
        pytest.skip(f"{shared / FILE} is not there")
    return squeezenet_weights
