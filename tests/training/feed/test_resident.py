"""Data on the device."""

from __future__ import annotations

from itertools import islice

import pytest
import torch

from autosuperconv.training.data.task import TaskData
from autosuperconv.training.engine import Engine
from autosuperconv.training.feed import batches, resident
from autosuperconv.training.feed.resident import Resident


def test_data_too_large_to_be_kept_normalised_give_the_same_batches(
    digits: TaskData, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Resident(digits, Engine())
    monkeypatch.setattr(resident, "KEEP_BYTES", 0)
    monkeypatch.setattr(batches, "KEEP_BYTES", 0)
    anew = Resident(digits, Engine())
    pairs = [
        *zip(
            islice(kept.training(50, seed=1), 3), islice(anew.training(50, seed=1), 3), strict=True
        ),
        *zip(kept.evaluation("test", 60), anew.evaluation("test", 60), strict=True),
        *zip(kept.evaluation("test", 60), anew.evaluation("test", 60), strict=True),
        *zip(kept.statistics(70), anew.statistics(70), strict=True),
    ]
    assert [len(y) for (_, y), _ in pairs] == [50, 50, 50, 60, 60, 70]
    for (x, y), (u, v) in pairs:
        assert torch.equal(x, u)
        assert torch.equal(y, v)


def test_inputs_have_mean_0_and_standard_deviation_1(digits: TaskData) -> None:
    x = torch.cat([x for x, _ in Resident(digits, Engine()).statistics(5000)])
    assert x.mean().item() == pytest.approx(0, abs=1e-5)
    assert x.std().item() == pytest.approx(1, abs=1e-3)
