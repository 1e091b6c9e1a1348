"""Train a network stage by stage: heads on cached features, then the network on augmented images."""

import math
import random
import time
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

import keras
import numpy as np
import pandas as pd

from competition import stopping
from competition.errors import InvalidInput, listed
from competition.images.batches import StageBatches, TrainBatches, augmented_views
from competition.images.cache import Pictures
from competition.images.mix import MixedBatches
from competition.images.warp import VIEWS, View
from competition.model.devices import memory_explained
from competition.model.features import Features, predict_features
from competition.model.network import build_heads, get_heads, set_heads, set_trainable
from competition.model.predict import predict, predict_views
from competition.model.restore import load, save
from competition.model.stream import stream
from competition.model.workers import here
from competition.recipe import Recipe, Stage
from competition.run import Run
from competition.scoring.fashionai import as_submitted
from competition.scoring.scores import Report, score
from competition.spent import Spent
from competition.training.checkpoint import (
    Checkpoint,
    Checkpoints,
    copies_of,
    fitting_variables,
    set_copies,
)
from competition.training.compile import compile_stage, learning_rate
from competition.training.event_log import EventLog
from competition.training.history import epoch_line, epoch_row
from competition.training.kept import Kept, Probabilities
from competition.training.time_limit import TimeLimit
from competition.training.watch import Watch

Data = TypeVar("Data", Pictures, Features)
OnNan = Literal["stop", "halve"]
HALVINGS = 3  # of the rate of a stage; a fourth would hide that something else is wrong
ADVICE = "Try a lower --learning-rate (`competition find-lr` suggests one) or more --warmup-steps"
HALVE = ", or --on-nan halve"
SHOWN_WITHIN = 60  # seconds after which a shared disk shows on one machine what another has written


