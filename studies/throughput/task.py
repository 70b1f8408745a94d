"""What every loop of this study trains: the same net, data, batch size, schedule and length."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule.reach import steps_of
from autosuperconv.training.data import load_dataset
from autosuperconv.training.data.task import TaskData, TensorSplit
from autosuperconv.training.models import ModelFactory, model_factory

VALIDATION = 1000


@dataclass(frozen=True)
class Case:
    """One comparison.

    Args:
        repeats: interleaved; each with its own seed.
    """

    name: str
    data: TaskData
    factory: ModelFactory
    recipe: Recipe
    repeats: int = 5

    def short(self) -> Case:
        """One epoch of two batches: to warm up."""
        few = 2 * self.recipe.batch_size
        train = TensorSplit(self.train.x[:few], self.train.y[:few])
        data = replace(self.data, train=train)
        return replace(self, data=data, recipe=replace(self.recipe, epochs=1))

    @property
    def train(self) -> TensorSplit:
        assert isinstance(self.data.train, TensorSplit)
        return self.data.train

    @property
    def samples(self) -> int:
        """Training samples of one run: whole batches only."""
        return self.steps * self.recipe.batch_size

    @property
    def steps(self) -> int:
        return steps_of(self.recipe, len(self.train))

    @property
    def epochs(self) -> int:
        return round(self.recipe.epochs)


def cases() -> list[Case]:
    """LeNet on MNIST, ResNet-8 and ResNet-20 on CIFAR-10, an MLP on 64 features."""
    folder = Path(os.environ.get("AUTOSUPERCONV_DATA", "data"))
    mnist = _whole_batches(load_dataset("mnist", folder, n_train=4000), 128)
    small = photographs(1920)
    fewer = _whole_batches(small, 128, 1024)
    features = _whole_batches(_flat(load_dataset("digits", folder)), 64)
    tame = Recipe(max_lr=0.05, batch_size=128, weight_decay=1e-4)
    return [
        _case("lenet on MNIST", "lenet", mnist, replace(tame, epochs=1)),
        _case("resnet8 on CIFAR-10", "resnet8", small, replace(tame, epochs=2, max_lr=0.3)),
        _case("resnet20 on CIFAR-10", "resnet20", fewer, replace(tame, epochs=4, max_lr=0.3)),
        _case("mlp on 64 features", "mlp", features, replace(tame, epochs=20, batch_size=64)),
    ]


def photographs(n_train: int) -> TaskData:
    """So many images of CIFAR-10, a multiple of 128."""
    photos = os.environ.get("AUTOSUPERCONV_CIFAR")
    name = f"folder:{photos}" if photos else "cifar10"
    folder = Path(os.environ.get("AUTOSUPERCONV_DATA", "data"))
    return _whole_batches(load_dataset(name, folder, n_train=n_train), 128)


def _case(name: str, model: str, data: TaskData, recipe: Recipe) -> Case:
    return Case(name, data, model_factory(model, data.shape, data.classes), recipe)


def _whole_batches(data: TaskData, batch_size: int, most: int = 10**9) -> TaskData:
    """An epoch of whole batches, so that every loop makes the same steps; a short validation."""
    train, validation = data.train, data.validation
    assert isinstance(train, TensorSplit)
    assert isinstance(validation, TensorSplit)
    n = min(len(train), most) // batch_size * batch_size
    return replace(
        data,
        train=TensorSplit(train.x[:n], train.y[:n]),
        validation=TensorSplit(validation.x[:VALIDATION], validation.y[:VALIDATION]),
    )


def _flat(data: TaskData) -> TaskData:
    """Images as rows of float features, standardised by the images' one mean and deviation."""

    def rows(split: object) -> TensorSplit:
        assert isinstance(split, TensorSplit)
        return TensorSplit((split.x.flatten(1).float() / 255 - data.mean[0]) / data.std[0], split.y)

    width = data.shape[0] * data.shape[1] * data.shape[2]
    return replace(
        data,
        train=rows(data.train),
        validation=rows(data.validation),
        test=rows(data.test),
        shape=(width,),
        mean=(0.0,) * width,
        std=(1.0,) * width,
    )


def use_threads(n: int) -> None:
    """Threads of one run."""
    torch.set_num_threads(n)
