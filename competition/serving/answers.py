"""From probabilities to what a person or a program is told: the answer, and whether it is sure enough."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from competition.layouts.answers import answers
from competition.scoring.calibration import Calibration
from competition.scoring.fashionai import as_submitted
from competition.scoring.promise import Promise, TaskPromise, Verdict, tags, verdicts
from competition.task import Kind, Task


class Promised(BaseModel):
    """With this confidence, the share `precision` of what is tagged is right: for each task, or class, or all at once.

    `source` says on which pictures that was found.
    """

    precision: float
    confidence: float
    by_class: bool
    jointly: bool
    source: str
    digest: str


class TaskFacts(BaseModel):
    """A question that the model answers, its possible answers in order, and how far these can be trusted.

    `thresholds`: from which probability on each class is tagged, null where that is not promised.
    """

    task: str
    kind: Kind
    classes: list[str]
    temperature: float | None = None
    thresholds: list[float | None] | None = None


class Limits(BaseModel):
    images: int
    body_bytes: int
    pixels: int


class Model(BaseModel):
    """What answers here."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "clothing-1",
                    "is_a": "run",
                    "networks": 1,
                    "tasks": [
                        {
                            "task": "sleeve",
                            "kind": "multiclass",
                            "classes": ["short", "long"],
                            "temperature": 1.3,
                            "thresholds": [0.81, 0.81],
                        }
                    ],
                    "views": ["plain"],
                    "other_views": ["plain", "flip", "closer", "farther", "left", "right"],
                    "promise": {
                        "precision": 0.98,
                        "confidence": 0.95,
                        "by_class": False,
                        "jointly": False,
                        "source": "the test images of its folds",
                        "digest": "248c110bd3566b5b",
                    },
                    "versions": {"competition": "0.2.0", "keras": "3.15.1"},
                    "commit": "c098d0912345",
                    "limits": {"images": 32, "body_bytes": 64000000, "pixels": 16777216},
                }
            ]
        }
    )
    name: str
    is_a: Literal["run", "cross-validation", "blend"]
    networks: int
    tasks: list[TaskFacts]
    views: list[str]
    other_views: list[str]
    promise: Promised | None = None
    versions: dict[str, str]
    commit: str | None = None
    limits: Limits


class ClassAnswer(BaseModel):
    """`sure` says of a label that a multilabel task is answered with whether it is sure enough to tag."""

    name: str
    probability: float
    answered: bool
    sure: bool | None = None


class TaskAnswer(BaseModel):
    """`verdict`: tag, all that is answered is sure enough by the promise; ask, a person; unknown, nothing is promised,
    of the whole task or because no label is set."""

    task: str
    kind: Kind
    answers: list[str]
    confidence: float
    verdict: Verdict
    classes: list[ClassAnswer]
    looked_at: str | None = None


class ImageAnswer(BaseModel):
    name: str
    tasks: list[TaskAnswer]


class Answered(BaseModel):
    """What the model says of each image, in the order in which they were sent."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "clothing-1",
                    "views": ["plain"],
                    "images": [
                        {
                            "name": "a.jpg",
                            "tasks": [
                                {
                                    "task": "sleeve",
                                    "kind": "multiclass",
                                    "answers": ["long"],
                                    "confidence": 0.97,
                                    "verdict": "tag",
                                    "classes": [
                                        {"name": "short", "probability": 0.03, "answered": False},
                                        {"name": "long", "probability": 0.97, "answered": True},
                                    ],
                                }
                            ],
                        }
                    ],
                }
            ]
        }
    )
    model: str
    views: list[str]
    images: list[ImageAnswer]


def facts(task: Task, calibration: Calibration | None, promise: TaskPromise | None) -> TaskFacts:
    """What is to be known of a task."""
    return TaskFacts(
        task=task.name,
        kind=task.kind,
        classes=task.classes,
        temperature=calibration.temperature if calibration else None,
        thresholds=promise and promise.least_of(task),
    )


def answers_of(
    tasks: Sequence[Task], probabilities: Mapping[str, np.ndarray], promise: Promise | None
) -> list[TaskAnswer]:
    """What is said of one image; `probabilities[task]` is (classes,), rounded here as in a submission."""
    promised = promise.tasks if promise else {}
    return [_answer(task, as_submitted(probabilities[task.name][None]), promised.get(task.name)) for task in tasks]


def _answer(task: Task, probabilities: np.ndarray, promise: TaskPromise | None) -> TaskAnswer:
    chosen, tagged = answers(probabilities, task)[0].tolist(), tags(task, probabilities, promise)[0].tolist()
    (given,) = probabilities
    several = task.kind == "multilabel"
    trust = np.maximum(given, 1 - given) if several else given.max(keepdims=True)
    classes = [
        ClassAnswer(name=name, probability=value, answered=yes, sure=sure if several and yes and promise else None)
        for name, value, yes, sure in zip(task.classes, given.tolist(), chosen, tagged, strict=True)
    ]
    return TaskAnswer(
        task=task.name,
        kind=task.kind,
        answers=[one.name for one in classes if one.answered],
        confidence=float(trust.min()),
        verdict=verdicts(task, probabilities, promise)[0],
        classes=classes,
    )
