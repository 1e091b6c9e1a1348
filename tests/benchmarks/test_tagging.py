"""The benchmark of tagging finds the processes whose memory it reports."""

import os
import subprocess
import time

from benchmarks.tagging import memory_of


def test_the_driver_and_the_workers_below_it_are_told_apart_from_all_else():
    script = "exec -a 'ray::MapWorker(x)' sleep 60 & exec -a 'ray::MapBatches(see)' sleep 60 & sleep 60"
    process = subprocess.Popen(["bash", "-c", script], start_new_session=True)
    try:
        found = {}
        while len(found) < 3:
            assert process.poll() is None
            found = dict(memory_of(os.getpid()))
            time.sleep(0.05)
        assert found.keys() == {"driver", "worker", "decoder"}
        assert found["driver"] > 0.02 > found["worker"] > 0  # GB: a Python with pytest, and a sleep
    finally:
        os.killpg(process.pid, 9)
        process.wait()
