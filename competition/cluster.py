"""The processes that train together on several machines, as TF_CONFIG names them."""

import json
import os
import re
import socket
from collections.abc import Collection
from dataclasses import dataclass
from itertools import chain

from competition.errors import InvalidInput
from competition.threads import in_threads

VARIABLE = "TF_CONFIG"
EXAMPLE = '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": "worker", "index": 0}}'
TASK = re.compile(r"/job:(chief|worker)/(?:replica:\d+/)?task:(\d+)")
CHIEFS_SERVICE = "/tensorflow.CoordinationService/"
PATIENCE = 2  # seconds to wait for an answer from an address


@dataclass(frozen=True)
class Cluster:
    """The address host:port of each worker, the chief first, and which of them this process is.

    All do the same, each on its share of every batch; the chief alone writes. With `has_chief_type` TF_CONFIG names it
    apart, and TensorFlow begins to count at the next worker.
    """

    addresses: tuple[str, ...]
    index: int
    has_chief_type: bool = False

    def __len__(self) -> int:
        return len(self.addresses)

    @property
    def is_chief(self) -> bool:
        return self.index == 0

    def named(self, workers: Collection[int]) -> str:
        """Some workers, in words: worker 0 (the chief, host0:2222) and worker 1 (host1:2222)."""
        chief = {0: "the chief, "}
        return " and ".join(f"worker {one} ({chief.get(one, '')}{self.addresses[one]})" for one in sorted(workers))

    def named_in(self, message: str) -> list[int]:
        """The workers that a message of TensorFlow names; the chief, where it is of a service that it alone offers."""
        first = {"chief": 0, "worker": int(self.has_chief_type)}
        found = [first[kind] + int(number) for kind, number in TASK.findall(message)]
        return [*found, 0] if CHIEFS_SERVICE in message else found

    def silent(self) -> list[int]:
        """The other workers at whose addresses nobody answers."""
        others = [one for one in range(len(self)) if one != self.index]
        answering = in_threads(lambda one: _answers(self.addresses[one]), others, threads=len(others))
        return [one for one, answers in zip(others, answering, strict=True) if not answers]


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE).close()
    except OSError:
        return False
    return True


def cluster_of_environment() -> Cluster | None:
    """The cluster that the environment variable TF_CONFIG names; None where it is not set, or names this process alone.

    Raises InvalidInput unless it names one chief, other workers, and which of them this process is. The chief may be of
    the type chief, as with TensorFlow's own tools, or is the first worker.
    """
    text = os.environ.get(VARIABLE, "")
    if not text.strip():
        return None
    jobs, kind, index = _parsed(text)
    if others := sorted(set(jobs) - {"chief", "worker"}):
        raise _refused(f"names {', '.join(others)}, of which this training has none; allowed are chief and worker")
    chiefs, workers = jobs.get("chief", []), jobs.get("worker", [])
    if len(chiefs) > 1:
        raise _refused(f"names {len(chiefs)} chiefs ({', '.join(chiefs)}); exactly one may write")
    if not chiefs and not workers:
        raise _refused("names no chief and no worker")
    addresses = (*chiefs, *workers)
    for address in addresses:
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal() or not 0 < int(port) < 2**16:
            raise _refused(f"names {address!r}; each address has to be host:port")
    if twice := sorted({one for one in addresses if addresses.count(one) > 1}):
        raise _refused(f"names {', '.join(twice)} twice")
    if kind not in jobs or not 0 <= index < len(jobs[kind]):
        raise _refused(f"says that this process is {kind} {index}, which its cluster does not name")
    place = index + (len(chiefs) if kind == "worker" else 0)
    return Cluster(addresses, place, bool(chiefs)) if len(addresses) > 1 else None


def _parsed(text: str) -> tuple[dict[str, list[str]], str, int]:
    """Addresses by type, and type and index of this process."""
    try:
        values = json.loads(text)
        jobs = {kind: list(addresses) for kind, addresses in values["cluster"].items()}
        kind, index = values["task"]["type"], int(values["task"]["index"])
        if not all(isinstance(one, str) for one in (kind, *chain(*jobs.values()))):
            raise TypeError("a type or an address is no text")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _refused(f"cannot be read ({type(error).__name__}: {error})") from None
    return jobs, kind, index


def _refused(what: str) -> InvalidInput:
    return InvalidInput(
        f"{VARIABLE} {what}. It names the machines that train together, such as {EXAMPLE}; correct it, or unset it to "
        "train on this machine alone"
    )


def refuse_cluster(command: str) -> None:
    """Raise InvalidInput for a command that one machine runs, where the environment names several."""
    if cluster_of_environment():
        raise InvalidInput(
            f"{VARIABLE} is set, and `competition {command}` runs on one machine; unset it here. On several machines "
            "together runs `competition train`, or `competition resume RUN`"
        )
