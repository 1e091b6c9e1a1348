"""Losses that skip absent tasks, exact masked accuracy, optimizer and learning rate of a stage."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
from keras import losses, metrics, optimizers
from keras.optimizers import schedules

from competition.errors import InvalidInput
from competition.recipe import Recipe, Stage

FINAL_SHARE = 0.01  # of the learning rate, at the end of the cosine
SPANS = 4  # of a moving average in a stage: e**-4, 2 % of it, is then still the weights that the stage began with
# Summed over a batch and divided by its fixed size, so that replicas and short batches change nothing.
LOSSES = {"multiclass": losses.CategoricalCrossentropy, "multilabel": losses.BinaryCrossentropy}
# Over the labelled images of an epoch: Keras sums with the weights, and divides only at its end.
ACCURACIES = {"multiclass": metrics.CategoricalAccuracy, "multilabel": metrics.BinaryAccuracy}


def compile_stage(network: keras.Model, recipe: Recipe, stage: Stage, steps: int) -> None:
    """Compile a network for a stage of `steps` batches per epoch, with a fresh optimizer.

    Absent tasks are masked by sample weights of 0 (`TrainBatches`), and by nothing else. An all-zero target alone
    is not neutral: TensorFlow's fused cross-entropy then has the gradient softmax - 0.
    """
    outputs = [task.ascii_name for task in recipe.tasks]
    network.compile(
        optimizer=make_optimizer(recipe, learning_rate(recipe, stage, steps), steps * stage.epochs),
        loss={task.ascii_name: LOSSES[task.kind](label_smoothing=recipe.label_smoothing) for task in recipe.tasks},
        loss_weights=dict(zip(outputs, recipe.task_weights, strict=True)) if recipe.task_weights else None,
        weighted_metrics={task.ascii_name: [ACCURACIES[task.kind](name="accuracy")] for task in recipe.tasks},
        # XLA is slower on a processor, and may hang with several replicas (keras#20763).
        jit_compile=False,
    )
    _make_variables(network, recipe)


def _make_variables(network: keras.Model, recipe: Recipe) -> None:
    """Create those of optimizer, losses and metrics now: TensorFlow traces a step that creates any twice."""
    network.optimizer.build(network.trainable_variables)
    targets = {task.ascii_name: keras.ops.zeros((1, len(task))) for task in recipe.tasks}
    weights = {task.ascii_name: keras.ops.zeros(1) for task in recipe.tasks}
    network.compute_loss(None, targets, targets, weights)
    network.compute_metrics(None, targets, targets, weights)
    network.reset_metrics()


@contextmanager
def averaged(network: keras.Model, recipe: Recipe) -> Iterator[None]:
    """Within the block, the weights are their moving averages, where the recipe has such."""
    if not recipe.ema:
        yield
        return
    own = [variable.numpy() for variable in network.trainable_variables]
    network.optimizer.finalize_variable_values(network.trainable_variables)
    try:
        yield
    finally:
        for variable, value in zip(network.trainable_variables, own, strict=True):
            variable.assign(value)


def make_optimizer(recipe: Recipe, rate, steps: int) -> optimizers.Optimizer:
    """A fresh optimizer for `steps` batches; with `accumulate`, gradients left over at their end are dropped.

    In a short stage a moving average forgets faster than the recipe says, so that it can leave the weights that the
    stage began with. Keras averages after every batch, also where weights change only every `accumulate` batches.
    """
    options = {
        "learning_rate": rate,
        "weight_decay": recipe.weight_decay or None,
        "use_ema": recipe.ema > 0,
        "ema_momentum": min(recipe.ema, max(0.0, 1 - SPANS / steps)),
        "gradient_accumulation_steps": recipe.accumulate if recipe.accumulate > 1 else None,
    }
    if recipe.optimizer == "sgd":
        optimizer = optimizers.SGD(momentum=0.9, **options)
    else:  # Keras' Adam with weight decay is its AdamW
        optimizer = optimizers.Adam(beta_1=recipe.beta_1, amsgrad=recipe.amsgrad, **options)
    if recipe.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def learning_rate(recipe: Recipe, stage: Stage, steps: int):
    """The learning rate of a stage of `steps` batches per epoch: a number or a Keras schedule.

    Keras gives a schedule the number of the batch, also where weights change only every `accumulate` batches.
    Raises InvalidInput where the stage is too short for a single update.
    """
    if steps * stage.epochs < recipe.accumulate:
        raise InvalidInput(
            f"--accumulate {recipe.accumulate}: a stage of {stage.epochs} epochs has only "
            f"{steps * stage.epochs} steps, so its weights would never change; give a smaller number"
        )
    if recipe.schedule == "constant":
        return stage.learning_rate
    return (_cosine if recipe.schedule == "cosine" else _step_decay)(recipe, stage, steps)


def _step_decay(recipe: Recipe, stage: Stage, steps: int):
    """rate * 0.5 ** floor((1 + e) / halve_every) for epoch e from 0."""
    epochs = range(recipe.halve_every - 1, stage.epochs, recipe.halve_every)
    boundaries = [epoch * steps - 1 for epoch in epochs]  # the last batch of the old rate
    values = [stage.learning_rate * 0.5**halvings for halvings in range(len(boundaries) + 1)]
    return schedules.PiecewiseConstantDecay(boundaries, values) if boundaries else stage.learning_rate


def _cosine(recipe: Recipe, stage: Stage, steps: int):
    peak, total = stage.learning_rate, steps * stage.epochs
    warmup = min(recipe.warmup_steps, total // 2)
    rising = {"warmup_target": peak, "warmup_steps": warmup} if warmup else {}
    return schedules.CosineDecay(peak / max(1, warmup), total - warmup, alpha=FINAL_SHARE, **rising)
