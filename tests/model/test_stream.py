"""The stream of batches."""

from collections import Counter

import numpy as np
import pytest

from competition.errors import InvalidInput
from competition.model.stream import stream


class Batches:
    """Three batches of their number, which count how often they are made."""

    def __init__(self):
        self.made = Counter()

    def __len__(self) -> int:
        return 3

    def __getitem__(self, batch: int) -> np.ndarray:
        self.made[batch] += 1
        return np.full(2, batch)


def test_each_batch_is_made_once_a_pass_and_all_come_in_order():
    batches = Batches()
    with stream(batches, threads=2) as made:
        for passes in (1, 2):
            assert [batch.numpy().tolist() for batch in made] == [[0, 0], [1, 1], [2, 2]]
            assert batches.made == dict.fromkeys(range(3), passes)


@pytest.mark.parametrize(("failure", "batch"), [(InvalidInput("x.jpg: not an image"), 0), (OSError("disk"), 2)])
def test_an_error_in_a_thread_is_raised_as_it_was(failure, batch):
    class Broken(Batches):
        def __getitem__(self, number: int) -> np.ndarray:
            if number == batch:
                raise failure
            return super().__getitem__(number)

    with pytest.raises(type(failure)) as caught, stream(Broken(), threads=2) as made:
        list(made)
    assert caught.value is failure
