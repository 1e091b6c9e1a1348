"""What is set for the whole process before TensorFlow computes anything."""

import os
import platform
import resource
import subprocess
import sys

import pytest

PAGE_FAULTS = """
import resource
import numpy as np
import competition.model

def allocate():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(20_000_000)  # 160 MB, freed at once
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

allocate()
print(allocate())
"""

SMALL_PAGES = {"NUMPY_MADVISE_HUGEPAGE": "0"}


def second_allocation(**environment) -> int:
    """Page faults of allocating 160 MB a second time, in a process of its own."""
    variables = os.environ | SMALL_PAGES | environment
    result = subprocess.run(
        [sys.executable, "-c", PAGE_FAULTS],
        env=variables,
        check=True,
        capture_output=True,
        text=True,
    )
    return int(result.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
@pytest.mark.slow
def test_freed_memory_is_used_again_without_new_pages_unless_the_user_says_otherwise():
    pages = 160_000_000 // resource.getpagesize()
    assert second_allocation() < 0.01 * pages
    assert second_allocation(MALLOC_MMAP_THRESHOLD_="1000000") > 0.9 * pages
