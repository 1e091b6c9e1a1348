"""The leaderboard: recipes, and runs with their scores and the fields that were changed."""

import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path

from competition import stopping, unfinished
from competition.errors import InvalidInput, visible
from competition.files import is_file, read_text
from competition.recipe import Recipe, as_flag, differences
from competition.recipes import NAMES, describe_recipe, load_recipe
from competition.run import BLEND, CROSS_VALIDATION, FOLD, FRACTION, OUT_OF_TIME, RUNS, SMOKE, SWEEP, Run, list_runs

OVER = 17  # the width of that column: `5 folds x 3 seeds`
HEAD = f"   mAP  (95 %)           accuracy  images  {'over':{OVER}}  minutes     MB  started"
Line = tuple[tuple[int, float], str]  # the rank to sort by, and the text
NO_SCORE, NOT_FINISHED, NOT_READABLE = 1, 2, 3  # ranks below the runs with a score, in this order
EVERY = 2.0  # seconds between two looks at the runs
UP, TO_END_OF_LINE, TO_END = "\x1b[{}A", "\x1b[K", "\x1b[J"  # what a terminal is told: move up, and clear


def list(*, watch: bool = False) -> None:
    """List the recipes, and the runs with their scores on held-out images, best first.

    The column `over` says what a score is from: one split of the images, all folds of a cross-validation (of how many
    seeds), or a blend of several members. Scores on different images cannot be compared; `competition compare` is
    paired on the same ones. The last column of a run lists the fields that differ from its recipe.

    Args:
        watch: Show the runs, unfinished ones first with their epochs and folds, again as they change, until Ctrl-C.
    """
    if watch:
        follow(lambda: list_of_runs(unfinished_first=True) or ["no runs yet"])
        return
    width = max(map(len, NAMES))
    print("recipes")
    for name in NAMES:
        print(f"  {name:{width}}  {describe_recipe(name)}")
    print("\n" + ("\n".join(list_of_runs()) or "no runs yet: `make train` makes one"))


def list_of_runs(unfinished_first: bool = False) -> Sequence[str]:
    """The lines of the runs under a head, best first; none where there are no runs."""
    swept = chain(*(list_runs(sweep.folder) for sweep in list_runs(file=SWEEP)))
    runs = {run.folder.relative_to(RUNS).as_posix(): run for run in [*list_runs(), *swept, *list_runs(file=BLEND)]}
    if not runs:
        return []
    width = max(map(len, runs))
    found = sorted(((*line_of(run), name) for name, run in runs.items()), key=lambda one: one[0])
    if unfinished_first:
        found.sort(key=lambda one: one[0][0] != NOT_FINISHED)
    return [f"{'runs':{width + 2}}  {HEAD}", *(f"  {name:{width}}  {line}" for _, line, name in found)]


def follow(lines: Callable[[], Sequence[str]]) -> None:
    """Print lines again whenever they change, until Ctrl-C: in their place on a terminal, else below one another."""
    before: Sequence[str] = []
    try:
        while True:
            now = lines()
            if sys.stdout.isatty():
                columns, rows = shutil.get_terminal_size()
                now = [visible(line)[: columns - 1] for line in now[: rows - 1]]  # a longer one would move all others
            if now != before:
                _redraw(now, len(before)) if sys.stdout.isatty() else print("\n".join(now), flush=True)
                before = now
            time.sleep(EVERY)
    except stopping.Stopped as stop:
        if stop.number != signal.SIGINT:
            raise


def _redraw(lines: Sequence[str], above: int) -> None:
    """Print lines over those that are `above`, without clearing the screen first, which would flicker."""
    text = (UP.format(above) if above else "") + "".join(f"{line}{TO_END_OF_LINE}\n" for line in lines) + TO_END
    sys.stdout.buffer.write(text.encode(sys.stdout.encoding, "replace"))  # past what spells such characters out
    sys.stdout.flush()


def line_of(run: Run) -> Line:
    try:
        return line_of_blend(run) if (run.folder / BLEND).exists() else line_of_run(run)
    except (InvalidInput, LookupError, TypeError, ValueError, AttributeError, OSError) as error:
        return (NOT_READABLE, 0.0), f"not readable: {error}"


