"""What a training needs to go on exactly where it stopped: the state of a network, and the files that keep it."""

import hashlib
import json
import os
import shutil
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np

from competition.errors import InvalidInput
from competition.files import whole_file
from competition.model.network import batch_statistics
from competition.model.workers import here
from competition.run import RECIPE, Run

OF = "of"
KEPT = 2  # checkpoints; the older one is for the case that the newer cannot be read
STATE, ARRAYS, WEIGHTS = ".json", ".npz", ".weights.h5"

Arrays = dict[str, np.ndarray]


def copies_of(network: keras.Model, variables: Sequence, name: str) -> Arrays:
    """The values of some variables of a network as {name/variable/replica: array}.

    Statistics of batch normalisation and sums of metrics have one for each replica of all workers, because they differ
    until an epoch ends; of others, which are alike, there is one.
    """
    strategy = network.distribute_strategy
    differing = {id(one) for one in (*batch_statistics(network), *network.metrics_variables)}
    own = [one for one in variables if id(one) in differing]
    copies = {id(one): found for one, found in zip(own, here().copies(strategy, own), strict=True)}
    arrays = {}
    for place, variable in enumerate(variables):
        first = strategy.experimental_local_results(variable.value)[0]
        for replica, copy in enumerate(copies.get(id(variable)) or [np.asarray(first.numpy())]):
            arrays[f"{name}/{place}/{replica}"] = copy
    return arrays


