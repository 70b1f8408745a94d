"""What the machine is, and how much of its memory is free."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from autosuperconv.training.engine import Engine, system
from autosuperconv.training.engine.system import (
    container_free,
    describe_environment,
    machine_free,
    ran_out,
)


def test_a_container_has_what_its_limit_leaves(tmp_path: Path) -> None:
    for name, text in (
        ("memory.max", "1000\n"),
        ("memory.current", "700\n"),
        ("memory.stat", "anon 500\ninactive_file 200\n"),
    ):
        (tmp_path / name).write_text(text)
    assert container_free(tmp_path) == 500
    (tmp_path / "memory.max").write_text("max\n")
    assert container_free(tmp_path) == math.inf
    assert container_free(tmp_path / "none") == math.inf


def test_an_older_container_says_it_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    for name, text in (
        ("memory.limit_in_bytes", "900"),
        ("memory.usage_in_bytes", "800"),
        ("memory.stat", "total_inactive_file 50\n"),
    ):
        (tmp_path / "memory" / name).write_text(text)
    assert container_free(tmp_path) == 150


def test_the_machine_says_what_can_be_had(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemFree: 1 kB\nMemAvailable:    2048 kB\n")
    assert machine_free(tmp_path) == 2048 * 1024


def test_the_environment_counts_the_cores_that_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")  # as a scheduler or a container sets a limit
    assert describe_environment(Engine())["cores"] == "1"


def test_a_package_that_does_not_say_its_version_ends_no_search(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(system, "PACKAGES", ("torch", "autosuperconv-as-a-folder"))
    environment = describe_environment(Engine())
    assert environment["autosuperconv-as-a-folder"] == "unknown"
    assert environment["torch"] != "unknown"


CPU = "[enforce fail at alloc_cpu.cpp:117] . DefaultCPUAllocator: can't allocate memory: you tried"
LOADER = """Caught RuntimeError in DataLoader worker process 0.
Original Traceback (most recent call last):
  File "set.py", line 1, in __getitem__
    raise too_much
RuntimeError: """
OUT_OF_MEMORY = {
    "torch": torch.OutOfMemoryError("Tried to allocate 2.00 GiB"),
    "Python": MemoryError(),
    "NumPy": np._core._exceptions._ArrayMemoryError((10**12,), np.dtype("f8")),
    "CPU": RuntimeError(CPU),
    "CPU on Windows": RuntimeError("DefaultCPUAllocator: not enough memory: you tried to"),
    "C++": RuntimeError("std::bad_alloc"),
    "CUDA": torch.AcceleratorError("CUDA error: out of memory\nCUDA kernel errors might be"),
    "CUDA driver": RuntimeError("CUDA driver error: out of memory"),
    "HIP": RuntimeError("HIP out of memory. Tried to allocate 20.00 MiB"),
    "XPU": RuntimeError("XPU out of memory. Tried to allocate 20.00 MiB"),
    "MPS": RuntimeError("MPS backend out of memory (MPS allocated: 7.80 GiB, max allowed: 9.07"),
    "cuBLAS": RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`"),
    "cuDNN": RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    "cuDNN 9": RuntimeError("CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
    "cuDNN's workspace": RuntimeError("GET was unable to find an engine to execute this"),
    "cuSOLVER": RuntimeError("cusolver error: CUSOLVER_STATUS_ALLOC_FAILED, when calling"),
    "cuBLAS's handle": RuntimeError(
        "CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`"
    ),
    "cuDNN's handle": RuntimeError("cuDNN error: CUDNN_STATUS_NOT_INITIALIZED"),
    "cuSOLVER's handle": RuntimeError(
        "cusolver error: CUSOLVER_STATUS_INTERNAL_ERROR, when calling `cusolverDnCreate(handle)`"
    ),
    "cuSPARSE's handle": RuntimeError(
        "CUDA error: insufficient resources when calling `cusparseCreate(handle)`"
    ),
    "CUDA runtime": RuntimeError("cudaErrorMemoryAllocation"),
    "XPU's driver": RuntimeError("level_zero backend failed: UR_RESULT_ERROR_OUT_OF_DEVICE_MEMORY"),
    "MPS, one tensor": RuntimeError("Invalid buffer size: 24.00 GB"),
    "shared memory, longer": RuntimeError(
        "unable to resize file </torch_5> to the right size: No space left on device (28)"
    ),
    "one of several": ExceptionGroup("in threads", [KeyError("a"), MemoryError()]),
    "cuFFT": RuntimeError("cuFFT error: CUFFT_ALLOC_FAILED"),
    "fork": OSError(12, "Cannot allocate memory"),
    "mmap": RuntimeError("unable to mmap 1024 bytes from file </torch_1>: Cannot allocate memory"),
    "shared memory": RuntimeError(
        "unable to write to file </torch_123>: No space left on device (28)"
    ),
    "file in shared memory": OSError(28, "No space left on device", "/dev/shm/joblib_1"),
    "loader, full": RuntimeError("DataLoader worker (pid 1) is killed by signal: Bus error. It"),
    "loader, killed": RuntimeError("DataLoader worker (pid 1) is killed by signal: Killed."),
    "loader, gone": RuntimeError("DataLoader worker (pid(s) 123) exited unexpectedly"),
    "loader, passed on": RuntimeError(LOADER + CPU),
}
OTHER = {
    "device assert": RuntimeError("CUDA error: device-side assert triggered"),
    "cuSOLVER, in use": RuntimeError(
        "cusolver error: CUSOLVER_STATUS_INTERNAL_ERROR, when calling `cusolverDnSgesvd(handle)`"
    ),
    "cuBLAS, in use": RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED"),
    "several others": ExceptionGroup("in threads", [KeyError("a"), ValueError("b")]),
    "shapes": RuntimeError("mat1 and mat2 shapes cannot be multiplied"),
    "disk full": OSError(28, "No space left on device", "/home/me/cache"),
    "loader, crashed": RuntimeError("DataLoader worker (pid 1) is killed by signal: Aborted."),
    "loader, passed on": RuntimeError(LOADER.replace("too_much", "OutOfMemory()") + "bad label"),
    "label": IndexError("Target 7 is out of bounds."),
}


@pytest.mark.parametrize("error", OUT_OF_MEMORY.values(), ids=OUT_OF_MEMORY.keys())
def test_every_librarys_word_for_memory_that_ran_out_is_known(error: Exception) -> None:
    assert ran_out(error)


@pytest.mark.parametrize("error", OTHER.values(), ids=OTHER.keys())
def test_other_errors_are_not_taken_for_it(error: Exception) -> None:
    assert not ran_out(error)


def raised(first: Exception, then: Exception, how: str) -> Exception:
    """`then`, raised while `first` was handled."""
    try:
        try:
            raise first
        except Exception as error:
            if how == "while":
                raise then  # noqa: B904
            raise then from (error if how == "from" else None)
    except Exception as error:
        return error


@pytest.mark.parametrize(("how", "known"), [("from", True), ("while", True), ("instead", False)])
def test_an_error_in_a_callers_own_wrapping_is_known(how: str, known: bool) -> None:
    error = raised(torch.OutOfMemoryError("full"), KeyError("forward failed"), how)
    assert ran_out(error) is known
