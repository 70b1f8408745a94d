"""Orders, subsets, parts of batches, and batches that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest
import torch

from autosuperconv.training.engine import Engine
from autosuperconv.training.feed import batches
from autosuperconv.training.feed.batches import (
    Batch,
    Kept,
    endless_order,
    even_parts,
    fixed_subset,
    input_layout,
)


@pytest.mark.parametrize(
    ("n", "most", "sizes"), [(512, 500, [256, 256]), (501, 500, [251, 250]), (9, 10, [9])]
)
def test_no_part_is_a_small_rest(n: int, most: int, sizes: list[int]) -> None:
    assert [len(part) for part in even_parts(torch.arange(n), most)] == sizes


def test_a_seed_gives_the_same_order_of_every_epoch() -> None:
    one, two = (endless_order(5, 5, torch.Generator().manual_seed(3)) for _ in range(2))
    epochs = [order.tolist() for order in islice(one, 3)]
    assert epochs == [order.tolist() for order in islice(two, 3)]
    assert [sorted(order) for order in epochs] == [[0, 1, 2, 3, 4]] * 3


def test_a_subset_of_all_is_in_order_and_a_smaller_one_always_the_same() -> None:
    assert fixed_subset(5, 5).tolist() == [0, 1, 2, 3, 4]
    shuffled = torch.randperm(10, generator=torch.Generator().manual_seed(0))
    assert torch.equal(fixed_subset(10, 3), shuffled[:3])


def test_images_alone_are_laid_out_by_the_engine() -> None:
    images, rows = torch.zeros(2, 3, 4, 5), torch.zeros(2, 3)
    channels_last, plain = Engine(memory_format="channels_last"), Engine()
    laid_out = input_layout(images, channels_last)
    assert laid_out.is_contiguous(memory_format=torch.channels_last)
    assert input_layout(laid_out, plain).is_contiguous()
    assert input_layout(rows, channels_last).is_contiguous()


@pytest.mark.parametrize(("room", "reads"), [(160, 1), (159, 2)])
def test_batches_are_kept_as_long_as_they_are_small(
    monkeypatch: pytest.MonkeyPatch, room: int, reads: int
) -> None:
    """Ten samples of four floats of four bytes."""
    monkeypatch.setattr(batches, "KEEP_BYTES", room)
    seen = 0

    def read() -> Iterator[Batch]:
        nonlocal seen
        seen += 1
        yield from [(torch.zeros(2, 4), torch.zeros(2, dtype=torch.int64))] * 5

    kept = Kept()
    for _ in range(2):
        assert len(list(kept.get(("test", 10), 10, read))) == 5
    assert seen == reads
