"""The engine's choice is kept with the study and honoured by every later start."""

from __future__ import annotations

import copy
import os
from dataclasses import replace
from pathlib import Path

import pytest
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from autosuperconv.core.options import SearchOptions
from autosuperconv.core.serialization import from_json
from autosuperconv.core.space import Choices
from autosuperconv.errors import InvalidSpace, ModelError, StudyMismatch
from autosuperconv.pipeline import resources
from autosuperconv.pipeline.resources import ENGINE, choose_resources
from autosuperconv.pipeline.setup import open_search
from autosuperconv.training.engine import Engine
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.probe import memory
from autosuperconv.training.probe.autotune import EngineChoice
from autosuperconv.training.probe.memory import MemoryNeed
from autosuperconv.tuning.store.executor import InProcess
from autosuperconv.tuning.store.storage import open_storage
from tests.training.made import AsDataset, dots, small_net

CHOICE = EngineChoice("bfloat16", "channels_last", 1, ("Measured so.",))


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SearchOptions:
    monkeypatch.setattr(resources, "choose", lambda *args: CHOICE)
    return SearchOptions(storage=str(tmp_path / "s.journal"), out=tmp_path / "out", device="cpu")


def test_the_measured_choice_reaches_the_trainer_the_report_and_the_study(
    options: SearchOptions,
) -> None:
    with open_search(small_net, dots(), options) as work:
        executor = work.session.executor
        assert isinstance(executor, InProcess)
        engine = executor._trainer.engine  # type: ignore[attr-defined]
        assert (engine.precision, engine.memory_format) == ("bfloat16", "channels_last")
        assert "Measured so." in work.choices
        assert work.setup.environment["precision"] == "bfloat16"
        kept = from_json(EngineChoice, work.session.stored(ENGINE))
        assert replace(kept, memory=()) == CHOICE


