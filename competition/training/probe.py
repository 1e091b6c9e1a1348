"""What a pretrained network is worth before it is tuned: heads on its features, and what it costs."""

import tempfile
from dataclasses import replace
from pathlib import Path

from competition.data.load import Material
from competition.errors import InvalidInput
from competition.model.backbones.registry import BACKBONES
from competition.recipe import Backbone, Recipe
from competition.run import Run
from competition.scoring.predictions import Predictions
from competition.scoring.probed import Probed
from competition.training.precision import seconds_forward
from competition.training.prepare import Preparation

ROUNDS = 3


def probe_backbone(recipe: Recipe, backbone: Backbone, material: Material, cache: Path) -> Probed:
    """Train the heads of a recipe on the features of a backbone, at the image size that it was made for.

    Raises InvalidInput where its weights are missing, or the heads do not learn.
    """
    spec = BACKBONES[backbone]
    recipe = replace(recipe, backbone=backbone, image_size=spec.size, weights="imagenet", trains=("heads", "all"))
    first = {name: getattr(recipe, name)[:1] for name in ("epochs", "learning_rate", "trains")}
    preparation = Preparation.of(replace(recipe, **first), material, cache)
    with tempfile.TemporaryDirectory() as folder:
        trainer = preparation.trainer(Run(Path(folder)))
        trainer.say = lambda line: None
        trainer.fit()
    if trainer.diverged:
        raise InvalidInput(f"{backbone}: {trainer.diverged}")
    seconds = min(seconds_forward(preparation.network, recipe) for _ in range(ROUNDS))
    return Probed(
        backbone,
        spec.size,
        Predictions.of(backbone, trainer.held_out.dataset, trainer.kept.probabilities),
        recipe.batch_size * preparation.replicas / seconds,
        preparation.network.count_params(),
        replace(preparation, recipe=recipe).seconds(),
    )
