"""Fetch CIFAR-10 with Keras, as arrays."""

from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from competition.errors import InvalidInput
from competition.files import whole_folder

Folder = Annotated[Path, tyro.conf.arg(metavar="DIR")]


def fetch(folder: Folder, /) -> None:
    """Write keras.datasets.cifar10 as x_train.npy, y_train.npy, x_test.npy and y_test.npy.

    Raises InvalidInput where the folder holds something already, and where the download fails; nothing is written then,
    nor after Ctrl-C.

    Args:
        folder: where to; made where it is missing.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidInput(f"{folder} exists already and is not an empty folder: name another, or remove it first")
    from competition.model.datasets import cifar10_arrays  # Keras

    arrays = cifar10_arrays()
    with whole_folder(folder) as unfinished:
        for name, array in arrays.items():
            np.save(unfinished / f"{name}.npy", array, allow_pickle=False)
    print(f"fetched {folder}: train on it with `competition train cifar10 --data {folder}`")
