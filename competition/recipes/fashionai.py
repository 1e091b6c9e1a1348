"""FashionAI 2018 as published: NASNetLarge on eight attributes in three stages of falling learning rate.

    competition train fashionai --data DIR
    competition train fashionai --data DIR --backbone inception_resnet_v2 --image-size 299

DIR holds base/, web/ and so on of the competition. Published with joint heads: row-weighted validation accuracy
0.8898, mAP about 0.974. Not reproduced here: it needs the competition's data, the ImageNet weights and a GPU.
"""

from competition.recipe import Recipe
from competition.task import Task

TASKS = (  # with their values in letter order
    Task("coat_length", ("Invisible", "High Waist", "Regular", "Long", "Micro", "Knee", "Midi", "Ankle&Floor")),
    Task("collar_design", ("Invisible", "Shirt Collar", "Peter Pan", "Puritan Collar", "Rib Collar")),
    Task("lapel_design", ("Invisible", "Notched", "Collarless", "Shawl Collar", "Plus Size Shawl")),
    Task("neck_design", ("Invisible", "Turtle Neck", "Ruffle Semi-High Collar", "Low Turtle Neck", "Draped Collar")),
    Task(
        "neckline_design",
        (
            "Invisible",
            "Strapless Neck",
            "Deep V",
            "Straight Neck",
            "V",
            "Square",
            "Off Shoulder",
            "Round",
            "Sweat Heart Neck",
            "One Shoulder",
        ),
    ),
    Task("pant_length", ("Invisible", "Short Pant", "Mid", "3/4", "Cropped Pant", "Full")),
    Task("skirt_length", ("Invisible", "Short", "Knee", "Midi", "Ankle", "Floor")),
    Task(
        "sleeve_length",
        ("Invisible", "Sleeveless", "Cup Sleeves", "Short", "Elbow", "3/4", "Wrist", "Long", "Extra Long"),
    ),
)

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
