"""`TorchTrainer`: one `Job` in, one `Trace` out."""

from __future__ import annotations

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, OnPoint, Trace
from autosuperconv.errors import DataError
from autosuperconv.training.data.task import TaskData
from autosuperconv.training.engine import Engine, isolated
from autosuperconv.training.feed import Batches, make_batches, placement
from autosuperconv.training.feed.batches import size_of
from autosuperconv.training.loop.training import Training
from autosuperconv.training.models import ModelFactory


class TorchTrainer:
    """The `Trainer` of this package: any `nn.Module` on any classification data.

    Args:
        data: the splits.
        factory: builds a new, untrained model.
        engine: where and how to train it.
    """

    def __init__(self, data: TaskData, factory: ModelFactory, engine: Engine) -> None:
        self.data, self.factory, self.engine = data, factory, engine
        self._batches: Batches | None = None

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        batches = self.batches()
        _check_batch(job.recipe, batches.n_train)
        with isolated(self.engine):
            training = Training(job, self.data, self.factory, self.engine, batches, on_point)
            return training.carry_out()

    def with_engine(self, engine: Engine) -> TorchTrainer:
        """The same model and data on another engine."""
        return TorchTrainer(self.data, self.factory, engine)

    def batches(self) -> Batches:
        """The data, brought to the device at the first call."""
        if self._batches is None:
            self._batches = make_batches(self.data, self.engine)
        return self._batches

    @property
    def n_train(self) -> int:
        """Training samples of one epoch."""
        return self.sizes()["train"]

    def sizes(self) -> dict[str, int]:
        """Samples of each split."""
        data = self.data
        return {
            "train": size_of(data.train),
            "validation": size_of(data.validation),
            "test": size_of(data.test),
        }

    def choices(self) -> tuple[str, ...]:
        """What was decided about the data and how they reach the device; one sentence each."""
        return (*self.data.notes, placement(self.data, self.engine))

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_batches": None}


def _check_batch(recipe: Recipe, n_train: int) -> None:
    if recipe.batch_size > n_train:
        raise DataError(
            f"batch_size must be at most the number of training samples, {n_train}, "
            f"but got {recipe.batch_size}. Choose a smaller batch size or give more data."
        )
