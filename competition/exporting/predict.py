"""Answer a folder of pictures with the networks beside this file: python predict.py PICTURES FORMAT > answers.csv"""

import csv
import json
import sys
from pathlib import Path

import cv2
import numpy as np

HERE = Path(__file__).resolve().parent
LABELS = json.loads((HERE / "labels.json").read_text(encoding="utf-8"))
SIZE, PADDED = LABELS["image_size"], LABELS["aspect"] == "pad"
HALVED = cv2.IMREAD_COLOR, cv2.IMREAD_REDUCED_COLOR_2, cv2.IMREAD_REDUCED_COLOR_4, cv2.IMREAD_REDUCED_COLOR_8


def network(file, **options):
    """A function of image=(n, SIZE, SIZE, 3) uint8 RGB that gives {output: (n, classes)}; options of the runtime."""
    if file.suffix == ".onnx":
        from onnxruntime import InferenceSession

        session = InferenceSession(file, **options)
        names = [output.name for output in session.get_outputs()]
        return lambda image: dict(zip(names, session.run(names, {"image": image}), strict=True))
    if file.suffix == ".tflite":
        from ai_edge_litert.interpreter import Interpreter

        return Interpreter(str(file), **options).get_signature_runner()  # where outputs have names
    from tensorflow import saved_model

    loaded = saved_model.load(file)  # which its function does not keep alive
    return lambda image: loaded.serve(image)  # noqa: PLW0108


def sides(picture):
    return np.maximum(picture.shape[:2], max(picture.shape[:2]) * PADDED)


def square(file):
    """A picture as the network takes it, (SIZE, SIZE, 3) uint8 RGB: upright, on white, warped; None if damaged."""
    content = np.fromfile(file, np.uint8)
    if not content.size or (picture := cv2.imdecode(content, cv2.IMREAD_UNCHANGED)) is None:
        return None
    if picture.shape[2:] == (4,):
        picture = picture // (257 if picture.dtype == np.uint16 else 1)
        opacity = picture[..., 3:] / np.float32(255)
        picture = np.rint(picture[..., :3] * opacity + 255 * (1 - opacity)).astype(np.uint8)
    else:  # a JPEG is halved while it is decoded
        times = np.log2(sides(picture).min() / SIZE) if content[0] == 0xFF else 0
        picture = cv2.imdecode(content, HALVED[int(np.clip(times, 0, 3))])
    while (half := np.minimum(1 + (sides(picture) >= 2 * SIZE), picture.shape[:2])).max() > 1:
        height, width = (picture.shape[:2] // half).tolist()
        way = cv2.INTER_AREA if half.min() > 1 else cv2.INTER_LINEAR
        picture = cv2.resize(picture[: height * half[0], : width * half[1]], (width, height), interpolation=way)
    scale, centre = SIZE / sides(picture)[::-1], (np.array(picture.shape[1::-1]) - 1) / 2
    matrix = np.column_stack([np.diag(scale), (SIZE - 1) / 2 - scale * centre])
    border = {"borderMode": cv2.BORDER_CONSTANT if PADDED else cv2.BORDER_REPLICATE, "borderValue": (128, 128, 128)}
    return cv2.cvtColor(cv2.warpAffine(picture, matrix, (SIZE, SIZE), **border), cv2.COLOR_BGR2RGB)


if __name__ == "__main__":
    _, folder, kind = sys.argv if len(sys.argv) == 3 else sys.exit(__doc__)
    damaged, networks = [], [*map(network, sorted(HERE.glob(f"{kind}/*")))] or sys.exit(f"{HERE} holds no {kind}")
    (table := csv.writer(sys.stdout)).writerow(["image", "task", "class", "probability"])
    for file in sorted(f for f in Path(folder).rglob("*") if f.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp")):
        if (picture := square(file)) is None:
            damaged.append(f"{file} is damaged, or no picture")
            continue
        answers = [one(image=picture[None]) for one in networks]
        for task in LABELS["tasks"]:
            mean = np.mean([answer[task["output"]][0] for answer in answers], axis=0)
            chosen = np.flatnonzero(mean > 0.5) if task["kind"] == "multilabel" else [mean.argmax()]
            table.writerows([file, task["name"], task["classes"][k], f"{mean[k]:.6f}"] for k in chosen)
    sys.exit("\n".join(damaged) or 0)
