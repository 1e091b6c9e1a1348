"""One server for most of the tests of serving."""

import pytest
from served import Served, hold_out, served, untrained


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Served:
    """A server of a run with two tasks, one of them multilabel, and thresholds for both."""
    run = untrained(tmp_path_factory.mktemp("served") / "mine-1")
    hold_out(run)
    with served(run.folder) as running:
        yield running
