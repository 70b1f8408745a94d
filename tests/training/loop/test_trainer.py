"""The engine: the same job gives the same trace, in every setting; streamed is as resident."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, Trace
from autosuperconv.training.engine import Engine
from tests.training.made import dots, streamed, trainer

RECIPE = Recipe(max_lr=0.1, epochs=6, batch_size=16)
JOB = Job(RECIPE, phases=(0.5, 1.0))
SETTINGS = list(itertools.product(("float32", "bfloat16"), ("contiguous", "channels_last")))


def timeless(trace: Trace) -> Trace:
    return replace(trace, seconds=0.0)


@pytest.mark.parametrize(("precision", "memory_format"), SETTINGS)
@pytest.mark.parametrize("augment", [True, False])
def test_the_same_job_gives_the_same_trace(
    precision: str, memory_format: str, augment: bool
) -> None:
    engine = Engine(precision=precision, memory_format=memory_format, threads=1)  # type: ignore[arg-type]
    first, again = (timeless(trainer(dots(augment=augment), engine)(JOB)) for _ in range(2))
    assert first == again
    assert first.completed
    assert first.accuracy is not None
    assert first.accuracy > 0.8


def test_a_trace_does_not_depend_on_the_runs_before_it() -> None:
    once = trainer(dots(augment=True))
    alone = timeless(once(JOB))
    once(Job(replace(RECIPE, seed=5)))
    assert timeless(once(JOB)) == alone


def test_streamed_data_train_as_resident_data_do() -> None:
    resident = trainer(dots())(JOB)
    through = trainer(streamed(dots()))(JOB)
    assert list(through.curve.train_loss) == pytest.approx(
        list(resident.curve.train_loss), rel=1e-3
    )
    assert through.accuracy == resident.accuracy


def test_a_rate_far_too_high_ends_the_run_as_diverged() -> None:
    trace = trainer(dots())(Job(replace(RECIPE, max_lr=1e30, schedule="constant")))
    assert trace.diverged
    assert trace.accuracy is None
