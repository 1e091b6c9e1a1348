"""What this machine has: versions, devices, memory, disk, weights."""

import os
import platform
import shutil
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("tensorflow", "keras", "numpy", "pandas", "opencv-python-headless", "simplejpeg", "albumentations")
GIB = 2**30


def doctor() -> None:
    """Show versions, devices, OpenCV, memory, disk space, and which files of pretrained weights are there."""
    print(f"python        {platform.python_version()} on {platform.platform()}")
    print("packages      " + ", ".join(f"{name} {version(name)}" for name in PACKAGES))

    import cv2

    from competition.images.decode import MAX_PIXELS
    from competition.model.backbones.registry import BACKBONES
    from competition.model.devices import KEEPS_FREED_MEMORY, describe_devices, half_format
    from competition.model.weights import is_intact, models_folder, place_of, requirement

    print("devices       " + "\n              ".join(describe_devices()))
    print(f"cores         {os.cpu_count()}")
    other = f" or {half}, whichever is faster for the network" if (half := half_format()) else ""
    print(f"precision     auto means float32{other} here")
    without = os.environ["TF_ENABLE_ONEDNN_OPTS"].lower() in ("0", "false")
    print(f"oneDNN        {'off, by TF_ENABLE_ONEDNN_OPTS' if without else 'on'}")
    print(f"allocator     {'keeps' if KEEPS_FREED_MEMORY else 'may not keep'} freed memory for the next step")
    print(f"OpenCV        {cv2.__version__}, pictures up to {MAX_PIXELS:,} pixels")
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    print(f"memory        {os.sysconf('SC_AVPHYS_PAGES') * size / GIB:.0f} GiB free of {pages * size / GIB:.0f}")
    disk = shutil.disk_usage(Path.cwd())
    print(f"disk          {disk.free / GIB:.0f} GiB free of {disk.total / GIB:.0f} here")
    print(f"graphviz      {shutil.which('dot') or 'not installed, so runs hold no network.png'}")
    print(f"weights       in installed packages, and in {models_folder()}")
    for name, spec in BACKBONES.items():
        if spec.imagenet:
            path = place_of(spec.imagenet)
            state = "missing" if not path.is_file() else "there" if is_intact(path, spec.imagenet) else "wrong hash"
            package = f" (in the package {requirement(spec.imagenet)})" if spec.imagenet.package else ""
            print(f"  {name:20} {state:10} {spec.imagenet.name}{package}")
