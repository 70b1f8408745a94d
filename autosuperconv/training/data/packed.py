"""What is sent to another process, the numbers of its tensors and arrays apart from the rest.

Torch pickles a tensor's whole storage, of which a slice may show a hundredth. Here, what is sent
is what is shown: every byte once, even if several tensors show it. Tensors that share memory share
it again where they arrive.
"""

from __future__ import annotations

import io
import mmap
import os
import pickle
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from joblib.externals.loky.backend.reduction import get_loky_pickler
from numpy.typing import NDArray
from torch import Tensor

SPARSE = 2  # times: where memory is so much larger than what is shown of it, that is copied
FEW = 2**10  # bytes: smaller arrays are pickled as they are

Block: TypeAlias = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where the numbers of a tensor or array are.

    Args:
        block: its number; of nothing, -1.
        offset: in bytes, of the first number from the block's start.
        dtype: of torch or NumPy, which tells a tensor from an array.
        shape: of the tensor or array.
        strides: in numbers for a tensor, in bytes for an array.
        writeable: what an array says of itself.
    """

    block: int
    offset: int
    dtype: torch.dtype | np.dtype[Any]
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    writeable: bool = True

    def found_in(self, blocks: tuple[Block, ...]) -> Tensor | NDArray[Any]:
        """The tensor or array."""
        if isinstance(self.dtype, torch.dtype):
            return self._tensor(self.dtype, blocks)
        array: NDArray[Any] = np.ndarray(
            self.shape, self.dtype, blocks[self.block].data, self.offset, self.strides
        )
        array.flags.writeable = self.writeable
        return array

    def _tensor(self, dtype: torch.dtype, blocks: tuple[Block, ...]) -> Tensor:
        if self.block < 0:
            return torch.empty_strided(self.shape, self.strides, dtype=dtype)
        steps = zip(self.shape, self.strides, strict=True)
        reach = 1 + sum((size - 1) * step for size, step in steps)
        flat = torch.frombuffer(blocks[self.block], dtype=dtype, count=reach, offset=self.offset)
        return flat.as_strided(self.shape, self.strides)


@dataclass(frozen=True, slots=True)
class Packed:
    """An object in parts. It can be pickled, whatever the object is.

    Args:
        head: the pickle of everything but the numbers.
        places: by number in the pickle.
        blocks: memory, in this process that of the tensors themselves.
    """

    head: bytes
    places: tuple[Whereabouts, ...]
    blocks: tuple[Block, ...]

    @property
    def nbytes(self) -> int:
        """Of all blocks."""
        return sum(block.nbytes for block in self.blocks)


def pack(content: object) -> Packed:
    """Pickle an object, as loky does: functions that no module has are sent with their code."""
    head, memory = io.BytesIO(), Memory()
    pickler = get_loky_pickler()(head)
    pickler.persistent_id = memory.name_of
    pickler.dump(content)
    return memory.packed(head.getvalue())


def unpickled(packed: Packed, elsewhere: bool = False) -> Any:
    """What was packed; its tensors are the blocks' memory.

    Args:
        elsewhere: refuse what another process would not find.
    """
    made: dict[int, Tensor | NDArray[Any]] = {}

    def place(number: int) -> Tensor | NDArray[Any]:
        if number not in made:
            made[number] = packed.places[number].found_in(packed.blocks)
        return made[number]

    reader = ElsewhereUnpickler if elsewhere else Unpickler
    return reader(packed.head, place).load()


class Unpickler(pickle.Unpickler):
    """Takes tensors and arrays from elsewhere, by their numbers or files."""

    def __init__(self, head: bytes, place: Callable[[int], Tensor | NDArray[Any]]) -> None:
        pickle.Unpickler.__init__(self, io.BytesIO(head))
        self._place = place

    def persistent_load(self, name: int | OfFile) -> Tensor | NDArray[Any]:
        return self._place(name) if isinstance(name, int) else name.mapped()


class ElsewhereUnpickler(Unpickler):
    """Reads as another process does, whose `__main__` is not the caller's script. Most of what a
    script defines is sent with its code; a function behind `functools.lru_cache` is sent by name.
    """

    def find_class(self, module: str, name: str) -> Any:
        if module == "__main__":
            raise AttributeError(f"{name} is defined in the script itself; move it to a module")
        return super().find_class(module, name)


@dataclass(frozen=True, slots=True)
class OfFile:
    """An array that the caller has mapped from a file, which every process can map.

    Args:
        path: of the file.
        offset: of the first number, in bytes.
        dtype: of the array.
        shape: of the array.
        writeable: what the array says of itself.
    """

    path: str
    offset: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    writeable: bool

    def mapped(self) -> NDArray[Any]:
        """The array; what is written into it, if it can be, does not reach the file."""
        mode: Literal["c", "r"] = "c" if self.writeable else "r"
        return np.memmap(self.path, self.dtype, mode, self.offset, self.shape)


def _file_of(array: np.memmap[Any, Any]) -> OfFile | None:
    """None where the file does not hold what the array shows."""
    file, mapped = array.filename, array._mmap  # type: ignore[attr-defined]
    if mapped is None or file is None or not os.path.isfile(file):
        return None
    if array.mode == "c" or not array.flags.c_contiguous or array.size == 0:
        return None
    start = array.offset - array.offset % mmap.ALLOCATIONGRANULARITY
    inside = array.ctypes.data - np.frombuffer(mapped, np.uint8).ctypes.data
    return OfFile(
        os.path.abspath(file), start + inside, array.dtype, array.shape, array.flags.writeable
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """A tensor or array that was met.

    Args:
        owner: keeps the memory alive.
        start: address of its first number.
        size: in bytes, from its first number to the end of its last.
        place: where its numbers are, if they were a block of their own.
    """

    owner: Tensor | NDArray[Any]
    start: int
    size: int
    place: Whereabouts


class Memory:
    """Takes note of tensors and arrays, and cuts the memory that they show into blocks."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}  # by `id`
        self._shown: list[Shown] = []
        self._met: list[object] = []  # is kept alive, so that no other object gets its `id`

    def name_of(self, value: object) -> int | OfFile | None:
        """The number of a tensor or array, or its file; None for what is pickled in its own way."""
        if type(value) is np.memmap:
            return _file_of(value)
        return self._number_of(value)

    def _number_of(self, value: object) -> int | None:
        if id(value) in self._numbers:
            return self._numbers[id(value)]
        if type(value) is Tensor and _is_plain(value):
            self._shown.append(_of_tensor(value))
        elif type(value) is np.ndarray and _is_plain_array(value):
            self._shown.append(_of_array(value))
        else:
            return None
        self._met.append(value)
        self._numbers[id(value)] = len(self._shown) - 1
        return self._numbers[id(value)]

    def packed(self, head: bytes) -> Packed:
        """The head with the memory that it refers to."""
        places, regions = [shown.place for shown in self._shown], list[Region]()
        for number in sorted(range(len(places)), key=lambda i: self._shown[i].start):
            shown = self._shown[number]
            if shown.size == 0:
                continue
            if not regions or shown.start > regions[-1].end:
                regions.append(Region(shown.start))
            offset = regions[-1].take(shown)
            places[number] = replace(places[number], block=len(regions) - 1, offset=offset)
        return Packed(head, tuple(places), tuple(region.block() for region in regions))


