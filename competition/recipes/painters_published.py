"""Paintings as published, which hardly learns: VGG16 from scratch on style, genre and painter.

competition draw data/painters --recipe painters
competition train painters_published --data data/painters

The author reports an accuracy of about 0.20. `painters` follows the advice that he was given. Accuracy of this recipe
and of `painters` on drawn paintings, after their 8 epochs: 0.29 and 0.99 (chance is 0.06); with --image-size 32
--epochs 6: 0.12 and 0.95. So it does learn, slowly: the maps of two paintings hardly differ at first (notebook 04), and
Adam, whose steps do not depend on the size of the gradients, needs hundreds of them to change that.
"""

from competition.recipe import Recipe

RECIPE = Recipe(
    name="painters_published",
    layout="arrays",
    image_size=64,
    flip=False,
    backbone="vgg16_plain",
    weights="none",
    initializer="glorot_uniform",
    pool="flatten",
    shared=(100,),
    shared_activation="linear",
    towers=((100,),),
    dropout=0.0,
    l2=1e-4,
    epochs=(8,),
    learning_rate=(1e-4,),
    optimizer="adam",
    batch_size=32,
)
