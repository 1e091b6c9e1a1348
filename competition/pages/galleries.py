"""The galleries of a report: the surest mistakes, random samples, and pairs that leak."""

from collections.abc import Sequence
from pathlib import Path

from competition.errors import InvalidInput
from competition.pages.figures import count, percent
from competition.pages.looks import Question, looks
from competition.pages.parts import Layer, Line, Tile
from competition.pages.pictures import Photograph, photographs
from competition.pages.review import PAIRS, Leaks
from competition.pages.subject import NOT_USED, TRAINED_ON, Reported
from competition.scoring.mistakes import Sample, samples
from competition.task import Task

MISTAKES, RANDOM = 36, 24  # pictures in the two galleries
FIRST = "heat-first"  # the switch of the first answer of each picture
NO_GALLERIES = {"mistakes": [], "wrong": 0, "samples": [], "switches": [], "pairs_that_leak": [], "heat": False}


def galleries(reported: Reported, leaks: Leaks | None, missing: list[str]) -> dict:
    """The tiles of each gallery, by the names of NO_GALLERIES; what cannot be shown is added to `missing`."""
    wrong, path_of, ids = reported.subject.mistakes(), reported.dataset.path_of, reported.dataset.ids
    worst, shown = [*wrong.head(MISTAKES).itertuples()], samples(reported.predictions, RANDOM)
    pairs = leaks.pairs[:PAIRS] if leaks else ()
    wanted = [one.image for one in (*worst, *shown)]
    small = photographs(path_of, [*wanted, *(ids[row] for one, other, _ in pairs for row in (one, other))])
    if lost := sorted(set(wanted) - small.keys()):
        missing.append(f"{count(len(lost), 'picture')} that cannot be read any more, such as {path_of[lost[0]]}")
    worst, shown = ([one for one in some if one.image in small] for some in (worst, shown))
    tasks = {task.name: task for task in reported.recipe.tasks}
    about_worst = [Question(one.image, one.task, _place(tasks[one.task], one)) for one in worst]
    about_shown = [[Question(one.image, *of) for of in zip(one.tasks, one.places, strict=True)] for one in shown]
    try:
        layers = looks(reported, path_of, [*about_worst, *(one for some in about_shown for one in some)])
    except InvalidInput as error:
        missing.append(f"where the network looked: {error}")
        layers = {}
    laid = {one: (layer, _looked_for(tasks[one.task], one)) for one, layer in layers.items()}
    switch = {name: f"heat-{place}" for place, name in enumerate(tasks)}
    mistakes = zip(worst, about_worst, strict=True)
    random = zip(shown, about_shown, strict=True)
    several = layers and any(len(one.tasks) > 1 for one in shown)
    return {
        "mistakes": [_mistake(small[one.image], one, laid.get(question)) for one, question in mistakes],
        "wrong": len(wrong),
        "samples": [_sample(small[one.image], one, [*map(laid.get, asked)], switch) for one, asked in random],
        "switches": [(switch[name], name) for name in tasks if several and any(name in one.tasks for one in shown)],
        "pairs_that_leak": [tile for pair in pairs for tile in _pair(reported, small, *pair)],
        "heat": bool(layers),
    }


def _place(task: Task, mistake) -> int:
    """The class that a mistake answers; of a multi-label task the label: the shorter of `wet` and `not wet`."""
    name = mistake.answer if task.kind == "multiclass" else min(mistake.answer, mistake.truth, key=len)
    return task.classes.index(name)


def _looked_for(task: Task, question: Question) -> str:
    return f"where the network looked for {task.name}: {task.classes[question.place]}"


def _mistake(photo: Photograph, one, layer: tuple[str, str] | None) -> Tile:
    lines = [
        Line(one.task),
        Line(f"answer: {one.answer} {percent(one.probability, 0)}", "bad"),
        Line(f"label: {one.truth} {percent(one.probability_of_truth, 0)}"),
        Line(Path(one.image).name, "name"),
    ]
    text = f"{one.task}: answered {one.answer}, labelled {one.truth}"
    layers = [Layer(FIRST, *layer)] if layer else []
    return photo.tile(f"Picture {Path(one.image).name}. {text}", lines, layers, "bad")


def _sample(photo: Photograph, one: Sample, layers: Sequence[tuple[str, str] | None], number_of: dict) -> Tile:
    answers = zip(one.tasks, one.lines, one.rights, strict=True)
    lines = [Line(line, "good" if right else "bad", number_of[task]) for task, line, right in answers]
    laid = [
        Layer(f"{number_of[task]} {FIRST if not place else ''}".strip(), *layer)
        for place, (task, layer) in enumerate(zip(one.tasks, layers, strict=True))
        if layer
    ]
    text = f"Picture {Path(one.image).name}. {'; '.join(one.lines)}"
    return photo.tile(text, [*lines, Line(Path(one.image).name, "name")], laid, "good" if one.right else "bad")


def _pair(reported: Reported, small: dict[str, Photograph], one: int, other: int, distance: int) -> list[Tile]:
    """The two photographs of a leak, each with the side of the split on which it is."""
    sides = {TRAINED_ON: "perhaps trained on" if reported.in_part else "trained on", NOT_USED: "not used"}
    tiles, names = [], reported.dataset.names
    for row in (one, other):
        if photo := small.get(reported.dataset.ids[row]):
            side = int(reported.side[row])
            where = sides.get(side, f"held out in fold {side}" if len(reported.trainings) > 1 else "held out")
            lines = [Line(where, "" if side == TRAINED_ON else "bad"), Line(names[row], "name")]
            tiles.append(photo.tile(f"Picture {names[row]}, {where}; {distance} bits from its twin", lines))
    return tiles
