"""Parts of batches."""

from __future__ import annotations

import pytest
import torch

from autosuperconv.training.feed.batches import even_parts


@pytest.mark.parametrize(
    ("n", "most", "sizes"), [(512, 500, [256, 256]), (501, 500, [251, 250]), (9, 10, [9])]
)
def test_no_part_is_a_small_rest(n: int, most: int, sizes: list[int]) -> None:
    assert [len(part) for part in even_parts(torch.arange(n), most)] == sizes
