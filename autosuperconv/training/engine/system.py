"""The machine: versions, processor and device, and how much memory is free for another run."""

from __future__ import annotations

import contextlib
import math
import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch
from joblib import cpu_count

from autosuperconv.training.engine import Engine

PACKAGES = ("autosuperconv", "torch", "torchvision", "optuna", "numpy", "scikit-learn")
# few libraries have an error class of their own for it
REFUSED = re.compile(
    r"out of memory|OutOfMemory|not enough memory|cannot allocate memory|can't allocate memory"
    r"|bad_alloc|_ALLOC_FAILED|ALLOCATION_FAILED|MemoryAllocation|unable to mmap"
    r"|OUT_OF_(?:DEVICE_MEMORY|HOST_MEMORY|RESOURCES)|Invalid buffer size"
    # handles take device memory, and that is what fails where there is none left
    r"|(?:CUBLAS|CUDNN|CUSOLVER|CUSPARSE)_STATUS_NOT_INITIALIZED"
    r"|(?:INTERNAL_ERROR|insufficient resources).* when calling .cu\w+Create\("
    r"|</torch_\S*>.*: No space left|/dev/shm\b.*No space left|No space left on device: '/dev/shm"
    r"|DataLoader worker .*(Bus error|signal: Killed|exited unexpectedly)"
    r"|unable to find an engine to execute",  # cuDNN: none whose workspace fits
    re.IGNORECASE,
)
PROC = Path("/proc")
CGROUP = Path("/sys/fs/cgroup")


def describe_environment(engine: Engine) -> dict[str, str]:
    """What a run's numbers depend on besides its recipe, as texts."""
    kind = torch.device(engine.device).type
    device = torch.cuda.get_device_name(engine.device) if kind == "cuda" else kind
    return {
        **{name: _version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "processor": processor_name(),
        "cores": str(cpu_count()),
        "device": device,
        "precision": engine.precision,
        "memory_format": engine.memory_format,
    }


def _version(package: str) -> str:
    """Of an installed package; a copy of its files alone does not say."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def processor_name() -> str:
    """The processor's name, where the system gives it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            names = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def free_memory(device: str) -> float:
    """Bytes that a run may still take on the device; infinite where that is unknown."""
    if device.startswith("cuda"):
        free, _ = torch.cuda.mem_get_info(device)
        idle = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return float(free + idle)
    return min(machine_free(), container_free(), process_free())


def ran_out(error: BaseException) -> bool:
    """Whether an error, or one that it was raised from, says that memory ran out on any device."""
    chain: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        at = waiting.pop()
        if at is None or any(at is known for known in chain):
            continue
        chain.append(at)
        waiting.append(at.__cause__ or (None if at.__suppress_context__ else at.__context__))
        if isinstance(at, BaseExceptionGroup):
            waiting += at.exceptions
    return any(map(_refused, chain))


def _refused(error: BaseException) -> bool:
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    lines = str(error).splitlines()  # indented ones are code, in a loader process's traceback
    return any(REFUSED.search(line) for line in lines if not line.startswith(" "))


def machine_free(proc: Path = PROC) -> float:
    """What the kernel can give without swapping."""
    return 1024 * _field(proc / "meminfo", "MemAvailable:")


def container_free(root: Path = CGROUP) -> float:
    """What is left of a control group's limit, version 2 or 1; page cache counts as free."""
    two = _left(root, "memory.max", "memory.current", "inactive_file")
    old = _left(
        *(root / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"), "total_inactive_file"
    )
    return min(two, old)


def process_free() -> float:
    """What is left of the address space, where it is limited (ulimit -v)."""
    with contextlib.suppress(ImportError):
        import resource  # not on Windows

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        if limit != resource.RLIM_INFINITY:
            return limit - 1024 * _field(PROC / "self" / "status", "VmSize:", 0.0)
    return math.inf


def process_memory() -> tuple[float, float]:
    """(Bytes that this process holds, the most that it ever held); (nan, nan) where unknown."""
    status = PROC / "self" / "status"
    now, most = (1024 * _field(status, name, math.nan) for name in ("VmRSS:", "VmHWM:"))
    return now, most


def die_first_when_memory_runs_out() -> None:
    """If memory runs out after all, the kernel ends this process and no other."""
    with contextlib.suppress(OSError):
        (PROC / str(os.getpid()) / "oom_score_adj").write_text("1000", encoding="ascii")


def _left(folder: Path, limit: str, used: str, cache: str) -> float:
    try:
        most = (folder / limit).read_text(encoding="ascii").strip()
        taken = int((folder / used).read_text(encoding="ascii"))
    except OSError:
        return math.inf
    if most == "max":
        return math.inf
    return int(most) - taken + _field(folder / "memory.stat", cache, 0.0)


def _field(path: Path, name: str, otherwise: float = math.inf) -> float:
    """The number after a name at the start of a line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return otherwise
    return next((float(line.split()[1]) for line in lines if line.split()[:1] == [name]), otherwise)
