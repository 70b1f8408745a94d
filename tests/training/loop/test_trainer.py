"""The engine: the same job gives the same trace, in every setting; streamed is as resident."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job
from autosuperconv.training.data.task import TaskData
from autosuperconv.training.engine import Engine
from autosuperconv.tuning.store.executor import QueuedJob, drive
from autosuperconv.tuning.store.worker_processes import WorkerProcesses
from tests.training.loop.runs import SHORT, digits_trainer, timeless
from tests.training.made import dots, streamed, trainer

RECIPE = Recipe(max_lr=0.1, epochs=6, batch_size=16)
JOB = Job(RECIPE, phases=(0.5, 1.0))
SETTINGS = list(itertools.product(("float32", "bfloat16"), ("contiguous", "channels_last")))


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


@pytest.mark.parametrize("model", ["mlp", "resnet8"])
def test_the_same_recipe_and_seed_give_the_same_trace_bit_by_bit(
    model: str, digits: TaskData
) -> None:
    job = Job(replace(SHORT, epochs=1.0, dropout=0.2), phases=(0.5, 1.0))
    assert timeless(digits_trainer(digits, model)(job)) == timeless(
        digits_trainer(digits, model)(job)
    )


def test_a_run_after_other_runs_equals_one_alone(digits: TaskData) -> None:
    used, job = digits_trainer(digits), Job(SHORT)
    used(Job(replace(SHORT, seed=7, optimizer="adam", max_lr=0.01)))
    used(Job(replace(SHORT, batch_size=32)))
    assert timeless(used(job)) == timeless(digits_trainer(digits)(job))


def test_another_seed_gives_another_trace(digits: TaskData) -> None:
    run = digits_trainer(digits)
    first, second = (run(Job(replace(SHORT, seed=seed))) for seed in (0, 1))
    assert first.curve.train_loss[0] != second.curve.train_loss[0]


@pytest.mark.slow
def test_worker_processes_give_the_same_traces_in_any_order(digits: TaskData) -> None:
    run = digits_trainer(digits, threads=1)
    jobs = [Job(replace(SHORT, seed=seed, dropout=0.1)) for seed in (0, 1)]
    alone = {job.recipe.seed: timeless(run(job)) for job in jobs}
    executor = WorkerProcesses(run, 2)
    try:
        for order in (jobs, jobs[::-1]):
            tasks = iter([QueuedJob(str(job.recipe.seed), job) for job in order])
            found = {int(task.key): timeless(trace) for task, trace in drive(executor, tasks)}
            assert found == alone
    finally:
        executor.stop()


def test_a_run_leaves_the_callers_random_numbers_and_threads_alone(digits: TaskData) -> None:
    torch.manual_seed(123)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    digits_trainer(digits, threads=1)(Job(SHORT))
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_the_callers_random_numbers_do_not_change_a_run(digits: TaskData) -> None:
    torch.manual_seed(1)
    first = digits_trainer(digits)(Job(replace(SHORT, dropout=0.3)))
    torch.manual_seed(2)
    assert timeless(digits_trainer(digits)(Job(replace(SHORT, dropout=0.3)))) == timeless(first)


@pytest.mark.parametrize("model", ["mlp", "resnet8"])
def test_evaluating_more_often_changes_nothing_of_the_training(
    model: str, digits: TaskData
) -> None:
    run = digits_trainer(digits, model)
    recipe = replace(SHORT, epochs=1.0, dropout=0.2)
    rare, often = run(Job(recipe)), run(Job(recipe, phases=(0.1, 0.25, 0.5, 0.75, 1.0)))
    assert rare.accuracy == often.accuracy
    assert rare.loss == often.loss
    assert len(often.curve.evaluated(often.curve.step)) == 5
    shared = list(zip(rare.curve.step, rare.curve.train_loss, strict=True))[:8]
    assert shared[-1][0] == 8
    assert list(zip(often.curve.step, often.curve.train_loss, strict=True))[:8] == shared


def test_measuring_on_the_test_split_changes_nothing_of_the_training(digits: TaskData) -> None:
    run = digits_trainer(digits)
    first, second = run(Job(SHORT, "validation")), run(Job(SHORT, "test"))
    assert list(first.curve.train_loss) == list(second.curve.train_loss)
    assert first.accuracy != second.accuracy
    assert second.measured_on == "test"


def test_what_was_decided_about_the_data_is_among_the_choices() -> None:
    once = trainer(replace(dots(), notes=("2 of 40 files were skipped.",)))
    assert once.choices()[0] == "2 of 40 files were skipped."
