"""What trains together: the devices of this process, or a worker on each of several machines, which agree."""

import gc
import json
import os
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from competition import stopping
from competition.cluster import Cluster
from competition.errors import InvalidInput, LostWorker
from competition.files import locked
from competition.model.devices import gpus

WISHES = 3  # of a process, after a step: to stop, to save, and to end because the time is up


class Process:
    """One process, on one device or several; `Worker` does the same for several processes.

    Each replica sees an equal part of a batch, the part of its number.
    """

    count, index, is_chief = 1, 0, True
    network_class = keras.Model

    def from_chief(self, value):
        """The chief's value, of JSON, which counts for all."""
        return value

    def from_all(self, value) -> list:
        """The values of all workers, of JSON, in their order."""
        return [value]

    def refuse_differences(self, facts: Mapping[str, object]) -> None:
        """Raise InvalidInput where this worker would train something else than the chief, by facts of JSON."""

    def all(self, mine: bool) -> bool:
        """Whether all workers say yes; none goes on before all have said something."""
        return mine

    @contextmanager
    def taking_turns(self, lock: Path) -> Iterator[None]:
        """Keep other processes out of the block; workers are in it together, and leave it together."""
        with locked(lock):
            yield

    def wished(self, wishes: Sequence[bool], logs: Mapping) -> tuple[bool, ...]:
        """Whether any worker has each of the wishes, the same for all of them after a step with these `logs`."""
        return tuple(wishes)

    def own(self, batches: Sequence) -> Sequence:
        """What this process makes of some batches: all, or in turn the parts of its replicas."""
        return batches

    def replicas(self, strategy: tf.distribute.Strategy) -> range:
        """The numbers of this process' replicas."""
        return range(strategy.num_replicas_in_sync)

    def copies(self, strategy: tf.distribute.Strategy, variables: Sequence) -> list[list[np.ndarray]]:
        """The values of each variable on every replica, in their order, float32 where there are several processes."""
        return [[np.asarray(copy) for copy in strategy.experimental_local_results(one.value)] for one in variables]

    def shared_out(self, dataset: tf.data.Dataset):
        """What Keras fits or predicts, of a dataset of its `own` batches."""
        return dataset


class Worker(Process):
    """One of the workers of a cluster. Its methods are collective: all workers call them in the same order."""

    def __init__(self, cluster: Cluster, strategy: tf.distribute.MultiWorkerMirroredStrategy):
        self.strategy, self.network_class = strategy, SharedNetwork
        self.count, self.index, self.is_chief = len(cluster), cluster.index, cluster.is_chief
        self.wishes = tf.Variable(np.zeros(WISHES, np.float32))

    def from_chief(self, value):
        return self._from(0, value)

    def from_all(self, value) -> list:
        return [self._from(index, value) for index in range(self.count)]

    def _from(self, index: int, value):
        """The value of one worker."""
        text = np.frombuffer(json.dumps(value).encode(), np.uint8) if index == self.index else np.zeros(0)
        length = int(self._sum(np.array(len(text))))
        content = self._sum(text if index == self.index else np.zeros(length))
        return json.loads(content.astype(np.uint8).tobytes())

    def _sum(self, numbers: np.ndarray) -> np.ndarray:
        """The sum over all workers of their numbers, as float32, which every device can add up."""
        zeros, first = np.zeros_like(numbers), self.index * len(self.replicas(self.strategy))  # as TensorFlow counts

        def of_replica(context) -> tf.Tensor:
            return tf.constant(numbers if context.replica_id_in_sync_group == first else zeros, tf.float32)

        values = self.strategy.experimental_distribute_values_from_function(of_replica)
        return np.asarray(self.strategy.reduce("SUM", values, axis=None))

    def refuse_differences(self, facts: Mapping[str, object]) -> None:
        theirs = self.from_chief(facts)
        mine = json.loads(json.dumps(facts))
        if differ := [name for name, value in theirs.items() if mine.get(name) != value]:
            raise InvalidInput(
                f"worker {self.index} does not have what the chief has: {', '.join(differ)}. All need the same "
                "command, the same files of the data set, and the folder of the run on a disk that they share"
            )

    def all(self, mine: bool) -> bool:
        return bool(self._sum(np.array(int(mine))) == self.count)

    @contextmanager
    def taking_turns(self, lock: Path) -> Iterator[None]:
        yield
        self.all(True)  # or one would map a file that another replaces

    def wished(self, wishes: Sequence[bool], logs: Mapping) -> tuple[bool, ...]:
        granted = np.asarray(logs["wishes"]) > 0  # what was wished before this step; the rest comes with the next one
        self.wishes.assign((np.array(wishes) & ~granted).astype(np.float32))
        return tuple(granted.tolist())

    def own(self, batches: Sequence) -> Sequence:
        return Parts(batches, self.replicas(self.strategy), self.strategy.num_replicas_in_sync)

    def replicas(self, strategy: tf.distribute.Strategy) -> range:
        """Keras puts what is predicted together in this order: the first replica of each worker, the second, …"""
        return range(self.index, strategy.num_replicas_in_sync, self.count)

    def copies(self, strategy: tf.distribute.Strategy, variables: Sequence) -> list[list[np.ndarray]]:
        if not variables:
            return []
        local = super().copies(strategy, variables)
        mine = [np.concatenate([copies[place].ravel() for copies in local]) for place in range(len(local[0]))]
        every = np.zeros((strategy.num_replicas_in_sync, len(mine[0])))
        every[self.replicas(strategy)] = mine
        every = self._sum(every)
        ends = np.cumsum([copies[0].size for copies in local])[:-1]
        parts = np.split(every, ends, axis=1)
        return [list(part.reshape(-1, *own[0].shape)) for part, own in zip(parts, local, strict=True)]

    def shared_out(self, dataset: tf.data.Dataset):
        return self.strategy.distribute_datasets_from_function(lambda context: dataset)


