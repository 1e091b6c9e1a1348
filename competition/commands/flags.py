"""Kinds of flags that several commands take."""

from collections.abc import Sequence
from typing import Annotated

import tyro


def _numbers(texts: Sequence[str]) -> tuple[int, ...]:
    return tuple(int(number) for number in texts[0].split(","))


Folds = Annotated[
    tuple[int, ...],
    tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="N,N",
        instance_from_str=_numbers,
        is_instance=lambda value: isinstance(value, tuple),
        str_from_instance=lambda value: [",".join(map(str, value))],
    ),
]
