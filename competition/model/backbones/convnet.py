"""Three convolutions without activation, as published for two tasks on CIFAR-10; 128 feature maps."""

import keras
from keras import layers

from competition.recipe import Recipe


def convnet(recipe: Recipe) -> keras.Model:
    """The network on (size, size, 3) images in [-1, 1], without padding: 4 x 4 maps of images of 32 pixels."""
    start = recipe.initializer
    image = keras.Input((recipe.image_size, recipe.image_size, 3))
    x = layers.Conv2D(32, 3, kernel_initializer=start, name="conv1")(image)
    x = layers.MaxPooling2D(2, name="pool1")(x)
    x = layers.Conv2D(64, 3, kernel_initializer=start, name="conv2")(x)
    x = layers.MaxPooling2D(2, name="pool2")(x)
    x = layers.Conv2D(128, 3, kernel_initializer=start, name="conv3")(x)
    return keras.Model(image, x, name="convnet")
