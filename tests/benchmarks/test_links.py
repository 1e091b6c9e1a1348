"""The arithmetic of links: a ring that is played through, values by hand, and the fewest devices by counting up."""

from math import inf

import numpy as np
import pytest

from benchmarks.links import efficiency, limited_from, seconds_to_sum

GIGABYTE = 10**9


def sent_in_a_ring(values: np.ndarray) -> int:
    """How many numbers each device sends until all of them, values (devices, devices x n), have the sum."""
    devices = len(values)
    parts, sent = np.split(values.copy(), devices, axis=1), 0
    for turn in range(2 * (devices - 1)):
        given = [parts[(device - turn) % devices][device].copy() for device in range(devices)]
        for device in range(devices):
            kept = parts[(device - turn) % devices][(device + 1) % devices]
            kept[...] = given[device] + kept * (turn < devices - 1)  # the first round adds, the second passes on
        sent += given[0].size
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), np.tile(values.sum(0), (devices, 1)))
    return sent


@pytest.mark.parametrize("devices", [2, 3, 8])
def test_a_ring_moves_as_many_bytes_as_one_that_is_played_through(devices):
    values = np.random.default_rng(devices).integers(0, 99, (devices, 3 * devices)).astype(float)
    link = 8e-9  # a byte a second
    assert seconds_to_sum(values[0].size, devices, link) == pytest.approx(sent_in_a_ring(values))


def test_seconds_and_efficiency_by_hand():
    """A gigabyte over 16 Gb/s, two a second: with two devices each sends one, with many two."""
    assert seconds_to_sum(GIGABYTE, 2, 16) == 0.5
    assert seconds_to_sum(GIGABYTE, inf, 16) == 1.0
    assert efficiency(1.5, GIGABYTE, 2, 16) == 0.75
    assert efficiency(1.0, GIGABYTE, inf, 16) == 0.5


@pytest.mark.parametrize(
    ("step", "least", "devices"),
    [(0.4, 0.5, 2), (0.5, 0.5, 3), (0.6, 0.5, 3), (0.9, 0.5, 11), (1.0, 0.5, None), (0.9, 0.9, 2), (9.0, 0.9, None)],
)
def test_the_fewest_devices_that_a_link_limits_are_found_by_counting_up(step, least, devices):
    counted = next((n for n in range(2, 10_000) if efficiency(step, GIGABYTE, n, 16) < least - 1e-12), None)
    assert counted == devices
    assert limited_from(step, GIGABYTE, 16, least) == devices