def test_a_resumed_search_keeps_the_choice_though_it_would_measure_another(
    options: SearchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_search(small_net, dots(), options):
        pass
    other = replace(CHOICE, precision="float32", memory_format="contiguous")
    monkeypatch.setattr(resources, "choose", lambda *args: other)
    with open_search(small_net, dots(), options) as work:
        assert work.setup.environment["precision"] == "bfloat16"
        kept = from_json(EngineChoice, work.session.stored(ENGINE))
        assert replace(kept, memory=()) == CHOICE


def test_another_precision_is_another_search(options: SearchOptions) -> None:
    options = replace(options, study_name="mine")
    with open_search(small_net, dots(), options) as work:
        work.session.study.ask()  # a study without any run makes way
    changed = replace(options, precision="float32")
    with (
        pytest.raises(StudyMismatch, match="precision: stored auto, requested float32"),
        open_search(small_net, dots(), changed),
    ):
        pass


def test_a_network_of_other_layers_is_another_search_though_its_name_is_the_same(
    options: SearchOptions,
) -> None:
    options = replace(options, study_name="mine")
    nets = {"narrow": lambda: small_net(), "wide": lambda: nn.Sequential(small_net(), nn.ReLU())}
    with open_search(nets["narrow"], dots(), options) as work:
        work.session.study.ask()
    with (
        pytest.raises(
            StudyMismatch, match=r"model: stored <lambda> \w{16}, requested <lambda> \w{16}"
        ),
        open_search(nets["wide"], dots(), options),
    ):
        pass


def test_more_workers_may_be_requested_than_were_chosen(options: SearchOptions) -> None:
    with open_search(small_net, dots(), replace(options, workers=2)) as work:
        assert work.session.executor.size == 2


@pytest.mark.parametrize(("seeds", "most"), [(2, 2), (5, 5), (None, 10)])
def test_more_seeds_may_be_requested_without_saying_up_to_how_many(
    seeds: int | None, most: int, options: SearchOptions
) -> None:
    with open_search(small_net, dots(), replace(options, seeds=seeds)) as work:
        assert (work.setup.options.seeds, work.setup.options.most_seeds) == (seeds, most)


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for batches up to 20, and for one run."""

    def needs(trainer: object, recipe: object, sizes: tuple[int, ...]) -> tuple[MemoryNeed, ...]:
        return tuple(MemoryNeed(b, b * 2**30, 20 * 2**30, True) for b in sizes)

    monkeypatch.setattr(resources, "measure_needs", needs)
    monkeypatch.setattr(resources, "most_runs", lambda needs, device, shared: 1)


def test_batches_that_do_not_fit_are_not_searched_and_named(
    options: SearchOptions, little_memory: None
) -> None:
    for _ in range(2):  # resumed, too
        with open_search(small_net, dots(), options) as work:
            assert work.setup.batch_sizes == (8, 16)
            assert work.setup.base.batch_size == 16
            assert (
                "Batch sizes that do not fit in the 20 GiB of free memory are not searched: "
                "32 (needs about 32 GiB)." in work.choices
            )
            assert any("needs at most 16 GiB (batch 16" in text for text in work.choices)


def test_a_batch_size_that_was_requested_must_fit(
    options: SearchOptions, little_memory: None
) -> None:
    changed = replace(options, space={"batch_size": Choices((16, 64))})
    with (
        pytest.raises(InvalidSpace, match=r"fit in memory, but 64 needs about 64 GiB, and 20 GiB"),
        open_search(small_net, dots(), changed),
    ):
        pass


def test_no_more_runs_at_once_than_fit_in_memory(
    options: SearchOptions, little_memory: None
) -> None:
    with open_search(small_net, dots(), replace(options, workers=4)) as work:
        assert work.session.executor.size == 1


def weight_normed() -> nn.Module:
    return nn.Sequential(nn.Flatten(), weight_norm(nn.Linear(192, 8)), nn.ReLU(), nn.Linear(8, 2))


def test_a_factory_that_cannot_be_sent_trains_in_this_process_and_the_plan_says_so(
    options: SearchOptions,
) -> None:
    net = weight_normed()
    asked = replace(options, workers=2)
    with open_search(lambda: copy.deepcopy(net), dots(), asked) as work:
        assert isinstance(work.session.executor, InProcess)
        (why,) = (text for text in work.choices if text.startswith("One run at a time"))
        assert "the function that builds the network cannot be sent to another process" in why
    with open_search(weight_normed, dots(), replace(asked, study_name="built")) as work:
        assert work.session.executor.size == 2  # a factory that builds its layers can be sent


def test_a_network_that_cannot_be_trained_is_refused_before_there_is_a_study(
    options: SearchOptions,
) -> None:
    one = replace(options, space={"batch_size": Choices((1, 16))})
    refused = pytest.raises(ModelError, match="Batch norm needs more than one sample")
    with refused, open_search(small_flat_net, dots(), one):
        pass
    assert open_storage(options.storage).get_all_studies() == []
    two = replace(options, space={"batch_size": Choices((2, 16))})
    with open_search(small_flat_net, dots(), two) as work:  # the remedy, followed
        assert work.setup.batch_sizes == (2, 16)


def small_flat_net() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(192, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))


@pytest.mark.parametrize("name", ["estimate_need", "measure_upwards"])
def test_memory_that_cannot_be_measured_ends_no_search(
    name: str, options: SearchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> object:
        raise AttributeError("no storage")

    monkeypatch.setattr(memory, name, broken)
    monkeypatch.setattr(memory, "FAR", 10**9)
    with open_search(small_net, dots(), options) as work:
        assert work.setup.batch_sizes


class Forbidding(AsDataset):
    """Refuses to be read by another process, as one that holds its samples on a GPU does."""

    owner = os.getpid()

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        if os.getpid() != self.owner:
            raise RuntimeError("Cannot re-initialize CUDA in forked subprocess")
        return super().__getitem__(index)


def test_data_that_loader_processes_cannot_read_are_read_by_the_one_that_trains_and_it_is_said(
    options: SearchOptions,
) -> None:
    data = dots()
    parts = {name: Forbidding(getattr(data, name)) for name in ("train", "validation", "test")}
    trainer = TorchTrainer(replace(data, **parts), small_net, Engine(threads=1, loader_workers=2))
    with open_search(small_net, data, options) as work:
        found = choose_resources(trainer, work.setup, options.storage)
    said = [choice for choice in found.choices if "process that trains" in choice]
    assert said == [
        "The data are streamed by the process that trains, because they are a torch Dataset.",
        "The process that trains reads the data itself, because loader processes cannot "
        "(train sample 44 cannot be read: RuntimeError: Cannot re-initialize CUDA in forked "
        "subprocess).",
    ]
    assert found.executor._trainer.engine.loader_workers == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize(("workers", "said"), [(2, True), (1, False)])
def test_the_plan_says_where_workers_cannot_share_the_data(
    options: SearchOptions, monkeypatch: pytest.MonkeyPatch, workers: int, said: bool
) -> None:
    monkeypatch.setattr(resources, "why_not_shared", lambda size: "/tmp is full")
    with open_search(small_net, dots(6000), replace(options, workers=workers)) as work:
        assert work.session.executor.size == workers
        told = "Each worker process holds a copy of the data: /tmp is full. TMPDIR sets"
        assert any(text.startswith(told) for text in work.choices) is said
