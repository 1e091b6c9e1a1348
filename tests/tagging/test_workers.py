"""Parts that are written by workers of Ray: by few or many alike, and what ends a job that cannot go on."""

import os
import sys
from contextlib import closing
from dataclasses import replace
from unittest.mock import patch

import pyarrow as pa
import pytest
from helpers import refusal
from pyarrow import parquet
from ray import cloudpickle
from tagged import plain

from competition.tagging import engine
from competition.tagging.catalogue import read_catalogue
from competition.tagging.engine import joined, write_parts
from competition.tagging.job import Done, Job

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]  # of Ray, within itself


@pytest.fixture(scope="module")
def cluster():
    here = sys.modules[__name__]
    cloudpickle.register_pickle_by_value(here)  # because workers cannot import it
    with joined(None):
        yield
    cloudpickle.unregister_pickle_by_value(here)


def write(shop, job: Job, numbers=None, **flags) -> list[int]:
    """Write parts of a job on the cluster; the numbers of those that were."""
    catalogue = read_catalogue(shop.folder, plain(shop.run).tasks)
    numbers = job.missing if numbers is None else numbers
    with closing(write_parts(job, numbers, catalogue, plain(shop.run), shop.promise, **flags)) as parts:
        return sorted(part.number for part in parts)


def test_two_workers_write_what_one_does(shop, job, cluster, tmp_path):
    copy = replace(job, folder=tmp_path)
    assert write(shop, copy, workers=2) == [*range(len(job))]
    for number in range(len(job)):
        assert parquet.read_table(copy.part(number)).equals(parquet.read_table(job.part(number)))
        assert copy.failures(number) == job.failures(number)


def ends(*_, **__):
    os._exit(1)  # as a decoder of native code does that a picture brings down


class Ends:
    def __init__(self, *_):
        pass

    __call__ = ends


class Full(Ends):
    def __call__(self, seen):
        return pa.Table.from_pylist([Done(0, problem="the disk is full: make room")._asdict()])


@pytest.mark.parametrize("stand_in", [{"decoded": ends}, {"Networks": Ends}], ids=["decoder", "networks"])
def test_a_part_whose_process_dies_each_time_ends_the_job(shop, job, cluster, tmp_path, stand_in):
    copy = replace(job, folder=tmp_path)
    with patch.multiple(engine, **stand_in):
        message = refusal(write, shop, copy, [0])
    assert message.startswith("the workers failed, also when a part was tried 4 times (")
    assert "a picture of a part that is missing brings its decoder down" in message
    assert copy.missing == [*range(len(job))]


def test_a_part_that_cannot_be_written_ends_the_job_with_the_reason(shop, job, cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "Networks", Full)
    assert refusal(write, shop, replace(job, folder=tmp_path), [0]) == "the disk is full: make room"
