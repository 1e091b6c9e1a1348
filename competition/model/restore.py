"""The network of a run: its weights kept in a file, and all of it rebuilt from that and recipe.json."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from io import BytesIO

import keras

from competition.errors import InvalidInput
from competition.files import whole_file
from competition.model.network import build_network
from competition.model.weights import load_whole
from competition.model.workers import make_strategy
from competition.run import Run


def restore(run: Run) -> keras.Model:
    """Build the network of a run and load its weights. Raises InvalidInput where they do not fit together."""
    with make_strategy().scope():
        network = build_network(run.read_recipe(), run.read_made()["precision"])
    load(network, run)
    return network


def networks(runs: Iterable[Run]) -> Iterator[keras.Model]:
    """The network of each run, valid until the next is asked for; runs that differ only in seeds share one."""
    network, built = None, None
    for run in runs:
        plan = replace(run.read_recipe(), seed=0, split_seed=0), run.read_made()["precision"]
        if plan == built:
            load(network, run)
        else:
            network, built = restore(run), plan
        yield network


def load(network: keras.Model, run: Run) -> None:
    """Load the weights of a run. Raises InvalidInput where they do not fit all of the network."""
    try:
        load_whole(run.weights, "the network of this run", lambda: _uncompiled(network).load_weights(str(run.weights)))
    except InvalidInput as error:
        raise InvalidInput(f"{error}; bring the file back, or make the run again") from None


class _Memory(BytesIO):
    """A weights file in memory, under a name that Keras accepts."""

    def __str__(self) -> str:
        return "memory.weights.h5"


def save(network: keras.Model, run: Run) -> None:
    """Write the weights into the run, by way of memory, where there is room for one more copy of them.

    HDF5 that meets a full disk can neither write nor close its file, and ends the process with a segmentation fault.
    """
    content = _Memory()
    _uncompiled(network).save_weights(content)
    with whole_file(run.weights) as path:
        path.write_bytes(content.getbuffer())


def _uncompiled(network: keras.Model) -> keras.Model:
    """A network of the same layers without the optimizer, whose state Keras would save, and miss in a file.

    Its name is in the file, and Keras would number it: then the file would depend on what else was built.
    """
    return keras.Model(network.input, network.output, name="network")
