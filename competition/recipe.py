"""A recipe: every setting that decides a run, in one frozen dataclass."""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Annotated, Literal, NamedTuple, get_args, get_origin, get_type_hints

import tyro

from competition.errors import InvalidInput
from competition.renamed import current_fields, hint
from competition.task import Task

Backbone = Literal[
    "nasnet_large",
    "nasnet_mobile",
    "inception_resnet_v2",
    "vgg16",
    "vgg19",
    "efficientnet_lite0",
    "efficientnet_lite1",
    "efficientnet_lite2",
    "squeezenet",
    "squeezenet_pool8",
    "small",
    "convnet",
    "resnet",
    "vgg16_plain",
    "vgg16_bn",
]
Activation = Literal["relu", "leaky_relu", "prelu", "linear"]
Monitor = Literal["map", "accuracy", "loss"]
Aspect = Literal["stretch", "pad"]
Transform = Literal[
    "brightness", "contrast", "saturation", "hue", "grey", "blur", "noise", "compression", "erase", "cutout"
]

# The highest strength of each; images/transforms.py says what the strengths mean.
STRONGEST: dict[Transform, float] = {
    "brightness": 1,
    "contrast": 1,
    "saturation": 1,
    "hue": 0.5,
    "grey": 1,
    "blur": 10,
    "noise": 1,
    "compression": 1,
    "erase": 0.9,
    "cutout": 0.9,
}

# The allowed types of a field by the type of its default, and what messages call them.
KINDS = {
    bool: (bool, "True or False"),
    int: (int, "a whole number"),
    float: (int | float, "a number"),
    str: (str, "a string"),
    tuple: (tuple, "a list of values"),
}
# The ranges of numbers; the second bound is excluded.
LIMITS: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("validation", "dropout", "label_smoothing", "beta_1", "ema"), (0, 1)),
    **dict.fromkeys(
        ("rotation", "aspect_jitter", "shift", "weight_decay", "l2", "mixup", "cutmix", "warmup_steps"), (0, math.inf)
    ),
    **dict.fromkeys(("seed", "split_seed"), (0, 2**32)),
    **dict.fromkeys(("batch_size", "accumulate"), (1, math.inf)),
    "maybe": (0, 0.5),
    "image_size": (8, math.inf),  # pixels
    "halve_every": (2, math.inf),  # epochs
}


class Stage(NamedTuple):
    """The i-th entry of a recipe's parallel tuples."""

    epochs: int
    learning_rate: float
    trains: str


