"""A run: the folder with all that one training wrote; each of its files is complete or not there at all."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from competition import renamed
from competition.errors import InvalidInput
from competition.files import read_text, whole_file, writing
from competition.recipe import Recipe, from_json

RUNS = Path("runs")
RECIPE = "recipe.json"
SCORES = "scores.json"  # a run that has it has finished
OUT_OF_TIME = "out_of_time"  # in scores.json: where --max-minutes ended the training before its plan did
BLEND = "blend.json"
PROMISE = "promise.json"  # from which probability on an answer is sure enough to tag, beside what answers
REPORT = "report.html"  # the page that explains a run, where `competition report` puts it
SMOKE = "smoke"
MOST_TRAININGS = 10_000  # of a cross-validation
LOCK = ".training.lock"  # held by the process that trains
FRACTION = "fraction"  # in recipe.json: the share of the images to train on that was trained on, where not all were
FOLD = "fold"  # in recipe.json of a training on folds: which fold was held out
SWEEP = "sweep.json"  # the plan of a sweep, in its folder
CROSS_VALIDATION = "cross_validation"  # in recipe.json of a cross-validation: folds, their digest, seeds, views


@dataclass(frozen=True)
class Run:
    """A run folder.

    recipe.json, prior.json (shares of the classes), model.weights.h5 (the best epoch), history.csv, probabilities.npz
    (of the held-out images), scores.json, curves.png, confusion/, the reports of `scoring/reports.py`, and sometimes
    test.npz, promise.json, skipped.txt and network.png. A cross-validation contains a run for each seed and fold.
    """

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    def file(self, name: str) -> Path:
        """The path of a file of the run, which may have the name that an earlier version gave it."""
        path, earlier = self.folder / name, self.folder / renamed.earlier_file(name)
        return path if path.exists() or not earlier.exists() else earlier

    @property
    def weights(self) -> Path:
        return self.folder / "model.weights.h5"

    @property
    def checkpoints(self) -> Path:
        """The folder of what an unfinished training needs to go on."""
        return self.folder / "checkpoints"

    @property
    def finished(self) -> bool:
        return (self.folder / SCORES).exists()

    @property
    def trainings(self) -> list["Run"]:
        """The trainings behind a run: itself, or one for each seed and fold of a cross-validation."""
        return [*chain(*self.trainings_by_seed)]

    @property
    def trainings_by_seed(self) -> list[list["Run"]]:
        """The trainings behind a run, in a list for each seed; those of one seed held out each image once."""
        plan = self.read_made().get(CROSS_VALIDATION)
        if not plan:
            return [[self]]
        try:
            first, folds, seeds = self._recipe_json("recipe")["seed"], range(plan["folds"]), range(plan["seeds"])
            if len(folds) * len(seeds) > MOST_TRAININGS:
                raise ValueError(f"{len(folds)} folds of {len(seeds)} seeds")
            return [[self.part(first + seed, fold) for fold in folds] for seed in seeds]
        except (LookupError, TypeError, ValueError, OverflowError) as error:
            text = f"holds no plan of a cross-validation ({error}); it has to be made again"
            raise InvalidInput(f"{self.folder / RECIPE} {text}") from None

    def part(self, seed: int, fold: int) -> "Run":
        """The run of one fold and seed of a cross-validation."""
        return Run(self.folder / f"seed-{seed}-fold-{fold}")

    def write_json(self, name: str, values) -> None:
        self.write_text(name, to_text(values) + "\n")

    def write_text(self, name: str, text: str) -> None:
        with whole_file(self.folder / name) as path:
            path.write_text(text, encoding="utf-8")

    def write_arrays(self, name: str, arrays: dict[str, np.ndarray]) -> None:
        with whole_file(self.folder / name) as path, path.open("wb") as file:
            np.savez_compressed(file, **arrays)

    def read_json(self, name: str):
        """The values in `name`. Raises InvalidInput if the file is missing, cannot be read or is not JSON."""
        path = self.folder / name
        try:
            return json.loads(read_text(path))
        except FileNotFoundError:
            if self.finished:
                raise InvalidInput(f"{path} is missing; bring it back, or make the run again") from None
            raise InvalidInput(
                f"{path}: there is no such file, so {self.folder} is not a finished run; "
                "name a folder that `competition train` wrote (`competition list` shows them)"
            ) from None
        except OSError as error:
            raise InvalidInput(
                f"{path} cannot be read ({error.strerror}); put that right, or make the run again"
            ) from None
        except (ValueError, RecursionError) as error:
            raise InvalidInput(f"{path}: not readable as JSON ({error}); the run has to be made again") from None

    def write_recipe(self, recipe: Recipe, made: dict) -> None:
        """Write recipe.json; `made` says how the run is made: command, data, versions, commit, precision, devices."""
        self.write_json(RECIPE, {"recipe": asdict(recipe), "made": made})

    def read_recipe(self, name: str = RECIPE) -> Recipe:
        """The recipe in the file `name`. Raises InvalidInput if another version wrote what this one cannot read."""
        values = self._recipe_json("recipe", name)
        try:
            return from_json(values)
        except InvalidInput as error:
            made = self._recipe_json("made", name)
            version = made.get("versions", {}).get("competition", renamed.UNNAMED)
            raise InvalidInput(
                f"{self.folder / name}: {error}; train it again, or go on with the version that made it, {version} "
                f"(commit {made.get('commit') or 'unknown'})"
            ) from None

    def read_made(self, name: str = RECIPE) -> dict:
        """How the run was made. What is not recorded raises InvalidInput when it is asked for by `[]`."""
        return _Made(self.folder / name, self._recipe_json("made", name))

    def read_scores(self) -> dict:
        """The contents of scores.json. Raises InvalidInput if they are not scores."""
        values = self.read_json(SCORES)
        best = values.get("best") if isinstance(values, dict) else ()
        if best is not None and not (isinstance(best, dict) and {"map", "accuracy"} <= best.keys()):
            raise InvalidInput(f"{self.folder / SCORES} holds no scores; the run has to be made again")
        return {renamed.SCORES.get(name, name): value for name, value in values.items()}

    def read_history(self, *columns: str):
        """history.csv, a DataFrame, a row an epoch. Raises InvalidInput if it is spoilt or lacks some of `columns`."""
        import pandas as pd  # which takes a while

        path = self.folder / "history.csv"
        try:
            rows = pd.read_csv(path)
        except (OSError, ValueError) as error:  # pandas' own are ValueErrors, too
            reason = error.strerror if isinstance(error, OSError) else " ".join(str(error).split())
            raise InvalidInput(f"{path} cannot be read ({reason}); the run has to be made again") from None
        if lacking := [name for name in columns if name not in rows]:
            raise InvalidInput(f"{path} has no column {', '.join(lacking)}; the run has to be made again")
        return rows

    def _recipe_json(self, part: str, name: str = RECIPE) -> dict:
        values = self.read_json(name)
        if not isinstance(values, dict) or not isinstance(values.get(part), dict):
            raise InvalidInput(f"{self.folder / name} holds no {part}; it was not written by a training")
        return values[part]


class _Made(dict):
    """What a recipe.json records; what is missing is an error with the name of the file."""

    def __init__(self, file: Path, values: dict):
        super().__init__(values)
        self.file = file

    def __missing__(self, name: str):
        raise InvalidInput(f"{self.file} does not say what {name!r} was; the run has to be made again")


def to_text(values) -> str:
    """JSON text, with null for NaN, which JSON does not have."""
    plain = json.loads(json.dumps(values), parse_constant=lambda _: None)
    text = json.dumps(plain, indent=1, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")  # bytes of a path that are not UTF-8: \\udcff


def new_run(recipe_name: str, folder: Path | None = None, root: Path = RUNS) -> Run:
    """Create the folder of a new run: `folder`, or the next free `root/<recipe>-<number>`.

    Raises InvalidInput if `folder` exists, because a run is never overwritten, and where it cannot be made.
    """
    if folder is not None:
        refuse_existing(folder)
        with writing(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(exist_ok=folder.is_dir())  # then it is what `refuse_existing` lets through
        return Run(folder)
    with writing(root / f"{recipe_name}-1"):
        root.mkdir(parents=True, exist_ok=True)
    number = next_number(recipe_name, root)
    while True:
        run = Run(root / f"{recipe_name}-{number}")
        with writing(run.folder):
            try:
                run.folder.mkdir()
                return run
            except FileExistsError:  # another training took the number first
                number += 1


def next_number(recipe_name: str, root: Path = RUNS) -> int:
    """The number of the next run of a recipe."""
    return 1 + max(numbered_runs(recipe_name, root), default=0)


@contextmanager
def begun(run: Run) -> Iterator[None]:
    """Remove the folder of a new run again if its first files, which this block writes, cannot all be written."""
    try:
        yield
    except BaseException:
        shutil.rmtree(run.folder, ignore_errors=True)
        raise


def refuse_existing(folder: Path, flag: str = "--run") -> None:
    """Raise InvalidInput if a run folder exists; `flag` is the one that names another.

    One that was made by a training which was killed before it wrote its recipe does not count.
    """
    if folder.exists() and ((folder / RECIPE).exists() or not (folder / LOCK).exists()):
        raise InvalidInput(
            f"{folder} exists, and a run is never overwritten; give {flag} another folder, or remove this one"
        )


def recorded(fraction: float) -> dict[str, float]:
    """What recipe.json says of the share of the images that was trained on: nothing, where it is all."""
    return {} if fraction == 1 else {FRACTION: fraction}


def numbered_runs(name: str, root: Path = RUNS) -> dict[int, Run]:
    """The folders `root/<name>-<number>` by their numbers."""
    folders = {path.name.removeprefix(f"{name}-"): path for path in root.glob(f"{name}-*")}
    return {int(ending): Run(path) for ending, path in folders.items() if ending.isdecimal()}


def list_runs(root: Path = RUNS, file: str = RECIPE) -> list[Run]:
    """The folders in `root` that contain `file`, in the order in which they were started, else by name."""
    return sorted((Run(path.parent) for path in root.glob(f"*/{file}")), key=lambda run: (_started(run), run.name))


def _started(run: Run) -> str:
    try:
        return str(run.read_made().get("started", ""))
    except InvalidInput:  # `competition list` shows what is wrong with it
        return ""


def newest_finished_run(root: Path = RUNS) -> Run:
    """The newest finished run that is not a smoke test. Raises InvalidInput if there is none."""
    for run in reversed(list_runs(root)):
        if run.finished and not run.read_made().get(SMOKE):
            return run
    if tests := [str(run.folder) for run in list_runs(root) if run.finished]:
        raise InvalidInput(f"{root}/ holds only smoke tests; name one of them, or train without --smoke:", tests)
    raise InvalidInput(f"{root}/ holds no finished run; start with `make train`")
