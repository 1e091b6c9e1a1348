"""Flowers with EfficientNet-Lite0, whose ImageNet weights are installed; each task has the last layers of its own.

competition draw data/flowers --recipe flowers
competition train flowers_efficientnet --data data/flowers
"""

from dataclasses import replace

from competition.recipes.flowers import RECIPE as PUBLISHED

RECIPE = replace(
    PUBLISHED,
    name="flowers_efficientnet",
    image_size=224,
    backbone="efficientnet_lite0",
    split_at="block15",
)
