"""A process that trains a network on noise, so many steps for each number it reads, and answers when it has.

python -m benchmarks.bursts small --plain-allocator
"""

import platform
import sys

NETWORKS = {"small": (96, 32), "efficientnet_lite2": (260, 8)}  # pixels, images per step


def main(backbone: str, plain_allocator: bool) -> None:
    if plain_allocator:
        platform.libc_ver = lambda: ("", "")  # as where there is no glibc: the allocator is left alone
    from benchmarks.engine import Repeated, compiled
    from competition.recipe import Recipe
    from competition.recipes.fashionai import TASKS

    size, count = NETWORKS[backbone]
    weights = "none" if backbone == "small" else "imagenet"
    recipe = Recipe("bench", TASKS, backbone=backbone, image_size=size, batch_size=count, weights=weights)
    network, repeated = compiled(recipe, "float32"), Repeated(recipe)
    for line in sys.stdin:
        repeated.train(network, int(line))
        print("done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], "--plain-allocator" in sys.argv)
