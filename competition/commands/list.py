"""The leaderboard: recipes, and runs with their scores and what was changed in them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from competition.errors import InvalidInput
from competition.recipe import Recipe, differences
from competition.recipes import NAMES, describe_recipe, load_recipe
from competition.run import BLEND, CROSS_VALIDATION, FOLD, RUNS, SMOKE, Run, list_blends, list_runs, list_swept

MEGABYTE = 10**6
OVER = 17  # the width of what a score is over: `5 folds x 3 seeds`
HEAD = f"   mAP  (95 %)           accuracy  images  {'over':{OVER}}  minutes     MB  started"
NO_SCORE, NOT_FINISHED, NOT_READABLE = 1, 2, 3  # below those with a score, in this order


def list() -> None:
    """List recipes with what they are for, and runs, best first, with the scores on the images they held out.

    `over` says what a score is over: a split of the images, all folds of a cross-validation, the mean of several seeds
    of them, or a blend of several members, whose weights were found on other images. Scores over different images, or
    over more networks, are not one race: `competition compare` is paired. Behind each run stands what differs from its
    recipe.
    """
    width = max(map(len, NAMES))
    print("recipes")
    for name in NAMES:
        print(f"  {name:{width}}  {describe_recipe(name)}")
    trainings = [*list_runs(), *list_swept()]
    entries = [*((run, entry_of_run) for run in trainings), *((run, entry_of_blend) for run in list_blends())]
    if not entries:
        print("\nno runs yet: `make train` makes one")
        return
    names = [run.folder.relative_to(RUNS).as_posix() for run, _ in entries]  # a run of a sweep has that before it
    width = max(map(len, names))
    found = [(*_line(run, read), name) for (run, read), name in zip(entries, names, strict=True)]
    lines = sorted(found, key=lambda line: line[0])
    print(f"\n{'runs':{width + 2}}  {HEAD}")
    print("\n".join(f"  {name:{width}}  {line}" for _, line, name in lines))


def _line(run: Run, read: "Callable[[Run], Entry]") -> tuple[tuple[int, float], str]:
    try:
        entry = read(run)
        return entry.rank, str(entry)
    except (InvalidInput, LookupError, TypeError, ValueError, AttributeError, OSError) as error:
        return (NOT_READABLE, 0.0), f"not readable: {error}"


@dataclass(frozen=True)
class Entry:
    """A line of the leaderboard; `scores` as in scores.json, None where a run has not finished."""

    scores: Mapping | None
    over: str
    megabytes: float
    started: str
    notes: tuple[str, ...]

    @property
    def rank(self) -> tuple[int, float]:
        """By score, best first; then what has none, and what has not finished."""
        if self.scores is None:
            return NOT_FINISHED, 0.0
        best = self.scores["best"]
        return (NO_SCORE, 0.0) if best is None or best["map"] is None else (0, -best["map"])

    def __str__(self) -> str:
        began = f"{datetime.fromisoformat(self.started):%Y-%m-%d %H:%M}"
        if self.scores is None:
            score, rest = "not finished", f"{self.over:{OVER}}  {'':14}"
        else:
            score, seconds = self._score(), self.scores.get("seconds")
            minutes = "" if seconds is None else f"{seconds / 60:.1f}"
            rest = f"{self.over:{OVER}}  {minutes:>7}  {self.megabytes:5.0f}"
        return f"{score:41}  {rest}  {began}  {'  '.join(self.notes)}".rstrip()

    def _score(self) -> str:
        best = self.scores["best"]
        if best is None:
            return "trained on everything"
        low, high = self.scores.get("interval", {}).get("map") or (None, None)
        between = f"({low:.4f} - {high:.4f})" if low is not None and high is not None else ""
        images = self.scores.get("images", "")
        return f"{_number(best['map'])}  {between:17}  {_number(best['accuracy'])}  {images:>6}"


def entry_of_run(run: Run) -> Entry:
    made = run.read_made()
    notes = (*(["smoke test"] if made.get(SMOKE) else []), *changes(run.read_recipe()))
    size = sum(part.weights.stat().st_size for part in run.trainings if part.weights.is_file()) / MEGABYTE
    scores = run.read_scores() if run.finished else None
    nothing = scores is not None and scores["best"] is None
    return Entry(scores, "" if nothing else what_it_is_over(made), size, made["started"], notes)


def what_it_is_over(made: Mapping) -> str:
    """What the score of a run is over: all folds and how many seeds of them, one fold, or a split."""
    if plan := made.get(CROSS_VALIDATION):
        return f"{plan['folds']} folds" + (f" x {plan['seeds']} seeds" if plan["seeds"] > 1 else "")
    return f"fold {made[FOLD]}" if FOLD in made else "split"


def entry_of_blend(run: Run) -> Entry:
    blend = run.read_json(BLEND)
    scores = blend["scores"]
    if "best" not in scores:
        raise InvalidInput("it holds no score of the whole; make it again with `competition blend`")
    members = blend["members"]
    runs = " + ".join(dict.fromkeys(Path(member["run"]).name for member in members))
    notes = (runs, *([] if blend["mean"] == "arithmetic" else [blend["mean"]]))
    return Entry(scores, f"blend of {len(members)}", scores["cost"]["megabytes"], blend["made"]["started"], notes)


def changes(recipe: Recipe) -> Iterator[str]:
    """What differs from the project's recipe of that name; nothing for recipes of the user's own."""
    if recipe.name in NAMES:
        for name, (value, _) in differences(recipe, load_recipe(recipe.name)).items():
            if name != "tasks":
                yield f"{name} {Path(value).name if name == 'weights' else _brief(value)}"


def _brief(value) -> str:
    if isinstance(value, tuple):
        return " ".join(map(_brief, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _number(value: float | None) -> str:
    return "     -" if value is None else f"{value:6.4f}"
