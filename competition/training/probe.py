"""What a pretrained network is worth before it is tuned: heads on its features, and what it costs."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from competition.data.load import Material
from competition.errors import InvalidInput
from competition.model.backbones.registry import BACKBONES
from competition.recipe import Backbone, Recipe
from competition.run import Run
from competition.scoring.predictions import Predictions
from competition.training.precision import seconds_forward
from competition.training.prepare import Preparation

ROUNDS = 3


@dataclass(frozen=True)
class Probed:
    """A network with heads on its features: what it predicted for the images held out, its speed and its size."""

    backbone: Backbone
    image_size: int
    predictions: Predictions
    images_per_second: float
    parameters: int
    training_seconds: float


def probe_backbone(recipe: Recipe, backbone: Backbone, material: Material, cache: Path) -> Probed:
    """Train the heads of a recipe on the features of another backbone, at the image size it was made for.

    `training_seconds` is what the recipe should take with it if its second stage trains the whole network. Raises
    InvalidInput where its weights are missing, or the heads do not learn.
    """
    size = BACKBONES[backbone].size
    recipe = replace(recipe, backbone=backbone, image_size=size, weights="imagenet", trains=("heads", "all"))
    preparation = Preparation.of(recipe, material, cache)
    with tempfile.TemporaryDirectory() as folder:
        trainer = preparation.trainer(Run(Path(folder)))
        trainer.say = lambda line: None
        trainer.fit_heads(1, recipe.stages[0])
    if trainer.diverged or not trainer.kept.probabilities:
        raise InvalidInput(f"{backbone}: {trainer.diverged or 'no image is held out, so nothing can be compared'}")
    seconds = min(seconds_forward(preparation.network, recipe) for _ in range(ROUNDS))
    return Probed(
        backbone,
        recipe.image_size,
        Predictions.of(backbone, trainer.held_out.dataset, trainer.kept.probabilities),
        recipe.batch_size * preparation.replicas / seconds,
        preparation.network.count_params(),
        preparation.seconds(),
    )
