"""The usual first test of a training: can the network learn a single batch by heart?"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from competition.data.load import Material
from competition.dataset import YES, Dataset
from competition.errors import InvalidInput, Problem
from competition.images.batches import StageBatches, TrainBatches, augmented_views
from competition.model.devices import memory_explained
from competition.model.network import by_task, set_trainable
from competition.model.stream import stream
from competition.recipe import Recipe
from competition.task import Task
from competition.training.compile import compile_stage
from competition.training.prepare import Preparation
from competition.training.trainer import ADVICE

LINES = 10  # that are printed on the way
# What keeps a network from learning by heart, switched off; rates that change would only blur the test.
BARE = {
    **{"flip": False, "rotation": 0.0, "zoom": (1.0, 1.0), "aspect_jitter": 0.0, "shift": 0.0, "transforms": ()},
    **{"mixup": 0.0, "cutmix": 0.0, "dropout": 0.0, "l2": 0.0, "weight_decay": 0.0, "ema": 0.0},
    **{"label_smoothing": 0.0, "maybe": 0.0, "balance": False, "class_weights": "none", "task_weights": ()},
    **{"task_updates": "joint", "accumulate": 1, "schedule": "constant", "warmup_steps": 0},
}


def bare(recipe: Recipe, steps: int) -> Recipe:
    """The recipe's network and optimizer with one stage of so many steps, and nothing against overfitting.

    It trains what the stage trains that tunes the backbone at the highest rate, or heads where none does.
    """
    tuning = [stage for stage in recipe.stages if stage.trains != "heads"] or recipe.stages
    stage = max(tuning, key=lambda one: one.learning_rate)._replace(epochs=steps)
    return replace(recipe, **BARE, **{name: (value,) for name, value in stage._asdict().items()})


def refuse_steps(steps: int) -> None:
    """Raise InvalidInput where a batch would not be trained on."""
    if steps < 1:
        raise InvalidInput(f"--overfit is {steps}; give how often the batch may be trained on, for example 100")


def overfit_a_batch(recipe: Recipe, material: Material, steps: int, cache: Path, say: Callable = print) -> None:
    """Train `steps` times on one batch of a recipe's images to train on, and see that every answer to it is right.

    Its tasks are those of the images. Answers are those of the network as it trains: batch normalisation that is
    trained uses the batch's own statistics.
    Raises InvalidInput with the images that stay wrong if there are any, and where the loss is no finite number.
    """
    recipe = bare(replace(recipe, tasks=material.dataset.tasks), steps)
    preparation = Preparation.of(recipe, material, cache)
    network, stage = preparation.network, recipe.stages[0]
    count = min(len(material.training), preparation.batch_size)
    rows = material.training[np.random.default_rng(recipe.seed).permutation(len(material.training))[:count]]
    pictures = preparation.pictures.take(rows)
    images = augmented_views(pictures)(np.arange(count), 0)
    say(
        f"one batch of {count} images, {steps} times, without augmentation, dropout and the like: trains "
        f"{stage.trains} with {recipe.optimizer} at a learning rate of {stage.learning_rate:g}"
    )
    batches = TrainBatches(pictures.dataset, recipe, preparation.batch_size, lambda rows, _: images[rows])
    watch = ByHeart(images, pictures.dataset, steps, say)
    set_trainable(network, stage.trains)
    with network.distribute_strategy.scope(), memory_explained(recipe.batch_size):
        compile_stage(network, recipe, stage, len(batches))
        with stream(StageBatches(batches, steps)) as made:
            network.fit(made, shuffle=False, verbose=0, callbacks=[watch])
    watch.conclude()


class ByHeart(keras.callbacks.Callback):
    """Watches how a batch of images (n, size, size, 3) uint8 is learnt."""

    def __init__(self, images: np.ndarray, dataset: Dataset, steps: int, say: Callable):
        super().__init__()
        self.images, self.dataset, self.steps, self.say, self.step = images, dataset, steps, say, 0
        self.answers = {task.ascii_name: int(dataset.labelled[task.name].sum()) for task in dataset.tasks}

    @property
    def all_answers(self) -> int:
        return sum(self.answers.values())

    def on_train_batch_begin(self, batch, logs=None):
        self.model.reset_metrics()  # so that loss and accuracy are those of this step

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        if not math.isfinite(logs["loss"]):
            raise InvalidInput(f"step {self.step}: the loss is not a finite number. {ADVICE}")
        if self.step % math.ceil(self.steps / LINES) == 0 or self.step in (1, self.steps):
            place = f"step {self.step:{len(str(self.steps))}}"
            self.say(f"{place}  loss {logs['loss']:.4f}  accuracy {self.accuracy(logs):.4f}")

    def accuracy(self, logs: Mapping[str, float]) -> float:
        """The accuracy before a step, over all answers; Keras leaves the output's name out where there is only one."""
        each = {name: logs.get(f"{name}_accuracy", logs.get("accuracy")) for name in self.answers}
        return sum(count * each[name] for name, count in self.answers.items()) / max(1, self.all_answers)

    def wrong(self, training: bool) -> list[Problem]:
        """The answers that are wrong, as the network is while training or while predicting: the line of each image."""
        outputs = {name: np.asarray(one) for name, one in self.model(self.images, training=training).items()}
        given, found = by_task(outputs, self.dataset.tasks), []
        for task in self.dataset.tasks:
            true, answers = self.dataset.codes[task.name] == YES, chosen(task, given[task.name])
            differ = self.dataset.labelled[task.name] & (true != answers).any(axis=1)
            for row in np.flatnonzero(differ):
                what = f"{self.dataset.names[row]}: {task.name} is {named(task, true[row])}"
                found.append(self.dataset.problem(row, f"{what}, and the answer {named(task, answers[row])}"))
        return sorted(found)

    def conclude(self) -> None:
        """Say that all is learnt. Raises InvalidInput, with the images, where it is not."""
        wrong, predicting = self.wrong(training=True), self.wrong(training=False)
        every = self.all_answers
        result = f"{every - len(wrong)} of {every} answers are right"
        if predicting != wrong:
            result += (
                f" (as in training; {every - len(predicting)} of {every} with the statistics of batch normalisation "
                "that predicting uses, which lag behind at first)"
            )
        if wrong:
            raise InvalidInput(
                f"{result}. If the loss was still falling, try more times; if it was not, another --learning-rate; if "
                "only a few stay wrong, look at their labels:",
                wrong,
            )
        self.say(f"learnt by heart: {result}")


def chosen(task: Task, given: np.ndarray) -> np.ndarray:
    """The classes (n, classes) bool that an answer names: the likeliest, or in a multilabel task all above a half."""
    if task.kind == "multilabel":
        return given > 0.5
    return given.argmax(axis=1)[:, None] == np.arange(len(task))


def named(task: Task, true: np.ndarray) -> str:
    return " + ".join(name for name, one in zip(task.classes, true, strict=True) if one) or "none of the classes"
