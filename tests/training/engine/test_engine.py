"""Which device is taken, and what an engine may be set to."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from autosuperconv.core.options import MEMORY_FORMATS, PRECISIONS
from autosuperconv.errors import DeviceUnavailable
from autosuperconv.training.engine import MemoryFormat, Precision, resolve_device


def test_what_a_search_may_request_is_what_an_engine_can_do() -> None:
    assert ("auto", *get_args(Precision)) == PRECISIONS
    assert ("auto", *get_args(MemoryFormat)) == MEMORY_FORMATS


@pytest.mark.parametrize(
    ("cuda", "mps", "device"),
    [(True, True, "cuda"), (True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")],
)
def test_auto_takes_cuda_then_mps_then_the_cpu(
    cuda: bool, mps: bool, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert resolve_device("auto") == device


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gpu7", "must be one of auto, cpu, cuda, mps or cuda:N, but got 'gpu7'"),
        ("cuda:1", "'cuda:1' was requested, but torch finds 1 CUDA devices on this machine"),
        ("mps", "'mps' was requested, but this machine has none"),
    ],
)
def test_a_device_that_is_not_there_is_refused_with_the_remedy(
    name: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(DeviceUnavailable, match=message):
        resolve_device(name)
    assert resolve_device("cuda:0") == "cuda:0"
    assert resolve_device("cpu") == "cpu"
