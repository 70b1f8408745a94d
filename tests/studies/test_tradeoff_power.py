"""The trade-off's limits can fail: how often they do, and what they can see."""

from pathlib import Path

import pytest
import tradeoff_power
from tradeoff_power import Case, Shared
from tradeoff_report import tradeoff_report

STUDY = Path(__file__).parents[2] / "studies" / "verdict_power"
REPETITIONS = 20_000


@pytest.mark.parametrize("factors", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("confirmed", [(3, 3, 3), (6, 3, 6), (15, 8, 15)])
def test_where_nothing_is_there_something_is_named_in_less_than_five_per_cent(
    factors: int, confirmed: tuple[int, int, int]
) -> None:
    case = Case(factors, confirmed, prior=confirmed != (3, 3, 3))
    assert 0.005 < tradeoff_power.simulate(case, REPETITIONS, seed=7).false <= 0.05


def test_the_limits_of_five_factors_at_once_are_narrower_than_one_and_a_half_sd() -> None:
    found = tradeoff_power.simulate(Case(), REPETITIONS, seed=8)
    assert 1.2 < found.mean_half <= 1.5
    assert found.last_half < 4


def test_one_factor_at_a_time_named_something_in_nearly_half_of_the_searches() -> None:
    false, half = tradeoff_power.one_at_a_time(REPETITIONS, seed=9)
    assert false == pytest.approx(0.47, abs=0.02)
    assert half > 7


def test_a_large_worth_is_named_and_a_small_one_is_not() -> None:
    shares = [
        float(tradeoff_power.simulate(Case(worth=(worth,)), REPETITIONS, seed=10).named[0])
        for worth in (0.5, 1.5, 3.0)
    ]
    assert shares[0] < 0.1
    assert 0.5 < shares[1] < 0.7
    assert shares[2] > 0.98


def test_more_seeds_find_what_the_fraction_narrowly_missed() -> None:
    found = tradeoff_power.simulate(Case(worth=(1.5,)), REPETITIONS, seed=11)
    assert 0.2 < found.hung < 0.4
    assert 0.03 < found.more_named < found.hung


def test_an_interaction_changes_the_last_change_only() -> None:
    alone, both = (
        tradeoff_power.simulate(Case(worth=(1.0,), pairs=pairs), REPETITIONS, seed=12)
        for pairs in ((), (3.0,))
    )
    assert both.named[1] > 0.1 > alone.named[1]  # worth nothing over both orders, 3 as the last


def test_a_seed_for_each_run_keeps_the_error_where_one_seed_for_all_does_not() -> None:
    shared = Shared(level=0.1, factors=0.05)
    by_seeding = {
        name: tradeoff_power.seeded(name, shared, REPETITIONS, seed=13)
        for name in tradeoff_power.SEEDINGS
    }
    assert by_seeding["a seed for each run"] <= 0.05 < by_seeding["one seed for all"]


@pytest.mark.slow
def test_the_committed_page_is_what_the_command_writes() -> None:
    assert (STUDY / "TRADEOFF.md").read_text(encoding="utf-8") == tradeoff_report()
