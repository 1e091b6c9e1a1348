"""A run written in other formats: its networks, labels.json, predict.py, and the proof."""

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import packages_distributions, version
from pathlib import Path
from runpy import run_path

import numpy as np
import pandas as pd

from competition.dataset import Dataset
from competition.exporting.evidence import evidence_of
from competition.exporting.formats import ENDING, LABELS, Format, megabytes, write_network
from competition.exporting.labels import labels_of
from competition.exporting.proof import Answered, answer, prove
from competition.exporting.readme import RUNTIMES, Measured, readme
from competition.exporting.speed import images_a_second
from competition.layouts.answers import for_spreadsheets
from competition.model.export import restore_in_float32
from competition.model.predict import predict
from competition.provenance import called
from competition.quiet import quiet_start
from competition.run import Run, to_text
from competition.scoring.predictions import HELD_OUT, read_predictions

SCRIPT = Path(__file__).with_name("predict.py")
UNLIKE = ("format", "image", "task", "submit", "predict.py")  # the columns of changed.csv


def write_export(folder: Path, run: Run, names: Sequence[Format], dataset: Dataset, cache: Path) -> list[Measured]:
    """Fill an empty folder with the networks of a run and what goes with them; return what was measured of each format.

    `dataset` is the data that the run was trained on. Raises InvalidInput as `evidence_of` and `prove` do.
    """
    held_out = read_predictions(run) if run.file(HELD_OUT).is_file() else None
    labels = labels_of(run, held_out)
    _write(folder / LABELS, to_text(labels))
    shutil.copyfile(SCRIPT, folder / SCRIPT.name)
    for name in names:
        (folder / name).mkdir()
    answered = [
        [_write_training(folder, part, run, names, dataset, cache) for part in parts] for parts in run.trainings_by_seed
    ]
    measured = []
    for name in names:
        proof, first = prove(name, answered), min((folder / name).iterdir())
        measured.append(Measured(proof, megabytes(first), (images_a_second(first, 1), images_a_second(first, 2))))
    count = sum(len(one.own) for one in answered[0])
    pictures = f"{count:,} pictures that the run {'held out' if held_out else 'was trained on, as it held none out,'}"
    _write_proof(folder, measured, pictures)
    _write(folder / "README.md", readme(labels, measured, len(run.trainings), pictures, own_format(run)))
    return measured


def _write_training(
    folder: Path, part: Run, run: Run, names: Sequence[Format], dataset: Dataset, cache: Path
) -> Answered:
    """Write the network of one training in each format, and ask it for the pictures that the training held out."""
    evidence = evidence_of(part, dataset, "litert-int8" in names, cache)
    network = restore_in_float32(part)
    stem, labels, networks = "network" if part == run else part.name, (folder / LABELS).read_text(encoding="utf-8"), {}
    script = run_path(str(folder / SCRIPT.name))
    for name in names:
        print(f"writing {part.name} as {name}", flush=True)
        file = folder / name / f"{stem}{ENDING[name]}"
        write_network(network, name, file, labels, evidence.samples)
        with quiet_start():  # LiteRT says when it is first asked what it computes with
            networks[name] = script["network"](file)
            networks[name](image=np.zeros((1, script["SIZE"], script["SIZE"], 3), np.uint8))
    return answer(evidence, predict(network, evidence.pictures), networks, script)


def own_format(run: Run) -> str:
    """The number format that a run's networks compute in."""
    return ", ".join(dict.fromkeys(part.read_made()["precision"] for part in run.trainings))


def _write_proof(folder: Path, several: Sequence[Measured], pictures: str) -> None:
    """Write proof.json, and changed.csv with the rows that predict.py answers other than `competition submit`."""
    libraries = ("tensorflow", *(RUNTIMES[one.proof.format] for one in several))
    proofs = {
        one.proof.format: {
            **asdict(one.proof),
            "map": one.proof.map._asdict(),
            "unlike": len(one.proof.unlike),
            "megabytes": one.megabytes,
            "images_a_second": dict(zip(("one thread", "two threads"), one.speed, strict=True)),
        }
        for one in several
    }
    installed = packages_distributions()  # onnxruntime may be there as onnxruntime-gpu, and so on
    versions = {name: version(installed[name.replace("-", "_")][0]) for name in dict.fromkeys(libraries)}
    _write(folder / "proof.json", to_text({"pictures": pictures, **called(), "versions": versions, "formats": proofs}))
    rows = [(one.proof.format, *row) for one in several for row in one.proof.unlike]
    _write(folder / "changed.csv", for_spreadsheets(pd.DataFrame(rows, columns=UNLIKE)).to_csv(index=False).rstrip())


def _write(file: Path, text: str) -> None:
    file.write_text(f"{text}\n", encoding="utf-8")
