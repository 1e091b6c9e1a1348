"""The drawn garments that come with the project: a small network from scratch on eight attributes.

competition draw data/sketches
competition train sketches --data data/sketches
"""

from competition.recipe import Recipe
from competition.recipes.fashionai import TASKS

RECIPE = Recipe(
    name="sketches",
    tasks=TASKS,
    image_size=96,
    rotation=8,
    zoom=(0.9, 1.1),
    shift=0.04,
    backbone="small",
    weights="none",
    dropout=0.2,
    label_smoothing=0.05,
    epochs=(12,),
    learning_rate=(2e-3,),
    optimizer="adamw",
    weight_decay=0.02,
    schedule="cosine",
    warmup_steps=100,
    batch_size=32,
)
