"""Torch data sets, folders of images, named data sets, and what feeds them to a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.data.task import TaskData
from autosuperconv.training.engine import Engine
from autosuperconv.training.feed.resident import Resident
from autosuperconv.training.feed.streamed import Streamed
from tests.messages.table import Row, call
from tests.training.made import dots, trainer

CHECKED = "training/data/checked.py"
TORCH = "training/data/torch_dataset.py"


class Samples(Dataset[Any]):
    """60 samples of 4 numbers, of 3 classes; some are replaced."""

    def __init__(self, **changed: Any) -> None:
        self.x = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
        self.changed = {int(name[1:]): sample for name, sample in changed.items()}

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, index: int) -> Any:
        sample = self.changed.get(index, (self.x[index], index % 3))
        if isinstance(sample, Exception):
            raise sample
        return sample


class Targets(Samples):
    """The same, whose labels are declared."""

    targets: Sequence[object] = tuple(i % 3 for i in range(60))


class Each(Samples):
    """The same, every x replaced."""

    def __init__(self, x: Any) -> None:
        super().__init__()
        self.every = x

    def __getitem__(self, index: int) -> Any:
        return self.every, index % 3


class Complex(Samples):
    def __getitem__(self, index: int) -> Any:
        return self.x[index] * 1j, index % 3


class Parts(Samples):
    """Its complex numbers as the message writes them."""

    def __getitem__(self, index: int) -> Any:
        x = self.x[index] * (1 + 1j)
        return torch.stack([x.real, x.imag]), index % 3


class Stream(IterableDataset[Any]):
    def __iter__(self) -> Any:
        return iter(())


class Endless(Samples):
    def __len__(self) -> int:
        raise TypeError("object of type 'Endless' has no len()")


class Nothing(Samples):
    def __len__(self) -> int:
        return 0


class Text(Targets):
    targets = tuple(str(i % 3) for i in range(60))


class Halves(Samples):
    def __getitem__(self, index: int) -> Any:
        return self.x[index], index % 3 + 0.5


SHORT: tuple[Tensor, int] = (torch.zeros(3), 0)


def task(data: Any, **options: Any) -> object:
    return as_task_data(data, **options)


def trained(data: Any) -> object:
    """Read as a run reads it: labels are declared, samples come later."""
    return list(Streamed(as_task_data(data), Engine()).statistics(60))


def mixed(feed: Any) -> object:
    data = dots()
    return feed(replace(data, test=Samples()), Engine())


def made_from_both() -> TaskData:
    x, y = torch.randn(30, 4), torch.arange(30) % 3
    return as_task_data((Samples(), (x, y)))


def batch(size: int) -> object:
    return trainer(dots())(Job(Recipe(max_lr=0.1, epochs=0.1, batch_size=size)))


ROWS = [
    Row(
        f"{CHECKED} Checked.__getitem__ 1",
        call(trained, Targets(_7=SHORT)),
        "Repair it",
        call(trained, Targets()),
    ),
    Row(
        f"{CHECKED} without_broken 1",
        call(task, Each("text"), skip_broken=100),
        "(tensor, label) pairs",
        call(task, Samples(), skip_broken=100),
    ),
    Row(
        f"{CHECKED} about_broken 1",
        call(task, Samples(_7=SHORT, _8=SHORT), skip_broken=1),
        "skip_broken 2",
        call(task, Samples(_7=SHORT, _8=SHORT), skip_broken=2),
    ),
    Row(
        f"{TORCH} _label 1",
        call(task, Halves()),
        "return the class's number",
        call(task, Samples()),
    ),
    Row(
        f"{TORCH} first_sample 1",
        call(task, Each(Image.new("L", (8, 8)))),
        "torchvision.transforms.ToTensor()",
        call(task, Samples()),
    ),
    Row(
        f"{TORCH} first_sample 2",
        call(task, Complex()),
        "torch.stack([x.real, x.imag])",
        lambda: task(Parts()),
    ),
    Row(
        f"{TORCH} length_of 1",
        call(task, Stream()),
        "with __len__ and __getitem__",
        call(task, Samples()),
    ),
    Row(
        f"{TORCH} length_of 2",
        call(task, Endless()),
        "Give the data set a __len__",
        call(task, Samples()),
    ),
    Row(
        f"{TORCH} length_of 3", call(task, Nothing()), "at least one sample", call(task, Samples())
    ),
    Row(
        f"{TORCH} _sample 1",
        call(task, Samples(_7=OSError("gone"))),
        "(skip_broken)",
        call(task, Samples(_7=OSError("gone")), skip_broken=1),
    ),
    Row(
        f"{TORCH} _sample 2",
        call(task, Samples(_7=torch.zeros(4))),
        "(x, label) pairs",
        call(task, Samples()),
    ),
    Row(f"{TORCH} _integers 1", call(task, Text()), "or leave them out", call(task, Samples())),
    Row(
        "training/feed/resident.py _on_device 1",
        call(mixed, Resident),
        "with as_task_data",
        made_from_both,
    ),
    Row(
        "training/feed/streamed.py Streamed.__init__ 1",
        call(mixed, Streamed),
        "with as_task_data",
        made_from_both,
    ),
    Row(
        "training/loop/trainer.py _check_batch 1",
        call(batch, 1000),
        "a smaller batch size",
        call(batch, 8),
    ),
]
