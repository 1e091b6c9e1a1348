"""The leaderboard: recipes, and runs with their scores and what was changed in them."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from competition.errors import InvalidInput
from competition.recipe import Recipe, differences
from competition.recipes import NAMES, describe_recipe, load_recipe
from competition.run import SMOKE, Run, list_runs

MEGABYTE = 10**6
HEAD = "   mAP  (95 %)           accuracy  minutes     MB  started"


def list() -> None:
    """List recipes with what they are for, and runs, best first, with the scores on the images they held out.

    A cross-validation's score is that of all its folds together. Behind each stands what differs from its recipe.
    """
    width = max(map(len, NAMES))
    print("recipes")
    for name in NAMES:
        print(f"  {name:{width}}  {describe_recipe(name)}")
    runs = list_runs()
    if not runs:
        print("\nno runs yet: `make train` makes one")
        return
    width = max(len(run.name) for run in runs)
    lines = []
    for run in runs:
        try:
            lines.append((rank(run), f"  {run.name:{width}}  {describe_run(run)}"))
        except (InvalidInput, LookupError, TypeError, ValueError) as error:
            lines.append((NOT_READABLE, f"  {run.name:{width}}  not readable: {error}"))
    print(f"\n{'runs':{width + 2}}  {HEAD}")
    print("\n".join(line for _, line in sorted(lines, key=lambda pair: pair[0])))


NOT_READABLE = (3, 0.0)


def rank(run: Run) -> tuple[int, float]:
    """By score, best first; then what has none, what has not finished, and what cannot be read."""
    if not run.finished:
        return 2, 0.0
    best = run.read_json("scores.json")["best"]
    return (1, 0.0) if best is None or best["map"] is None else (0, -best["map"])


def describe_run(run: Run) -> str:
    made = run.read_made()
    started = f"{datetime.fromisoformat(made['started']):%Y-%m-%d %H:%M}"
    notes = [*(["smoke test"] if made.get(SMOKE) else []), *changes(run.read_recipe())]
    if not run.finished:
        return f"{'not finished':52}{started}  {'  '.join(notes)}".rstrip()
    scores = run.read_json("scores.json")
    size = sum(part.weights.stat().st_size for part in run.trainings if part.weights.is_file()) / MEGABYTE
    rest = f"{scores['seconds'] / 60:7.1f}  {size:5.0f}  {started}  {'  '.join(notes)}".rstrip()
    best = scores["best"]
    if best is None:
        return f"{'trained on everything':33}{rest}"
    low, high = scores.get("interval", {}).get("map") or (None, None)
    between = f"({low:.4f} - {high:.4f})" if low is not None and high is not None else ""
    return f"{_number(best['map'])}  {between:17}  {_number(best['accuracy'])}  {rest}"


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
