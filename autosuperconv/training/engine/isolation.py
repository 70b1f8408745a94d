"""The global state of PyTorch, NumPy and Python: set for a run, then restored for the caller."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch

# each has one random generator per device, which exists once the backend is in use
BACKENDS = {"cuda": torch.cuda, "mtia": torch.mtia, "xpu": torch.xpu}


@contextlib.contextmanager
def own_state() -> Iterator[None]:
    """Inside: float32 by default and gradients on, whatever the caller has set. Afterwards: the
    caller's settings and random states (torch on every device in use, NumPy, Python), as they
    were."""
    dtype = torch.get_default_dtype()
    restore = random_states()
    with torch.inference_mode(False), torch.enable_grad():
        try:
            torch.set_default_dtype(torch.float32)
            yield
        finally:
            torch.set_default_dtype(dtype)
            for restored in restore:
                restored()


def random_states() -> list[Callable[[], None]]:
    """Functions that set each global random generator back to what it is now.

    Whatever `torch.manual_seed` reaches is among them: a factory or a transform may call it.
    """
    restore: list[Callable[[], None]] = [
        partial(torch.set_rng_state, torch.get_rng_state()),
        partial(np.random.set_state, np.random.get_state()),
        partial(random.setstate, random.getstate()),
    ]
    for backend in BACKENDS.values():
        if backend.is_initialized():
            for i in range(backend.device_count()):
                restore.append(partial(backend.set_rng_state, backend.get_rng_state(i), i))
    if torch.backends.mps.is_available():
        restore.append(partial(torch.mps.set_rng_state, torch.mps.get_rng_state()))
    return restore


def seed_all(seed: int, device: str = "cpu") -> None:
    """Seed torch, NumPy and Python: a caller's transforms and networks draw from any of them.

    Args:
        device: of the run. No other device is seeded: one that is not in use yet would take the
            seed along to its first use, after the run.
    """
    torch.default_generator.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)
    kind = torch.device(device).type
    if kind == "mps":
        torch.mps.manual_seed(seed)
    elif kind in BACKENDS:
        BACKENDS[kind].manual_seed_all(seed)
