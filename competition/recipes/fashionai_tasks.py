"""The eight attributes of FashionAI 2018 with their values, in letter order."""

from competition.task import Task

TASKS = (
    Task("coat_length", ("Invisible", "High Waist", "Regular", "Long", "Micro", "Knee", "Midi", "Ankle&Floor")),
    Task("collar_design", ("Invisible", "Shirt Collar", "Peter Pan", "Puritan Collar", "Rib Collar")),
    Task("lapel_design", ("Invisible", "Notched", "Collarless", "Shawl Collar", "Plus Size Shawl")),
    Task(
        "neck_design",
        ("Invisible", "Turtle Neck", "Ruffle Semi-High Collar", "Low Turtle Neck", "Draped Collar"),
    ),
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