@dataclass(frozen=True)
class Parts:
    """Some parts, in turn, of each of some batches that are cut into equal ones; `batches.share` makes them."""

    batches: Sequence
    numbers: Sequence[int]
    of: int

    def __len__(self) -> int:
        return len(self.batches) * len(self.numbers)

    def __getitem__(self, index: int):
        batch, place = divmod(index, len(self.numbers))
        return self.batches.share(batch, self.numbers[place], self.of)


class SharedNetwork(keras.Model):
    """A network that all workers of a cluster fit together, which Keras 3.15 alone cannot do (keras#20585).

    `compile_stage` has built everything, so nothing is left to build with a batch, of which each worker has only its
    part. The logs of a step are means over all replicas, for which they need an axis.
    """

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        pass

    def train_step(self, data):
        logs = super().train_step(data)
        return {"loss": logs["loss"][None], "wishes": here().wishes[None]}


_here: list[Process] = [Process()]


def here() -> Process:
    """What this process is: alone, or a worker once it has `joined`."""
    return _here[-1]


def make_strategy() -> tf.distribute.Strategy:
    """A strategy with a copy of the network on every GPU of all workers, if there are several; else without copies."""
    if isinstance(process := here(), Worker):
        return process.strategy
    gpus()
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(devices) > 1:
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()


def _strategy(cluster: Cluster, options) -> tf.distribute.MultiWorkerMirroredStrategy:
    """The strategy of a worker, once the others are there. Raises InvalidInput where it cannot listen."""
    try:
        return tf.distribute.MultiWorkerMirroredStrategy(communication_options=options)
    except tf.errors.UnknownError as error:  # all that TensorFlow says of an address that it cannot have
        raise InvalidInput(
            f"{cluster.named([cluster.index])} cannot listen at its address ({str(error).splitlines()[0]}): the port "
            "is taken, or the name is not that of this machine; correct TF_CONFIG for all workers"
        ) from None


@contextmanager
def joined(cluster: Cluster) -> Iterator[Worker]:
    """Within the block, which begins when all are there, this process is a worker of a cluster.

    It comes before anything is computed. Workers other than the chief print nothing. Raises InvalidInput where its own
    address cannot be used, and LostWorker, with their names, when others have ended or cannot be reached any more.
    """
    others = [one for one in range(len(cluster)) if one != cluster.index]
    print(f"this is {cluster.named([cluster.index])}; waiting for {cluster.named(others)}", flush=True)
    # Left alone, TensorFlow adds up gradients of GPUs on several machines without NCCL.
    means = tf.distribute.experimental.CommunicationImplementation
    options = tf.distribute.experimental.CommunicationOptions(implementation=means.NCCL if gpus() else means.AUTO)
    with Path(os.devnull).open("w") as nothing, redirect_stdout(sys.stdout if cluster.is_chief else nothing):
        try:
            with stopping.handlers_kept():  # TensorFlow sets one of its own for SIGTERM
                strategy = _strategy(cluster, options)
            _here.append(Worker(cluster, strategy))
            yield _here[-1]
        except tf.errors.OpError as error:
            if not (ended := set(cluster.named_in(str(error)) or cluster.silent()) - {cluster.index}):
                raise
            traceback.clear_frames(error.__traceback__)  # iterators that outlive the interpreter keep it from ending
            raise LostWorker(
                f"{cluster.named(ended)} ended or cannot be reached any more, so worker {cluster.index} stops, too; "
                "what went wrong is said there. Start all workers again with the same command, and they go on from "
                "the last checkpoint"
            ) from error
        finally:
            del _here[1:]
            gc.collect()
