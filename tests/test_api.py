"""The Python API with the caller's own network and data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest
import torch
from optuna_dashboard import get_note
from torch import nn
from torch.utils.data import Dataset

import autosuperconv
from autosuperconv import SearchOptions
from autosuperconv.core.events import Event, RunFinished, StepFinished
from autosuperconv.core.report import Report
from autosuperconv.pipeline.setup import open_search
from autosuperconv.tuning.store.storage import open_storage

TINY = SearchOptions(
    trials=2,
    epochs=(1.0, 2.0),
    baseline_epochs=2.0,
    seeds=2,
    max_seeds=2,
    device="cpu",
    workers=1,
    precision="float32",
    memory_format="contiguous",
)


class Noisy(Dataset[tuple[torch.Tensor, int]]):
    """Two clouds, with a transform of its own: fresh noise at each reading."""

    def __init__(self, n: int) -> None:
        self.targets = [i % 2 for i in range(n)]

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        label = self.targets[index]
        return 4.0 * label + torch.randn(4), label


def network() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.0), nn.Linear(16, 2))


def clouds(n: int) -> tuple[np.ndarray, np.ndarray]:
    y = np.arange(n) % 2
    x = np.random.default_rng(0).normal(size=(n, 4)) + 4 * y[:, None]
    return x.astype(np.float32), y


def searched(data: object, folder: Path, workers: int = 1, factory: object = network) -> Report:
    options = SearchOptions(
        **{name: getattr(TINY, name) for name in TINY.__slots__}
        | {"storage": str(folder / "s.journal"), "out": folder / "out", "workers": workers}
    )
    return autosuperconv.search(factory, data, options)  # type: ignore[arg-type]


def test_numpy_arrays_and_a_lambda_with_two_workers(tmp_path: Path) -> None:
    report = searched(clouds(400), tmp_path, workers=2, factory=lambda: network())
    assert report.setup.n_train == 240
    assert report.baseline.validation_accuracy > 0.9
    assert len(report.trials) >= 2
    assert (tmp_path / "out" / "report.html").is_file()


def test_a_torch_dataset_is_streamed_with_its_own_transform(tmp_path: Path) -> None:
    report = searched(Noisy(300), tmp_path)
    assert report.baseline.validation_accuracy > 0.9
    assert any("stream" in choice.lower() for choice in report.plan.choices)


def test_tensors_give_a_range_test(tmp_path: Path) -> None:
    x, y = clouds(400)
    options = SearchOptions(storage=str(tmp_path / "s.journal"), out=tmp_path, workers=1)
    found = autosuperconv.range_test(network, (torch.tensor(x), torch.tensor(y)), options)
    assert len(found.cells) == 4
    assert {len(cell.curves) for cell in found.cells} <= {1, 2}
    assert any(len(cell.curves) == 2 for cell in found.cells)  # so the spread is known
    assert found.cost is not None
    assert found.cost.work <= 0.1 * found.cost.budget


def test_an_interrupted_plan_does_not_stand_in_the_way_either(tmp_path: Path) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, RunFinished):
            raise KeyboardInterrupt

    options = SearchOptions(storage=str(tmp_path / "a.journal"), out=tmp_path, workers=1)
    with pytest.raises(KeyboardInterrupt):
        autosuperconv.plan(network, clouds(400), options, stop)
    autosuperconv.plan(network, clouds(400), replace(options, seed=1))


def test_a_plan_does_not_stand_in_the_way_of_a_search_with_other_options(tmp_path: Path) -> None:
    options = replace(TINY, storage=str(tmp_path / "s.journal"), out=tmp_path)
    for seed in (0, 1):  # the second plan takes the first one's place
        autosuperconv.plan(network, clouds(400), replace(options, seed=seed))
    autosuperconv.range_test(network, clouds(400), replace(options, seed=2))
    with pytest.raises(autosuperconv.errors.StudyMismatch, match="seed: stored 2, requested 3"):
        autosuperconv.plan(network, clouds(400), replace(options, seed=3))


def test_a_study_of_another_format_is_another_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = SearchOptions(storage=str(tmp_path / "s.journal"), out=tmp_path, workers=1)
    with open_search(network, clouds(400), options):
        pass
    monkeypatch.setattr("autosuperconv.pipeline.setup.FORMAT_VERSION", 999)
    with pytest.raises(autosuperconv.errors.StudyMismatch, match="format: stored 2, requested 999"):
        autosuperconv.plan(network, clouds(400), options)


def interrupted(event: Event) -> None:
    if isinstance(event, StepFinished):
        raise KeyboardInterrupt


def test_whatever_runs_on_a_finished_study_leaves_its_verdict_in_the_dashboard(
    tmp_path: Path,
) -> None:
    report = searched(clouds(400), tmp_path)
    storage = str(tmp_path / "s.journal")
    options = replace(TINY, storage=storage, out=tmp_path / "out")

    def note() -> str:
        name = report.setup.study_name
        study = optuna.load_study(study_name=name, storage=open_storage(storage))
        return str(get_note(study))

    verdict = note()
    assert report.verdict.outcome.label.upper() in verdict
    autosuperconv.range_test(network, clouds(400), options)
    assert note() == verdict
    autosuperconv.plan(network, clouds(400), options)
    assert note() == verdict
    with pytest.raises(KeyboardInterrupt):
        autosuperconv.search(network, clouds(400), options, interrupted)
    assert note() == verdict
