"""`TorchTrainer`: one `Job` in, one `Trace` out."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import get_args

from autosuperconv.core.evaluation_budget import SIZES
from autosuperconv.core.format import reason_of
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, OnPoint, Split, Trace
from autosuperconv.errors import DataError
from autosuperconv.training.data.packed import Packed, pack, unpickled
from autosuperconv.training.data.shared import WORTH, InFile, in_one_file, own_copies
from autosuperconv.training.data.task import TaskData
from autosuperconv.training.engine import Engine, isolated
from autosuperconv.training.engine.system import ran_out
from autosuperconv.training.feed import Batches, is_resident, make_batches, placement
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

    def __reduce__(self) -> tuple[Callable[[Packed], TorchTrainer], tuple[Packed]]:
        return unpickled, (pack(Contents(self)),)

    def shareable(self) -> int:
        """Bytes of the data that worker processes can share; 0 where it is not worth it."""
        size = pack(Contents(self)).nbytes
        return size if size > WORTH else 0

    @contextlib.contextmanager
    def shared(self) -> Iterator[object]:
        """While it is open: what to send to a process of this machine. The data, and the batches
        that a CPU keeps ready, are in one file for all of them, if they are worth one."""
        with contextlib.ExitStack() as stack:
            in_file = self._in_file(stack) if self.shareable() else None
            yield self if in_file is None else in_file

    def _in_file(self, stack: contextlib.ExitStack) -> InFile | None:
        """As long as the stack is open; None where there is no room for it."""
        why = ""
        for ready in (self._made_ready, lambda: None):  # the second time, with less
            try:
                return stack.enter_context(in_one_file(pack(Contents(self, ready()))))
            except Exception as error:
                if not (isinstance(error, OSError) or ran_out(error)):
                    raise
                why = reason_of(error)
        warnings.warn(own_copies(why), RuntimeWarning, stacklevel=2)
        return None

    def _made_ready(self) -> Batches | None:
        """Batches with everything that every run would otherwise make for itself."""
        engine = self.engine
        if engine.device != "cpu" or not is_resident(self.data, engine):
            return None
        with isolated(engine):
            batches = make_batches(self.data, engine)
            for size in SIZES:
                batches.statistics(min(size.statistics, engine.statistics_samples))
                for split in get_args(Split):
                    batches.evaluation(split, min(size.curve, engine.curve_samples))
        return batches


class Contents:
    """What of a trainer is sent.

    Args:
        trainer: that is sent.
        batches: sent with it; None: it makes its own.
    """

    def __init__(self, trainer: TorchTrainer, batches: Batches | None = None) -> None:
        self._trainer, self._batches = trainer, batches

    def __reduce__(self) -> tuple[Callable[..., TorchTrainer], tuple[object, ...]]:
        trainer = self._trainer
        return _received, (trainer.data, trainer.factory, trainer.engine, self._batches)


def _received(
    data: TaskData, factory: ModelFactory, engine: Engine, batches: Batches | None
) -> TorchTrainer:
    trainer = TorchTrainer(data, factory, engine)
    trainer._batches = batches
    return trainer


def _check_batch(recipe: Recipe, n_train: int) -> None:
    if recipe.batch_size > n_train:
        raise DataError(
            f"batch_size must be at most the number of training samples, {n_train}, "
            f"but got {recipe.batch_size}. Choose a smaller batch size or give more data."
        )
