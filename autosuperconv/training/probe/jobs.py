"""One step of each kind of job, before a search: a network that cannot be trained, evaluated or
repeated is refused, or said to be so, before hours are spent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from autosuperconv.core.format import reason_of
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import LrMomentum
from autosuperconv.core.trace import Split
from autosuperconv.errors import AutosuperconvError, ModelError
from autosuperconv.training.engine import isolated
from autosuperconv.training.engine.system import ran_out
from autosuperconv.training.engine.undisturbed import undisturbed
from autosuperconv.training.feed.batches import Batch
from autosuperconv.training.loop.evaluation import evaluate, recalibrate
from autosuperconv.training.loop.step import Learner
from autosuperconv.training.loop.trainer import TorchTrainer

GENTLE = 1e-3  # learning rate of the steps: large enough that two different runs differ
UNSEEDED = (
    "Two networks that the factory builds from one seed differ: it draws from a random generator "
    "of its own, or counts its calls. No run can be repeated, and seeds are not comparable. Draw "
    "from torch's global generator instead."
)
UNREPEATABLE = (
    "Two runs with one recipe and seed differ: the network or a transform of the data draws from a "
    "random generator that is not seeded, or keeps state that no run starts anew. Results cannot "
    "be repeated."
)
WATCHED = (
    "The network keeps state that an evaluation changes and that cannot be restored, so a run "
    "that is evaluated more often ends differently. Keep such state in buffers or attributes of "
    "its modules."
)


@dataclass(frozen=True, slots=True)
class Tried:
    """What two steps left.

    Args:
        before: weights and buffers of the new network.
        after: the same after two steps.
        lagging: the buffers that `about_statistics` tells of.
    """

    before: list[Tensor]
    after: list[Tensor]
    lagging: tuple[str, ...]


def try_jobs(trainer: TorchTrainer, recipe: Recipe, batch_sizes: Sequence[int]) -> tuple[str, ...]:
    """Train, recalibrate and evaluate for a step, as the runs of a search do; what the user should
    know, one sentence each.

    Memory that runs out is no error here: see `probe.memory`.

    Args:
        trainer: with the engine that the runs have.
        recipe: of the runs; its batch size is not used.
        batch_sizes: rising; the smallest and the largest are tried. None: the run refuses its own.

    Raises:
        ModelError: the network cannot do what a run does.
    """
    if not batch_sizes:
        return ()
    notes: tuple[str, ...] = ()
    with _memory_permitting():
        notes = about_repeating(trainer, replace(recipe, batch_size=batch_sizes[0]))
    if len(batch_sizes) > 1:
        try_training(trainer, replace(recipe, batch_size=batch_sizes[-1]))
    return notes


def try_training(trainer: TorchTrainer, recipe: Recipe) -> None:
    """Train for two steps alone, in less time; errors as `try_jobs`."""
    with _memory_permitting():
        try_steps(trainer, recipe, watched=False)


@contextmanager
def _memory_permitting() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if isinstance(error, AutosuperconvError) or not ran_out(error):
            raise


def about_statistics(lagging: tuple[str, ...]) -> tuple[str, ...]:
    """A sentence on running statistics that only torch's own layers have measured anew."""
    if not lagging:
        return ()
    return (
        f"The network keeps running statistics of its own ({lagging[0]}), which are not measured "
        "anew before its accuracy is, as those of torch's normalisation layers are. They lag "
        "behind after short runs at high learning rates, whose accuracy is then too low.",
    )


def _running(model: nn.Module) -> dict[str, Tensor]:
    """The running statistics of layers that are none of torch's, scripted ones included."""
    return {
        f"{path}.{name}".lstrip("."): buffer.detach().clone()
        for path, module in model.named_modules()
        if not isinstance(module, _NormBase)
        for name, buffer in module.named_buffers(recurse=False)
        if name in ("running_mean", "running_var")
    }


def about_repeating(trainer: TorchTrainer, recipe: Recipe) -> tuple[str, ...]:
    """Whether the same run is the same again, and whether it is the same unwatched."""
    watched = try_steps(trainer, recipe, watched=True)
    alone, again = (try_steps(trainer, recipe, watched=False) for _ in range(2))
    if not _equal(alone.before, again.before):
        return (UNSEEDED,)
    if not _equal(alone.after, again.after):
        exact = trainer.engine.device == "cpu" or trainer.engine.deterministic
        return (UNREPEATABLE,) if exact else ()
    statistics = about_statistics(alone.lagging)
    return statistics if _equal(alone.after, watched.after) else (WATCHED, *statistics)


