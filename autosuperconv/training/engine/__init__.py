"""`Engine`: where and how to train: device, threads, precision, memory layout."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch

from autosuperconv.errors import DeviceUnavailable, ModelError
from autosuperconv.training.engine.isolation import own_state

Precision = Literal["float32", "bfloat16"]
MemoryFormat = Literal["contiguous", "channels_last"]

DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True, slots=True)
class Engine:
    """How runs are carried out; only traces of one engine are comparable.

    Args:
        device: a torch device, e.g. "cpu" or "cuda:0".
        precision: of forward and backward pass; weights stay float32 (autocast).
        memory_format: of image batches and convolution weights.
        threads: CPU threads of one run; None leaves torch's own choice.
        curve_samples: size of the fixed subset on which the curve is measured; the end of a run
            is always measured on the whole split.
        statistics_samples: training samples that recalibrate batch norm before an evaluation.
        evaluation_batch: samples per forward pass when evaluating.
        loader_workers: processes that read streamed data for one run, and change nothing but its
            time; None: 0 on a CPU, up to 8 on a GPU.
        deterministic: on a GPU, use only algorithms that give the same bits each time, as those
            of a CPU always do.
    """

    device: str = "cpu"
    precision: Precision = "float32"
    memory_format: MemoryFormat = "contiguous"
    threads: int | None = None
    curve_samples: int = 1000
    statistics_samples: int = 512
    evaluation_batch: int = 500
    loader_workers: int | None = None
    deterministic: bool = False


def resolve_device(name: str) -> str:
    """The device to train on; "auto" takes CUDA, then MPS, then the CPU.

    Raises:
        DeviceUnavailable: this machine has no such device.
    """
    name = name.casefold()
    if name == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise DeviceUnavailable(
            f"device must be one of {', '.join(DEVICES)} or cuda:N, but got {name!r}."
        ) from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise DeviceUnavailable(
            f"device {name!r} was requested, but torch finds {torch.cuda.device_count()} CUDA "
            "devices on this machine. Use --device cpu or --device auto."
        )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise DeviceUnavailable(
            "device 'mps' was requested, but this machine has none. Use --device cpu or --device "
            "auto."
        )
    return name


@contextlib.contextmanager
def isolated(engine: Engine) -> Iterator[None]:
    """Inside: the engine's threads and algorithms, and torch's defaults. Afterwards: the caller's
    settings and random states, as they were.

    Raises:
        ModelError: the engine is deterministic, and the network has an operation without a
            deterministic algorithm.
    """
    before = torch.get_num_threads()
    torch.empty(0, device=engine.device)  # from now on its random generator exists
    on_cuda = engine.device.startswith("cuda")
    same_bits = (
        only_deterministic() if on_cuda and engine.deterministic else contextlib.nullcontext()
    )
    with own_state(), same_bits:
        try:
            if engine.threads is not None:
                torch.set_num_threads(engine.threads)
            yield
        finally:
            torch.set_num_threads(before)


@contextlib.contextmanager
def only_deterministic() -> Iterator[None]:
    """Use algorithms that give the same bits each time, and none chosen by timing."""
    cudnn = torch.backends.cudnn
    state = torch.are_deterministic_algorithms_enabled()
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    flags = cudnn.deterministic, cudnn.benchmark
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when cuBLAS is first used
    try:
        torch.use_deterministic_algorithms(True)
        cudnn.deterministic, cudnn.benchmark = True, False
        yield
    except RuntimeError as error:
        if "deterministic" not in str(error):
            raise
        raise ModelError(
            f"The network cannot be trained deterministically: {str(error).splitlines()[0]} "
            "Leave out --deterministic, or replace that layer."
        ) from error
    finally:
        torch.use_deterministic_algorithms(state, warn_only=warns)
        cudnn.deterministic, cudnn.benchmark = flags


def autocast(engine: Engine) -> contextlib.AbstractContextManager[object]:
    """bfloat16 autocast if that is the engine's precision."""
    kind = torch.device(engine.device).type
    return torch.autocast(kind, torch.bfloat16, enabled=engine.precision == "bfloat16")
