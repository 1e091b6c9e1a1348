"""How a cluster is shared out, and what is refused before or instead of work; jobs on it are in test_tag.py."""

import socket
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pytest
from helpers import refusal

from competition.errors import InvalidInput
from competition.tagging import engine
from competition.tagging.engine import Networks, Share, joined, share_of_cluster
from competition.tagging.job import MOST_BYTES
from competition.threads import VARIABLE


@pytest.fixture
def cluster(monkeypatch):
    """A function that stands a cluster in: processors of each machine, and GPUs of all."""

    def stand_in(*processors: float, gpus: int = 0, dead: int = 0) -> None:
        nodes = [{"Alive": True, "Resources": {"CPU": count} if count else {}} for count in processors]
        nodes += [{"Alive": False, "Resources": {"CPU": count}} for count in [8.0] * dead]
        fake = SimpleNamespace(nodes=lambda: nodes, cluster_resources=lambda: {"GPU": float(gpus)} if gpus else {})
        monkeypatch.setattr(engine, "ray", fake)

    return stand_in


@pytest.mark.parametrize(
    "processors, gpus, workers, share",
    [
        ((2,), 0, None, (1, 2, 0.5, 0)),  # one machine: a worker that computes on all of it
        ((2,), 0, 2, (2, 1, 0.5, 0)),
        ((16,), 0, 1, (1, 16, 8, 0)),  # half is kept for decoders
        ((16,), 0, 4, (4, 4, 2, 0)),
        ((0, 8, 8, 8, 8), 0, None, (4, 8, 4, 0)),  # a worker a machine, none on the head
        ((8, 8), 0, 1, (1, 8, 4, 0)),  # it is on one of the machines
        ((16, 16), 4, None, (4, 8, 0, 1)),
        ((16, 16), 4, 3, (3, 10, 0, 1)),
    ],
)
def test_workers_are_shared_out_over_devices_and_leave_room_for_decoders(cluster, processors, gpus, workers, share):
    cluster(*processors, gpus=gpus, dead=1)
    found = share_of_cluster(workers)
    assert found[:4] == share
    assert found.cpus * found.workers <= sum(processors) / 2
    assert found.cpus != engine.DECODER  # or Ray Data would decode in the workers
    assert found.ahead == 2 * MOST_BYTES * (found.workers + sum(processors) // 2)


@pytest.mark.parametrize("processors, gpus, workers", [((2,), 0, 3), ((16,), 2, 3), ((1,), 0, 1)])
def test_more_workers_than_devices_would_wait_for_ever_and_are_refused(cluster, processors, gpus, workers):
    cluster(*processors, gpus=gpus)
    assert refusal(share_of_cluster, workers).startswith(
        f"{workers} workers, with {gpus} GPUs and {processors[0]} proc"
    )


@pytest.mark.parametrize("address", ["127.0.0.1:{port}", "nowhere", "ray://127.0.0.1:{port}"])
def test_an_address_where_no_cluster_is_is_refused(address):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # and nobody listens
        named = address.format(port=free.getsockname()[1])
        message = refusal(lambda: joined(named).__enter__())
    assert message.startswith(f"no Ray cluster at --address {named}; allowed are auto and HOST:PORT (")


def test_what_the_user_can_mend_comes_back_as_a_problem_of_the_part(monkeypatch):
    monkeypatch.setenv(VARIABLE, "1")
    networks = Networks(3, None, None, None, None)
    assert engine.os.environ[VARIABLE] == "3"

    def full(*_):
        raise InvalidInput("the disk is full: make room")

    networks.tagger = full
    row = networks(pa.table({"number": [7, 7]})).to_pylist()
    problem = {"number": 7, "answered": 0, "failed": 0, "problem": "the disk is full: make room"}
    monkeypatch.setattr(engine, "see", full)
    unseen = engine.decoded(pa.table({"image": ["a", "b"], "number": [7, 7]}), Path(), [])
    assert Networks(3, None, None, None, None)(unseen).to_pylist() == [problem]
    assert row == [problem]


@pytest.mark.parametrize(
    "free, words",
    [
        ({"CPU": 9.0, "GPU": 2.0}, ""),
        ({"CPU": 8.0, "GPU": 2.0}, "8 of 9 CPUs"),
        ({"CPU": 9.0}, "0 of 2 GPUs"),
        ({}, "0 of 9 CPUs and 0 of 2 GPUs"),
    ],
)
def test_what_others_hold_of_a_cluster_is_said(monkeypatch, free, words):
    monkeypatch.setattr(engine, "ray", SimpleNamespace(available_resources=lambda: free))
    assert engine._short_of(Share(workers=2, threads=8, cpus=4, gpus=1, ahead=0)) == words
