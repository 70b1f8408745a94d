"""The global state of PyTorch, NumPy and Python: set for a run, then restored for the caller."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Sequence

import numpy as np
import torch


@contextlib.contextmanager
def own_state(devices: Sequence[torch.device] = ()) -> Iterator[None]:
    """Inside: float32 by default and gradients on, whatever the caller has set. Afterwards: the
    caller's settings and random states (torch, NumPy, Python), as they were.

    Args:
        devices: GPUs whose random state is restored, too.
    """
    dtype = torch.get_default_dtype()
    numpy, python = np.random.get_state(), random.getstate()
    with (
        torch.random.fork_rng(devices=devices),
        torch.inference_mode(False),
        torch.enable_grad(),
    ):
        try:
            torch.set_default_dtype(torch.float32)
            yield
        finally:
            torch.set_default_dtype(dtype)
            np.random.set_state(numpy)
            random.setstate(python)


def seed_all(seed: int) -> None:
    """Seed torch, NumPy and Python: a caller's transforms and networks draw from any of them."""
    torch.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)
