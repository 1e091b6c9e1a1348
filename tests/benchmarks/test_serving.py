"""The load of the benchmark of serving: no answer is lost or swapped, and one that is swapped is noticed."""

import numpy as np
import pytest
from helpers import refusal
from served import given_by, hold_out, png, served, untrained

from benchmarks.serving import File, Load


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    run = untrained(tmp_path_factory.mktemp("served") / "mine-1")
    hold_out(run)
    with served(run.folder) as running:
        yield running


@pytest.fixture(scope="module")
def files(server) -> list[File]:
    contents = [png(seed) for seed in range(48)]
    answers = [given_by(server.post(content).json()["images"][0]) for content in contents]
    arrays = [{task: np.array(values) for task, values in answer.items()} for answer in answers]
    return [File(f"{number}.png", *pair) for number, pair in enumerate(zip(contents, arrays, strict=True))]


@pytest.mark.parametrize("each", [1, 3])
def test_sixteen_clients_get_the_answers_to_their_own_files(server, files, each):
    load = Load(int(server.address.split(":")[2].strip("/")), files, each)
    load.burst()
    assert len(load.seconds) == 48 / each
    load.burst(requests=160)
    assert len(load.seconds) == 48 / each + 160
    assert "median" in load.waited


def test_an_answer_that_belongs_to_another_is_noticed(server, files):
    swapped = [files[0], files[1]._replace(answer=files[2].answer), *files[2:]]
    load = Load(int(server.address.split(":")[2].strip("/")), swapped)
    assert refusal(load.burst).startswith("1.png was answered as 1.png, ")