@dataclass(frozen=True)
class Recipe:
    """What is read, how the network is built, and how it is trained.

    Variants are made with `dataclasses.replace`; every field but `tasks` and `towers` is a flag of `competition train`.
    Raises InvalidInput if a value is not allowed, or fields contradict each other.
    """

    # Name of the recipe; run folders are named after it.
    name: str

    # Tasks with their classes in order; empty: read from classes.csv and the label files, then recorded.
    tasks: Annotated[tuple[Task, ...], tyro.conf.Suppress] = ()
    # File format of labels, questions and answers; competition/layouts/registry.py has the choices.
    layout: str = "fashionai"
    # Folder that the image names of a table are relative to, seen from the current one; empty: that of the table.
    images: str = ""
    # Column of a table that says train or validation; empty: there is none.
    split_column: str = ""
    # File of questions, or the organisers' sample of a submission; empty: the one that lies with the labels.
    questions: str = ""
    # Share of the target that goes to the classes marked m (maybe); 0 ignores the marks.
    maybe: float = 0.0
    # Share of the images held out for validation, unless the data set itself defines them; 0 trains on everything.
    validation: float = 0.15
    # Seed of the initial weights, the order of the images and their augmentation.
    seed: int = 0
    # Seed of the choice of the images held out.
    split_seed: int = 0

    # Side of the network's square input, in pixels.
    image_size: int = 224
    # How a picture becomes a square: stretched, or padded with grey.
    aspect: Aspect = "stretch"
    # Mirror half of the training views left to right.
    flip: bool = True
    # Largest rotation either way, in degrees.
    rotation: float = 0.0
    # Smallest and largest zoom; above 1 enlarges.
    zoom: tuple[float, float] = (1.0, 1.0)
    # Largest change of the ratio of width to height: 0.1 draws from 1/1.1 to 1.1.
    aspect_jitter: float = 0.0
    # Largest shift in each direction, as a share of the side.
    shift: float = 0.0
    # Further augmentations, applied in this order, each with its strength; for example: brightness 0.1 blur 1.
    transforms: tuple[tuple[Transform, float], ...] = ()

    # Blend pairs of training images with the same labelled tasks; the value is a in Beta(a, a), which draws the shares.
    mixup: float = 0.0
    # Paste a rectangle of one image into the other, likewise; with both, each batch gets one of the two.
    cutmix: float = 0.0

    # The network below the heads.
    backbone: Backbone = "nasnet_large"
    # Initial weights of the backbone: imagenet, none (random), or a file in the format of the public one.
    weights: str = "imagenet"
    # Mode of the backbone's batch normalisation; auto: inference if it starts from weights, else train.
    batch_norm: Literal["auto", "train", "inference"] = "auto"
    # Initializer of the project's own backbones.
    initializer: Literal["glorot_uniform", "he_uniform", "he_normal"] = "he_normal"
    # Activation of the project's own backbones and of each task's dense layers.
    activation: Activation = "relu"
    # Layer of the backbone after which each task has its own copy of the rest; empty: the tasks share all of it.
    split_at: str = ""
    # How the backbone's feature maps become a vector: global average pooling, or flattening.
    pool: Literal["average", "flatten"] = "average"
    # Widths of the dense layers that all tasks share.
    shared: tuple[int, ...] = ()
    # Activation of the shared dense layers.
    shared_activation: Activation = "relu"
    # Widths of the dense layers of each task: none, one row for all tasks, or one row for each.
    towers: Annotated[tuple[tuple[int, ...], ...], tyro.conf.Suppress] = ()
    # Output layer of each task: dense, or a 1x1 convolution on the feature maps, averaged afterwards.
    head: Literal["dense", "convolution"] = "dense"
    # Dropout rate after each dense layer; if there are none, on the features.
    dropout: float = 0.5
    # L2 penalty on the kernels of each task's dense layers, or of its output convolution.
    l2: float = 0.0

    # Label smoothing of the losses.
    label_smoothing: float = 0.0
    # Weight tasks by N/n_k (images / labelled images), so that a task with few labels counts as much as one with many.
    balance: bool = False
    # Weight the labelled images of a task so that each of its classes counts alike (balanced), or not (none).
    class_weights: Literal["none", "balanced"] = "none"
    # Weight of each task's loss, in the order of the tasks; empty: 1 for each.
    task_weights: tuple[float, ...] = ()
    # Whether each update trains all tasks (joint), or one task after the other in turn (alternate).
    task_updates: Literal["joint", "alternate"] = "joint"
    # Score on the held-out images that decides which epoch is kept; loss is the mean cross-entropy of the tasks.
    monitor: Monitor = "map"

    # Epochs of each stage.
    epochs: tuple[int, ...] = (1,)
    # Highest learning rate of each stage.
    learning_rate: tuple[float, ...] = (1e-3,)
    # What each stage trains: heads (on cached features), all, or the name of the layer to train from.
    trains: tuple[str, ...] = ("all",)
    # Optimizer; sgd has momentum 0.9.
    optimizer: Literal["adam", "adamw", "sgd"] = "adam"
    # Adam's decay rate of the first moment.
    beta_1: float = 0.9
    # Use the AMSGrad variant of Adam.
    amsgrad: bool = False
    # Momentum, per step, of an exponential moving average of the weights that is scored and kept instead; 0: none.
    # A short stage has less: 1 - 4 / steps.
    ema: float = 0.0
    # Decoupled weight decay per step, multiplied by the learning rate.
    weight_decay: float = 0.0
    # How the learning rate changes within a stage; cosine falls to 1 % of the highest rate after the warm-up.
    schedule: Literal["constant", "cosine", "step_decay"] = "constant"
    # Steps of linear warm-up at the start of a stage (cosine only).
    warmup_steps: int = 0
    # Halve the learning rate at the start of every N-th epoch, counted from 1 (step_decay only).
    halve_every: int = 5
    # Images per step on each device.
    batch_size: int = 32
    # Steps over which gradients are accumulated before the weights change.
    accumulate: int = 1
    # Number format of the network; auto takes the faster one on this device.
    precision: Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"] = "auto"

    def __post_init__(self):
        for field in fields(self):  # first, because the other checks compute with the values
            kind, what = KINDS.get(type(field.default), KINDS[str])
            if not isinstance(value := getattr(self, field.name), kind):
                raise InvalidInput(f"{field.name} is {value!r}; allowed is {what}")
        lengths = {name: len(getattr(self, name)) for name in Stage._fields}
        if len(set(lengths.values())) > 1 or not self.epochs:
            found = ", ".join(f"{count} {name}" for name, count in lengths.items())
            raise InvalidInput(
                f"stages need one value each of epochs, learning rate and trains, but there are {found}; "
                "give the same number of each, for example --epochs 1 4 --learning-rate 1e-3 1e-4 "
                "--trains heads all"
            )
        if problem := next(self._problems(), None):
            raise InvalidInput(problem)

    def _problems(self) -> Iterator[str]:
        yield from self._wrong_kinds()
        yield from self._wrong_numbers()
        yield from self._wrong_transforms()
        yield from self._wrong_optimizer()
        yield from self._wrong_files()
        yield from self._wrong_tasks()
        yield from self._wrong_layers()

    def _wrong_kinds(self) -> Iterator[str]:
        for name, kind in get_type_hints(Recipe).items():
            value, choices = getattr(self, name), get_args(kind)
            if get_origin(kind) is Literal and value not in choices:
                yield f"{name} is {value!r}; allowed are {', '.join(choices)}{hint(name, value)}"
        for name, value in vars(self).items():
            numbers = value if isinstance(value, tuple) else (value,)
            if not all(math.isfinite(number) for number in numbers if isinstance(number, float)):
                yield f"{name} is {value}; allowed are finite numbers"
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", self.name):
            yield f"name is {self.name!r}; runs are named after it, so allowed are letters, digits, '_', '-' and '.'"

    def _wrong_numbers(self) -> Iterator[str]:
        if min(self.epochs) < 1:
            yield f"epochs are {self.epochs}; every stage takes at least 1"
        if min(self.learning_rate) <= 0:
            yield f"learning rates are {self.learning_rate}; each must be above 0"
        if not 0 < self.zoom[0] <= self.zoom[1]:
            yield f"zoom is {self.zoom}; allowed are two numbers above 0, the smaller magnification first"
        for name, (least, below) in LIMITS.items():
            value, to = getattr(self, name), " and above" if below == math.inf else f" up to, not including, {below}"
            if not least <= value < below:
                yield f"{name} is {value}; allowed is {least}{to}"

    def _wrong_transforms(self) -> Iterator[str]:
        if not all(isinstance(entry, tuple) and len(entry) == 2 for entry in self.transforms):
            yield f'transforms are {self.transforms}; give pairs of a name and a strength, for example (("blur", 1.0),)'
        for name, strength in self.transforms:
            if name not in STRONGEST:
                yield f"there is no transform {name!r}; allowed are {', '.join(STRONGEST)}"
            if not 0 < strength <= STRONGEST[name]:
                yield f"transforms: {name} is {strength}; allowed is above 0, up to {STRONGEST[name]}"
        names = [name for name, _ in self.transforms]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            yield f"transforms name {', '.join(repeated)} more than once"
        if (self.mixup or self.cutmix) and {*self.trains} == {"heads"}:
            yield "mixup and cutmix mix images, but every stage trains heads on cached features; drop them"

    def _wrong_optimizer(self) -> Iterator[str]:
        if self.amsgrad and self.optimizer == "sgd":
            yield "amsgrad is a variant of adam and adamw, but the optimizer is sgd; drop one of the two"
        if self.beta_1 != Recipe.beta_1 and self.optimizer == "sgd":
            yield f"beta_1 is {self.beta_1}, but the optimizer is sgd, which has none; drop one of the two"
        if self.warmup_steps and self.schedule != "cosine":
            yield (
                f"warmup_steps is {self.warmup_steps} but the schedule is {self.schedule}; "
                "only cosine warms up: add --schedule cosine or drop the warm-up"
            )

    def _wrong_files(self) -> Iterator[str]:
        if self.layout != "table" and (given := [name for name in ("images", "split_column") if getattr(self, name)]):
            yield f"{' and '.join(given)} belong to a table, but the layout is {self.layout}; drop them"

    def _wrong_tasks(self) -> Iterator[str]:
        names = [task.name for task in self.tasks]
        outputs = [task.ascii_name for task in self.tasks]
        if len(set(outputs)) < len(outputs):
            yield f"a task appears twice in {names}"
        if clash := sorted(self._layer_names & set(outputs)):
            yield f"a task may not be named {', '.join(clash)}, like another layer of the network; rename it"
        for name, rows, counts in (("task_weights", self.task_weights, {0}), ("towers", self.towers, {0, 1})):
            if names and len(rows) not in counts | {len(names)}:
                yield f"{name} has {len(rows)} entries for {len(names)} tasks: {', '.join(names)}; give one for each"
        if self.task_weights and not (min(self.task_weights) >= 0 and max(self.task_weights) > 0):
            yield f"task_weights are {self.task_weights}; each must be at least 0, and one of them above 0"

    @property
    def _layer_names(self) -> set[str]:
        """The names of all layers that model/network.py makes, except the outputs of the tasks."""
        depth = max([len(self.shared), *map(len, self.towers)])
        dense = [f"{n}{ending}" for n in range(1, depth + 1) for ending in ("", "_activation", "_dropout")]
        parts = ("branch", "dropout", "maps", "pool", *dense)
        own = {f"{task.ascii_name}_{part}" for task in self.tasks for part in parts}
        common = {"image", "features", "standardised", "pool", "dropout", "to_unit_range", "around_zero", "minus_means"}
        return {*common, *get_args(Backbone), *own, *(f"shared_{part}" for part in dense)}

    def _wrong_layers(self) -> Iterator[str]:
        widths = [*self.shared, *(width for tower in self.towers for width in tower)]
        if min(widths, default=1) < 1:
            yield f"dense layers have widths {widths}; each must be at least 1"
        convolves = self.head == "convolution"
        if convolves and (self.pool != "average" or widths):
            yield ("head is convolution, which takes feature maps, not a vector; drop pool flatten, shared and towers")
        if self.split_at and self.shared:
            yield "split_at leaves no features that all tasks share, so there can be no shared layers; use towers"
        if "heads" in self.trains and (self.split_at or convolves):
            yield (
                "a stage trains heads, on features that all tasks share, but with split_at or a convolution as head "
                "there are none; train all, or from a layer"
            )

    @property
    def stages(self) -> tuple[Stage, ...]:
        return tuple(map(Stage, self.epochs, self.learning_rate, self.trains))

    def with_stages(self, stages: Iterable[Iterable]) -> "Recipe":
        """This recipe with other stages; the fields of each in the order of `Stage`."""
        columns = zip(*stages, strict=True)
        return replace(self, **dict(zip(Stage._fields, columns, strict=True)))

    @property
    def trains_batch_norm(self) -> bool:
        """Whether training normalises with the statistics of the batch and updates the moving ones."""
        return self.batch_norm == "train" or (self.batch_norm == "auto" and self.weights == "none")


