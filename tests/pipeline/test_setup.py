"""What a search is made of before its first run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autosuperconv.core.events import Event, Note, tell_all
from autosuperconv.core.options import SearchOptions
from autosuperconv.core.serialization import to_json
from autosuperconv.core.setup import Setup
from autosuperconv.core.space import Choices, Range
from autosuperconv.core.verdict import Criterion
from autosuperconv.errors import InvalidSpace
from autosuperconv.pipeline.setup import fingerprint_of, make_setup, space_to_search
from autosuperconv.training.engine import Engine
from autosuperconv.training.loop.trainer import TorchTrainer
from tests.training.made import dots, small_net


def setup_of(options: SearchOptions) -> Setup:
    return make_setup(TorchTrainer(dots(), small_net, Engine("cpu")), {}, options)


def test_the_setup_keeps_the_options_but_no_password() -> None:
    options = SearchOptions(storage="postgresql://me:secret@host/x", trials=7)
    setup = setup_of(options)
    assert setup.options == replace(options, storage="postgresql://me:***@host/x")
    assert "secret" not in to_json(setup)


@pytest.mark.parametrize(("target", "same"), [(None, False), (0.9, True)])
def test_another_margin_is_another_search_where_the_target_depends_on_it(
    target: float | None, same: bool
) -> None:
    options = SearchOptions(target=target)
    wider = replace(options, criterion=Criterion(margin=0.01))
    first, second = (fingerprint_of(dots(), "net", setup_of(o)) for o in (options, wider))
    assert (first == second) == same


def test_other_bounds_of_the_verdict_are_the_same_search() -> None:
    options = SearchOptions(criterion=Criterion(min_speedup=3.0, min_lr_ratio=2.0))
    assert fingerprint_of(dots(), "net", setup_of(options)) == fingerprint_of(
        dots(), "net", setup_of(SearchOptions())
    )


@pytest.mark.parametrize(
    ("n_train", "sizes"), [(50_000, (128, 256, 512)), (1_079, (32, 64, 128)), (40, (8, 16, 32))]
)
def test_the_batch_sizes_follow_the_amount_of_data(n_train: int, sizes: tuple[int, ...]) -> None:
    assert space_to_search(True, n_train, {})[0]["batch_size"] == Choices(sizes)


def test_dropout_is_searched_where_the_model_has_it_and_refused_where_it_has_not() -> None:
    assert space_to_search(True, 1000, {})[0]["dropout"] == Range(0.0, 0.5)
    without, notes = space_to_search(False, 1000, {})
    assert "dropout" not in without
    assert notes == ["The model has no dropout layer, so dropout is not searched."]
    with pytest.raises(InvalidSpace, match="no dropout layer"):
        space_to_search(False, 1000, {"dropout": Range(0.0, 0.1)})


def test_every_listener_is_told_in_turn() -> None:
    heard: list[tuple[str, Event]] = []
    first, second = (lambda event, name=name: heard.append((name, event)) for name in "ab")
    tell_all(first, second)(Note("hello"))
    assert heard == [("a", Note("hello")), ("b", Note("hello"))]


def test_a_tilde_in_out_is_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/someone")
    assert setup_of(SearchOptions(out=Path("~/o"))).out == Path("/home/someone/o")
