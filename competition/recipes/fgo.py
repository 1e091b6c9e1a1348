"""Game wallpapers as published: frozen VGG19, two shared layers, a tower for each of five tasks.

    competition draw data/fgo --recipe fgo
    competition train fgo --data data/fgo
    competition train fgo --data data/fgo --backbone squeezenet --weights WEIGHTS

The data folder holds profiles.csv and colors.csv, or labels.csv, and images/. The network has 20,428,954 parameters, of
which 404,570 are trained, on features that are computed once. Published on about 400 images of 40 characters: .906 .844
.813 .719 .781 in the best of 50 epochs. That needs the ImageNet weights of VGG19; the third line is for those of
SqueezeNet.
"""

from competition.recipe import Recipe
from competition.task import Task

COLOURS = ("white", "red", "green", "black", "blue", "purple", "gold", "silver")
TASKS = (  # with their classes in the order of the published file's columns
    Task("gender", ("Female", "Male")),
    Task("region", ("Asia", "Egypt", "Europe", "Middle East")),
    Task("fighting_style", ("magic", "melee", "ranged")),
    Task("alignment", ("CE", "CG", "CN", "LE", "LG", "LN", "NE", "NG", "TN")),
    Task("color", COLOURS, "multilabel"),
)

RECIPE = Recipe(
    name="fgo",
    tasks=TASKS,
    layout="fgo",
    validation=0.1,
    image_size=224,
    flip=False,
    backbone="vgg19",
    shared=(256, 256),
    towers=((128, 64),),
    dropout=0.2,
    monitor="loss",
    epochs=(50,),
    learning_rate=(0.01,),
    trains=("heads",),
    optimizer="sgd",
    schedule="step_decay",
    halve_every=5,
    batch_size=16,
)
