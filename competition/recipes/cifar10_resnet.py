"""CIFAR-10 as two tasks, on a laptop: a small residual network, on pictures that are varied in every epoch.

    competition train cifar10_resnet --data DIR

The rate rises for 30 % of the steps and falls as a cosine to the end (one cycle).
"""

from competition.recipe import Recipe
from competition.recipes.cifar10 import TASKS

RECIPE = Recipe(
    name="cifar10_resnet",
    tasks=TASKS,
    layout="cifar10",
    image_size=32,
    shift=0.125,  # 4 pixels
    backbone="resnet",
    weights="none",
    dropout=0.0,
    epochs=(14,),
    learning_rate=(0.1,),
    optimizer="sgd",
    weight_decay=5e-4,
    schedule="cosine",
    warmup_steps=1100,  # of 3,724 for 34,000 images
    batch_size=128,
)
