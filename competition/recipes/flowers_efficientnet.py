"""Flowers with EfficientNet-Lite0, whose ImageNet weights are installed: shared but for the last block.

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
