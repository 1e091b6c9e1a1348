"""Roses and daisies in red, pink and white: SqueezeNet shared up to fire8, and from there on a branch a task.

    competition train flowers --data DIR --weights squeezenet_v1.1_imagenet_notop.h5
    competition train flowers --data DIR --weights squeezenet_v1.1_imagenet_notop.h5 --task-updates alternate

DIR holds train.txt, val.txt and test.txt with lines such as /data/img1.jpg, 0, 1: a path, the index of the type,
that of the colour. `competition lists DIR` writes them for a folder of labelled images, `competition draw DIR
--recipe flowers` draws both. Each task has a fire9 of its own, which starts from the same weights, and a 1x1
convolution to its classes; the losses are minimised together (joint), or in turn batch by batch (alternate).
"""

from competition.recipe import Recipe
from competition.task import Task

TYPE = Task("type", ("rose", "daisy"))
COLOUR = Task("colour", ("red", "pink", "white"))
TASKS = (TYPE, COLOUR)

RECIPE = Recipe(
    name="flowers",
    tasks=TASKS,
    layout="flowers",
    image_size=227,
    rotation=15,
    zoom=(0.8, 1.25),
    shift=0.08,
    backbone="squeezenet_pool8",
    split_at="relu9",
    head="convolution",
    dropout=0.5,
    epochs=(10,),
    learning_rate=(3e-4,),
    optimizer="adam",
    batch_size=32,
)
