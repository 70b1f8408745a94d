"""The engine's choice is kept with the study and honoured by every later start."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autosuperconv import engage
from autosuperconv.core.codec import from_json, to_json
from autosuperconv.core.options import SearchOptions
from autosuperconv.engage import ENGINE
from autosuperconv.errors import StudyMismatch
from autosuperconv.prepare import prepare
from autosuperconv.training.choosing import EngineChoice
from autosuperconv.tuning.executor import InProcess
from tests.training.made import dots, small_net

CHOICE = EngineChoice("bfloat16", "channels_last", 1, ("Measured so.",))


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SearchOptions:
    monkeypatch.setattr(engage, "choose", lambda *args: CHOICE)
    return SearchOptions(storage=str(tmp_path / "s.journal"), out=tmp_path / "out", device="cpu")


def test_the_measured_choice_reaches_the_trainer_the_report_and_the_study(
    options: SearchOptions,
) -> None:
    with prepare(small_net, dots(), options) as work:
        executor = work.session.executor
        assert isinstance(executor, InProcess)
        engine = executor._trainer.engine  # type: ignore[attr-defined]
        assert (engine.precision, engine.memory_format) == ("bfloat16", "channels_last")
        assert "Measured so." in work.setup.choices
        assert work.setup.environment["precision"] == "bfloat16"
        assert from_json(EngineChoice, work.session.stored(ENGINE)) == CHOICE


def test_a_resumed_search_keeps_the_choice_though_it_would_measure_another(
    options: SearchOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    with prepare(small_net, dots(), options):
        pass
    other = replace(CHOICE, precision="float32", memory_format="contiguous")
    monkeypatch.setattr(engage, "choose", lambda *args: other)
    with prepare(small_net, dots(), options) as work:
        assert work.setup.environment["precision"] == "bfloat16"
        assert work.session.stored(ENGINE) == to_json(CHOICE)


def test_another_precision_is_another_search(options: SearchOptions) -> None:
    with prepare(small_net, dots(), options):
        pass
    wanted = replace(options, precision="float32")
    with (
        pytest.raises(StudyMismatch, match="precision: auto there, float32 here"),
        prepare(small_net, dots(), wanted),
    ):
        pass


def test_more_workers_may_be_asked_for_than_were_chosen(options: SearchOptions) -> None:
    with prepare(small_net, dots(), replace(options, workers=2)) as work:
        assert work.session.executor.size == 2
