"""A recipe: every name and value that decides a run, in one frozen dataclass."""

import math
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Annotated, Literal, NamedTuple, get_args, get_origin, get_type_hints

import tyro

from competition.errors import InvalidInput
from competition.task import Task

Backbone = Literal["nasnet_large", "nasnet_mobile", "inception_resnet_v2", "vgg16", "vgg19", "squeezenet", "small"]
Optimizer = Literal["adam", "adamw", "sgd"]
Schedule = Literal["constant", "cosine", "halved"]
Precision = Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"]
Aspect = Literal["stretch", "pad"]
BatchNorm = Literal["auto", "train", "inference"]
Transform = Literal[
    "brightness", "contrast", "saturation", "hue", "grey", "blur", "noise", "compression", "erase", "cutout"
]

# The highest strength of each; data/transforms.py says what the strengths mean.
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


class Stage(NamedTuple):
    """The i-th entry of a recipe's parallel tuples."""

    epochs: int
    learning_rate: float
    trains: str


@dataclass(frozen=True)
class Recipe:
    """What is read, how the network is built, and how it is trained.

    Variants are made with `dataclasses.replace`; every field but `tasks` is a flag of `competition train`.
    Raises InvalidInput, in the user's words, where fields contradict each other.
    """

    # Name of the recipe; runs are called after it.
    name: str

    # Tasks with their classes in order; empty: taken from classes.csv and the label files, then recorded.
    tasks: Annotated[tuple[Task, ...], tyro.conf.Suppress] = ()
    # Share of the target that goes to the classes marked m (maybe); 0 ignores them.
    maybe: float = 0.0
    # Share of the images held out to validate on; 0 trains on everything and gives no score.
    validation: float = 0.15
    # Seed of the split, the weights, the order of the images and their augmentation.
    seed: int = 0

    # Side of the square the network sees, in pixels.
    image_size: int = 224
    # How a picture becomes a square: stretched, or padded with grey.
    aspect: Aspect = "stretch"
    # Mirror left and right in half of the views.
    flip: bool = True
    # Largest rotation to either side, in degrees.
    rotation: float = 0.0
    # Smallest and largest magnification.
    zoom: tuple[float, float] = (1.0, 1.0)
    # Largest change of width against height, as a share: 0.1 draws from 1/1.1 to 1.1.
    stretch: float = 0.0
    # Largest shift in each direction, as a share of the side.
    shift: float = 0.0
    # What changes a view after the warp, in this order, each with its strength; for example: brightness 0.1 blur 1.
    transforms: tuple[tuple[Transform, float], ...] = ()

    # The network below the heads.
    backbone: Backbone = "nasnet_large"
    # Its start: imagenet, none, or a file laid out as the public one.
    weights: str = "imagenet"
    # Batch normalisation of the backbone; auto: inference where it starts from weights, train where not.
    batch_norm: BatchNorm = "auto"
    # Share of the pooled features dropped in front of the heads.
    dropout: float = 0.5

    # Label smoothing of the losses.
    label_smoothing: float = 0.0
    # Weigh tasks by N/n_k, so that a task with few labels counts as much as one with many.
    balance: bool = False

    # Epochs of each stage.
    epochs: tuple[int, ...] = (1,)
    # Learning rate of each stage, at its highest.
    learning_rate: tuple[float, ...] = (1e-3,)
    # What each stage trains: heads (on cached features), all, or the name of the layer to train from.
    trains: tuple[str, ...] = ("all",)
    # Optimizer; sgd has Nesterov momentum 0.9.
    optimizer: Optimizer = "adam"
    # Adam keeps the largest second moment seen (AMSGrad).
    amsgrad: bool = False
    # Decoupled weight decay per step, times the learning rate.
    weight_decay: float = 0.0
    # Learning rate within a stage; cosine falls to 1 % after the warm-up.
    schedule: Schedule = "constant"
    # Steps of linear warm-up at the start of a stage (cosine only).
    warmup_steps: int = 0
    # Epochs after which the rate is halved (halved only).
    halve_every: int = 1
    # Images a step on each device.
    batch_size: int = 32
    # Steps whose gradients are added before the weights change.
    accumulate: int = 1
    # Number format of the network; auto takes what this device is fast with.
    precision: Precision = "auto"

    def __post_init__(self):
        lengths = {name: len(getattr(self, name)) for name in Stage._fields}
        if len(set(lengths.values())) > 1 or not self.epochs:
            found = ", ".join(f"{count} {name}" for name, count in lengths.items())
            raise InvalidInput(
                f"stages need one value each of epochs, learning rate and trains, but there are {found}; "
                "give the same number of each, for example --epochs 1 4 --learning-rate 1e-3 1e-4 "
                "--trains heads all"
            )
        for ok, rule in self._rules():
            if not ok:
                raise InvalidInput(rule)

    def _rules(self):
        for name, kind in get_type_hints(Recipe).items():
            choices = get_args(kind) if get_origin(kind) is Literal else (getattr(self, name),)
            yield (
                getattr(self, name) in choices,
                f"{name} is {getattr(self, name)!r}; allowed are {', '.join(map(str, choices))}",
            )
        for name, value in vars(self).items():
            numbers = value if isinstance(value, tuple) else (value,)
            finite = all(math.isfinite(number) for number in numbers if isinstance(number, float))
            yield finite, f"{name} is {value}; allowed are finite numbers"
        yield min(self.epochs) >= 1, f"epochs are {self.epochs}; every stage takes at least 1"
        yield min(self.learning_rate) > 0, f"learning rates are {self.learning_rate}; each must be above 0"
        yield 0 <= self.maybe < 0.5, f"maybe is {self.maybe}; allowed is 0 up to, not including, 0.5"
        yield (
            0 <= self.validation < 1,
            f"validation is {self.validation}; allowed is 0 up to, not including, 1",
        )
        yield 0 <= self.dropout < 1, f"dropout is {self.dropout}; allowed is 0 up to, not including, 1"
        yield (
            0 <= self.label_smoothing < 1,
            f"label_smoothing is {self.label_smoothing}; allowed is 0 to below 1",
        )
        yield 0 < self.zoom[0] <= self.zoom[1], f"zoom is {self.zoom}; give the smaller magnification first"
        yield self.image_size >= 8, f"image_size is {self.image_size}; at least 8 pixels are needed"
        yield self.batch_size >= 1, f"batch_size is {self.batch_size}; at least 1 is needed"
        yield self.accumulate >= 1, f"accumulate is {self.accumulate}; 1 means after every step"
        yield self.halve_every >= 1, f"halve_every is {self.halve_every}; it counts epochs, at least 1"
        yield 0 <= self.seed < 2**32, f"seed is {self.seed}; allowed are whole numbers from 0 to {2**32 - 1}"
        yield (
            re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", self.name) is not None,
            f"name is {self.name!r}; runs are called after it, so allowed are letters, digits, '_', '-' and '.'",
        )
        yield self.warmup_steps >= 0, f"warmup_steps is {self.warmup_steps}; allowed are whole numbers from 0"
        for name in ("rotation", "stretch", "shift", "weight_decay"):
            yield getattr(self, name) >= 0, f"{name} is {getattr(self, name)}; allowed is 0 and above"
        yield from _transform_rules(self.transforms)
        yield (
            not (self.amsgrad and self.optimizer == "sgd"),
            "amsgrad is a variant of adam and adamw, but the optimizer is sgd; drop one of the two",
        )
        yield (
            self.warmup_steps == 0 or self.schedule == "cosine",
            f"warmup_steps is {self.warmup_steps} but the schedule is {self.schedule}; "
            "only cosine warms up: add --schedule cosine or drop the warm-up",
        )
        names = [task.name for task in self.tasks]
        yield len(set(names)) == len(names), f"a task appears twice in {names}"

    @property
    def stages(self) -> tuple[Stage, ...]:
        return tuple(map(Stage, self.epochs, self.learning_rate, self.trains))

    @property
    def trains_batch_norm(self) -> bool:
        """Whether the backbone normalises by the batch, and learns the statistics, while training."""
        if self.batch_norm == "auto":
            return self.weights == "none"
        return self.batch_norm == "train"


