"""What answering over HTTP costs: images/s of 16 clients beside `submit`, how long they wait, and memory over time."""

import http.client
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.child import COMMAND, child_environment
from benchmarks.engine import prepare, squeezenet
from benchmarks.measure import Comparison, in_turns
from benchmarks.places import Places, workplace
from benchmarks.report import Measurement
from competition.errors import InvalidInput
from competition.images.cache import Pictures
from competition.images.decode import read_file
from competition.model.predict import predict_views
from competition.model.restore import save
from competition.recipe import Recipe
from competition.run import Run

CLIENTS, FILES, BUDGET = 16, 320, 60  # seconds of all turns of a network
EACH = (1, 8)  # images of a request
SETTLED, REQUESTS = 500, 5_000
TOLERANCE = {"float32": 1e-5}  # of a probability; in half formats 1e-2
BOUNDARY = b"between-the-parts"


class File(NamedTuple):
    """An image file and what has to be answered to it, {task: (classes,)}."""

    name: str
    content: bytes
    answer: Mapping[str, np.ndarray]


@dataclass
class Load:
    """Clients that each ask a server about their own files, over and over, and check every answer."""

    port: int
    files: Sequence[File]
    each: int = 1
    tolerance: float = 1e-5
    clients: int = CLIENTS
    seconds: list[float] = field(default_factory=list)

    def burst(self, requests: int | None = None) -> None:
        """Let every file be answered once, or so many requests. Raises InvalidInput where an answer is wrong."""
        failures: list[Exception] = []
        shares = [self.files[place :: self.clients] for place in range(self.clients)]
        counts = [None if requests is None else requests // self.clients] * self.clients
        threads = [
            threading.Thread(target=self._client, args=(share, count, failures))
            for share, count in zip(shares, counts, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def _client(self, files: Sequence[File], requests: int | None, failures: list[Exception]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        groups = [files[start : start + self.each] for start in range(0, len(files), self.each)]
        try:
            for number in range(len(groups) if requests is None else requests):
                self._ask(connection, groups[number % len(groups)])
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    def _ask(self, connection: http.client.HTTPConnection, files: Sequence[File]) -> None:
        body, began = multipart(files), time.perf_counter()
        kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}"}
        connection.request("POST", "/v1/predict", body, kind)
        response = connection.getresponse()
        said = json.loads(response.read())
        self.seconds.append(time.perf_counter() - began)
        if response.status != 200:
            raise InvalidInput(f"the server refused {files[0].name}: {said}")
        for file, image in zip(files, said["images"], strict=True):
            given = {task["task"]: [one["probability"] for one in task["classes"]] for task in image["tasks"]}
            apart = max(np.abs(file.answer[task] - values).max() for task, values in given.items())
            if image["name"] != file.name or apart > self.tolerance:
                raise InvalidInput(f"{file.name} was answered as {image['name']}, {apart:.1g} from what submit answers")

    @property
    def waited(self) -> str:
        """How long a request took, as text."""
        middle, slowest = 1000 * np.quantile(self.seconds, [0.5, 0.99])
        return f"median {middle:,.0f} ms, 99th percentile {slowest:,.0f} ms"


def multipart(files: Sequence[File]) -> bytes:
    """The body of a request with these images."""
    head = b'Content-Disposition: form-data; name="images"; filename="%s"\r\n\r\n'
    parts = [b"--%s\r\n%s%s\r\n" % (BOUNDARY, head % one.name.encode(), one.content) for one in files]
    return b"".join([*parts, b"--%s--\r\n" % BOUNDARY])


@contextmanager
def served(run: Run) -> Iterator[tuple[int, int]]:
    """A server of a run in a process of its own: its port and the number of its process."""
    command = [sys.executable, *COMMAND, "serve", str(run.folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=child_environment()) as process:
        try:
            found = None
            while not found:
                line = process.stdout.readline()
                if not line:
                    raise InvalidInput(f"{' '.join(command)} failed")
                found = re.search(r"answers at \S+:(\d+)/", line)
            yield int(found[1]), process.pid
        finally:
            process.terminate()


def megabytes(process: int) -> float:
    """The memory of a process that is in use."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1000


def rows(places: Places) -> Iterator[Measurement]:
    """Speed of the server over that of `submit` on the same files, for two networks; growth of its memory."""
    photographs = squeezenet(places)
    small = replace(photographs, backbone="small", weights="none", image_size=96)
    yield from rows_of(small, "small 96", places, lasting=False)
    yield from rows_of(photographs, "SqueezeNet 227", places, lasting=True)


def rows_of(recipe: Recipe, name: str, places: Places, lasting: bool) -> Iterator[Measurement]:
    """The rows of one network, and of memory if `lasting`."""
    with workplace() as folder:
        preparation = prepare(recipe, places, folder)
        recipe, network, dataset = preparation.recipe, preparation.network, preparation.material.dataset
        run = Run(folder / "served-1")
        run.write_recipe(recipe, {"precision": preparation.precision.policy, "data": str(places.data)})
        run.write_json("scores.json", {"best": None})
        save(network, run)
        chosen = np.arange(min(FILES, len(dataset)))
        pictures = Pictures(dataset.take(chosen), recipe)  # without a cache, as for a submission
        submit = partial(predict_views, network, pictures, ("plain",))
        given, paths = submit()["plain"], [dataset.path(row) for row in chosen]
        answers = [{task: values[row] for task, values in given.items()} for row in chosen]
        files = [File(path.name, read_file(path), one) for path, one in zip(paths, answers, strict=True)]
        tolerance = TOLERANCE.get(preparation.precision.policy, 1e-2)
        with served(run) as (port, process):
            loads = [Load(port, files, each, tolerance) for each in EACH]
            *bursts, alone = in_turns([*(load.burst for load in loads), submit], BUDGET)
            for load, burst in zip(loads, bursts, strict=True):
                compared = Comparison(tuple(burst), tuple(alone))
                row = f"serving: {CLIENTS} clients over submit, {load.each} a request, {name}"
                detail = f"{compared.speeds(len(files))}, {compared.spread}; {load.waited}"
                yield Measurement(row, compared.ratio, 0.8, detail=detail)
            if lasting:
                load = Load(port, files, 1, tolerance)
                load.burst(SETTLED)
                before = megabytes(process)
                load.burst(REQUESTS)
                after = megabytes(process)
                row = f"serving: memory after {REQUESTS:,} more requests over before"
                yield Measurement(
                    row, after / before, 1.05, at_least=False, detail=f"{after:,.0f} over {before:,.0f} MB"
                )
