"""What an export says of itself: the table of its formats, and its README.md."""

from collections.abc import Sequence
from typing import NamedTuple

from competition.exporting.formats import Format
from competition.exporting.proof import Proof

RUNTIMES: dict[Format, str] = {
    "saved_model": "tensorflow",
    "onnx": "onnxruntime",
    "litert": "ai-edge-litert",
    "litert-int8": "ai-edge-litert",
}
TEXT = """# {run}

Made by `competition export`. Each folder holds the network{several} in one format; `predict.py` answers a folder of
pictures with {it} and needs nothing else than

    pip install numpy opencv-python-headless {runtimes}
    python predict.py PICTURES {first} > answers.csv

The second word is one of: {formats}.

A network takes `image`, (batch, {size}, {size}, 3) uint8 RGB, and gives probabilities (batch, classes) for each task;
`predict.py` shows how a picture becomes such a square. `labels.json`, which is also inside of each network, names the
output of each task and its classes in order. `temperature` T makes probabilities p honest: softmax(log p / T).
{promise}

## Proof

The answers for {pictures}, by each format's own runtime:

{table}

* from float32: the largest difference of a probability from the same weights in Keras and float32
* from the run: the same, from the number format in which it was trained, and in which `competition submit` answers
* changed answers: rows (image and task, as far as labelled) with another class than in float32
* mAP: its difference from float32, with the interval of 95 % of 1,000 resamples, the same ones for both; int8 knows
  only 256 probabilities, so many answers tie, and mAP falls by more than the answers change
* MB and images/s, one image after the other, are those of {which}
* as submit: rows that `predict.py` answers as `competition submit`; `changed.csv` lists the others
"""


PROMISE = """`thresholds` say from which probability, as it is, a class is sure enough to tag, null where none is:
with a probability of {confidence:.4g}, at least {precision:.4g} of what is tagged is right. This was found on {source},
with the run in {own}; int8 answers otherwise, and may not keep it."""
NO_PROMISE = """`thresholds` are null, for nothing is promised: make a promise with `competition promise`, and export
again."""


class Measured(NamedTuple):
    """A format, proven, with the size of one network in megabytes and its images a second on one and two threads."""

    proof: Proof
    megabytes: float
    speed: tuple[float, float]


def table(several: Sequence[Measured], own: str) -> str:
    """A table in Markdown, a row for each format; `own` names the number format of the run."""
    speed = "images/s, 1 and 2 threads"
    head = ("format", "from float32", f"from the run ({own})", "changed answers", "mAP", "MB", speed, "as submit")
    rows = [head, *map(_cells, several)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    rule = " | ".join("-" * width for width in widths)
    return "\n".join(f"| {line} |" for line in [lines[0], rule, *lines[1:]])


def _cells(measured: Measured) -> tuple[str, ...]:
    proof, (value, low, high) = measured.proof, measured.proof.map
    return (
        proof.format,
        f"{proof.from_float32:.1e}",
        f"{proof.from_own:.1e}",
        f"{proof.changed:,} of {proof.rows:,}",
        f"{value:+.4f} ({low:+.4f} to {high:+.4f})",
        f"{measured.megabytes:.1f}",
        " and ".join(f"{speed:.0f}" for speed in measured.speed),
        f"{proof.alike:.2%}",
    )


def readme(labels: dict, several: Sequence[Measured], networks: int, pictures: str, own: str) -> str:
    """The text of README.md; `pictures` says which ones the networks were proven on."""
    formats = [one.proof.format for one in several]
    promised = any(least is not None for task in labels["tasks"] for least in task["thresholds"] or ())
    return TEXT.format(
        run=labels["run"],
        several="s of all folds" if networks > 1 else "",
        it="the mean of them" if networks > 1 else "it",
        runtimes=" ".join(dict.fromkeys(RUNTIMES[name] for name in formats)),
        first=formats[0],
        formats=", ".join(formats),
        size=labels["image_size"],
        pictures=pictures,
        table=table(several, own),
        promise=PROMISE.format(**labels["promise"], own=own) if promised else NO_PROMISE,
        own=own,
        which="the first network" if networks > 1 else "the network",
    )
