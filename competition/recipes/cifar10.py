"""CIFAR-10 as two tasks, as published: three convolutions, a shared layer, a tower for each task.

    competition draw data/cifar10 --recipe cifar10
    competition train cifar10 --data data/cifar10
    competition sweep cifar10 --data DIR --field task_weights --values 0,1 0.5,0.5 1,0

DIR holds train/<class>/ and test/, or the arrays that `competition fetch DIR` writes. 13,532,590 parameters. The task
weights are the published gamma and 1 - gamma: with 0 a task learns nothing. It overfits; `cifar10_resnet` does not.
"""

from competition.recipe import Recipe
from competition.task import Task

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")  # labels 0 to 9
REMOVED = ("deer", "horse")
OBJECTS = tuple(name for name in CLASSES if name not in REMOVED)
KIND_OF = {name: "animal" if name in ("bird", "cat", "dog", "frog") else "vehicle" for name in OBJECTS}
TASKS = (Task("object", OBJECTS), Task("kind", ("animal", "vehicle")))

RECIPE = Recipe(
    name="cifar10",
    tasks=TASKS,
    layout="cifar10",
    image_size=32,
    flip=False,
    backbone="convnet",
    weights="none",
    initializer="glorot_uniform",
    pool="flatten",
    shared=(3512,),
    towers=((1024, 512, 256, 128), (512, 256, 100)),
    dropout=0.0,
    task_weights=(0.5, 0.5),
    epochs=(15,),
    learning_rate=(1e-3,),
    optimizer="adam",
    batch_size=128,
)
