"""Precision, memory layout and workers are chosen by measuring; nothing here depends on speed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autosuperconv.core.options import SearchOptions
from autosuperconv.core.recipe import Recipe
from autosuperconv.errors import UnknownName
from autosuperconv.training.engine import Engine
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.probe.autotune import Timing, choose, fastest, time_engines
from tests.training.made import dots, float32_only, greedy, small_net, trainer

RECIPE = Recipe(max_lr=1.0, batch_size=16)
PLAIN = Engine(threads=1)
BF16 = replace(PLAIN, precision="bfloat16")


def timing(precision: str, memory_format: str, speed: float) -> Timing:
    return Timing(Engine("cpu", precision, memory_format), speed)  # type: ignore[arg-type]


def test_the_plainest_setting_within_five_percent_of_the_fastest_wins() -> None:
    plain, fast = timing("float32", "contiguous", 100), timing("bfloat16", "contiguous", 104)
    assert fastest([plain, fast]) == plain
    clear = timing("bfloat16", "channels_last", 200)
    assert fastest([plain, fast, clear]) == clear
    assert (
        fastest([plain, timing("float32", "channels_last", 191), clear]).engine.precision
        == "float32"
    )


def test_every_setting_is_timed_on_the_network_itself() -> None:
    timings = time_engines(trainer(dots()), RECIPE, [PLAIN, BF16])
    assert [t.name for t in timings] == ["float32 contiguous", "bfloat16 contiguous"]
    assert all(t.samples_per_second > 0 for t in timings)


def test_a_setting_in_which_the_network_fails_is_left_out_and_named() -> None:
    choice = choose(TorchTrainer(dots(), float32_only, PLAIN), RECIPE, "auto", "contiguous", 1, 1)
    assert choice.precision == "float32"
    assert any(
        "bfloat16 contiguous was left out: the network fails in it (float32 only)" in reason
        for reason in choice.reasons
    )


def test_a_network_that_runs_in_no_setting_raises_its_own_error() -> None:
    broken = TorchTrainer(dots(), float32_only, BF16)
    with pytest.raises(RuntimeError, match="float32 only"):
        choose(broken, RECIPE, "bfloat16", "auto", 1, 1)


def test_a_batch_that_fits_in_no_setting_leaves_the_plain_one_to_the_runs() -> None:
    choice = choose(TorchTrainer(dots(), greedy, PLAIN), RECIPE, "auto", "contiguous", 1, 1)
    assert (choice.precision, choice.memory_format) == ("float32", "contiguous")
    assert sum("a batch of 16 does not fit" in reason for reason in choice.reasons) == 2


def test_what_is_requested_is_not_measured() -> None:
    asked = choose(trainer(dots()), RECIPE, "bfloat16", "channels_last", 3, 2)
    assert (asked.precision, asked.memory_format, asked.workers) == ("bfloat16", "channels_last", 3)
    assert asked.reasons == (
        "bfloat16, channels_last: as requested.",
        "Runs in parallel: 3, as requested.",
    )


def test_the_reasons_carry_the_measured_speeds() -> None:
    choice = choose(trainer(dots()), RECIPE, "auto", "auto", None, 2)
    assert choice.workers in (1, 2)
    for text in ("float32 contiguous ", "bfloat16 channels_last ", "samples/s", "one thread"):
        assert text in " ".join(choice.reasons)


def test_measuring_leaves_torch_as_it_was() -> None:
    import torch

    threads, state = torch.get_num_threads(), torch.random.get_rng_state()
    choose(trainer(dots()), RECIPE, "auto", "auto", None, 2)
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.random.get_rng_state(), state)


def test_unknown_precision_and_layout_are_refused_by_name() -> None:
    with pytest.raises(UnknownName, match="bfloat16"):
        SearchOptions(precision="bf16")
    with pytest.raises(UnknownName, match="channels_last"):
        SearchOptions(memory_format="nhwc")
    assert SearchOptions(memory_format="Channels-Last").memory_format == "channels_last"


def test_a_network_is_built_on_the_engine_that_it_is_given() -> None:
    assert trainer(dots()).with_engine(BF16).engine == BF16
    assert trainer(dots()).with_engine(BF16).factory is small_net
