"""Photographs, also without a GPU: EfficientNet-Lite2, heads first on cached features, then all of it.

    competition train clothing --data DIR

Its ImageNet weights are installed with the project. Tasks and classes are taken from the data (classes.csv), so this
recipe serves any small photographic data set.
"""

from competition.recipe import Recipe

RECIPE = Recipe(
    name="clothing",
    image_size=260,
    rotation=15,
    zoom=(0.8, 1.25),
    aspect_jitter=0.2,
    shift=0.08,
    transforms=(("brightness", 0.08), ("contrast", 0.25)),
    backbone="efficientnet_lite2",
    dropout=0.3,
    epochs=(20, 4),
    learning_rate=(1e-3, 1.4e-4),
    trains=("heads", "all"),
    optimizer="adamw",
    ema=0.98,
    weight_decay=1e-4,
    schedule="cosine",
    warmup_steps=100,
    batch_size=16,
)
