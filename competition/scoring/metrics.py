"""What a score is for each kind of task: one class is true of an image, or any number of labels are."""

import numpy as np

from competition.scoring import fashionai, multilabel
from competition.task import Kind


def average_precision(kind: Kind, probabilities: np.ndarray, codes: np.ndarray) -> tuple[float, float]:
    """(AP, precision of all answers): the official ones of FashionAI, or the mean AP of the labels and the precision
    of what is answered yes; nan where nothing can be judged."""
    if kind == "multiclass":
        return fashionai.average_precision(probabilities, codes)
    return multilabel.label_scores(probabilities, codes)[0], multilabel.precision_of_yes(probabilities, codes)


def choices(kind: Kind, probabilities: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and codes of choices of one class: of n images, or of n * labels answers no and yes."""
    return (probabilities, codes) if kind == "multiclass" else multilabel.yes_or_no(probabilities, codes)
