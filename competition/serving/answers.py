"""From probabilities to what a person or a program is told: the answer, and whether it is sure enough."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from competition.layouts.answers import answers
from competition.scoring.calibration import GOALS, Calibration
from competition.scoring.fashionai import as_submitted
from competition.task import Kind, Task

GOAL = GOALS[0]  # the precision from which on an answer is sure enough to tag a picture
Verdict = Literal["tag", "ask", "unknown"]


class Threshold(BaseModel):
    """From this probability on, the share `precision` of the answers to held-out images was right."""

    goal: float
    threshold: float
    coverage: float
    precision: float
    elsewhere: float | None = None


class TaskFacts(BaseModel):
    """A question that the model answers, its possible answers in order, and how far these can be trusted."""

    task: str
    kind: Kind
    classes: list[str]
    temperature: float | None = None
    thresholds: list[Threshold]


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
                            "thresholds": [
                                {
                                    "goal": 0.95,
                                    "threshold": 0.81,
                                    "coverage": 0.97,
                                    "precision": 0.951,
                                    "elsewhere": 0.949,
                                }
                            ],
                        }
                    ],
                    "views": ["plain"],
                    "other_views": ["plain", "flip", "closer", "farther", "left", "right"],
                    "goal": 0.95,
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
    goal: float
    versions: dict[str, str]
    commit: str | None = None
    limits: Limits


class ClassAnswer(BaseModel):
    """`sure` says of a label of a multilabel task whether yes or no is sure enough."""

    name: str
    probability: float
    answered: bool
    sure: bool | None = None


class TaskAnswer(BaseModel):
    """`verdict`: tag, sure enough by the threshold of the goal; ask, a person; unknown, where there is no threshold."""

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


def facts(task: Task, calibration: Calibration | None) -> TaskFacts:
    """What is to be known of a task."""
    thresholds = [
        Threshold(**found._asdict() | {"elsewhere": None if np.isnan(found.elsewhere) else found.elsewhere})
        for found in (calibration.thresholds if calibration else ())
    ]
    temperature = calibration.temperature if calibration else None
    return TaskFacts(
        task=task.name, kind=task.kind, classes=task.classes, temperature=temperature, thresholds=thresholds
    )


def answers_of(
    tasks: Sequence[Task], probabilities: Mapping[str, np.ndarray], calibrations: Mapping[str, Calibration]
) -> list[TaskAnswer]:
    """What is said of one image; `probabilities[task]` is (classes,), rounded here as in a submission."""
    return [_answer(task, as_submitted(probabilities[task.name][None]), calibrations.get(task.name)) for task in tasks]


def _answer(task: Task, probabilities: np.ndarray, calibration: Calibration | None) -> TaskAnswer:
    chosen = answers(probabilities, task)[0].tolist()
    (given,) = probabilities
    several = task.kind == "multilabel"
    trust = np.maximum(given, 1 - given) if several else given.max(keepdims=True)
    sure = _sure(trust, calibration)
    classes = [
        ClassAnswer(name=name, probability=value, answered=yes, sure=sure[place] if several and sure else None)
        for place, (name, value, yes) in enumerate(zip(task.classes, given.tolist(), chosen, strict=True))
    ]
    return TaskAnswer(
        task=task.name,
        kind=task.kind,
        answers=[one.name for one in classes if one.answered],
        confidence=float(trust.min()),
        verdict="unknown" if sure is None else "tag" if all(sure) else "ask",
        classes=classes,
    )


def _sure(trust: np.ndarray, calibration: Calibration | None) -> list[bool] | None:
    """Whether each answer is sure enough; None where no held-out image has told."""
    if calibration is None:
        return None
    threshold = next((found.threshold for found in calibration.thresholds if found.goal == GOAL), None)
    return [threshold is not None and value >= threshold for value in trust.tolist()]
