"""Where the batches come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
import torch

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job
from autosuperconv.errors import DataError
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.data.task import TaskData
from autosuperconv.training.engine import Engine
from autosuperconv.training.feed import is_resident, make_batches, placement, resident
from autosuperconv.training.feed.batches import Batch
from autosuperconv.training.feed.resident import Resident
from autosuperconv.training.feed.streamed import Streamed, loader_workers
from tests.training.made import dots, streamed, trainer


def test_one_sentence_says_how_the_data_are_held() -> None:
    assert placement(dots(), Engine()).startswith("The data are on the device")
    by_two = placement(streamed(dots()), Engine(loader_workers=2))
    assert by_two == (
        "The data are streamed by 2 loader processes for each run, because they are a torch "
        "Dataset."
    )
    one = placement(streamed(dots()), Engine(loader_workers=1))
    assert one.startswith("The data are streamed by 1 loader process for each run, because")
    assert loader_workers(Engine()) == 0


def test_subsets_read_again_are_the_same_samples() -> None:
    batches = trainer(dots()).batches()
    first, again = (torch.cat([y for _, y in batches.evaluation("test", 7)]) for _ in range(2))
    assert torch.equal(first, again)
    assert len(first) == 7


def test_a_gpu_must_have_room_for_the_data_twice_in_half_of_its_free_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = dots()  # 120 images of 3 x 8 x 8 bytes: 23,040 bytes in all three splits
    for free, held in ((4 * 23_040, True), (4 * 23_040 - 1, False)):
        room = {"cuda:0": (free, 10**9)}
        monkeypatch.setattr(torch.cuda, "mem_get_info", room.__getitem__)
        assert is_resident(data, Engine("cuda:0")) is held
    assert placement(data, Engine("cuda:0", loader_workers=0)) == (
        "The data are streamed by the process that trains, because they are too large for the "
        "device."
    )
    assert not is_resident(streamed(data), Engine("cuda:0"))
    assert not is_resident(streamed(data), Engine("cpu"))


def test_a_gpu_has_up_to_eight_loader_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert loader_workers(Engine("cuda")) == 1
    assert loader_workers(Engine("cuda", loader_workers=3)) == 3


@pytest.mark.parametrize(("runs", "each"), [(1, 8), (2, 8), (4, 5), (20, 1), (99, 1)])
def test_runs_that_go_on_at_once_share_the_cores_for_their_loader_processes(
    monkeypatch: pytest.MonkeyPatch, runs: int, each: int
) -> None:
    monkeypatch.setattr("autosuperconv.training.feed.streamed.cpu_count", lambda: 20)
    assert loader_workers(Engine("cuda"), runs) == each
    assert loader_workers(Engine("cuda", loader_workers=3), runs) == 3
    assert loader_workers(Engine(), runs) == 0


@pytest.mark.parametrize("feed", [Resident, Streamed])
def test_splits_of_two_kinds_are_refused(feed: type[Resident] | type[Streamed]) -> None:
    data = dots()
    mixed = replace(data, test=streamed(data).test)
    message = r"^Splits must be all tensors or all torch Datasets, but they are mixed\."
    with pytest.raises(DataError, match=message):
        feed(mixed, Engine())


def test_tensors_are_held_on_a_cpu_and_datasets_are_streamed() -> None:
    assert isinstance(make_batches(dots(), Engine()), Resident)
    assert isinstance(make_batches(streamed(dots()), Engine()), Streamed)


def assert_same(ours: Iterable[Batch], theirs: Iterable[Batch]) -> None:
    for (x, y), (u, v) in zip(ours, theirs, strict=True):
        assert torch.allclose(x, u, atol=1e-5)
        assert torch.equal(y, v)


def test_both_feeds_evaluate_the_same_samples_whatever_was_read_before() -> None:
    held, stream = Resident(dots(), Engine()), Streamed(dots(), Engine())
    for limit in (None, 7, 9):
        for split in ("train", "validation", "test"):
            assert_same(held.evaluation(split, limit), stream.evaluation(split, limit))
    for samples in (7, 9):
        first = list(held.statistics(samples))
        assert sum(len(y) for _, y in first) == samples
        assert_same(first, stream.statistics(samples))
    splits = [torch.cat([x for x, _ in held.evaluation(s, 7)]) for s in ("train", "test")]
    assert not torch.equal(*splits)


@pytest.mark.parametrize("feed", [Resident, Streamed])
def test_a_seed_gives_the_same_augmented_batches_and_leaves_other_draws_alone(
    feed: type[Resident] | type[Streamed],
) -> None:
    batches, state = feed(dots(augment=True), Engine()), torch.get_rng_state()
    ours, theirs = (islice(batches.training(50, seed=1), 4) for _ in range(2))
    assert_same(ours, theirs)
    assert torch.equal(torch.get_rng_state(), state)


def floats() -> TaskData:
    """Rows of mean 3 and standard deviation 2."""
    x = 3 + 2 * np.random.default_rng(0).standard_normal((200, 4)).astype(np.float32)
    return as_task_data((x, np.arange(200) % 2))


def test_floats_are_normalised_once_wherever_they_are_read() -> None:
    batches = Resident(floats(), Engine())
    for read in (batches.statistics(1000), islice(batches.training(100, seed=0), 1)):
        x = torch.cat([x for x, _ in read])
        assert x.mean().item() == pytest.approx(0, abs=0.2)
        assert x.std().item() == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("full"), ValueError("other")])
def test_data_that_do_not_fit_after_all_are_streamed_and_that_is_told(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may take the memory between the look and the copy."""

    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr(resident, "_on_device", refuse)
    if isinstance(error, ValueError):
        with pytest.raises(ValueError, match="other"):
            make_batches(dots(), Engine())
        return
    trace = trainer(dots())(Job(Recipe(max_lr=0.1, epochs=1.0, batch_size=24)))
    assert trace.steps == 3
    assert trace.notes == (
        "The data are streamed, because the device had no memory left for them.",
    )
