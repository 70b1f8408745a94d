"""`max_lr`, from the command line to the report: the value is followed through every hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from autosuperconv.cli.commands import cli
from autosuperconv.core.schedule import build_schedule
from autosuperconv.core.setup import Setup
from autosuperconv.core.trace import Job, OnPoint, Trace
from autosuperconv.pipeline import setup as pipeline
from autosuperconv.pipeline.resources import Resources
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.tuning.steps.pruner import RUNGS
from autosuperconv.tuning.store.executor import InProcess

EDGE = 5.0
LOW, HIGH = 0.5, 8.0


def test_max_lr_from_argv_to_the_report(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    jobs: list[Job] = []

    def surface(job: Job, on_point: OnPoint | None = None) -> Trace:
        jobs.append(job)
        return SurfaceTrainer(edge=EDGE, noise=0.0005, n_train=1077)(job, on_point)

    real = pipeline.choose_resources

    def resources(trainer: TorchTrainer, setup: Setup, storage: str) -> Resources:
        return replace(real(trainer, setup, storage), executor=InProcess(surface))

    monkeypatch.setattr(pipeline, "choose_resources", resources)
    monkeypatch.chdir(tmp_path)
    flags = "--dataset digits --model mlp --workers 1 --trials 8 --epochs 1:4 --json --quiet"
    more = f"--baseline-epochs 20 --batch-size 16,32 --pruner none --max-lr {LOW}:{HIGH}"
    result = CliRunner().invoke(
        cli, ["search", *flags.split(), *more.split()], catch_exceptions=False
    )
    report = json.loads(result.stdout)

    # the sweeps find where runs diverge
    sweeps = [job.recipe for job in jobs if job.recipe.schedule.startswith("lr_range")]
    assert 4 < len(sweeps) <= 8
    assert {recipe.max_lr for recipe in sweeps} == {HIGH}
    edges = [cell["edge"] for cell in report["range_test"]["cells"]]
    assert all(EDGE / 2 < edge <= EDGE for edge in edges)

    # trials are proposed inside the requested range, and never above the cap
    trials = [job.recipe for job in jobs if job.recipe.seed == 0 and job.phases == RUNGS]
    rates = [recipe.max_lr for recipe in trials]
    assert len(rates) == 8
    assert all(LOW <= rate <= HIGH for rate in rates)
    assert [trial["recipe"]["max_lr"] for trial in report["trials"]] == rates

    # the schedule peaks at it, and the trace gives it back
    k = next(i for i, t in enumerate(report["trials"]) if t["state"] == "completed")
    first = trials[k]
    assert max(build_schedule(first, 1000)(i / 1000).lr for i in range(1001)) == pytest.approx(
        first.max_lr, rel=1e-2
    )
    curve = report["trials"][k]["trace"]["curve"]["lr"]
    assert max(curve) <= first.max_lr * (1 + 1e-5)  # the report has six digits
    assert max(curve) > 0.8 * first.max_lr

    # the verdict holds the winner's against the baseline's
    winner, standard = report["winner"]["max_lr"], report["baseline"]["recipe"]["max_lr"]
    assert winner in rates
    rate = next(c for c in report["verdict"]["conditions"] if c["name"].startswith("C3"))
    reached = pytest.approx(winner / standard, rel=1e-2)  # the steps need not meet the peak
    assert rate["value"] == reached
    assert rate["bound"] == 3

    # and it lies in the folder, ready to be trained
    out = tmp_path / "runs" / "digits-mlp"
    assert json.loads((out / "recipe.json").read_text())["max_lr"] == winner
    assert json.loads((out / "report.json").read_text()) == report
