"""The rules can fail: error rates and power on simulated runs."""

from pathlib import Path

import numpy as np
import power
import pytest
from power import Null
from power_report import power_report

from autosuperconv.core.verdict import RunCurve, judge

STUDY = Path(__file__).parents[2] / "studies" / "verdict_power"
REPETITIONS = 20_000
WITHIN = 0.004  # three standard errors of a 3 % share of 20,000


@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize("sd", [0.1, 0.2, 0.3, 0.6])
def test_an_overlong_baseline_is_credited_in_at_most_five_per_cent(sd: float, n: int) -> None:
    assert power.false_reached(sd, n, REPETITIONS, seed=1) <= 0.025 + WITHIN


@pytest.mark.parametrize("n", [3, 5, 10])
@pytest.mark.parametrize("sd", [0.1, 0.2, 0.3, 0.6])
def test_worse_by_the_margin_passes_in_at_most_five_per_cent(sd: float, n: int) -> None:
    for correlation in (0.0, 0.5):
        null = Null(sd, -max(0.2, sd), correlation)
        assert power.false_accuracy(null, n, REPETITIONS, seed=2) <= 0.05


def test_skewed_noise_keeps_the_error_too() -> None:
    for n in (3, 10):
        assert power.false_accuracy(Null(0.2, -0.2, 0.0, True), n, REPETITIONS, seed=3) <= 0.05


@pytest.mark.parametrize("sd", [0.1, 0.2, 0.6])
def test_looking_after_every_seed_keeps_the_error(sd: float) -> None:
    added = power.add_seeds(Null(sd, -max(0.2, sd)), most=10, repetitions=REPETITIONS, seed=4)
    assert added.met <= 0.025 + WITHIN


def test_looking_after_every_seed_without_a_correction_would_not() -> None:
    candidate, other = power.draw(Null(0.1, 0.0), 10, REPETITIONS, np.random.default_rng(5))
    looks = [power.beats(candidate[:, :n], other[:, :n], 0.0) for n in range(3, 11)]
    assert np.any(looks, axis=0).mean() > 0.05


def test_a_clear_effect_is_seen_and_more_seeds_see_more() -> None:
    shares = [power.shown_better(Null(0.3, 0.6), n, REPETITIONS, seed=6) for n in (3, 5, 10)]
    assert shares == sorted(shares)
    assert shares[-1] > 0.95


def test_plain_a_a_is_never_reached() -> None:
    assert power.outcomes(0.3, 3, ratio=1, repetitions=100, seed=7) == {"stable-but-short": 1.0}


def test_judge_itself_seldom_credits_an_overlong_baseline() -> None:
    shares = power.outcomes(0.1, 10, ratio=10, repetitions=400, seed=8)
    assert shares.get("reached", 0) <= 0.05
    assert shares["accelerated"] > 0.5


def test_the_arrays_decide_as_judge_does() -> None:
    rng = np.random.default_rng(9)
    candidate, baseline = power.draw(Null(0.3, 0.1), 4, 300, rng)
    expected = [met(90 + c, 90 + b) for c, b in zip(candidate, baseline, strict=True)]
    found = power.not_worse(candidate, baseline)
    assert list(found) == expected
    assert 0.1 < found.mean() < 0.9


def met(candidate: np.ndarray, baseline: np.ndarray) -> bool | None:
    ours = [RunCurve((1.0,), (), a / 100, 1.0, seed=i) for i, a in enumerate(candidate)]
    theirs = [RunCurve((10.0,), (), a / 100, 0.1, seed=i) for i, a in enumerate(baseline)]
    return judge(ours, theirs).conditions[0].met


def test_the_same_seed_gives_the_same_page() -> None:
    assert power_report(50, 2, seed=1) == power_report(50, 2, seed=1)


@pytest.mark.slow
def test_the_committed_page_is_what_the_simulation_writes() -> None:
    assert (STUDY / "README.md").read_text() == power_report()
