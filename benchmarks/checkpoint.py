"""What a checkpoint of the largest network costs, and what share that is of the time between two."""

import inspect
import time
from collections.abc import Iterator

from benchmarks.places import Places, workplace
from benchmarks.report import Measurement
from competition.commands.train import train
from competition.model.network import build_network, set_trainable
from competition.recipe import Recipe
from competition.run import Run
from competition.task import Task
from competition.training.checkpoint import Checkpoint, Checkpoints, copies_of, fitting_variables, set_copies
from competition.training.compile import compile_stage

CLASSES = (8, 6, 5, 9, 10, 5, 6, 5)  # of FashionAI's tasks
ROUNDS = 3


def rows(places: Places) -> Iterator[Measurement]:
    """Seconds to write a checkpoint of NASNetLarge with Adam in float32, and to go on at it; no goals."""
    tasks = tuple(Task(f"task{n}", tuple(f"c{k}" for k in range(count))) for n, count in enumerate(CLASSES))
    recipe = Recipe("bench", tasks, image_size=331, weights="none")
    network = build_network(recipe, "float32")
    set_trainable(network, "all")
    compile_stage(network, recipe, recipe.stages[0], 1000)
    with workplace() as folder:
        checkpoints, taken = Checkpoints(Run(folder)), []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            arrays = copies_of(network, fitting_variables(network), "fit")
            checkpoints.write(Checkpoint({}, arrays))
            taken.append(time.perf_counter() - start)
        between = 60 * inspect.signature(train).parameters["checkpoint_minutes"].default
        size = sum(array.nbytes for array in arrays.values()) / 1e9
        detail = f"{size:.2f} GB, {100 * max(taken) / between:.1f} % of the {between:.0f} s between two at most"
        yield Measurement("checkpoint of NASNetLarge: copy and write, s", sorted(taken)[ROUNDS // 2], detail=detail)
        start = time.perf_counter()
        set_copies(network, fitting_variables(network), "fit", next(checkpoints.read()).arrays)
        yield Measurement("checkpoint of NASNetLarge: read and set, s", time.perf_counter() - start)
