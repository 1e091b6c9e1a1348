"""The formats of an export: what each needs, how its files end, and where in them the labels are."""

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from competition.extras import require

Format = Literal["saved_model", "onnx", "litert", "litert-int8"]
ENDING: dict[Format, str] = {"saved_model": "", "onnx": ".onnx", "litert": ".tflite", "litert-int8": ".tflite"}
NEEDS: dict[Format, tuple[str, ...]] = {
    "saved_model": (),
    "onnx": ("onnx", "onnxruntime", "tf2onnx"),
    "litert": ("ai_edge_litert",),
    "litert-int8": ("ai_edge_litert",),
}
FLOAT: tuple[Format, ...] = ("saved_model", "onnx", "litert")
BATCH = "batch"
LABELS = "labels.json"  # the name of the labels wherever they are put


def refuse_missing(formats: Iterable[Format]) -> None:
    """Raise InvalidInput where a library that a format needs is not installed. Some import TensorFlow."""
    for name in formats:
        require("export", *NEEDS[name])


def write_network(network, name: Format, path: Path, labels: str, samples: Sequence[np.ndarray]) -> None:
    """Write a Keras network in a format, with the text of labels.json inside; `samples` are for int8 alone."""
    from competition.model import export

    if name == "saved_model":
        export.write_saved_model(network, path)
        extra = path / "assets.extra"  # the folder that the format has for what TensorFlow does not load
        extra.mkdir()
        (extra / LABELS).write_text(labels, encoding="utf-8")
    elif name == "onnx":
        export.write_onnx(network, path)
        _describe_onnx(path, labels)
    else:
        if name == "litert":
            export.write_litert(network, path)
        else:
            export.write_litert_int8(network, path, samples)
        with zipfile.ZipFile(path, "a") as archive:  # behind the network, where LiteRT's own tools put such files
            archive.writestr(LABELS, labels)


def _describe_onnx(path: Path, labels: str) -> None:
    """Name the batch axis, which is unk__164 or the like, and add the labels as metadata."""
    import onnx

    model = onnx.load(path)
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = BATCH
    onnx.helper.set_model_props(model, {LABELS: labels})
    onnx.checker.check_model(model)
    onnx.save(model, path)


def megabytes(path: Path) -> float:
    """The size of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6