def differences(recipe: Recipe, other: Recipe) -> dict[str, tuple]:
    """The fields in which two recipes differ, with both values."""
    pairs = {field.name: (getattr(recipe, field.name), getattr(other, field.name)) for field in fields(Recipe)}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def as_flag(value) -> str:
    """A value of a recipe as its flag takes it: brightness 0.08 contrast 0.25; none where it is empty."""
    if isinstance(value, tuple):
        return " ".join(map(as_flag, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value) or "none"


def from_json(values: dict) -> Recipe:
    """The recipe that was written as JSON, also by an earlier version: fields it did not have get their defaults.

    Raises InvalidInput for unknown fields and for values that are not allowed.
    """
    values = current_fields(values)
    if unknown := sorted(values.keys() - {field.name for field in fields(Recipe)}):
        raise InvalidInput(f"the recipe was written by another version, which has fields unknown here: {unknown}")
    try:
        tasks = tuple(Task(t["name"], tuple(t["classes"]), t["kind"]) for t in values.pop("tasks", ()))
        return Recipe(**{name: _tuples(value) for name, value in values.items()}, tasks=tasks)
    except InvalidInput:
        raise
    except (TypeError, LookupError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        # A string where a number belongs, and the like.
        raise InvalidInput(f"the recipe holds a value of the wrong type ({error})") from None


def _tuples(value):
    """JSON has lists where a recipe has tuples, also within lists."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
