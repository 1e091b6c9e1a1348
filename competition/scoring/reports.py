"""What a run leaves beside its scores: how far its probabilities can be trusted, and where it is wrong."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from competition.images.contact_sheet import BLUE, RED, Tile, sheet, write_sheet
from competition.run import Run
from competition.scoring import plots as pictures
from competition.scoring.calibration import Calibration, calibrate
from competition.scoring.mistakes import confused, mistakes, samples
from competition.scoring.per_label import score_labels
from competition.scoring.predictions import Predictions

DIGITS = "%.6g"
SHOWN, COLUMNS = 48, 8  # of the sheet of mistakes
RANDOM = 24  # images of the sheet of samples


def write_reports(run: Run, predictions: Predictions, path_of: Mapping[str, Path]) -> None:
    """Write calibration.json, reliability.png, coverage.png, confused.csv, mistakes.csv, mistakes.png and samples.png.

    Where there are multi-label tasks, labels.csv, too: a row a label. `path_of` each image is where it lies.
    """
    calibrations = calibrate(predictions)
    run.write_json("calibration.json", calibration_json(calibrations))
    pictures.reliability(run, calibrations)
    pictures.coverage(run, calibrations, predictions)
    _write_table(run, "confused.csv", confused(predictions))
    wrong = mistakes(predictions)
    _write_table(run, "mistakes.csv", wrong)
    draw_mistakes(run, wrong, path_of)
    draw_samples(run, predictions, path_of)
    if labels := score_labels(predictions):
        _write_table(run, "labels.csv", pd.DataFrame(map(asdict, labels)))


def draw_mistakes(run: Run, wrong: pd.DataFrame, path_of: Mapping[str, Path]) -> None:
    """mistakes.png: the surest mistakes with truth and answer, which are the labels to suspect first."""
    shown = wrong.head(SHOWN)
    tiles = [
        Tile(
            path_of[one.image],
            (f"{one.task}", f"answer {one.answer} {one.probability:.2f}", f"label {one.truth}", Path(one.image).name),
            RED,
        )
        for one in shown.itertuples()
    ]
    title = [f"the {len(shown)} surest of {len(wrong):,} mistakes: is the answer wrong, or the label?"]
    write_sheet(run.folder / "mistakes.png", sheet(tiles, COLUMNS, title))


def draw_samples(run: Run, predictions: Predictions, path_of: Mapping[str, Path]) -> None:
    """samples.png: random images, each with the truth and the answer of every task that it carries."""
    shown = samples(predictions, RANDOM)
    tiles = [Tile(path_of[one.image], one.lines, BLUE if one.right else RED) for one in shown]
    title = [f"{len(shown)} random images held out: truth → answer; red frames where one is wrong"]
    write_sheet(run.folder / "samples.png", sheet(tiles, COLUMNS, title))


def _write_table(run: Run, name: str, table: pd.DataFrame) -> None:
    run.write_text(name, table.to_csv(index=False, float_format=DIGITS))


def calibration_json(calibrations: Sequence[Calibration]) -> dict:
    """{task: what the fields of Calibration say}; a threshold a goal that is reached."""
    return {
        one.task.name: {
            "rows": one.rows,
            "temperature": one.temperature,
            "calibration_error": {"before": one.before.error, "after": one.after.error},
            "ap": {"before": one.ap_before, "after": one.ap_after},
            "thresholds": [found._asdict() for found in one.thresholds],
        }
        for one in calibrations
    }
