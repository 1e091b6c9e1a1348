"""Paintings, mended: the published network with batch normalisation, He initialisation, and a warm-up and decay.

competition draw data/painters --recipe painters
competition find-lr painters --data data/painters
competition train painters --data data/painters
"""

from dataclasses import replace

from competition.recipes.painters_published import RECIPE as PUBLISHED

RECIPE = replace(
    PUBLISHED,
    name="painters",
    backbone="vgg16_bn",
    initializer="he_uniform",
    activation="leaky_relu",
    learning_rate=(1e-3,),
    optimizer="adamw",
    weight_decay=0.02,
    schedule="cosine",
    warmup_steps=40,
)