def try_steps(trainer: TorchTrainer, recipe: Recipe, watched: bool) -> Tried:
    """Two steps of a run; between them, an evaluation on each split if it is watched.

    Raises:
        ModelError: one of them fails.
    """
    engine, batches = trainer.engine, trainer.batches()
    with isolated(engine):
        learner = Learner(recipe, trainer.factory, engine)
        model = learner.model
        before, running = _state(model), _running(model)
        with closing(batches.training(recipe.batch_size, recipe.seed)) as training:
            first, second = islice(training, 2)
        model.train()
        _step(trainer, learner, first, recipe)
        if watched:
            _evaluate(trainer, model)
        _step(trainer, learner, second, recipe)
        now = _running(model)
        lagging = tuple(name for name in running if not torch.equal(running[name], now[name]))
        return Tried(before, _state(model), lagging)


def _step(trainer: TorchTrainer, learner: Learner, batch: Batch, recipe: Recipe) -> None:
    n, due = len(batch[1]), (len(batch[1]), trainer.data.classes)
    what = f"take a training step with {recipe.optimizer} and a batch of {n}"
    with _refusing(what, lambda error: _remedy(error, learner.model, batch, due)):
        _, scores = learner.step(*batch, LrMomentum(GENTLE, recipe.max_momentum))
    if tuple(scores.shape) != due:
        raise ModelError(_cannot(what, f"its output has the shape {tuple(scores.shape)}", _SHAPE))


def _evaluate(trainer: TorchTrainer, model: nn.Module) -> None:
    engine, batches = trainer.engine, trainer.batches()
    statistics = list(islice(batches.statistics(engine.statistics_samples), 1))
    splits: tuple[Split, ...] = ("validation", "test")
    with undisturbed(model):
        n = len(statistics[0][1])
        with _refusing(f"pass {n} samples to measure batch-norm statistics", _in_evaluation):
            recalibrate(model, statistics, engine)
        for split in splits:
            part = list(islice(batches.evaluation(split), 1))
            n = len(part[0][1])
            with _refusing(f"be evaluated on {n} samples at once", _in_evaluation):
                evaluate(model, part, engine)


_TOKENS = (
    "If it has an nn.Embedding, give that more rows than the largest number among the samples, and "
    "no sample a number below 0."
)
_GRAPH = "Detach what its forward keeps from one batch to the next, as in state = state.detach()."
_ANY = "Change its forward so that it takes any number of samples, in training and in evaluation."
_SHAPE = (
    "It must return (B, classes) for every batch size B, 1 included: use squeeze(dim) or "
    "flatten(1) instead of squeeze()."
)


def _in_evaluation(error: Exception) -> str:
    return _TOKENS if "index out of range" in str(error) else _ANY


def _remedy(error: Exception, model: nn.Module, batch: Batch, due: tuple[int, int]) -> str:
    text = str(error)
    if "more than 1 value per channel" in text:
        return "Batch norm needs more than one sample: train with larger batches (--batch-size)."
    if "index out of range" in text:
        return _TOKENS
    if "backward through the graph a second time" in text:
        return _GRAPH
    if "sparse" in text.lower():
        return "Build its embeddings with sparse=False."
    with suppress(Exception), torch.no_grad():
        if tuple(model(batch[0]).shape) != due:
            return _SHAPE
    return "Choose batch sizes that it can take (--batch-size), or change its forward."


@contextmanager
def _refusing(what: str, remedy: Callable[[Exception], str]) -> Iterator[None]:
    try:
        yield
    except AutosuperconvError:
        raise
    except Exception as error:
        if ran_out(error) or "deterministic" in str(error):  # `isolated` says the remedy of that
            raise
        raise ModelError(_cannot(what, reason_of(error), remedy(error))) from error


def _cannot(what: str, why: str, remedy: str) -> str:
    return f"The network cannot {what}: {why}. {remedy}"


def _state(model: nn.Module) -> list[Tensor]:
    with torch.no_grad():
        return [t.detach().clone() for t in (*model.parameters(), *model.buffers())]


def _equal(some: list[Tensor], others: list[Tensor]) -> bool:
    """Bit for bit; NaN equals NaN."""
    return len(some) == len(others) and all(
        a.shape == b.shape and bool(((a == b) | (a.isnan() & b.isnan())).all())
        for a, b in zip(map(_dense, some), map(_dense, others), strict=True)
    )


def _dense(tensor: Tensor) -> Tensor:
    return tensor if tensor.layout == torch.strided else tensor.to_dense()
