"""Where the batches come from."""

from __future__ import annotations

import torch

from autosuperconv.training.engine import Engine
from autosuperconv.training.feed import placement
from autosuperconv.training.feed.streamed import loader_workers
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
