"""The Python API with the caller's own network and data."""

from __future__ import annotations

import json
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
from autosuperconv.core.events import Event, Note, RunFinished, StepFinished
from autosuperconv.core.report import Report
from autosuperconv.core.serialization import to_dict
from autosuperconv.errors import OutputUnwritable, TimeUp
from autosuperconv.pipeline.setup import open_search
from autosuperconv.tuning.steps.study import StudySettings
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
    assert searches(options) == ["custom-network"]
    named = replace(options, seed=3, study_name="custom-network")
    with pytest.raises(autosuperconv.errors.StudyMismatch, match="seed: stored 2, requested 3"):
        autosuperconv.plan(network, clouds(400), named)
    autosuperconv.plan(network, clouds(400), replace(named, study_name="other"))  # as advised


def test_a_study_of_another_format_is_another_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = SearchOptions(storage=str(tmp_path / "s.journal"), out=tmp_path, workers=1)
    with open_search(network, clouds(400), options) as work:
        work.session.study.ask()  # a study without any run makes way
    monkeypatch.setattr("autosuperconv.pipeline.setup.FORMAT_VERSION", 999)
    options = replace(options, study_name="custom-network")
    with pytest.raises(autosuperconv.errors.StudyMismatch, match="format: stored 3, requested 999"):
        autosuperconv.plan(network, clouds(400), options)


def test_a_search_whose_time_was_up_has_the_best_so_far_and_goes_on_with_more(
    tmp_path: Path,
) -> None:
    options = replace(TINY, storage=str(tmp_path / "s.journal"), out=tmp_path / "out")
    autosuperconv.plan(network, clouds(400), options)
    short = autosuperconv.search(network, clouds(400), replace(options, timeout=0.01))
    assert short.verdict.outcome == "undecided"
    assert "the time was up during the" in short.verdict.answer
    assert short.winner is not None
    assert (tmp_path / "out" / "recipe.json").exists()
    assert autosuperconv.search(network, clouds(400), replace(options, timeout=900)).trials


def searches(options: SearchOptions) -> list[str]:
    """The names of the searches in a storage."""
    open_storage.cache_clear()
    names = optuna.study.get_all_study_names(open_storage(options.storage))
    return sorted(name for name in names if name + ".runs" in names)


def leave_one_behind(options: SearchOptions) -> None:
    """A search that has trained more than its plan."""
    autosuperconv.range_test(network, clouds(400), options)


def test_a_plan_that_is_refused_leaves_no_study_and_its_advice_is_followed(tmp_path: Path) -> None:
    options = replace(TINY, storage=str(tmp_path / "s.journal"), out=tmp_path / "out", timeout=0.01)
    with pytest.raises(TimeUp, match="--timeout is too short"):
        autosuperconv.plan(network, clouds(400), options)
    with pytest.raises(TimeUp, match="--timeout is too short"):
        autosuperconv.search(network, clouds(400), options)
    assert searches(options) == []
    assert not (tmp_path / "out").exists()
    advised = [
        (clouds(400), replace(options, timeout=900)),
        (clouds(300), replace(options, timeout=900)),
        (clouds(400), replace(options, timeout=900, epochs=(0.5, 1.0), baseline_epochs=1.0)),
    ]
    for data, longer in advised:
        autosuperconv.plan(network, data, replace(longer, study_name="mine"))
        assert searches(options) == ["mine"]