def line_of_run(run: Run) -> Line:
    made = run.read_made()
    notes = [*(["smoke test"] if made.get(SMOKE) else []), *changes(run.read_recipe())]
    notes += [f"on {made[FRACTION]:g} of the images"] if FRACTION in made else []
    size = sum(part.weights.stat().st_size for part in run.trainings if part.weights.is_file()) / 1_000_000
    if not run.finished:
        return (NOT_FINISHED, 0.0), f"{_how_far(run):41}  {what_it_is_over(made):{OVER}}  {'':14}{_end(made, notes)}"
    scores = run.read_scores()
    notes += [f"out of time {scores[OUT_OF_TIME]}"] if scores.get(OUT_OF_TIME) else []
    return _line(scores, what_it_is_over(made) if scores["best"] else "", size, made, notes)


def _how_far(run: Run) -> str:
    """Whether an unfinished run is in training, and in which epoch; of a cross-validation, how many are trained."""
    running = [part for part in run.trainings if not part.finished and unfinished.is_in_training(part)]
    all_epochs = sum(run.read_recipe().epochs)
    epochs = ", ".join(str(min(_epochs(part) + 1, all_epochs)) for part in running)
    where = f", epoch {epochs} of {all_epochs}" if running else ""
    if CROSS_VALIDATION in run.read_made():
        return f"{sum(part.finished for part in run.trainings)} of {len(run.trainings)} trained{where}"
    if running:
        return f"in training{where}"
    return "stopped; `competition resume` goes on" if unfinished.can_go_on(run) else "not finished"


def _epochs(run: Run) -> int:
    """How many epochs a training has done."""
    file = run.folder / "history.csv"
    return max(0, len(read_text(file).splitlines()) - 1) if is_file(file) else 0


def line_of_blend(run: Run) -> Line:
    blend = run.read_json(BLEND)
    scores, members = blend["scores"], blend["members"]
    if "best" not in scores:
        raise InvalidInput("it holds no overall score; make it again with `competition blend`")
    runs = " + ".join(dict.fromkeys(Path(member["run"]).name for member in members))
    notes = [runs, *([] if blend["mean"] == "arithmetic" else [blend["mean"]])]
    return _line(scores, f"blend of {len(members)}", scores["cost"]["megabytes"], blend["made"], notes)


def _line(scores: Mapping, over: str, megabytes: float, made: Mapping, notes: Sequence[str]) -> Line:
    """The line of a run or blend with these `scores`, as in scores.json; those without a score come last."""
    best, seconds = scores["best"], scores.get("seconds")
    minutes = "" if seconds is None else f"{seconds / 60:.1f}"
    rank = (NO_SCORE, 0.0) if best is None or best["map"] is None else (0, -best["map"])
    return rank, f"{_score(scores):41}  {over:{OVER}}  {minutes:>7}  {megabytes:5.0f}{_end(made, notes)}"


def _end(made: Mapping, notes: Sequence[str]) -> str:
    return "  ".join(["", f"{datetime.fromisoformat(made['started']):%Y-%m-%d %H:%M}", *notes])


def _score(scores: Mapping) -> str:
    best = scores["best"]
    if best is None:
        return "trained on everything"
    low, high = scores.get("interval", {}).get("map") or (None, None)
    between = f"({low:.4f} - {high:.4f})" if low is not None and high is not None else ""
    return f"{_number(best['map'])}  {between:17}  {_number(best['accuracy'])}  {scores.get('images', ''):>6}"


def what_it_is_over(made: Mapping) -> str:
    """What the score of a run was computed on: all folds (and how many seeds), one fold, or a split."""
    if plan := made.get(CROSS_VALIDATION):
        return f"{plan['folds']} folds" + (f" x {plan['seeds']} seeds" if plan["seeds"] > 1 else "")
    return f"fold {made[FOLD]}" if FOLD in made else "split"


def changes(recipe: Recipe) -> Iterator[str]:
    """The fields that differ from the project's recipe of that name; none for a user's own recipe."""
    if recipe.name in NAMES:
        for name, (value, _) in differences(recipe, load_recipe(recipe.name)).items():
            if name != "tasks":
                yield f"{name} {Path(value).name if name == 'weights' else as_flag(value)}"


def _number(value: float | None) -> str:
    return "     -" if value is None else f"{value:6.4f}"
