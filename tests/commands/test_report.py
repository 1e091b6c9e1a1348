"""Reports of a finished run: one that fails costs nothing else, and is made when it is asked for again."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from helpers import refusal
from predicted import write_views
from small_data import TINY, read_data, write_data

from competition.__main__ import main
from competition.commands.report import report
from competition.commands.train import report_results
from competition.run import Run
from competition.scoring import plots
from competition.scoring.predictions import read_predictions

# The run has no network here, so its page lacks where it looked; tests/pages/test_report.py is about pages.
pytestmark = pytest.mark.filterwarnings("ignore:.*the report lacks")
PAGE = "report.html"
REPORTS = {"calibration.json", "reliability.png", "coverage.png", "confused.csv", "mistakes.csv", "mistakes.png"} | {
    "samples.png",
    "curves.png",
    *(f"confusion/{task.name}.{ending}" for task in TINY.tasks for ending in ("csv", "png")),
}


def random_views(dataset, *views: str) -> dict:
    rng = np.random.default_rng(0)
    return {
        view: {t.name: rng.dirichlet(np.ones(len(t)), len(dataset)).round(8) for t in dataset.tasks} for view in views
    }


def files(run: Run) -> set[str]:
    return {path.relative_to(run.folder).as_posix() for path in run.folder.rglob("*") if path.is_file()}


def no_memory(*_):
    raise MemoryError("no room for it")


@pytest.fixture(scope="module")
def reported(tmp_path_factory) -> tuple[Path, SimpleNamespace]:
    """The folder of data and of a run whose coverage.png could not be drawn; and the trainer, by hand."""
    folder = tmp_path_factory.mktemp("reported")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        dataset, run = read_data(write_data(Path("data"), images=12)), Run(Path("run"))
        run.write_recipe(TINY, {"data": "data"})
        run.write_text("history.csv", pd.DataFrame([{"epoch": 1, "stage": 1, "loss": 1.0}]).to_csv(index=False))
        seen = random_views(dataset, "plain", "flip")
        report = write_views(Run(Path("elsewhere")), dataset, seen).score()
        trainer = SimpleNamespace(
            kept=SimpleNamespace(report=report, probabilities=seen["plain"], epoch=1),
            held_out=SimpleNamespace(dataset=dataset),
            last_report=report,
            heads_report=None,
            seconds=1.0,
            network=None,
            out_of_time=False,
            writes=True,
            checkpoints=SimpleNamespace(remove=lambda: None),
            predict_kept=lambda _, views: {view: seen[view] for view in views},
        )
        patch.setattr("competition.training.plots.network_plan", lambda *_: None)
        patch.setattr(plots, "coverage", no_memory)
        with pytest.warns(UserWarning, match=r"coverage.png could not be made \(MemoryError: no room for it\)"):
            report_results(trainer, [], ["plain", "flip"], run, None)
    return folder, trainer


@pytest.fixture
def without_coverage(reported, tmp_path, monkeypatch) -> Run:
    """A copy of that run, beside its data."""
    shutil.copytree(reported[0], tmp_path / "reported")
    monkeypatch.chdir(tmp_path / "reported")
    return Run(Path("run"))


def test_a_report_that_fails_loses_neither_the_training_nor_another_report(without_coverage, reported):
    run, (_, trainer) = without_coverage, reported
    assert run.finished
    assert files(run) >= REPORTS - {"coverage.png"} | {"probabilities.npz", "scores.json"}
    assert not (run.folder / "coverage.png").exists()
    for view, seen in trainer.predict_kept(None, ["plain", "flip"]).items():
        np.testing.assert_array_equal(read_predictions(run, view).probabilities["colour"], seen["colour"])
    assert run.read_json("scores.json")["best"]["map"] == trainer.kept.report.map


def test_the_command_makes_what_is_missing_and_nothing_else(without_coverage, capsys):
    before = {name: (without_coverage.folder / name).stat().st_mtime_ns for name in files(without_coverage)}
    assert main(["report", str(without_coverage.folder)]) == 0
    assert capsys.readouterr().out.endswith("run/coverage.png\nwrote run/report.html\n")
    after = {name: (without_coverage.folder / name).stat().st_mtime_ns for name in files(without_coverage)}
    assert set(after) - set(before) == {"coverage.png", PAGE}
    assert {name: after[name] for name in before} == before
    report(without_coverage.folder)
    assert capsys.readouterr().out.endswith("run/ lacks nothing that can be made\nwrote run/report.html\n")
    for name in REPORTS:
        (without_coverage.folder / name).unlink()
    report(without_coverage.folder)
    assert files(without_coverage) == set(after)


def test_what_needs_the_images_says_where_they_are_missing(without_coverage):
    Path("data").rename("elsewhere-now")
    (without_coverage.folder / "mistakes.png").unlink()
    with pytest.warns(UserWarning, match=r"mistakes.png could not be made \(.*data is not a folder"):
        message = refusal(report, without_coverage.folder)
    assert message.splitlines()[1:] == [f"  {without_coverage.folder / 'mistakes.png'}"]
    assert (without_coverage.folder / "coverage.png").is_file()
    assert (without_coverage.folder / PAGE).is_file()


def test_a_run_that_has_not_finished_is_refused(without_coverage):
    (without_coverage.folder / "scores.json").unlink()
    assert "has not finished; train it to the end first" in refusal(report, without_coverage.folder)
