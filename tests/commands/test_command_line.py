"""The command line as a user meets it: what it prints, its exit status, and that it never shows a traceback."""

import importlib
import inspect
import json
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from helpers import write
from printed import cells_under
from small_data import write_data

from competition.__main__ import COMMANDS, main
from competition.recipe import Recipe
from competition.recipes import NAMES, load_recipe
from competition.run import CROSS_VALIDATION, FOLD, Run

# The first two vectors of the official rule: AP 0.716667 and 0.625, both with BasicPrecision 0.75.
ANSWERS = [
    "a.jpg,colour_labels,ynn",
    "b.jpg,colour_labels,nyn",
    "c.jpg,colour_labels,ynn",
    "d.jpg,colour_labels,mny",
    "e.jpg,colour_labels,ynn",
    "a.jpg,size_labels,yn",
    "b.jpg,size_labels,ny",
    "c.jpg,size_labels,yn",
    "e.jpg,size_labels,yn",
]
SUBMISSION = [
    "a.jpg,colour_labels,0.9;0.1;0",
    "b.jpg,colour_labels,0.8;0.2;0",
    "c.jpg,colour_labels,0.7;0.2;0.1",
    "d.jpg,colour_labels,0.6;0.2;0.2",
    "e.jpg,colour_labels,0.5;0.25;0.25",
    "a.jpg,size_labels,0.9;0.1",
    "b.jpg,size_labels,0.9;0.1",
    "c.jpg,size_labels,0.6;0.4",
    "e.jpg,size_labels,0.6;0.4",
]
AGAIN = "the run has to be made again"
IMPORTED = """
import sys
from competition.__main__ import COMMANDS, main

def imported(*names):
    print(*sorted(set(sys.modules) & set(names)), file=sys.stderr)

for arguments in {commands}:
    assert main(arguments) == 0, arguments
imported("keras", "tensorflow", "sklearn", "matplotlib")
for arguments in [*([verb] for verb in COMMANDS), *([verb, "clothing"] for verb in {with_recipe})]:
    try:
        status = main([*arguments, "--help"])
    except SystemExit as stopped:
        status = stopped.code
    assert not status, (arguments, status)
imported("keras", "tensorflow")
"""
WITH_RECIPE = ["train", "cv", "sweep", "find-lr"]


class Result(NamedTuple):
    """What a command left: its exit status, and what it printed."""

    status: int
    stdout: str
    stderr: str