@pytest.mark.parametrize("error", [MemoryError, ValueError])
def test_whatever_ends_a_plan_leaves_no_study(
    error: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    options = replace(TINY, storage=str(tmp_path / "s.journal"), out=tmp_path / "out")
    monkeypatch.setattr("autosuperconv.tuning.steps.plan._seed_noise", fail)
    with pytest.raises(error):
        autosuperconv.search(network, clouds(400), options)
    assert searches(options) == []


def test_an_interrupted_plan_keeps_what_it_timed_but_not_its_name(tmp_path: Path) -> None:
    def stop(event: Event) -> None:
        raise KeyboardInterrupt

    def stop_later(event: Event) -> None:
        if isinstance(event, RunFinished):
            raise KeyboardInterrupt

    options = replace(TINY, storage=str(tmp_path / "s.journal"), out=tmp_path / "out")
    with pytest.raises(KeyboardInterrupt):
        autosuperconv.search(network, clouds(400), options, stop)
    assert searches(options) == []  # nothing was timed
    options = replace(options, study_name="mine")
    with pytest.raises(KeyboardInterrupt):
        autosuperconv.search(network, clouds(400), options, stop_later)
    assert searches(options) == ["mine"]
    autosuperconv.plan(network, clouds(400), replace(options, seed=1))


def test_a_plan_that_ends_early_leaves_the_study_that_was_there(tmp_path: Path) -> None:
    def stop(event: Event) -> None:
        raise KeyboardInterrupt

    options = replace(TINY, storage=str(tmp_path / "s.journal"), out=tmp_path / "out")
    autosuperconv.plan(network, clouds(400), options)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            autosuperconv.search(network, clouds(400), options, stop)
    assert searches(options) == ["custom-network"]
    leave_one_behind(options)
    with pytest.raises(KeyboardInterrupt):
        autosuperconv.search(network, clouds(400), options, stop)
    assert searches(options) == ["custom-network"]


def test_what_was_changed_gets_a_study_and_a_folder_of_its_own_and_finds_them_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = replace(TINY, storage="s.journal")
    leave_one_behind(options)
    heard: list[str] = []

    def hear(event: Event) -> None:
        if isinstance(event, Note):
            heard.append(event.text)

    def wider() -> nn.Module:
        return nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Dropout(0.0), nn.Linear(32, 2))

    wider.__name__ = "network"
    plan = autosuperconv.plan(wider, clouds(400), options, hear)
    name = next(n for n in searches(options) if n != "custom-network")
    assert len(name) == len("custom-network-") + 6
    note = next(text for text in heard if name in text)
    assert note.startswith("Study 'custom-network' belongs to another search (model: stored ")
    assert f"its report goes to 'runs/{name}'." in note
    assert note in plan.choices
    with open_search(wider, clouds(400), options, hear) as work:
        assert work.setup.study_name == name
        assert work.folder == Path("runs") / name
    assert f"This search has a study of its own, '{name}', and resumes it." in heard
    with open_search(network, clouds(400), options) as work:  # back again
        assert work.setup.study_name == "custom-network"


def test_the_report_of_another_search_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = replace(TINY, storage="a.journal")
    with open_search(network, clouds(400), options) as work:
        first = work.setup
    text = json.dumps({"setup": to_dict(first)})
    (first.out / "report.json").write_text(text)
    elsewhere = replace(options, storage="b.journal", seed=1)
    with open_search(network, clouds(400), elsewhere) as work:
        assert work.folder != first.out
    with open_search(network, clouds(400), replace(options, storage="b.journal")) as work:
        assert work.folder == first.out  # the same search may write its report again
    with pytest.raises(OutputUnwritable, match=r"holds that of study 'custom-network'\. Name an"):
        autosuperconv.plan(network, clouds(400), replace(elsewhere, out=first.out))
    autosuperconv.plan(network, clouds(400), replace(elsewhere, out=Path("another")))


def rare(n: int) -> tuple[np.ndarray, np.ndarray]:
    """As `clouds`, with one sample in ten of class 1."""
    y = (np.arange(n) % 10 == 0).astype(np.int64)
    x = np.random.default_rng(0).normal(size=(n, 4)) + 4 * y[:, None]
    return x.astype(np.float32), y


def test_unbalanced_data_and_splits_that_are_too_small_are_said_before_anything_trains(
    tmp_path: Path,
) -> None:
    heard: list[Event] = []
    options = replace(TINY, storage=str(tmp_path / "s.journal"), out=tmp_path / "out")
    plan = autosuperconv.plan(network, rare(180), options, heard.append)
    notes = [event.text for event in heard if isinstance(event, Note)]
    first_run = next(i for i, event in enumerate(heard) if isinstance(event, RunFinished))
    for begin in ("The classes are unbalanced: ", "Too few samples to judge a margin of 0.20"):
        note = next(text for text in notes if text.startswith(begin))
        assert heard.index(Note(note)) < first_run
        assert note in plan.choices
    assert "the test split has 36 samples" in note


def test_the_pruner_takes_the_largest_class_for_chance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = replace(TINY, storage=str(tmp_path / "s.journal"), out=tmp_path / "out")
    seen: list[float | None] = []

    def stop(session: object, settings: StudySettings, trials: int) -> None:
        seen.append(settings.chance)
        raise KeyboardInterrupt

    monkeypatch.setattr("autosuperconv.pipeline.studying.optimise", stop)
    for data in (rare(400), clouds(400)):
        with pytest.raises(KeyboardInterrupt):
            autosuperconv.search(network, data, options)
    assert seen == [pytest.approx(0.9, abs=0.01), 0.5]


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
