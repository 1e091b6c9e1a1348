"""From how many devices on the network between machines limits a training: arithmetic on published speeds."""

from collections.abc import Iterator
from dataclasses import replace
from math import floor, inf
from typing import NamedTuple

from benchmarks.places import Places
from benchmarks.report import Measurement
from competition.recipe import Backbone
from competition.recipes.fashionai import RECIPE

FLOAT32 = 4  # bytes
LINKS = (10, 25, 100, 400)  # Gb/s
LIMITED, HALF = 0.9, 0.5  # efficiencies; at half, summing takes as long as computing


class Published(NamedTuple):
    """Images a second that one device trains on at a size in pixels."""

    name: str
    backbone: Backbone
    size: int
    speed: float


# One NVIDIA RTX 3090 in 16 bits, PyTorch 1.12, batches of 32, 192 and 256, as published for the same networks:
# https://github.com/huggingface/pytorch-image-models (results/benchmark-train-amp-nhwc-pt112-cu113-rtx3090.csv)
PUBLISHED = (
    Published("NASNetLarge", "nasnet_large", 331, 77.32),
    Published("InceptionResNetV2", "inception_resnet_v2", 299, 358.54),
    Published("EfficientNet-Lite2", "efficientnet_lite2", 260, 1121.02),
)


def rows(places: Places) -> Iterator[Measurement]:
    """Megabytes of gradient a step, and for each link the efficiency: a step without the network over one with it."""
    for network in PUBLISHED:
        count, step = trained_parameters(network), RECIPE.batch_size / network.speed
        size = count * FLOAT32
        detail = f"{count:,} parameters trained; a step of {RECIPE.batch_size} images {1000 * step:.0f} ms"
        yield Measurement(f"{network.name}: gradient a step, MB", size / 1e6, detail=detail)
        for link in LINKS:
            two, eight, many = (efficiency(step, size, devices, link) for devices in (2, 8, inf))
            limits = (limit(limited_from(step, size, link, least), least) for least in (LIMITED, HALF))
            detail = ", ".join([f"{two:.2f} with 2, {eight:.2f} with 8", *limits])
            yield Measurement(f"{network.name}, {link} Gb/s: efficiency, many devices", many, detail=detail)


def trained_parameters(network: Published) -> int:
    """Parameters that have a gradient, with the eight heads of FashionAI: no statistics of batch normalisation."""
    from competition.model.network import build_network, set_trainable  # TensorFlow, which the arithmetic does not need

    built = build_network(replace(RECIPE, backbone=network.backbone, image_size=network.size))
    set_trainable(built, "all")
    return sum(variable.value.shape.num_elements() for variable in built.trainable_variables)


def seconds_to_sum(size: int, devices: float, link: float) -> float:
    """Seconds of a ring all-reduce of `size` bytes over links of so many Gb/s, in which each device sends
    2 (n - 1) / n times the bytes (Patarasuk and Yuan 2009, https://doi.org/10.1016/j.jpdc.2008.09.002)."""
    return 2 * (1 - 1 / devices) * size / (link * 1e9 / 8)


def efficiency(step: float, size: int, devices: float, link: float) -> float:
    """The share of the time in which a device computes, where summing begins when the `step` (s) is computed."""
    return step / (step + seconds_to_sum(size, devices, link))


def limited_from(step: float, size: int, link: float, least: float) -> int | None:
    """The fewest devices with an efficiency below `least`; None where any number stays above."""
    allowed = step * (1 / least - 1) / seconds_to_sum(size, inf, link)  # of the (n - 1) / n
    return None if allowed >= 1 else floor(1 / (1 - allowed)) + 1


def limit(devices: int | None, least: float) -> str:
    return f"below {least} from {devices} devices on" if devices else f"never below {least}"
