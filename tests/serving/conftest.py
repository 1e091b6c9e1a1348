"""One server for most of the tests of serving."""

import numpy as np
import pytest
from served import Served, hold_out, promise, served, untrained


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Served:
    """A server of a run with two tasks, one of them multilabel, and a promise for both, but one of the labels."""
    run = untrained(tmp_path_factory.mktemp("served") / "mine-1")
    hold_out(run)
    promise(run.folder, colour=[0.8], tags=[0.7, np.inf, 0.9])
    with served(run.folder) as running:
        yield running
