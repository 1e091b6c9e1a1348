"""The eight questions: what is worn for each, how its values are cut, how it is framed, and what may hide it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from competition.drawing.canvas import Canvas, View
from competition.drawing.collars import COLLARS, LAPELS, NECKS, draw_collar, draw_lapels, draw_neck, draw_placket
from competition.drawing.covers import (
    Cover,
    cover_arms,
    cover_legs,
    cover_with_hair,
    cover_with_scarf,
    cover_with_thing,
)
from competition.drawing.fabric import Fabric
from competition.drawing.figure import draw_head
from competition.drawing.garments import draw_coat, draw_skirt, draw_sleeves, draw_top, draw_trousers
from competition.drawing.geometry import between
from competition.drawing.necklines import NECKLINES, SHIRT, VEST, draw_neckline
from competition.drawing.outfit import Outfit

# a number (a hem) or an array (an outline): what is between two values is their mean
Form = float | np.ndarray

# hems as heights: waist 3.05, hip 3.85, crotch 4.35, knee 5.75, ankle 7.3, sole 7.7
COATS = {
    "High Waist": 2.72,
    "Regular": 3.65,
    "Long": 4.35,
    "Micro": 4.98,
    "Knee": 5.72,
    "Midi": 6.55,
    "Ankle&Floor": 7.4,
}
SKIRTS = {"Short": 4.7, "Knee": 5.72, "Midi": 6.5, "Ankle": 7.1, "Floor": 7.75}
# hems as joints of the leg: 1 the knee, 2 the ankle
TROUSERS = {"Short Pant": 0.32, "Mid": 0.86, "3/4": 1.3, "Cropped Pant": 1.7, "Full": 2.2}
# hems as joints of the arm: 1 the elbow, 2 the wrist, 3 the fingertips
SLEEVES = {
    "Sleeveless": 0.0,
    "Cup Sleeves": 0.17,
    "Short": 0.58,
    "Elbow": 1.0,
    "3/4": 1.45,
    "Wrist": 1.86,
    "Long": 2.42,
    "Extra Long": 3.45,
}
SHORTEST_SLEEVE = 0.075


def wear_coat(canvas: Canvas, outfit: Outfit, hem: Form, rng: np.random.Generator) -> None:
    """A coat over a top and trousers or shorts."""
    draw_top(canvas, outfit.figure, outfit.other, hem=3.2)
    draw_trousers(canvas, outfit.figure, outfit.trim, rng.choice((0.2, 2.1)), ease=0.0)
    draw_coat(canvas, outfit.figure, outfit.main, hem, rng)


def wear_trousers(canvas: Canvas, outfit: Outfit, reach: Form, rng: np.random.Generator) -> None:
    """Trousers under a short top."""
    draw_blouse(canvas, outfit, outfit.other, rng)
    draw_trousers(canvas, outfit.figure, outfit.main, reach, ease=rng.uniform(0.0, 0.12))


def wear_skirt(canvas: Canvas, outfit: Outfit, hem: Form, rng: np.random.Generator) -> None:
    """A skirt under a top of another cloth, or of the same: a dress."""
    draw_blouse(canvas, outfit, outfit.main if rng.random() < 0.3 else outfit.other, rng)
    draw_skirt(canvas, outfit.figure, outfit.main, hem, rng)


def wear_sleeves(canvas: Canvas, outfit: Outfit, reach: Form, rng: np.random.Generator) -> None:
    """A top with sleeves of the length in question, or a vest without any."""
    draw_bottom(canvas, outfit)
    shoulders = between(VEST, SHIRT, np.clip(reach / SLEEVES["Cup Sleeves"], 0, 1))
    draw_top(canvas, outfit.figure, outfit.main, shoulders, hem=rng.uniform(3.5, 4.1))
    if reach > SHORTEST_SLEEVE:
        draw_sleeves(canvas, outfit.figure, outfit.main, reach)


def wear_collar(canvas: Canvas, outfit: Outfit, form: Form, rng: np.random.Generator) -> None:
    """A shirt with the collar in question, of its own cloth turned over or of another."""
    draw_bottom(canvas, outfit)
    draw_blouse(canvas, outfit, outfit.main, rng, hem=4.0)
    draw_placket(canvas, outfit.main, 4.0)
    draw_collar(canvas, form, outfit.trim if rng.random() < 0.5 else outfit.main.toned())


def wear_lapels(canvas: Canvas, outfit: Outfit, form: Form, rng: np.random.Generator) -> None:
    """A jacket over a top, open down to one button."""
    draw_bottom(canvas, outfit)
    draw_top(canvas, outfit.figure, outfit.main, hem=4.2)
    draw_sleeves(canvas, outfit.figure, outfit.main, 1.9, ease=0.1)
    draw_lapels(canvas, form, outfit.main, inside=outfit.other)


def wear_neck(canvas: Canvas, outfit: Outfit, form: Form, rng: np.random.Generator) -> None:
    """A pullover with the neck in question."""
    draw_bottom(canvas, outfit)
    draw_blouse(canvas, outfit, outfit.main, rng, hem=4.0)
    draw_neck(canvas, form, outfit.main, outfit.figure.skin)


def wear_neckline(canvas: Canvas, outfit: Outfit, form: Form, rng: np.random.Generator) -> None:
    """A top that ends in the line in question."""
    draw_bottom(canvas, outfit)
    draw_neckline(canvas, outfit.figure, outfit.main, form, rng)


def draw_blouse(canvas: Canvas, outfit: Outfit, cloth: Fabric, rng: np.random.Generator, hem: float = 3.1) -> None:
    """A top with sleeves of any length, where neither is the question."""
    draw_top(canvas, outfit.figure, cloth, hem=hem)
    draw_sleeves(canvas, outfit.figure, cloth, rng.choice((0.3, 0.6, 1.9)))


def draw_bottom(canvas: Canvas, outfit: Outfit) -> None:
    """Trousers, where they are not the question."""
    draw_trousers(canvas, outfit.figure, outfit.trim, 2.1, ease=0.0)


@dataclass(frozen=True)
class Subject:
    """How the pictures of one attribute are made.

    `forms`: how each visible value is cut; `vary`: by how much a form may differ from it.
    `view` shows the deciding part, `crop` cuts it off and `covers` hide it, completely for `hideable` values.
    `raised`: degrees between the arms and the body.
    """

    forms: dict[str, Form]
    wear: Callable[[Canvas, Outfit, Form, np.random.Generator], None]
    view: View
    crop: View
    covers: tuple[Cover, ...]
    hideable: tuple[str, ...]
    raised: float = 14
    vary: float = 0.0

    def draw(self, canvas: Canvas, outfit: Outfit, form: Form, rng: np.random.Generator) -> None:
        """The clothes and the head; the body is there already."""
        self.wear(canvas, outfit, form, rng)
        draw_head(canvas, outfit.figure)


IN_FRONT = (cover_with_hair, cover_with_scarf, cover_with_thing)

SUBJECTS = {
    "coat_length": Subject(
        forms=COATS,
        wear=wear_coat,
        view=View(0.5, 8.4),
        crop=View(-0.1, 3.3),
        covers=(cover_legs,),
        hideable=("Long", "Micro", "Knee", "Midi", "Ankle&Floor"),
        vary=0.06,
    ),
    "collar_design": Subject(
        forms=COLLARS,
        wear=wear_collar,
        view=View(0.5, 2.9),
        crop=View(2.75, 5.15),
        covers=IN_FRONT,
        hideable=("Shirt Collar", "Peter Pan", "Rib Collar"),
    ),
    "lapel_design": Subject(
        forms=LAPELS,
        wear=wear_lapels,
        view=View(0.7, 3.6),
        crop=View(3.5, 6.4),
        covers=IN_FRONT,
        hideable=("Notched", "Collarless", "Shawl Collar"),
    ),
    "neck_design": Subject(
        forms=NECKS,
        wear=wear_neck,
        view=View(0.3, 2.7),
        crop=View(2.7, 5.1),
        covers=IN_FRONT,
        hideable=("Turtle Neck", "Low Turtle Neck", "Draped Collar"),
    ),
    "neckline_design": Subject(
        forms=NECKLINES,
        wear=wear_neckline,
        view=View(0.7, 3.5),
        crop=View(3.2, 6.0),
        covers=IN_FRONT,
        hideable=("Straight Neck", "V", "Square", "Round"),
    ),
    "pant_length": Subject(
        forms=TROUSERS,
        wear=wear_trousers,
        view=View(2.4, 8.5),
        crop=View(0.6, 4.2),
        covers=(cover_legs,),
        hideable=tuple(TROUSERS),
        raised=20,
        vary=0.04,
    ),
    "skirt_length": Subject(
        forms=SKIRTS,
        wear=wear_skirt,
        view=View(2.4, 8.5),
        crop=View(0.6, 4.2),
        covers=(cover_legs,),
        hideable=tuple(SKIRTS),
        raised=20,
        vary=0.07,
    ),
    "sleeve_length": Subject(
        forms=SLEEVES,
        wear=wear_sleeves,
        view=View(0.5, 5.45),
        crop=View(1.7, 3.3),
        covers=(cover_arms,),
        hideable=("Short", "Elbow", "3/4", "Wrist", "Long"),
        raised=28,
        vary=0.02,
    ),
}
