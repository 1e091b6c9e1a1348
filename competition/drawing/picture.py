"""One picture of a garment that shows a value of a task."""

import numpy as np

from competition.drawing.canvas import Canvas, camera
from competition.drawing.figure import draw_body
from competition.drawing.geometry import between
from competition.drawing.outfit import some_outfit
from competition.drawing.scene import backdrop, lit
from competition.drawing.subjects import SUBJECTS, Form, Subject

INVISIBLE = "Invisible"


def picture(task: str, value: str, maybe: str | None, rng: np.random.Generator) -> np.ndarray:
    """A (512, 512, 3) uint8 BGR picture of `value`; with `maybe` it is between the two, nearer to `value`."""
    subject = SUBJECTS[task]
    hidden = value == INVISIBLE
    form = cut(subject, rng.choice(subject.hideable) if hidden else value, maybe, rng)
    cropped = hidden and rng.random() < 0.5
    outfit = some_outfit(rng, subject.raised)
    canvas = Canvas(backdrop(rng, *outfit.scene), camera(rng, subject.crop if cropped else subject.view))
    draw_body(canvas, outfit.figure, outfit.shoes)
    subject.draw(canvas, outfit, form, rng)
    if hidden and not cropped:
        subject.covers[rng.integers(len(subject.covers))](canvas, outfit, rng)
    return lit(rng, canvas.image)


def cut(subject: Subject, value: str, maybe: str | None, rng: np.random.Generator) -> Form:
    """The form of a value, varied a little; drawn towards `maybe` where there is one."""
    form = subject.forms[value]
    if maybe is not None:
        form = between(form, subject.forms[maybe], rng.uniform(0.3, 0.42))
    return form + rng.uniform(-1, 1) * subject.vary
