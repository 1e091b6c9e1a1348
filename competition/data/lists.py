"""Lists of the images in folders named after their classes, such as rose_red: the text files of the layout flowers."""

from contextlib import ExitStack
from itertools import product
from pathlib import Path

import numpy as np

from competition.data.stratify import divide
from competition.errors import InvalidInput, is_utf8
from competition.files import whole_file
from competition.images.decode import ENDINGS, is_image
from competition.layouts.flowers import BREAKS, TEST, TRAIN, VALIDATION, write_lines
from competition.task import Task

SHARES = {TRAIN: 0.6, VALIDATION: 0.25, TEST: 0.15}  # of each kind of flower


def write_lists(folder: Path, tasks: tuple[Task, ...], seed: int = 0) -> dict[str, int]:
    """Write train.txt, val.txt and test.txt for the images in `folder`/<class>_<class>/; return how many each names.

    They name 60, 25 and 15 % of the images of each kind, to within one; `seed` decides which. Raises InvalidInput, and
    writes nothing, if a file exists already, a folder is not named after classes, something in it is no image, or a
    name cannot be written to such a file.
    """
    if there := [str(folder / name) for name in SHARES if (folder / name).exists()]:
        raise InvalidInput(
            f"{', '.join(there)} exists, and is not overwritten, because scores on another split cannot be compared; "
            "to make a new split, remove train.txt, val.txt and test.txt"
        )
    names, kinds = find_images(folder, tasks)
    stratum = np.unique(kinds, axis=0, return_inverse=True)[1]
    part = divide(stratum, np.ones(len(names)), [*SHARES.values()], np.random.default_rng(seed))
    with ExitStack() as lists:  # all three, or none
        for number, file in enumerate(SHARES):
            temporary = lists.enter_context(whole_file(folder / file))
            write_lines(temporary, names[part == number], kinds[part == number].tolist())
    return dict(zip(SHARES, np.bincount(part, minlength=len(SHARES)).tolist(), strict=True))


def find_images(folder: Path, tasks: tuple[Task, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The names of the images (n,), sorted, and the index of the class of each task (n, tasks) int.

    Names that start with a dot are left out. Raises InvalidInput with all problems.
    """
    indices = product(*(range(len(task)) for task in tasks))
    kinds = dict(zip(map("_".join, product(*(task.classes for task in tasks))), indices, strict=True))
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is not a folder; name the one that holds {', '.join(kinds)}")
    kind_of = {name.lower(): kind for name, kind in kinds.items()}
    images, problems = [], []
    for path in sorted(path for path in folder.glob("[!.]*") if path.is_dir()):
        kind, inside = kind_of.get(path.name.lower()), sorted(path.glob("[!.]*"))
        problems += [f"{path}: no such kind"] if kind is None else [text for one in inside if (text := _problem(one))]
        images += [(f"{path.name}/{one.name}", kind) for one in inside]
    if problems or not images:
        raise InvalidInput(
            f"{folder} cannot be listed; expected are folders {', '.join(kinds)} with images ({', '.join(ENDINGS)}):",
            problems or ["no image was found"],
        )
    names, found = zip(*sorted(images), strict=True)
    return np.array(names, object), np.array(found)


def _problem(path: Path) -> str | None:
    if not is_image(path) or not path.is_file():
        return f"{path}: not an image; remove it"
    if any(sign in path.name for sign in BREAKS) or path.name != path.name.strip():
        return f"{path}: a name with a line break, or a space at an end, cannot be written to the lists; rename it"
    if not is_utf8(path.name):
        return f"{path}: a name that is not UTF-8 cannot be written to the lists; rename it"
    return None
