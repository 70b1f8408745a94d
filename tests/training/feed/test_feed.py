"""Where the batches come from."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from autosuperconv.errors import DataError
from autosuperconv.training.engine import Engine
from autosuperconv.training.feed import is_resident, placement
from autosuperconv.training.feed.resident import Resident
from autosuperconv.training.feed.streamed import Streamed, loader_workers
from tests.training.made import dots, streamed, trainer


def test_one_sentence_says_how_the_data_are_held() -> None:
    assert placement(dots(), Engine()).startswith("The data are on the device")
    by_two = placement(streamed(dots()), Engine(loader_workers=2))
    assert by_two == (
        "The data are streamed by 2 loader processes, because they are a torch Dataset."
    )
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
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device, free=free: (free, 10**9))
        assert is_resident(data, Engine("cuda:0")) is held
    assert "too large for the device" in placement(data, Engine("cuda:0", loader_workers=0))
    assert not is_resident(streamed(data), Engine("cuda:0"))
    assert not is_resident(streamed(data), Engine("cpu"))


def test_a_gpu_has_up_to_eight_loader_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert loader_workers(Engine("cuda")) == 1
    assert loader_workers(Engine("cuda", loader_workers=3)) == 3


@pytest.mark.parametrize("feed", [Resident, Streamed])
def test_splits_of_two_kinds_are_refused(feed: type[Resident] | type[Streamed]) -> None:
    data = dots()
    mixed = replace(data, test=streamed(data).test)
    with pytest.raises(DataError, match="all tensors or all torch Datasets, but they are mixed"):
        feed(mixed, Engine())
