"""How to train, chosen by measurement: batch sizes that fit, precision, layout, runs at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from joblib import cpu_count

from autosuperconv.core.serialization import from_json
from autosuperconv.core.setup import Setup
from autosuperconv.core.space import Choices
from autosuperconv.errors import InvalidSpace
from autosuperconv.training.data.shared import own_copies, why_not_shared
from autosuperconv.training.engine.system import describe_environment
from autosuperconv.training.feed.streamed import loader_workers
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.probe.autotune import SECONDS, EngineChoice, choose
from autosuperconv.training.probe.jobs import try_jobs, try_training
from autosuperconv.training.probe.memory import MemoryNeed, gibibytes, measure_needs, most_runs
from autosuperconv.training.probe.travel import why_not_sent
from autosuperconv.tuning.store.executor import Executor, make_executor
from autosuperconv.tuning.store.storage import about_lock, open_storage
from autosuperconv.tuning.store.studies import companion_of

SHARE_OF_TIMEOUT = 0.005  # that a comparison of settings may take
ENGINE = "engine"  # where `Session.store` keeps the choice


@dataclass(frozen=True, slots=True)
class Resources:
    """What a search trains with.

    Args:
        setup: of the search, with the batch sizes that fit in memory.
        executor: what carries out runs.
        engine: precision, memory layout and number of workers.
        choices: all of these in words and why, one sentence each.
    """

    setup: Setup
    executor: Executor
    engine: EngineChoice
    choices: tuple[str, ...] = ()


def choose_resources(trainer: TorchTrainer, setup: Setup, storage: str) -> Resources:
    """Measure what the options leave open.

    The choice is measured at the first start, kept with the study and read at every other: a
    resumed search goes on as it began, so its traces can be compared. How many runs fit at once
    is looked up each time.

    Raises:
        InvalidSpace: a batch size that was requested does not fit in memory, or none does.
        ModelError: the network cannot do what a run does.
    """
    stored = stored_choice(storage, setup.study_name)
    alone = why_not_sent(trainer)
    try_training(trainer, replace(setup.base, batch_size=setup.batch_sizes[0]))
    if by_itself := trainer.batches().notes:  # loader processes fail
        trainer = trainer.with_engine(replace(trainer.engine, loader_workers=0))
    needs = stored.memory if stored else measure_needs(trainer, setup.base, setup.batch_sizes)
    setup, left_out = only_fitting(setup, needs)
    size = 0 if alone else trainer.shareable()
    copied = why_not_shared(size) if size else ""
    most = 1 if alone else most_runs(needs, trainer.engine.device, 0 if copied else size)
    choice = stored or replace(choose_engine(trainer, setup, most), memory=needs)
    workers = at_most(setup.options.workers or choice.workers, most)
    engine = replace(
        trainer.engine,
        precision=choice.precision,
        memory_format=choice.memory_format,
        threads=1 if workers > 1 else None,
        loader_workers=loader_workers(trainer.engine, workers),
    )
    trainer = trainer.with_engine(engine)
    tried = trainer if workers == 1 else trainer.with_engine(engine)  # whose data are let go
    notes = try_jobs(tried, setup.base, setup.batch_sizes)
    return Resources(
        replace(setup, environment=describe_environment(engine)),
        make_executor(trainer, workers),
        choice,
        (
            *(
                *trainer.choices(),
                *by_itself,
                *choice.reasons,
                *left_out,
                *about_sending(alone),
                *notes,
            ),
            *([own_copies(copied)] if copied and workers > 1 else []),
            *(*about_memory(needs, most), *about_lock(storage)),
        ),
    )


def about_sending(alone: str) -> tuple[str, ...]:
    """Why runs cannot go on at once, where that is so."""
    return (f"One run at a time, in this process: {alone}.",) if alone else ()


def choose_engine(trainer: TorchTrainer, setup: Setup, most: int | None) -> EngineChoice:
    """What the options request, and the fastest where they leave it open.

    Args:
        most: runs that fit in memory at once; None: no limit is known.
    """
    options = setup.options
    workers = options.workers and at_most(options.workers, most)
    return choose(
        *(trainer, setup.base, options.precision, options.memory_format, workers),
        at_most(cpu_count(), most),
        min(SECONDS, SHARE_OF_TIMEOUT * (options.timeout or math.inf)),
    )


def only_fitting(setup: Setup, needs: tuple[MemoryNeed, ...]) -> tuple[Setup, tuple[str, ...]]:
    """The setup with the batch sizes that fit in memory, and what was left out.

    Raises:
        InvalidSpace: a batch size that was requested does not fit, or none does.
    """
    out = [need for need in needs if not need.fits]
    kept = tuple(need.batch_size for need in needs if need.fits)
    if not out:
        return setup, ()
    if "batch_size" in setup.options.space or not kept:
        raise InvalidSpace(
            f"batch_size must fit in memory, but {out[0].batch_size} needs about "
            f"{gibibytes(out[0].bytes)}, and {gibibytes(out[0].room)} are free. Search smaller "
            "batches (--batch-size), take a smaller model, or free memory."
        )
    sizes = ", ".join(f"{n.batch_size} (needs about {gibibytes(n.bytes)})" for n in out)
    smaller = replace(
        setup,
        dimensions={**setup.dimensions, "batch_size": Choices(kept)},
        base=replace(setup.base, batch_size=kept[len(kept) // 2]),
    )
    sentence = (
        f"Batch sizes that do not fit in the {gibibytes(out[0].room)} of free memory are not "
        f"searched: {sizes}."
    )
    return smaller, (sentence,)


def about_memory(needs: tuple[MemoryNeed, ...], most: int | None) -> tuple[str, ...]:
    """What the largest run needs, and how many fit at once."""
    fitting = [need for need in needs if need.fits]
    if not fitting or most is None:
        return ()
    largest = max(fitting, key=lambda need: need.bytes)
    how = "measured" if largest.measured else "estimated from a forward pass"
    return (
        f"Memory: a run needs at most {gibibytes(largest.bytes)} (batch {largest.batch_size}, "
        f"{how}) of {gibibytes(largest.room)}; {most} fit at once.",
    )


def at_most(number: int, most: int | None) -> int:
    """The number, or the limit where there is one below it."""
    return number if most is None else min(number, most)


def stored_choice(storage: str, study_name: str) -> EngineChoice | None:
    """What an earlier start of the search chose."""
    runs = companion_of(open_storage(storage), study_name)
    text = None if runs is None else runs.user_attrs.get(ENGINE)
    return from_json(EngineChoice, text) if text else None