def _transform_rules(transforms: tuple[tuple[Transform, float], ...]) -> Iterator[tuple[bool, str]]:
    yield (
        all(isinstance(entry, tuple) and len(entry) == 2 for entry in transforms),
        f'transforms are {transforms}; give pairs of a name and a strength, for example (("blur", 1.0),)',
    )
    for name, strength in transforms:
        yield name in STRONGEST, f"there is no transform {name!r}; allowed are {', '.join(STRONGEST)}"
        yield (
            0 < strength <= STRONGEST[name],
            f"transforms: {name} is {strength}; allowed is above 0, up to {STRONGEST[name]}",
        )
    names = [name for name, _ in transforms]
    repeated = sorted({name for name in names if names.count(name) > 1})
    yield not repeated, f"transforms name {', '.join(repeated)} more than once"


def differences(recipe: Recipe, other: Recipe) -> dict[str, tuple]:
    """The fields in which two recipes differ, with both values."""
    pairs = {field.name: (getattr(recipe, field.name), getattr(other, field.name)) for field in fields(Recipe)}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def to_json(recipe: Recipe) -> dict:
    """Plain lists, strings and numbers; `from_json` turns them back into an equal recipe."""
    return asdict(recipe)


def from_json(values: dict) -> Recipe:
    """The recipe that `to_json` wrote.

    Raises InvalidInput naming fields that this version does not know, or that are missing.
    """
    known = {field.name for field in fields(Recipe)}
    unknown, missing = sorted(values.keys() - known), sorted(known - values.keys())
    if unknown or missing:
        raise InvalidInput(
            f"the recipe was written by another version: fields unknown here {unknown}, fields missing {missing}"
        )
    tasks = tuple(Task(t["name"], tuple(t["classes"]), t["kind"]) for t in values["tasks"])
    plain = {name: _tuples(value) for name, value in values.items()}
    return Recipe(**{**plain, "tasks": tasks})


def _tuples(value):
    """Lists, as JSON has them, become tuples, also those within lists."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
