"""What the outputs of an exported network mean: labels.json."""

from competition.run import Run
from competition.scoring.calibration import calibrate
from competition.scoring.predictions import Predictions
from competition.scoring.promise import promise_in


def labels_of(run: Run, held_out: Predictions | None) -> dict:
    """The input of a run's networks, and for each task its output, its classes in order, and how sure is sure enough.

    The temperature is that of calibration.json; tasks without labelled `held_out` images have none. `thresholds` say
    from which probability on each class is tagged by the promise; None where that is not promised.
    """
    recipe, promise = run.read_recipe(), promise_in(run.folder)
    known = {one.task.name: one for one in calibrate(held_out)} if held_out else {}
    return {
        "run": run.name,
        "recipe": recipe.name,
        "image_size": recipe.image_size,
        "aspect": recipe.aspect,
        "input": {
            "name": "image",
            "shape": ["batch", recipe.image_size, recipe.image_size, 3],
            "type": "uint8",
            "channels": "RGB",
        },
        "promise": promise and promise.facts(),
        "tasks": [
            {
                "name": task.name,
                "output": task.ascii_name,
                "kind": task.kind,
                "classes": list(task.classes),
                "temperature": known[task.name].temperature if task.name in known else None,
                "thresholds": promise and promise.tasks[task.name].least_of(task),
            }
            for task in recipe.tasks
        ],
    }