class Region:
    """Adjacent memory of this process, and what keeps it alive."""

    def __init__(self, start: int) -> None:
        self.start = self.end = start
        self.owners: list[Tensor | NDArray[Any]] = []

    def take(self, shown: Shown) -> int:
        """Reach to the end of what is shown; returns where it begins."""
        self.end = max(self.end, shown.start + shown.size)
        self.owners.append(shown.owner)
        return shown.start - self.start

    def block(self) -> Block:
        return np.asarray(self)

    @property
    def __array_interface__(self) -> dict[str, object]:
        return {
            "data": (self.start, False),
            "shape": (self.end - self.start,),
            "typestr": "|u1",
            "version": 3,
        }


def _is_plain(tensor: Tensor) -> bool:
    """Whether it is numbers in memory, and nothing else."""
    return (
        tensor.layout == torch.strided
        and tensor.device.type == "cpu"
        and not (tensor.requires_grad or tensor.is_quantized or tensor.is_conj() or tensor.is_neg())
        and not vars(tensor)
    )


def _of_tensor(tensor: Tensor) -> Shown:
    reach = _reach(tensor)
    if reach > SPARSE * tensor.numel():
        tensor = tensor.contiguous()
        reach = tensor.numel()
    shape, size = tuple(tensor.shape), reach * tensor.element_size()
    place = Whereabouts(-1, 0, tensor.dtype, shape, tensor.stride())
    return Shown(tensor, tensor.data_ptr(), size, place)


def _reach(tensor: Tensor) -> int:
    """From its first number to its last, in numbers."""
    if tensor.numel() == 0:
        return 0
    return 1 + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.stride(), strict=True))


def _is_plain_array(array: NDArray[Any]) -> bool:
    dense = array.flags.c_contiguous or array.flags.f_contiguous
    return array.nbytes >= FEW and dense and not array.dtype.hasobject


def _of_array(array: NDArray[Any]) -> Shown:
    place = Whereabouts(-1, 0, array.dtype, array.shape, array.strides, array.flags.writeable)
    return Shown(array, array.ctypes.data, array.nbytes, place)