def set_copies(network: keras.Model, variables: Sequence, name: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Give variables the values that `copies_of` returned for them."""
    strategy = network.distribute_strategy
    for place, variable in enumerate(variables):
        local = strategy.experimental_local_results(variable.value)
        for replica, copy in zip(here().replicas(strategy), local, strict=True):
            key = f"{name}/{place}/{replica}"
            copy.assign(arrays[key if key in arrays else f"{name}/{place}/0"])


def fitting_variables(network: keras.Model) -> list:
    """What a fit changes, but for sums of metrics: weights, statistics and seeds of dropout; moments, averages, sums of
    gradients and the loss scale of the optimizer."""
    return [*network.variables, *network.optimizer.variables]


@dataclass(frozen=True)
class Checkpoint:
    """Plain values, and arrays by name."""

    state: dict
    arrays: Arrays
    weights: Path | None = None  # those of the best epoch so far

    @property
    def identity(self) -> list:
        """What tells it from others of its training: the place, and the seconds until then."""
        return [self.state["place"], self.state["seconds"]]

    @property
    def finite(self) -> bool:
        """Whether all numbers are; NaN that a test for it found late may be in here, too."""
        floats = (array for array in self.arrays.values() if array.dtype.kind == "f")
        return all(np.isfinite(array).all() for array in floats)

    def for_replicas(self, count: int) -> "Checkpoint":
        """The same for another number of replicas: each has the mean of the statistics, the first has all the sums.

        Earlier versions kept a copy of every variable for each replica, also of whole numbers, which are all alike.
        """
        of_variable: dict[str, list[np.ndarray]] = {}
        for key, array in self.arrays.items():
            if key.startswith(("fit/", "metrics/")):
                of_variable.setdefault(key.rpartition("/")[0], []).append(array)
        arrays = dict(self.arrays)
        for name, copies in of_variable.items():
            if len(copies) == count:
                continue
            if name.startswith("metrics/"):
                resized = [np.sum(copies, axis=0), *np.zeros((count - 1, *copies[0].shape), copies[0].dtype)]
            else:
                resized = [np.mean(copies, axis=0) if copies[0].dtype.kind == "f" else copies[0]]
            for replica in range(max(count, len(copies))):
                arrays.pop(f"{name}/{replica}", None)
            arrays |= {f"{name}/{replica}": copy for replica, copy in enumerate(resized)}
        return replace(self, arrays=arrays)


class Checkpoints:
    """The newest checkpoints of a run, in its folder: N.npz, N.weights.h5 and, written last, N.json.

    The weights of the best epoch are a second name of the run's own file, which a later epoch replaces. A state names
    the training that it belongs to, in case that files are moved about.
    """

    def __init__(self, run: Run):
        self.run, self.of, self.folder = run, run, run.checkpoints

    def write(self, checkpoint: Checkpoint) -> None:
        numbers = self._numbers()
        number = 1 + max(numbers, default=0)
        with whole_file(self._file(number, ARRAYS)) as path:
            np.savez(path, **checkpoint.arrays)
        if self.run.weights.exists():
            _second_name(self.run.weights, self._file(number, WEIGHTS))
        with whole_file(self._file(number, STATE)) as path:
            path.write_text(json.dumps(checkpoint.state | {OF: self._training()}), encoding="utf-8")
        for old in numbers[: len(numbers) + 1 - KEPT]:
            for ending in (STATE, ARRAYS, WEIGHTS):
                self._file(old, ending).unlink(missing_ok=True)

    def read(self) -> Iterator[Checkpoint]:
        """The checkpoints that can be read, the newest first; a warning names one that cannot, or is of another run."""
        for number in reversed(self._numbers()):
            try:
                state = json.loads(self._file(number, STATE).read_text(encoding="utf-8"))
                if not isinstance(state, dict) or state.get(OF) != self._training():
                    raise ValueError("it is of another training")
                with self._file(number, ARRAYS).open("rb") as file, np.load(file, allow_pickle=False) as found:
                    arrays = dict(found)
            except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
                warnings.warn(f"{self._file(number, ARRAYS)} cannot be read ({error}); it is left out", stacklevel=2)
                continue
            weights = self._file(number, WEIGHTS)
            yield Checkpoint(state, arrays, weights if weights.exists() else None)

    def tidy(self) -> None:
        """Remove what a kill in the middle of writing has left."""
        whole = {f"{number}{ending}" for number in self._numbers() for ending in (STATE, ARRAYS, WEIGHTS)}
        for path in self.folder.glob("*"):
            if path.name not in whole:
                path.unlink()

    def take_weights(self, checkpoint: Checkpoint) -> None:
        """Let the run's weights be those that were the best at a checkpoint.

        Raises InvalidInput if they were removed.
        """
        if checkpoint.weights:
            _second_name(checkpoint.weights, self.run.weights)
        elif checkpoint.state["kept"]["epoch"]:
            raise InvalidInput(
                f"{self.folder} has lost the weights of epoch {checkpoint.state['kept']['epoch']}, the best so far; "
                f"put the file back, or remove {self.folder} to train from the beginning"
            )

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _training(self) -> str:
        """What tells a training from others: its recipe and its data."""
        made = self.of.read_json(RECIPE) if (self.of.folder / RECIPE).is_file() else {}
        content = made.get("made", {}).get("content")
        return hashlib.sha256(json.dumps([made.get("recipe"), content]).encode()).hexdigest()

    def _file(self, number: int, ending: str) -> Path:
        return self.folder / f"{number}{ending}"

    def _numbers(self) -> list[int]:
        return sorted(int(path.stem) for path in self.folder.glob(f"*{STATE}") if path.stem.isdecimal())


class ChiefsCheckpoints(Checkpoints):
    """Those `of` the chief's run, as another worker sees them: it reads them, and writes into a `run` of its own."""

    def __init__(self, run: Run, of: Run):
        super().__init__(run)
        self.of, self.folder = of, of.checkpoints

    def write(self, checkpoint: Checkpoint) -> None:
        pass

    def tidy(self) -> None:
        pass

    def remove(self) -> None:
        pass


def _second_name(file: Path, name: Path) -> None:
    """Let `name` be the same file; a copy, where the file system has no second names."""
    with whole_file(name, durable=False) as path:
        path.unlink()
        try:
            os.link(file, path)
        except OSError:
            shutil.copyfile(file, path)