@dataclass
class Trainer:
    """One training: its network and data, and its results.

    `held_out` may be empty: then there is no score, and the last epoch is kept. `features` returns the cached features
    of both datasets, and is called only if a stage trains heads. With `checkpoints` it goes on at the newest of them,
    and writes one at the end of each epoch and every `seconds_between` within one.
    """

    network: keras.Model
    recipe: Recipe
    run: Run
    training: Pictures
    held_out: Pictures
    features: Callable[[], tuple[Features, Features]]
    batch_size: int  # images per step on all devices together
    spent: Spent
    say: Callable[[str], None] = print
    checkpoints: Checkpoints | None = None
    seconds_between: float = math.inf
    on_nan: OnNan = "stop"
    limit: TimeLimit | None = None
    event_log: EventLog | None = None
    heads_report: Report | None = None
    last_report: Report | None = None
    out_of_time: str = ""
    diverged: str = ""
    images_then: Sequence[str] = ()  # those of the step that diverged, where it was seen by its loss
    seconds: float = 0.0
    history: list[dict] = field(init=False, default_factory=list)  # one row per epoch, as in history.csv
    halvings: dict[int, int] = field(init=False, default_factory=dict)  # how often the rate of a stage was halved
    tried: list[str] = field(init=False, default_factory=list)  # places that a training which diverged went back to
    saved_at: str = field(init=False, default="")
    kept: Kept = field(init=False)
    going_on: Checkpoint | None = field(init=False, default=None)  # until its stage has begun

    def __post_init__(self):
        self.kept = self.keeper(lambda network: save(network, self.run))

    @property
    def writes(self) -> bool:
        """Whether this process writes the run; other workers train with it."""
        return here().is_chief

    def keeper(self, save: Callable[[keras.Model], list[np.ndarray] | None]) -> Kept:
        """A `Kept` that compares epochs by the tasks that are trained: those of weight 0 do not count."""
        weighted = zip(self.recipe.tasks, self.recipe.task_weights, strict=False)  # no weights: all tasks count
        return Kept(save, self.recipe.monitor, [task.name for task, weight in weighted if weight])

    def fit(self) -> None:
        """Run all stages; `seconds` is then the time they took, validation included.

        Where loss or output are not finite it stops with a warning, and the best epoch before is the result; or, with
        `on_nan` halve, it goes back to the last good checkpoint with half the rate. Raises InvalidInput where there is
        no such epoch, and Stopped, the training saved, after a signal.
        """
        number = self._begin()
        if self.event_log:
            self.event_log.begin(self.history)
        with self.spent.on("training"), stopping.stoppable():
            if here().count == 1:  # workers see a part of them each
                self.held_out.keep()  # first, because they are read most often
            while number <= len(self.recipe.stages):
                self.fit_stage(number)
                if self.diverged and not self._may_go_back(number):
                    break
                number = self._go_back(number) if self.diverged else number + 1
        self.seconds = round(self._seconds_so_far(), 1)
        if self.event_log:
            self.event_log.close()
        if self.diverged:
            if not self.kept.epoch:
                raise InvalidInput(self._why_it_ended("no epoch before it can be kept"))
            warnings.warn(self._why_it_ended(f"epoch {self.kept.epoch} is kept"), stacklevel=2)

    def _why_it_ended(self, left: str) -> str:
        """The message of a training that has diverged: where, what is `left` of it, what to try, and which images."""
        halve = HALVE if self.checkpoints and self.on_nan == "stop" else ""
        message = f"{self.diverged}; {left}. {ADVICE}{halve}."
        if good := self._last_good():
            message += f" The last good checkpoint is at {good.state['place']}."
        return listed(f"{message} The images of that step:", self.images_then) if self.images_then else message

    def fit_stage(self, number: int) -> None:
        """Train one stage, from its beginning or from where the training goes on; nothing, if the time is up.

        A step is always made, or there would be nothing to score.
        """
        if self.kept.epoch and (self.out_of_time or self.time_is_up(0)):
            return
        stage = self.recipe.stages[number - 1]
        stage = stage._replace(learning_rate=stage.learning_rate * 0.5 ** self.halvings.get(number, 0))
        with memory_explained(self.batch_size // self.network.distribute_strategy.num_replicas_in_sync):
            (self.fit_heads if stage.trains == "heads" else self.fit_images)(number, stage)

    @property
    def epochs(self) -> int:
        """Epochs of all stages."""
        return sum(stage.epochs for stage in self.recipe.stages)

    @property
    def has_to_end(self) -> bool:
        """Whether the chief's time limit leaves no room for another step."""
        return self.limit is not None and self.writes and self.limit.is_up()

    def end_within_epoch(self, step: str) -> None:
        self.out_of_time = f"within epoch {len(self.history) + 1} of {self.epochs}, {step}"

    def time_is_up(self, seconds: float) -> bool:
        """Whether the time limit leaves no room for so many seconds more; then `out_of_time` says where it ends."""
        if self.limit and here().from_chief(self.limit.is_up() or not self.limit.has_room(seconds)):
            self.out_of_time = f"after epoch {len(self.history)} of {self.epochs}"
        return bool(self.out_of_time)

    def diverge(self, text: str, images: Sequence[str] = ()) -> None:
        """Note that loss or output are no finite numbers, where, and after a step with which images."""
        self.diverged, self.images_then = text, images

    def fit_heads(self, number: int, stage: Stage) -> None:
        """Fit the heads alone on standardised features, and put those of the best epoch into the network."""
        if self.going_on and (there := self.going_on.arrays if number > 1 else self._first):
            set_copies(self.network, self.network.variables, "network", there)
        with self.spent.on("features"):
            features, held_out = self.features()
        heads, mean, variance = self.first_heads(number, features)
        shown = self._shown(features, held_out)
        best = self.keeper(lambda heads: heads.get_weights())
        batches = self.feature_batches(features)
        watch = Watch(self, number, stage, batches, lambda: predict_features(heads, shown, self.recipe.tasks), best)
        self._fit(heads, stage, batches, watch)
        if not best.epoch:
            return
        heads.set_weights(best.weights)
        set_heads(self.network, heads, mean, variance)
        if result := self.validate(self.predict_shown, watch.place):
            self.heads_report, probabilities = result
            self.kept.offer(self.network, best.epoch, self.heads_report, probabilities)

    def first_heads(self, number: int, features: Features) -> tuple[keras.Model, np.ndarray, np.ndarray]:
        """The heads alone, as stage `number` begins with them; mean and variance (features,) of their inputs."""
        mean, variance = features.moments()
        with self.network.distribute_strategy.scope():
            heads = build_heads(self.recipe, mean, variance)
        if number > 1:  # an earlier stage has trained them
            get_heads(self.network, heads, mean, variance)
        return heads, mean, variance

    def fit_images(self, number: int, stage: Stage) -> None:
        """Fit the layers that the stage trains, on augmented views."""
        set_trainable(self.network, stage.trains)
        batches = self.view_batches()
        watch = Watch(self, number, stage, batches, self.predict_shown, self.kept)
        self._fit(self.network, stage, batches, watch)

    def view_batches(self) -> TrainBatches:
        """Augmented views, mixed in pairs if the recipe says so."""
        kind = MixedBatches if self.recipe.mixup or self.recipe.cutmix else TrainBatches
        return self._batches(kind, augmented_views(self.training))

    def feature_batches(self, features: Features) -> TrainBatches:
        """Cached features of the training images."""
        return self._batches(TrainBatches, lambda rows, _: features[rows])

    def _batches(self, kind: type[TrainBatches], inputs: Callable) -> TrainBatches:
        before = len(self.history)
        if self.going_on:  # without the epochs that its stage has done
            before = sum(row["stage"] < self.going_on.state["stage"] for row in self.history)
        return kind(self.training.dataset, self.recipe, self.batch_size, inputs, before)

    def _fit(self, network: keras.Model, stage: Stage, batches: TrainBatches, watch: Watch) -> None:
        with network.distribute_strategy.scope():
            compile_stage(network, self.recipe, stage, len(batches))
        if self.going_on:
            checkpoint, self.going_on = self.going_on, None
            self._set_variables(network, checkpoint, stage, len(batches))
            watch.go_on(network, checkpoint)
        steps = StageBatches(batches, stage.epochs, watch.step)
        if len(steps) and not self.diverged and not self.out_of_time:
            with stream(steps) as made, stopping.deferred():
                network.fit(made, shuffle=False, callbacks=[watch], verbose=0)
        network.optimizer.finalize_variable_values(network.trainable_variables)  # the averages, also without a step

    def _set_variables(self, network: keras.Model, checkpoint: Checkpoint, stage: Stage, steps: int) -> None:
        set_copies(network, fitting_variables(network), "fit", checkpoint.arrays)
        set_copies(network, network.metrics_variables, "metrics", checkpoint.arrays)
        version, words, gauss = checkpoint.state["random"]
        random.setstate((version, tuple(words), gauss))  # of Python's generator, from which Keras draws seeds
        rate = learning_rate(self.recipe, stage, steps)
        if not callable(rate):  # it is a variable, and may have been halved since
            network.optimizer.learning_rate = rate

    def end_epoch(self, watch: Watch, logs: Mapping[str, float], report: Report | None, probabilities) -> None:
        """Note an epoch that was scored, keep it if it is the best, and print its line."""
        self.last_report = report
        seconds, number = time.perf_counter() - watch.epoch_began, len(self.history) + 1
        rate = keras.ops.convert_to_numpy(watch.model.optimizer.learning_rate)
        logs = {**logs, "learning_rate": float(rate)}
        row = epoch_row(watch.number, watch.stage, self.recipe.tasks, logs, report, seconds)
        self.history.append({"epoch": number, **row})
        self.run.write_text("history.csv", pd.DataFrame(self.history).to_csv(index=False))
        if self.event_log:
            self.event_log.add(self.history[-1])
        best = watch.kept.offer(watch.model, number, report, probabilities)
        self.say(epoch_line(len(self.recipe.stages), self.epochs, self.history[-1], best))

    def save(self, watch: Watch) -> None:
        """Write a checkpoint of the stage that `watch` watches."""
        if not self.checkpoints:
            return
        network, in_heads = watch.model, watch.model is not self.network
        arrays = copies_of(network, fitting_variables(network), "fit")
        arrays |= copies_of(network, network.metrics_variables, "metrics")
        if in_heads and watch.number > 1:  # else it is the network that a training begins with
            arrays |= copies_of(self.network, self.network.variables, "network")
        arrays |= self.kept.arrays("kept") | (watch.kept.arrays("stage_kept") if in_heads else {})
        reports = {"last": self.last_report, "heads": self.heads_report}
        self.saved_at = f"stage {watch.number}, epoch {len(self.history) + 1}, step {watch.step_of_epoch}"
        state = {
            "place": self.saved_at,
            "stage": watch.number,
            "step": watch.step,
            "epoch_seconds": time.perf_counter() - watch.epoch_began,
            "seconds": self._seconds_so_far(),
            "history": self.history,
            "halvings": list(self.halvings.items()),
            "kept": self.kept.state(),
            "stage_kept": watch.kept.state(),
            "reports": {name: report and report.to_json() for name, report in reports.items()},
            "random": random.getstate(),
        }
        self.checkpoints.write(Checkpoint(state, arrays))

    def _begin(self) -> int:
        """Start the clock, and load the newest checkpoint if there is one; the stage to begin with."""
        self._clock = time.perf_counter()
        variables = self.network.variables if self.on_nan == "halve" else ()  # which may go back to the beginning
        self._first, self._first_random = copies_of(self.network, variables, "network"), random.getstate()
        if self.checkpoints:
            self.checkpoints.tidy()
        if not self.checkpoints or not (newest := self._found(lambda checkpoint: True)):
            return 1
        self._load(newest)
        self._clock -= newest.state["seconds"]
        self.halvings = dict(newest.state["halvings"])
        return newest.state["stage"]

    def _seconds_so_far(self) -> float:
        return time.perf_counter() - self._clock

    def _load(self, checkpoint: Checkpoint) -> None:
        """Let the training be where a checkpoint was written; the variables of its stage follow when that begins."""
        checkpoint = checkpoint.for_replicas(self.network.distribute_strategy.num_replicas_in_sync)
        self.checkpoints.take_weights(checkpoint)
        state, self.going_on = checkpoint.state, checkpoint
        self.history, self.saved_at = list(state["history"]), state["place"]
        self.kept.set_state(state["kept"], checkpoint.arrays, "kept")
        reports = {name: found and Report.of_json(found) for name, found in state["reports"].items()}
        self.last_report, self.heads_report = reports["last"], reports["heads"]

    def _last_good(self) -> Checkpoint | None:
        """The newest checkpoint whose numbers are finite, and from which going on has not diverged again."""
        if not self.checkpoints:
            return None
        return self._found(lambda checkpoint: checkpoint.finite and checkpoint.state["place"] not in self.tried)

    def _found(self, fits: Callable[[Checkpoint], bool]) -> Checkpoint | None:
        """The newest checkpoint that fits, the same for all workers. Raises InvalidInput where one cannot see it."""
        end = time.monotonic() + SHOWN_WITHIN
        found = next(filter(fits, self.checkpoints.read()), None)
        wanted = here().from_chief(found and found.identity)
        while wanted != (found and found.identity):
            if time.monotonic() > end:
                raise InvalidInput(
                    f"worker {here().index} finds another newest checkpoint than the chief in "
                    f"{self.checkpoints.folder}; the folder of the run has to be on a disk that all workers share"
                )
            time.sleep(1)
            found = next(filter(fits, self.checkpoints.read()), None)
        return found

    def _may_go_back(self, number: int) -> bool:
        """Whether a training that has diverged in a stage goes back with half the rate."""
        return self.checkpoints is not None and self.on_nan == "halve" and self.halvings.get(number, 0) < HALVINGS

    def _go_back(self, number: int) -> int:
        """Halve the rate of a stage and go back to the last good checkpoint, or the beginning; the stage it is in."""
        self.halvings[number] = self.halvings.get(number, 0) + 1
        rate = self.recipe.stages[number - 1].learning_rate * 0.5 ** self.halvings[number]
        if good := self._last_good():
            self.tried.append(good.state["place"])
            self._load(good)
        else:
            self.checkpoints.remove()
            self.history, self.tried, self.saved_at = [], [], "the beginning"
            self.kept, self.last_report, self.heads_report = self.keeper(self.kept.save), None, None
            set_copies(self.network, self.network.variables, "network", self._first)
            random.setstate(self._first_random)
        if self.event_log:
            self.event_log.begin(self.history)
        place = self.saved_at
        self.say(f"{self.diverged}: back to {place}; the peak learning rate of stage {number} is {rate:g} from now on")
        self.diverged = ""
        return good.state["stage"] if good else 1

    def predict_shown(self) -> Probabilities:
        return predict(self.network, self._shown(self.training, self.held_out))

    def _shown(self, training: Data, held_out: Data) -> Data:
        """What is predicted after an epoch: all held-out images, or else a batch, to see if the output is finite."""
        return held_out if len(held_out) else training.take(np.arange(self.batch_size) % len(training))

    def predict_kept(self, pictures: Pictures, views: Collection[View]) -> dict[View, Probabilities]:
        """{task: (n, classes) float64} of some pictures in each view, by the weights that were kept, which it loads."""
        if not views:
            return {}
        load(self.network, self.run)
        seen = predict_views(self.network, pictures, sorted(views, key=list(VIEWS).index))
        return {view: {name: as_submitted(p) for name, p in given.items()} for view, given in seen.items()}

    def validate(
        self, predict_shown: Callable[[], Probabilities], place: str
    ) -> tuple[Report | None, Probabilities | None] | None:
        """The report of the held-out images and its probabilities {task: (n, classes) float64}; each is predicted once.

        (None, None) where nothing is held out; None where the output is not finite, which `diverged` then says.
        """
        given = predict_shown()
        if not all(np.isfinite(values).all() for values in given.values()):
            self.diverge(f"{place}: the probabilities are not finite numbers")
            return None
        if not len(self.held_out):
            return None, None
        probabilities = {name: as_submitted(values) for name, values in given.items()}
        truth = self.held_out.dataset
        return score(self.recipe.tasks, probabilities, truth.codes, truth.labelled), probabilities
