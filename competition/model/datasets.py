"""Data sets that Keras can download, as arrays."""

import keras
import numpy as np

from competition.errors import InvalidInput


def cifar10_arrays() -> dict[str, np.ndarray]:
    """x_train, x_test (n, 32, 32, 3) and y_train, y_test (n, 1), uint8, downloaded unless Keras' folder holds them.

    Raises InvalidInput where the download fails.
    """
    try:
        (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
    except Exception as error:  # Keras raises a bare Exception where a download fails
        raise InvalidInput(
            f"CIFAR-10 could not be downloaded ({error}); try again online, copy the arrays from elsewhere, "
            "or train on an image folder, train/<class>/*.jpg: `competition draw DIR --recipe cifar10` draws one"
        ) from error
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
