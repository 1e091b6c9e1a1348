"""Tensors from a weights file of PyTorch, in the format it had before version 1.6, read without PyTorch."""

import os
import pickle
import pickletools
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001
REMEMBERED, MOST = ("PUT", "BINPUT", "LONG_BINPUT"), 10**6
NUMBERS = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class _Tensor(NamedTuple):
    """A tensor before its numbers are read: `storage` is (kind, numbers, key, device, count, view)."""

    storage: tuple
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Unpickler(pickle.Unpickler):
    """Makes tensors and nothing else; an ordinary pickle may run whatever its author liked."""

    def find_class(self, module: str, name: str):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: _Tensor(storage, offset, shape, strides)
        if module == "torch" and name in NUMBERS:
            return NUMBERS[name]
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which tensors do not need")

    def persistent_load(self, pid):
        return pid


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """The tensors of a file by name, each with the shape that PyTorch gives it.

    Raises ValueError where the file is anything else.
    """
    with path.open("rb") as file:
        try:
            if [_load(file) for _ in range(2)] != [MAGIC, VERSION]:
                raise ValueError("it is not a PyTorch file of the format before 1.6")
            _, tensors, keys = (_load(file) for _ in range(3))
            kinds = {tensor.storage[2]: tensor.storage[1] for tensor in tensors.values()}
            storages = {key: _read_storage(file, kinds[key]) for key in keys}
            return {name: _view(storages[tensor.storage[2]], tensor) for name, tensor in tensors.items()}
        except (pickle.UnpicklingError, EOFError, AttributeError, LookupError, TypeError, ArithmeticError) as error:
            raise ValueError(f"it is not a PyTorch file of the format before 1.6 ({error})") from error


def _load(file: BinaryIO) -> object:
    """The next object of a file. The unpickler makes room for as many objects as the highest number that it is told."""
    start = file.tell()
    try:
        numbers = [number for step, number, _ in pickletools.genops(file) if step.name in REMEMBERED]
    except ValueError as error:
        raise pickle.UnpicklingError(str(error)) from None
    if max(numbers, default=0) > MOST:
        raise pickle.UnpicklingError("it numbers more objects than tensors need")
    file.seek(start)
    return _Unpickler(file).load()


def _read_storage(file: BinaryIO, numbers: np.dtype) -> np.ndarray:
    """A storage, (count,): eight bytes of count, then the numbers."""
    size = int.from_bytes(file.read(8), "little") * numbers.itemsize
    if size > os.fstat(file.fileno()).st_size - file.tell():
        raise EOFError("it is cut off")
    return np.frombuffer(file.read(size), numbers)


def _view(storage: np.ndarray, tensor: _Tensor) -> np.ndarray:
    """The numbers of a tensor: its strides, in numbers, need not be those of its shape."""
    last = tensor.offset + sum((side - 1) * stride for side, stride in zip(tensor.shape, tensor.strides, strict=True))
    if min(tensor.offset, *tensor.strides, *tensor.shape, 0) < 0 or last >= len(storage):
        raise ValueError(f"a tensor of shape {tensor.shape} does not fit its {len(storage):,} numbers")
    strides = [stride * storage.itemsize for stride in tensor.strides]
    return np.lib.stride_tricks.as_strided(storage[tensor.offset :], tensor.shape, strides, writeable=False)
