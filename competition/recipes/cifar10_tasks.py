"""CIFAR-10 as two tasks: what it is, of the eight classes that remain without deer and horse, and of which kind."""

from competition.task import Task

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")  # labels 0 to 9
REMOVED = ("deer", "horse")
OBJECTS = tuple(name for name in CLASSES if name not in REMOVED)
ANIMALS = ("bird", "cat", "dog", "frog")
ANIMAL, VEHICLE = "animal", "vehicle"
TASKS = (Task("object", OBJECTS), Task("kind", (ANIMAL, VEHICLE)))


def kind_of(name: str) -> str:
    """The kind of one of OBJECTS."""
    return ANIMAL if name in ANIMALS else VEHICLE
