"""What the tests of serving share: networks without training, with held-out predictions, and a server for them."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import requests
from helpers import noise, waves
from small_data import COLOUR, TINY, random_labels

from competition.images.warp import decode_for, fill_views
from competition.model import restore
from competition.model.network import build_network, by_task
from competition.recipe import Recipe
from competition.run import Run
from competition.scoring.blend import blend_of
from competition.scoring.predictions import Predictions
from competition.scoring.promise import Promise, TaskPromise, Threshold
from competition.serving.app import make_app
from competition.serving.server import listen, serving
from competition.serving.service import Service
from competition.task import Task

TAGS = Task("tags", ("<script>alert(1)</script>", "=1+1", "wet"), "multilabel")
RECIPE = replace(TINY, backbone="convnet", tasks=(COLOUR, TAGS))
PREDICT = "v1/predict"
SPREAD = 2.0  # standard deviation of the logits of an untrained network over pictures


def untrained(folder: Path, recipe: Recipe = RECIPE, seed: int = 0, precision: str = "float32") -> Run:
    """A finished run of a network with random weights, whose answers differ clearly from picture to picture."""
    run = Run(folder)
    run.write_recipe(recipe, {"precision": precision, "data": str(folder), "versions": {}, "commit": None})
    run.write_json("prior.json", {task.name: [1 / len(task)] * len(task) for task in recipe.tasks})
    run.write_json("scores.json", {"best": None})
    import keras  # once competition.model has set what TensorFlow reads when it is imported

    keras.utils.set_random_seed(seed)
    network = build_network(recipe)
    shown = np.empty((32, recipe.image_size, recipe.image_size, 3), np.uint8)
    for number, square in enumerate(shown):
        fill_views(square[None], decode_for(png(number), recipe), recipe, ["plain"])
    given = by_task(network.predict_on_batch(shown), recipe.tasks)
    for task in recipe.tasks:
        head, values = network.get_layer(task.ascii_name), given[task.name].astype(np.float64)
        logits = np.log(values) - (np.log1p(-values) if task.kind == "multilabel" else np.log(values[:, :1]))
        kernel, bias = head.get_weights()
        scale = SPREAD / logits.std(axis=0).mean()
        head.set_weights([kernel * scale, (bias - logits.mean(axis=0)) * scale])
    restore.save(network, run)
    return run


def hold_out(run: Run, skill: float = 1.5, views: Sequence[str] = ("plain",)) -> None:
    """Held-out predictions of a run, more often right the larger `skill` is, from which temperatures are found."""
    tasks, rng = run.read_recipe().tasks, np.random.default_rng(1)
    dataset, given = random_labels(300, tasks=tasks), {}
    for task in tasks:
        scores = np.exp(rng.normal(size=(300, len(task))) + skill * (dataset.codes[task.name] == 2))
        several = task.kind == "multilabel"
        given[task.name] = scores / (1 + scores) if several else scores / scores.sum(axis=1, keepdims=True)
    Predictions.of(run.name, dataset, given).write(run, views=dict.fromkeys(views, given))


def promise(folder: Path, **least: Sequence[float]) -> None:
    """A promise for what answers from a folder, with one threshold for all classes of a task, or one for each."""
    tasks = {}
    for name, values in least.items():
        thresholds = (Threshold(value, 100, 50, 50, 50) for value in values)
        tasks[name] = TaskPromise(100, tuple(thresholds), np.linspace(0.3, 1, 100))
    blend = blend_of([folder], ("plain",), "arithmetic")
    Promise(precision=0.98, run=blend.digest, source="pictures of another day", tasks=tasks).write(Run(folder), {})


class Served(NamedTuple):
    """A server that runs: its address, and what it serves."""

    address: str
    service: Service

    def post(self, *pictures: bytes, names: Sequence[str] = (), **fields) -> requests.Response:
        """Ask for the answers to pictures."""
        names = names or [f"{number}.png" for number in range(len(pictures))]
        files = [("images", (name, content)) for name, content in zip(names, pictures, strict=True)]
        return requests.post(self.address + PREDICT, files=files or {"": ("", b"")}, data=fields, timeout=60)


@contextmanager
def served(*folders: Path, host: str = "127.0.0.1", **options) -> Iterator[Served]:
    """Serve a run, a cross-validation or a blend at a port that is free."""
    service = Service(blend_of(folders, ("plain",), "arithmetic"))
    with listen(host, 0) as bound, serving(make_app(service, host, **options), bound):
        yield Served(f"http://127.0.0.1:{bound.getsockname()[1]}/", service)


def picture(seed: int = 0, height: int = 40, width: int = 50) -> np.ndarray:
    """A picture (height, width, 3) uint8 that is told from those of other seeds."""
    colour = np.random.default_rng(seed).integers(0, 200, 3, np.uint8)  # of alike ones heads would magnify rounding
    return waves(height, width) // 8 + noise(height, width, seed) // 16 + colour


def png(seed: int = 0) -> bytes:
    """A file of such a picture."""
    return cv2.imencode(".png", picture(seed))[1].tobytes()


def given_by(image: dict) -> dict[str, list[float]]:
    """{task: probabilities} of an image in an answer."""
    return {task["task"]: [one["probability"] for one in task["classes"]] for task in image["tasks"]}


def in_parallel(works: Sequence) -> list:
    """The results of functions that all begin at the same time, each in a thread of its own."""
    results, begin = [None] * len(works), threading.Barrier(len(works))

    def run(place: int) -> None:
        begin.wait(60)
        results[place] = works[place]()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return results
