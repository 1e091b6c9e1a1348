"""Fetch CIFAR-10 with Keras, as arrays."""

import numpy as np

from competition.commands.arguments import Folder
from competition.files import refuse_filled, whole_folder


def fetch(folder: Folder, /) -> None:
    """Write keras.datasets.cifar10 as x_train.npy, y_train.npy, x_test.npy and y_test.npy.

    Raises InvalidInput if the folder is not empty or the download fails. Then, as after Ctrl-C, nothing is written.

    Args:
        folder: the folder to write; made if it is missing.
    """
    refuse_filled(folder)
    from competition.model.datasets import cifar10_arrays  # Keras

    arrays = cifar10_arrays()
    with whole_folder(folder) as unfinished:
        for name, array in arrays.items():
            np.save(unfinished / f"{name}.npy", array, allow_pickle=False)
    print(f"fetched {folder}: train on it with `competition train cifar10 --data {folder}`")