@pytest.fixture
def competition(tmp_path, monkeypatch, capfd) -> Callable[..., Result]:
    """Run a command in the folder of the test; an exception that gets out would be a traceback."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(warnings, "formatwarning", warnings.formatwarning)

    def run(*arguments: str) -> Result:
        try:
            status = main(list(arguments))
        except SystemExit as stopped:
            status = stopped.code
        return Result(status or 0, *capfd.readouterr())

    return run


def in_a_process(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *command], cwd=cwd, capture_output=True, text=True, timeout=180, check=False)


@pytest.fixture
def folder(tmp_path) -> Path:
    """mine.csv answers question.csv, and answers.csv knows better."""
    write(tmp_path / "answers.csv", ANSWERS)
    write(tmp_path / "question.csv", [f"{row.rpartition(',')[0]}," for row in ANSWERS])
    write(tmp_path / "mine.csv", SUBMISSION)
    return tmp_path


def assert_refused(result: Result, *words: str) -> None:
    """Exit status 1, and one block on stderr that starts with `error:`."""
    assert (result.status, result.stdout) == (1, "")
    assert result.stderr.startswith("error: ")
    assert [word for word in words if word not in result.stderr] == []


def test_help_lists_every_command(competition):
    result = competition("--help")
    assert result.status == 0
    assert [line.split()[0] for line in result.stdout.splitlines() if line.startswith("  ")] == list(COMMANDS)
    assert set(COMMANDS) >= {"list", "draw", "train", "submit", "score", "check", "doctor"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["usage: competition COMMAND"]),
        (["tarin"], ["there is no command 'tarin'; allowed are init, probe", "perhaps you meant train"]),
        (["train"], ["usage: competition train RECIPE", *NAMES]),
        (["train", "--smoke"], ["usage: competition train RECIPE"]),
        (["check", "mine.csv"], ["the question file that it answers"]),
        (["list", "everything"], ["everything"]),
        (["train", "clothing", "--imag-size", "3"], ["--imag-size", "--image-size"]),
        (["train", "clothing", "--backbone", "resnet50"], ["resnet50", "squeezenet", "nasnet_large"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_wrong_usage_exits_with_two_and_says_what_is_right(competition, arguments, words):
    result = competition(*arguments)
    assert result.status == 2
    assert [word for word in words if word not in result.stdout + result.stderr] == []


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["check", "gone.csv", "question.csv"], 1), (["tarin"], 2)],
)
def test_the_status_reaches_the_shell_and_no_traceback_the_user(folder, arguments, status):
    result = in_a_process("-m", "competition", *arguments, cwd=folder)
    assert result.returncode == status
    assert "Traceback" not in result.stderr


def test_a_misspelt_flag_gets_one_suggestion(competition):
    result = competition("train", "clothing", "--imag-size", "3")
    assert (result.stdout + result.stderr).count("--image-size") == 1


def test_every_field_of_a_recipe_but_its_tasks_and_towers_is_a_flag(competition):
    result = competition("train", "fashionai", "--help")
    assert result.status == 0
    flags = {f"--{name.replace('_', '-')}" for name in Recipe.__dataclass_fields__ if name not in {"tasks", "towers"}}
    assert {flag for flag in flags if f"{flag} " not in result.stdout and f"{flag}," not in result.stdout} == set()
    assert "--tasks" not in result.stdout
    assert "{nasnet_large,nasnet_mobile," in result.stdout  # its choices


@pytest.mark.parametrize("verb", WITH_RECIPE)
def test_a_command_with_a_recipe_has_flags_of_its_own_each_with_its_help(competition, verb):
    name = verb.replace("-", "_")
    command = getattr(importlib.import_module(f"competition.commands.{name}"), name)
    lines = competition(verb, "clothing", "--help").stdout.splitlines()
    for flag in sorted(inspect.signature(command).parameters.keys() - {"recipe", "cache"}):
        place = next(n for n, line in enumerate(lines) if f" --{flag.replace('_', '-')}" in line)
        assert len(lines[place + 1].strip("│ ").split()) > 3, flag
    assert not any("--cache" in line or "--recipe" in line for line in lines)


def test_an_unknown_recipe_lists_the_choices(competition):
    assert_refused(competition("train", "cloth"), "'cloth'", *NAMES, "perhaps you meant clothing")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "clothing"], ["data/clothing is not a folder", "--data"]),
        (["train", "clothing", "--image-size", "3"], ["image_size is 3"]),
        (["train", "clothing", "--epochs", "1"], ["1 epochs, 2 learning_rate, 2 trains"]),
        (["train", "mine.py"], ["mine.py: there is no such recipe file"]),
        (["submit"], ["holds no finished run", "train"]),
        (["submit", "runs/none-1"], ["runs/none-1", "did not finish"]),
        (["check", "gone.csv", "question.csv"], ["gone.csv cannot be read: No such file"]),
        (["check", ".", "question.csv"], [". cannot be read: Is a directory"]),
        (["score", "mine.csv", "question.csv"], ["question.csv:1: "]),
        (["draw", "."], ["exists"]),
        (["draw", "mine.csv/drawn"], ["mine.csv"]),  # a file where a folder would have to be
    ],
    ids=" ".join,
)
def test_bad_input_exits_with_one_and_no_traceback(competition, folder, arguments, words):
    assert_refused(competition(*arguments), *words)


def test_a_good_submission_is_said_to_be_good(competition, folder):
    result = competition("check", "mine.csv", "question.csv")
    assert (result.status, result.stderr) == (0, "")
    assert result.stdout == "mine.csv is complete and well formed\n"


def test_a_bad_submission_is_refused_with_every_line(competition, folder):
    wrong = [*SUBMISSION[:2], "c.jpg,colour_labels,0.7;0.2;0.2", "d.jpg,colour_labels,1;0", *SUBMISSION[4:-1]]
    write(folder / "mine.csv", wrong)
    assert_refused(
        competition("check", "mine.csv", "question.csv"),
        "mine.csv would be refused",
        "mine.csv:3: c.jpg,colour_labels: the values sum to 1.1",
        "mine.csv:4: d.jpg,colour_labels: 2 values, but the task has 3 classes",
        "question.csv:9: e.jpg,size_labels has no answer",
    )


def test_classes_say_how_many_values_a_task_has(competition, folder):
    write(folder / "classes.csv", ["colour,red,green,blue", "size,small,middle,large"])
    result = competition("check", "mine.csv", "question.csv", "--classes", "classes.csv")
    assert_refused(result, *(f"mine.csv:{line}: " for line in (6, 7, 8, 9)), "2 values, but the task has 3 classes")
    assert "mine.csv:5: " not in result.stderr


def test_a_score_agrees_with_the_rule_worked_out_by_hand(competition, folder):
    result = competition("score", "mine.csv", "answers.csv")
    assert (result.status, result.stderr) == (0, "")
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["task", "rows", "AP", "basic", "accuracy", "chance"],
        ["colour", "5", "0.7167", "0.7500", "0.6000", "0.6000"],
        ["size", "4", "0.6250", "0.7500", "0.7500", "0.7500"],
        ["mean", "9", "0.6708", "0.7500", "0.6750", "0.6750"],
        ["row-weighted", "0.6667"],
    ]


def test_a_score_as_json_holds_the_same_numbers(competition, folder):
    scores = json.loads(competition("score", "mine.csv", "answers.csv", "--json").stdout)
    assert scores["map"] == pytest.approx((0.716667 + 0.625) / 2, abs=1e-6)
    assert scores["row_accuracy"] == pytest.approx(6 / 9)
    assert [(task["task"], task["rows"]) for task in scores["tasks"]] == [("colour", 5), ("size", 4)]


def test_json_stays_json_where_there_is_no_score(competition, folder):
    write(folder / "answers.csv", ["a.jpg,size_labels,my", "b.jpg,size_labels,my"])
    write(folder / "mine.csv", ["a.jpg,size_labels,1;0", "b.jpg,size_labels,1;0"])
    result = competition("score", "mine.csv", "answers.csv", "--json")
    assert result.status == 0
    json.loads(result.stdout, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def test_a_submission_is_scored_only_if_it_answers_exactly_those_rows(competition, folder):
    write(folder / "mine.csv", SUBMISSION[1:])
    assert_refused(competition("score", "mine.csv", "answers.csv"), "answers.csv:1: ", "has no answer")


def leaderboard(printed: str) -> dict[str, dict[str, str]]:
    """{run: {heading: the cell below it}} in the order of what `list` prints; the notes behind them under ""."""
    head, *lines = printed[printed.index("\nruns ") + 1 :].splitlines()
    found = [cells_under(head, line) for line in lines]
    return {"".join(cells["runs"]): {name: "  ".join(some) for name, some in cells.items()} for cells in found}


STARTED = "2026-01-02 03:04"


def test_listing_names_recipes_and_runs_with_their_scores(competition, folder):
    assert "no runs yet" in competition("list").stdout
    best = {"map": 0.91234, "basic_precision": 0.8, "accuracy": 0.7}
    for name, made, scores in [
        ("mine-1", {}, {"seconds": 90, "best": best, "images": 600}),
        ("mine-2", {}, {"seconds": 60, "best": None}),
        ("mine-3", {}, None),
        ("mine-smoke-1", {"smoke": True}, {"seconds": 6, "best": best}),
    ]:
        run = Run(folder / "runs" / name)
        run.write_recipe(Recipe("mine"), {"started": "2026-01-02T03:04:05+00:00", **made})
        if scores:
            run.write_json("scores.json", scores)
    result = competition("list")
    assert (result.status, result.stderr) == (0, "")
    recipes = [line.split()[0] for line in result.stdout.partition("\nruns ")[0].splitlines() if line[:2] == "  "]
    assert recipes == [*NAMES]
    rows = leaderboard(result.stdout)
    assert rows["mine-1"] == {
        "runs": "mine-1",
        "mAP": "0.9123",
        "(95 %)": "",
        "accuracy": "0.7000",
        "images": "600",
        "over": "split",
        "minutes": "1.5",
        "MB": "0",
        "started": STARTED,
        "": "",
    }
    assert (rows["mine-2"]["mAP"], rows["mine-2"]["over"]) == ("trained on everything", "")
    assert (rows["mine-2"]["minutes"], rows["mine-2"]["MB"], rows["mine-2"]["started"]) == ("1.0", "0", STARTED)
    assert (rows["mine-3"]["mAP"], rows["mine-3"]["over"], rows["mine-3"]["started"]) == (
        "not finished",
        "split",
        STARTED,
    )
    assert {rows["mine-3"][heading] for heading in ("accuracy", "images", "minutes", "MB", "")} == {""}
    assert rows["mine-smoke-1"][""] == "smoke test"


def test_the_leaderboard_is_in_the_order_of_the_scores_and_says_what_was_changed(competition, folder):
    recipe = load_recipe("clothing")
    plan = {"folds": 2, "seeds": 1, "folds_digest": "", "views": ["plain"]}
    for name, mean_ap, changed, made in [
        ("clothing-1", 0.8, {"image_size": 288}, {}),
        ("clothing-cv-1", 0.9, {"weights": "some/where/mine.h5", "zoom": (0.5, 1.0)}, {CROSS_VALIDATION: plan}),
        ("clothing-2", 0.7, {}, {}),
    ]:
        run = Run(folder / "runs" / name)
        run.write_recipe(replace(recipe, **changed), {"started": "2026-01-02T03:04:05+00:00", **made})
        best = {"map": mean_ap, "basic_precision": 0.8, "accuracy": 0.7}
        interval = {"map": [mean_ap - 0.01, mean_ap + 0.02], "accuracy": [0.6, 0.8]}
        run.write_json("scores.json", {"seconds": 60, "best": best, "interval": interval, "images": 2897})
    for fold in (0, 1):
        write(folder / f"runs/clothing-cv-1/seed-0-fold-{fold}/model.weights.h5", bytes(1_600_000))
    rows = leaderboard(competition("list").stdout)
    assert [*rows] == ["clothing-cv-1", "clothing-1", "clothing-2"]
    assert rows["clothing-cv-1"] == {
        "runs": "clothing-cv-1",
        "mAP": "0.9000",
        "(95 %)": "(0.8900 - 0.9200)",
        "accuracy": "0.7000",
        "images": "2897",
        "over": "2 folds",
        "minutes": "1.0",
        "MB": "3",  # of both networks
        "started": STARTED,
        "": "zoom 0.5 1  weights mine.h5",
    }
    assert rows["clothing-1"][""] == "image_size 288"
    assert rows["clothing-2"][""] == ""


def test_the_leaderboard_says_what_a_score_is_over(competition, folder):
    over = {
        "split": {},
        "fold 0": {FOLD: 0},
        "5 folds": {CROSS_VALIDATION: {"folds": 5, "seeds": 1}},
        "5 folds x 3 seeds": {CROSS_VALIDATION: {"folds": 5, "seeds": 3}},
    }
    for number, made in enumerate(over.values()):
        run = Run(folder / f"runs/mine-{number}")
        run.write_recipe(Recipe("mine"), {"started": "2026-01-02T03:04:05+00:00", **made})
        scores = {"map": 0.9 - number / 10, "accuracy": 0.8}
        run.write_json("scores.json", {"seconds": 60, "best": scores, "images": 3409})
    rows = leaderboard(competition("list").stdout)
    assert [(row["images"], row["over"]) for row in rows.values()] == [("3409", words) for words in over]


def test_the_leaderboard_ranks_blends_too(competition, folder):
    run = Run(folder / "runs/mine-1")
    run.write_recipe(Recipe("mine"), {"started": "2026-01-02T03:04:05+00:00"})
    run.write_json("scores.json", {"seconds": 60, "best": {"map": 0.9, "accuracy": 0.8}, "images": 600})
    for name, scores in [
        ("blend-1", {"best": {"map": 0.95, "accuracy": 0.85}, "interval": {"map": [0.94, 0.96]}, "images": 600}),
        ("blend-2", {"best": {"map": 0.85, "accuracy": 0.85}, "images": 600}),
        ("blend-3", {}),
    ]:
        values = {
            "members": [{"run": "runs/mine-1", "view": view} for view in ("plain", "flip")],
            "mean": "geometric",
            "made": {"started": "2026-01-02T03:04:05+00:00"},
            "scores": {"cost": {"models": 5, "megabytes": 15.0}, **scores},
        }
        Run(folder / "runs" / name).write_json("blend.json", values)
    rows = leaderboard(competition("list").stdout)
    assert [*rows] == ["blend-1", "mine-1", "blend-2", "blend-3"]
    assert rows["blend-1"] == {
        "runs": "blend-1",
        "mAP": "0.9500",
        "(95 %)": "(0.9400 - 0.9600)",
        "accuracy": "0.8500",
        "images": "600",
        "over": "blend of 2",
        "minutes": "",
        "MB": "15",
        "started": STARTED,
        "": "mine-1  geometric",
    }
    assert rows["blend-3"]["mAP"].startswith("not readable: it holds no overall score")


def test_a_run_that_cannot_be_read_takes_one_line_and_the_rest_is_listed(competition, folder):
    for file in ("folder/recipe.json", "spoilt/recipe.json", "blend/blend.json", "sweep/value/recipe.json"):
        (folder / "runs" / file).mkdir(parents=True)
    (folder / "runs/sweep/sweep.json").touch()
    for name, scores in [("good", {"best": None, "seconds": 60}), ("scores", [])]:
        Run(folder / "runs" / name).write_recipe(Recipe("mine"), {"started": "2026-01-02T03:04:05+00:00"})
        Run(folder / "runs" / name).write_json("scores.json", scores)
    result = competition("list")
    assert (result.status, result.stderr) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in result.stdout.partition("\nruns ")[2].splitlines()[1:])
    assert lines.pop("good").startswith("trained on everything")
    assert lines.pop("scores") == f"not readable: {Path('runs/scores/scores.json')} holds no scores; " + AGAIN
    assert set(lines) == {"folder", "spoilt", "blend", "sweep/value"}
    assert all(line.startswith("not readable: ") and "Is a directory" in line for line in lines.values())
    assert_refused(competition("submit", "runs/folder"), "runs/folder")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("folds --aside 0.1", "--aside is called --test-share now"),
        ("train sketches --keep loss", "--keep is called --monitor now"),
        ("train sketches --keep=loss", "--keep is called --monitor now"),
        ("cv sketches --turns alternate", "--turns is called --task-updates now"),
        ("train sketches --smoke --stretch", "--stretch is called --aspect-jitter now"),
        ("train sketches --schedule halved", "--schedule halved is called step_decay now"),
        ("train sketches --schedule=halved", "--schedule halved is called step_decay now"),
        ("sweep sketches --field keep --values map loss", "--field: keep is called monitor now"),
        ("train old_field.py", "old_field.py:2: keep is called monitor now"),
    ],
)
def test_whoever_writes_an_old_name_is_told_the_new_one(competition, folder, arguments, words):
    write(folder / "old_field.py", "from competition.recipe import Recipe\nRECIPE = Recipe(name='mine', keep='loss')\n")
    result = competition(*arguments.split())
    assert_refused(result, words)
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", ["train old_value.py", "sweep sketches --field schedule --values halved"])
def test_an_old_value_is_told_with_what_is_allowed(competition, folder, arguments):
    lines = ["from competition.recipe import Recipe", "RECIPE = Recipe(name='mine', schedule='halved')"]
    write(folder / "old_value.py", lines)
    assert_refused(
        competition(*arguments.split()),
        "schedule is 'halved'; allowed are constant, cosine, step_decay; halved is called step_decay now",
    )


def test_an_old_name_is_no_flag_where_it_names_a_file(competition, folder):
    assert_refused(competition("train", "sketches", "--data", "keep", "--run", "turns"), "keep is not a folder")


def test_commands_that_need_no_network_import_none_and_neither_does_any_help(folder):
    commands = [
        ["--help"],
        ["list"],
        ["check", "mine.csv", "question.csv"],
        ["score", "mine.csv", "answers.csv"],
        ["folds", "--data", str(write_data(folder / "data", images=12, questions=2)), "--folds", "2"],
    ]
    result = in_a_process("-c", IMPORTED.format(commands=commands, with_recipe=WITH_RECIPE), cwd=folder)
    assert (result.returncode, result.stderr.split()) == (0, [])
    helps = [line for line in result.stdout.splitlines() if line.startswith("usage: competition ")]
    assert len(helps) == 1 + len(COMMANDS) + len(WITH_RECIPE)  # the overview, and the help of each


def test_a_reader_that_stops_early_causes_no_traceback(tmp_path):
    line = f"{sys.executable} -m competition list | true"
    done = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stderr == ""
