"""FashionAI 2018 as published: NASNetLarge on eight attributes in three stages of falling learning rate.

    competition train fashionai --data DIR
    competition train fashionai --data DIR --backbone inception_resnet_v2 --image-size 299

DIR holds base/, web/ and so on of the competition. Published with joint heads: row-weighted validation accuracy
0.8898, mAP about 0.974. Not reproduced here: it needs the competition's data, the ImageNet weights and a GPU.
"""

from competition.recipe import Recipe
from competition.recipes.fashionai_tasks import TASKS

RECIPE = Recipe(
    name="fashionai",
    tasks=TASKS,
    image_size=331,
    rotation=20,
    zoom=(0.8, 1.2),
    backbone="nasnet_large",
    dropout=0.5,
    epochs=(2, 3, 1),
    learning_rate=(1e-4, 1e-5, 1e-6),
    trains=("all", "all", "all"),
    optimizer="adam",
    batch_size=16,
)
