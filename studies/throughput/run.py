"""Samples per second of the engine and of what a user would take instead, on this machine.

    python studies/throughput/run.py

Takes data from the folder AUTOSUPERCONV_DATA (default: data); CIFAR-10 as images in class folders
from AUTOSUPERCONV_CIFAR, if set. fastai, lightning and skorch take part where installed.
Everything is measured turn by turn, and compared within a turn: a shared machine's speed
drifts more than loops differ. One-thread runs are timed by the process's own processor time,
which others on the machine lengthen least; a whole search by the clock. Writes RESULTS.md and
results.json beside this file.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import ours
import peers
import torch
import whole_search
from joblib import cpu_count
from tables import write
from task import Case, cases, use_threads

from autosuperconv.training.engine.system import processor_name
from autosuperconv.training.loop.trainer import TorchTrainer

HERE = Path(__file__).parent
PACKAGES = ("autosuperconv", "torch", "torchvision", "optuna", "fastai", "lightning", "skorch")


def compare(case: Case, threads: int) -> dict[str, Any]:
    """Every loop in turn, `repeats` times; samples/s, ratios within a turn, accuracy."""
    use_threads(threads)
    trainer, timings = ours.chosen_engine(case, threads)
    loops = peers.available()
    rates: dict[str, list[float]] = {name: [] for name in ("ours", "bare step", *loops)}
    ends: dict[str, list[float]] = {name: [] for name in ("ours", *loops)}
    for seed in range(-1, case.repeats):  # seed -1 warms up and is not counted
        if seed < 0:
            short = case.short()
            warm = TorchTrainer(short.data, short.factory, trainer.engine)
            one_turn(short, warm, loops, 0, None)
            continue
        for name, rate in one_turn(case, trainer, loops, seed, ends).items():
            rates[name].append(rate)
        say(f"{case.name}, turn {seed + 1} of {case.repeats}")
    best = max(loops, key=lambda name: median(rates[name]))
    return {
        "case": case.name,
        "threads": threads,
        "n_train": len(case.train),
        "batch_size": case.recipe.batch_size,
        "epochs": case.epochs,
        "setting": f"{trainer.engine.precision}, {trainer.engine.memory_format}",
        "settings": {t.name: round(t.samples_per_second) for t in timings},
        "samples_per_second": rates,
        "accuracy": ends,
        "best_peer": best,
        "to_best_peer": quotients(rates["ours"], rates[best]),
        "to_bare": quotients(rates["ours"], rates["bare step"]),
    }


def one_turn(
    case: Case,
    trainer: Any,
    loops: dict[str, peers.Fit],
    seed: int,
    ends: dict[str, list[float]] | None,
) -> dict[str, float]:
    """Samples per processor second of every loop once; accuracies are added to `ends`."""
    use_threads(trainer.engine.threads)
    rates = {"bare step": ours.bare(case, trainer, min(case.steps, 30))}
    seconds, model = ours.fit(case, trainer, seed)
    rates["ours"] = case.samples / seconds
    models = {"ours": model}
    for name, fit in loops.items():
        started = time.process_time()
        models[name] = fit(case, seed)
        rates[name] = case.samples / (time.process_time() - started)
    if ends is not None:
        for name, trained in models.items():
            ends[name].append(ours.accuracy(case, trainer, trained))
    return rates


def quotients(above: list[float], below: list[float]) -> list[float]:
    """Turn by turn."""
    return [a / b for a, b in zip(above, below, strict=True)]


def summary(values: list[float]) -> dict[str, float]:
    """Median, extremes, mean, deviation and number."""
    return {
        "median": median(values),
        "min": min(values),
        "max": max(values),
        "mean": mean(values),
        "sd": stdev(values) if len(values) > 1 else 0.0,
        "n": len(values),
    }


def machine() -> dict[str, Any]:
    """Where this was measured."""
    return {
        "processor": processor_name(),
        "cores": cpu_count(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "python": platform.python_version(),
        "load_average": [round(x, 1) for x in os.getloadavg()],
        **{name: installed(name) for name in PACKAGES},
    }


def installed(name: str) -> str:
    """A package's version, or that it is missing."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def main() -> None:
    """All of it, or with AUTOSUPERCONV_ONLY=search the whole search again."""
    if os.environ.get("AUTOSUPERCONV_ONLY") == "search":
        results = json.loads((HERE / "results.json").read_text(encoding="utf-8"))
        results["whole_search"] = whole_search.measure(say)
        keep(results)
    else:
        keep(everything())


def keep(results: dict[str, Any]) -> None:
    """Write both files."""
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    write(results, HERE / "RESULTS.md")


def everything() -> dict[str, Any]:
    """All measurements."""
    started, at_start = time.time(), machine()
    found = cases()
    parts = ours.around_a_trial()
    compared = [compare(case, 1) for case in found]
    searched = whole_search.measure(say)
    return {
        "machine": at_start,
        "load_average_at_end": machine()["load_average"],
        "minutes": round((time.time() - started) / 60, 1),
        "one_trial": compared,
        "whole_search": searched,
        "around_a_trial_ms": {part: summary(values) for part, values in parts.items()},
        "overhead_ms": ours.overhead_ms(parts),
    }


if __name__ == "__main__":
    main()
