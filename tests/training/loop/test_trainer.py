"""The engine: the same job gives the same trace, in every setting; streamed is as resident."""

from __future__ import annotations

import itertools
import multiprocessing
from dataclasses import replace

import pytest
import torch

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, Trace
from autosuperconv.training.data.task import Split, TaskData
from autosuperconv.training.engine import Engine
from autosuperconv.training.feed.streamed import Streamed, how_held, loader_workers
from autosuperconv.training.loop.divergence import LossWatch, Recent
from tests.training.made import AsDataset, dots, trainer

RECIPE = Recipe(max_lr=0.1, epochs=6, batch_size=16)
JOB = Job(RECIPE, phases=(0.5, 1.0))
SETTINGS = list(itertools.product(("float32", "bfloat16"), ("contiguous", "channels_last")))


def timeless(trace: Trace) -> Trace:
    return replace(trace, seconds=0.0)


def streamed(data: TaskData) -> TaskData:
    """The same data through torch data sets."""
    parts = (data.train, data.validation, data.test)
    train, validation, test = (AsDataset(p) for p in parts if isinstance(p, Split))
    return replace(data, train=train, validation=validation, test=test)


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
    assert [p.train_loss for p in through.points] == pytest.approx(
        [p.train_loss for p in resident.points], rel=1e-3
    )
    assert through.accuracy == resident.accuracy


def test_tensors_that_do_not_fit_are_streamed_with_their_augmentation() -> None:
    data = dots(augment=True)
    x, y = next(Streamed(data, Engine()).training(64, seed=3))
    assert isinstance(data.train, Split)
    assert x.shape == (64, 3, 8, 8)
    expected = dots(augment=True)
    means = x.mean((0, 2, 3))  # crops bring in black borders: darker than the normalised 0
    assert (means < 0).all()
    assert (means > -2).all()
    assert set(y.tolist()) == {0, 1}
    assert expected.fingerprint == data.fingerprint


def test_loader_processes_give_the_same_batches_and_end_with_the_run() -> None:
    engine = Engine(threads=1, loader_workers=2)
    alone, helped = (Streamed(streamed(dots()), e) for e in (Engine(), engine))
    ours, theirs = alone.training(16, seed=1), helped.training(16, seed=1)
    for (x, y), (u, v) in itertools.islice(zip(ours, theirs, strict=False), 3):
        assert torch.equal(x, u)
        assert torch.equal(y, v)
    assert len(multiprocessing.active_children()) >= 2
    theirs.close()
    assert not multiprocessing.active_children()


def test_one_sentence_says_how_the_data_are_held() -> None:
    assert "resident" in how_held(dots(), Engine())
    by_two = how_held(streamed(dots()), Engine(loader_workers=2))
    assert by_two == "Data streamed by 2 loader processes: they are a torch Dataset."
    assert loader_workers(Engine()) == 0


def test_subsets_read_again_are_the_same_samples() -> None:
    batches = trainer(dots()).batches()
    first, again = (torch.cat([y for _, y in batches.evaluation("test", 7)]) for _ in range(2))
    assert torch.equal(first, again)
    assert len(first) == 7


def test_divergence_is_dated_to_its_own_step_though_losses_are_looked_at_in_groups() -> None:
    recent = Recent(LossWatch())
    for loss in (1.0, 1.0, float("nan"), 1.0):
        recent.add(torch.tensor(loss), torch.tensor(3))
    assert recent.look() == "the loss is not finite at step 3"


def test_points_hold_the_mean_since_the_last_one() -> None:
    recent = Recent(LossWatch())
    for loss, hits in ((1.0, 4), (3.0, 0)):
        recent.add(torch.tensor(loss), torch.tensor(hits))
    assert recent.look() == ""
    assert recent.means(batch_size=4) == (2.0, 0.5)


def test_a_rate_far_too_high_ends_the_run_as_diverged() -> None:
    trace = trainer(dots())(Job(replace(RECIPE, max_lr=1e30, schedule="constant")))
    assert trace.diverged
    assert trace.accuracy is None
