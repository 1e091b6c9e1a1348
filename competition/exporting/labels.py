"""What the outputs of an exported network mean: labels.json."""

from competition.run import Run
from competition.scoring.calibration import calibrate
from competition.scoring.predictions import Predictions


def labels_of(run: Run, held_out: Predictions | None) -> dict:
    """The input of a run's networks, and for each task its output, its classes in order, and how sure is sure enough.

    Temperature and thresholds are those of calibration.json; tasks without labelled `held_out` images have none.
    """
    recipe = run.read_recipe()
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
        "tasks": [
            {
                "name": task.name,
                "output": task.ascii_name,
                "kind": task.kind,
                "classes": list(task.classes),
                "temperature": known[task.name].temperature if task.name in known else None,
                "thresholds": [one._asdict() for one in known[task.name].thresholds] if task.name in known else [],
            }
            for task in recipe.tasks
        ],
    }
