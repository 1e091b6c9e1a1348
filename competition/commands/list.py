"""List recipes, and runs with their scores."""

from competition.errors import InvalidInput
from competition.recipes import NAMES, describe_recipe
from competition.run import SMOKE, Run, list_runs


def list() -> None:
    """List recipes with what they are for, and runs with the scores on the images they held out."""
    width = max(map(len, NAMES))
    print("recipes")
    for name in NAMES:
        print(f"  {name:{width}}  {describe_recipe(name)}")
    runs = list_runs()
    if not runs:
        print("\nno runs yet: `make train` makes one")
        return
    width = max(len(run.name) for run in runs)
    print(f"\n{'runs':{width + 2}}     mAP   basic  accuracy  minutes  started")
    for run in runs:
        try:
            print(f"  {run.name:{width}}  {describe_run(run)}")
        except (InvalidInput, LookupError, TypeError) as error:
            print(f"  {run.name:{width}}  not readable: {error}")


def describe_run(run: Run) -> str:
    made = run.read_made()
    started = made["started"][:16].replace("T", " ")
    if not run.finished:
        return f"{'not finished':33}  {started}"
    scores = run.read_json("scores.json")
    minutes = f"{scores['seconds'] / 60:7.1f}"
    note = "  smoke test" if made.get(SMOKE) else ""
    best = scores["best"]
    if best is None:
        return f"{'trained on everything':24}  {minutes}  {started}{note}"
    score, basic, accuracy = (_number(best[name]) for name in ("map", "basic_precision", "accuracy"))
    return f"{score}  {basic}    {accuracy}  {minutes}  {started}{note}"


def _number(value: float | None) -> str:
    return "     -" if value is None else f"{value:6.4f}"
