"""What a run's numbers depend on besides its recipe: versions, processor, device."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version

import torch

from autosuperconv.training.engine import Engine

PACKAGES = ("autosuperconv", "torch", "torchvision", "optuna", "numpy", "scikit-learn")


def cpu_workers() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def describe_environment(engine: Engine) -> dict[str, str]:
    """Versions and machine, as texts."""
    kind = torch.device(engine.device).type
    device = torch.cuda.get_device_name(engine.device) if kind == "cuda" else kind
    return {
        **{name: version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "processor": processor_name(),
        "cores": str(cpu_workers()),
        "device": device,
        "precision": engine.precision,
        "memory_format": engine.memory_format,
    }


def processor_name() -> str:
    """The processor's name where the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            names = [line.split(":", 1)[1].strip() for line in lines if "model name" in line]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()
