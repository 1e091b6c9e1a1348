"""What each backbone expects, as layers of the network: uint8 RGB images in, scaled numbers out."""

import keras


def to_unit_range() -> keras.layers.Layer:
    """x / 127.5 - 1, as NASNet and InceptionResNetV2 were trained with."""
    return keras.layers.Rescaling(1 / 127.5, offset=-1.0, dtype="float32", name="to_unit_range")


def vgg_means() -> keras.layers.Layer:
    return BGRMinusMeans((103.939, 116.779, 123.68), dtype="float32", name="bgr_minus_means")


def squeezenet_means() -> keras.layers.Layer:
    return BGRMinusMeans((104.0, 117.0, 123.0), dtype="float32", name="bgr_minus_means")


@keras.saving.register_keras_serializable(package="competition")
class BGRMinusMeans(keras.layers.Layer):
    """RGB images (batch, height, width, 3) as float32 BGR minus the `means` of ImageNet, in BGR order."""

    def __init__(self, means: tuple[float, float, float], **options):
        super().__init__(**options)
        self.means = tuple(means)

    def call(self, images):
        images = keras.ops.cast(images, self.compute_dtype)
        return images[..., ::-1] - keras.ops.convert_to_tensor(self.means, self.compute_dtype)

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return {**super().get_config(), "means": self.means}
