"""Game wallpapers with EfficientNet-Lite0, whose ImageNet weights are installed, in place of VGG19.

competition draw data/fgo --recipe fgo
competition train fgo_efficientnet --data data/fgo
"""

from dataclasses import replace

from competition.recipes.fgo import RECIPE as PUBLISHED

RECIPE = replace(PUBLISHED, name="fgo_efficientnet", backbone="efficientnet_lite0")
