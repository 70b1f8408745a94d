"""What is sent is what is shown, and it arrives as it was."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset, Subset

from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.data.packed import pack, unpickled
from autosuperconv.training.engine import Engine
from autosuperconv.training.loop.trainer import TorchTrainer
from tests.training.made import small_net

MIB = 2**20
IMAGES = torch.randint(0, 256, (3000, 3, 16, 16), dtype=torch.uint8)  # 2.2 MiB
LABELS = torch.arange(3000) % 2


def arrived(content: object) -> Any:
    return unpickled(pickle.loads(pickle.dumps(pack(content))))


def travels(trainer: TorchTrainer) -> int:
    return len(cloudpickle.dumps(trainer))


class Held(Dataset[tuple[Tensor, int]]):
    """A data set of tensors or arrays."""

    def __init__(self, x: Any) -> None:
        self.x = x

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return torch.as_tensor(self.x[index]), index % 2


def parts(x: Any, *ends: int) -> tuple[Any, ...]:
    return tuple((x[a:b], LABELS[a:b]) for a, b in zip((0, *ends), (*ends, len(x)), strict=True))


@pytest.mark.parametrize(
    "data",
    [
        (IMAGES, LABELS),
        parts(IMAGES, 2000),
        parts(IMAGES, 1000, 2000),
        parts(IMAGES, 2900),
        tuple(Held(part) for part, _ in parts(IMAGES, 1000, 2000)),
        tuple(Held(part) for part, _ in parts(IMAGES.numpy(), 1000, 2000)),
        Held(IMAGES),
        Subset(Held(IMAGES), range(3000)),
        tuple(Held(IMAGES) for _ in range(3)),
    ],
)
def test_the_data_travel_once_however_they_are_divided(data: Any) -> None:
    sent = travels(TorchTrainer(as_task_data(data), small_net, Engine()))
    assert sent < 1.1 * IMAGES.nbytes


def test_of_a_selection_only_what_is_selected_travels() -> None:
    data = as_task_data((IMAGES, LABELS), n_train=200)
    held = sum(split.x.nbytes for split in (data.train, data.validation, data.test))  # type: ignore[union-attr]
    assert held < IMAGES.nbytes / 1.8
    assert travels(TorchTrainer(data, small_net, Engine())) < 1.1 * held + 20_000


def test_a_factory_that_holds_a_slice_sends_the_slice() -> None:
    whole = torch.zeros(1_000_000)
    slices = whole[:8], whole[::1000], whole[-8:]
    weight = nn.Parameter(whole[100:108])
    data = as_task_data((IMAGES[:100], LABELS[:100]))

    def factory() -> nn.Module:
        assert weight.shape == slices[0].shape == slices[2].shape
        return small_net()

    assert travels(TorchTrainer(data, factory, Engine())) < 1.1 * IMAGES[:100].nbytes + 40_000


@pytest.mark.parametrize(
    "value",
    [
        torch.arange(12.0).reshape(3, 4),
        torch.arange(12.0).reshape(3, 4).t(),
        torch.arange(24).reshape(1, 2, 3, 4).to(memory_format=torch.channels_last),
        torch.arange(100)[3::30],
        torch.arange(3).expand(5, 3),
        torch.tensor(7),
        torch.empty(0, 5),
        torch.zeros(10)[:0],
        torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
        torch.tensor([True, False]),
        torch.tensor([1 + 2j]),
        torch.tensor([1 + 2j]).conj(),
        torch.eye(3).to_sparse(),
        torch.ones(3, requires_grad=True),
        nn.Parameter(torch.arange(6.0)[1:3]),
    ],
)
def test_a_tensor_arrives_as_it_was(value: Tensor) -> None:
    (found,) = arrived([value])
    assert type(found) is type(value)
    assert (found.dtype, found.shape) == (value.dtype, value.shape)
    assert found.requires_grad == value.requires_grad
    assert torch.equal(found.to_dense(), value.to_dense())


@pytest.mark.parametrize(
    "value",
    [
        np.arange(1000.0),
        np.asfortranarray(np.arange(1000.0).reshape(10, 100)),
        np.arange(2000.0)[::2],
        np.arange(1000)[::-1],
        np.array(["a", None] * 1000, dtype=object),
        np.zeros(100, dtype=[("a", "i4"), ("b", "f8")]),
        np.arange(1000, dtype=">i4"),
        np.array(["2020-01-01"] * 200, dtype="datetime64[D]"),
        np.broadcast_to(np.arange(2.0), (1000, 2)),
        np.zeros((0, 5)),
        np.float32(2.5),
    ],
)
def test_an_array_arrives_as_it_was(value: np.ndarray) -> None:
    (found,) = arrived([value])
    assert type(found) is type(value)
    assert (found.dtype, found.shape) == (value.dtype, value.shape)
    assert found.tolist() == value.tolist()


@pytest.mark.parametrize("writeable", [True, False])
def test_an_array_that_cannot_be_written_stays_so(writeable: bool) -> None:
    value = np.arange(1000.0)
    value.flags.writeable = writeable
    assert arrived([value])[0].flags.writeable is writeable


def test_what_shares_memory_shares_it_where_it_arrives() -> None:
    whole = torch.zeros(100)
    net = nn.Linear(4, 4)
    net.tied = net.weight  # type: ignore[assignment]
    view, array, same, linear = arrived([whole[10:60], whole.numpy()[40:50], whole, net])
    same[45] = 1
    assert view[35] == 1
    assert array[5] == 0  # small arrays are copied, as pickle does
    assert linear.tied is linear.weight


def test_one_tensor_is_one_tensor_where_it_arrives() -> None:
    tensor = torch.zeros(3)
    first, second = arrived([tensor, tensor])
    assert first is second


def test_bytes_and_wider_numbers_may_show_the_same_memory() -> None:
    raw = torch.arange(64, dtype=torch.uint8)
    some, wide = arrived([raw[1:60], raw[8:24].view(torch.int64)])
    assert torch.equal(some, raw[1:60])
    assert torch.equal(wide, raw[8:24].view(torch.int64))


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
@pytest.mark.parametrize("part", [slice(None), slice(300, 9000), slice(0, 9000, 3)])
def test_an_array_that_is_mapped_from_a_file_arrives_mapped(
    tmp_path: Path, mode: Any, part: slice
) -> None:
    np.save(tmp_path / "x.npy", np.arange(10_000))
    array = np.load(tmp_path / "x.npy", mmap_mode=mode)[part]
    if mode == "c":
        array[0] = -1  # is in no file
    packed = pack(array)
    sent_by_name = mode != "c" and part.step is None
    assert (len(packed.head) + packed.nbytes < 1000) is sent_by_name
    found = arrived(array)
    assert np.array_equal(found, array)
    if sent_by_name and mode == "r":
        assert not found.flags.writeable
        return
    found[1] = 7  # reaches neither the file nor the sender
    assert array[1] != 7
    assert np.load(tmp_path / "x.npy")[part][1] != 7
