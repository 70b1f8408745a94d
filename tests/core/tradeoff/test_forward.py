"""The forward half of the trade-off, and Shapley values by seed."""

from __future__ import annotations

import pytest

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.serialization import from_json, to_json
from autosuperconv.core.tradeoff import (
    Forward,
    Tradeoff,
    name_tradeoff,
    shapley_shares,
    start_of,
)
from autosuperconv.errors import InvalidInput

BASELINE = Recipe(
    max_lr=0.1,
    epochs=30,
    weight_decay=2e-3,
    dropout=0.3,
    max_momentum=0.9,
    base_momentum=0.9,
    schedule="step",
)
WINNER = Recipe(max_lr=1.4, epochs=5, weight_decay=1e-4, dropout=0.3)
NOISE = (0.0, 0.001, -0.001)


def around(accuracy: float, *extra: float) -> dict[int, float]:
    """An accuracy on three seeds that share their noise, with something more for each."""
    more = extra or (0.0, 0.0, 0.0)
    return {s: accuracy + NOISE[s] + more[s] / 100 for s in range(3)}


def found() -> Tradeoff:
    """max_lr is worth 3 points last and about 1 first; weight decay 0.5 last, nothing first."""
    back = {
        "max_lr": around(0.90, 0.1, 0.0, -0.1),
        "weight_decay": around(0.925, 0.1, 0.0, -0.1),
        "momentum": around(0.93, 0.4, 0.0, -0.4),
    }
    alone = {
        "max_lr": around(0.90, 0.05, 0.0, -0.05),
        "weight_decay": around(0.89, 0.5, 0.0, -0.5),
        "momentum": around(0.89, 0.4, 0.0, -0.4),
    }
    forward = Forward(around(0.89), alone, {})
    return name_tradeoff(WINNER, BASELINE, around(0.93), back, None, forward)


def test_the_start_has_the_winners_schedule_and_length_and_the_baselines_factors() -> None:
    assert start_of(WINNER, BASELINE) == Recipe(
        max_lr=0.1,
        epochs=5,
        weight_decay=2e-3,
        dropout=0.3,
        max_momentum=0.9,
        base_momentum=0.9,
        schedule="1cycle",
    )


def test_each_factor_has_two_ends_and_their_difference() -> None:
    effect = found().effects[0]
    assert effect.factor == "max_lr"
    assert effect.last.difference == pytest.approx(0.03)
    assert effect.first is not None
    assert effect.first.difference == pytest.approx(0.01)
    # half of the interval: 4.302653 * sd 0.05 / sqrt(3) = 0.1242
    assert effect.first.low == pytest.approx(0.01 - 0.001242, abs=1e-6)
    assert effect.order is not None
    # by seed (3 - extra) - (1 + extra): 1.85, 2, 2.15
    assert effect.order.difference == pytest.approx(0.02)
    assert effect.order.high == pytest.approx(0.02 + 4.302653 * 0.0015 / 3**0.5, abs=1e-6)
    assert effect.order.separable


def test_all_changes_together_are_worth_winner_less_start() -> None:
    total = found().total
    assert total is not None
    assert total.difference == pytest.approx(0.04)
    assert found().start_accuracy == pytest.approx(0.89)


def test_the_forward_sentence_claims_only_what_the_intervals_carry() -> None:
    assert found().order_sentence == (
        "Each change alone, from the baseline's values (89.00 %): max_lr 0.1 -> 1.4 gains 1.00 "
        "percentage points (95 %: 0.88 to 1.12); indistinguishable from seed noise: weight decay "
        "(0.00 points) and momentum (0.00 points). The order matters: max_lr is worth 2.00 points "
        "(95 %: 1.63 to 2.37) more as the last change than as the first."
    )


def test_the_start_is_kept_with_the_tradeoff() -> None:
    assert found().start == start_of(WINNER, BASELINE)


def told(
    alone: dict[int, float], back: dict[int, float] | None = None, diverged: tuple[int, ...] = ()
) -> str:
    """The forward sentence of max_lr alone; its end where all is reverted but it, too."""
    forward = Forward(around(0.89), {"max_lr": alone}, {"max_lr": diverged})
    reverted = {"max_lr": around(0.92) if back is None else back}
    return name_tradeoff(WINNER, BASELINE, around(0.93), reverted, None, forward).order_sentence


def test_a_change_that_costs_alone_says_so() -> None:
    assert "max_lr 0.1 -> 1.4 costs 2.00 percentage points" in told(around(0.87, 0.1, 0, -0.1))


def test_a_change_that_alone_diverges_on_some_seeds_says_on_how_many() -> None:
    costs = told(around(0.87, 0.1, 0, -0.1), diverged=(1,))
    # -1.9 and -2.1 points are left: 12.706 * 0.1414 / sqrt(2) = 1.27
    assert "0.73 to 3.27); training diverged in 1 of 3 runs." in costs
    noise = told({0: 0.1, 1: 0.95, 2: 0.85}, diverged=(0,))
    assert "is indistinguishable from seed noise; training diverged in 1 of 3 runs." in noise


def test_a_single_run_of_one_change_has_no_interval() -> None:
    one = told({0: 0.1}, diverged=())
    assert "max_lr (-79.00 percentage points)" in one
    failed = told({0: 0.1}, diverged=(0,))
    assert "1.4 -79.00 percentage points in a single run, so no interval" in failed
    broken = told({0: 0.1, 1: 0.9}, diverged=(0,))
    assert "diverged in 1 of 2 runs" in broken


def test_an_effect_that_is_smaller_at_the_end_is_less_as_the_last_change() -> None:
    less = told(around(0.93, 0.1, 0, -0.1), back=around(0.92, 0.1, 0, -0.1))
    assert "less as the last change than as the first." in less


def test_two_effects_of_the_order_are_both_named() -> None:
    ends = around(0.90, 0.1, 0.0, -0.1)
    forward = Forward(around(0.89), dict.fromkeys(("max_lr", "weight_decay"), ends))
    back = dict.fromkeys(("max_lr", "weight_decay"), around(0.90, 0.1, 0.0, -0.1))
    orders = name_tradeoff(WINNER, BASELINE, around(0.93), back, None, forward).order_sentence
    assert "than as the first; weight decay is worth" in orders


def test_ends_are_compared_on_the_seeds_that_all_four_sides_have() -> None:
    forward = Forward({**around(0.89), 3: 0.89}, {"max_lr": {**around(0.90), 4: 0.9}})
    back = {"max_lr": {**around(0.92), 5: 0.92}}
    winner = {**around(0.93), 6: 0.93}
    effect = name_tradeoff(WINNER, BASELINE, winner, back, None, forward).effects[0]
    assert effect.order is not None
    assert effect.order.runs == 3


def test_where_no_change_was_trained_alone_the_forward_sentence_is_empty() -> None:
    back = {"max_lr": around(0.92)}
    forward = Forward(around(0.89), {})
    assert name_tradeoff(WINNER, BASELINE, around(0.93), back, None, forward).order_sentence == ""


@pytest.mark.parametrize(
    ("start", "alone", "message"),
    [
        ({0: 0.89}, {1: 0.9}, "^max_lr alone: no seed in common"),
        ({1: 0.89}, {1: 0.9}, "^order of max_lr: no seed in common"),
        ({1: 0.89}, None, "^all factors: no seed in common"),
    ],
)
def test_a_forward_end_without_a_common_seed_is_refused_by_name(
    start: dict[int, float], alone: dict[int, float] | None, message: str
) -> None:
    """The winner and its ablation were trained on seed 0 alone."""
    forward = Forward(start, {} if alone is None else {"max_lr": alone})
    with pytest.raises(InvalidInput, match=message):
        name_tradeoff(WINNER, BASELINE, {0: 0.93}, {"max_lr": {0: 0.92}}, None, forward)


def test_no_order_effect_is_claimed_where_zero_lies_inside() -> None:
    back = {"max_lr": around(0.90, 0.5, 0.0, -0.5)}
    forward = Forward(around(0.90), {"max_lr": around(0.93, 0.5, 0.1, -0.5)})
    told = name_tradeoff(WINNER, BASELINE, around(0.93), back, None, forward).order_sentence
    assert told.endswith("The order makes no difference that can be told from seed noise.")


def test_a_change_that_alone_makes_every_run_diverge_says_so() -> None:
    forward = Forward(around(0.9), {"max_lr": dict.fromkeys(range(3), 0.1)}, {"max_lr": [0, 1, 2]})
    told = name_tradeoff(
        WINNER, BASELINE, around(0.93), {"max_lr": around(0.92)}, None, forward
    ).order_sentence
    assert "max_lr 0.1 -> 1.4 makes training fail: it diverged in 3 of 3 runs" in told


def test_without_the_forward_half_nothing_is_told_of_it() -> None:
    told = name_tradeoff(WINNER, BASELINE, around(0.93), {"max_lr": around(0.9)})
    assert (told.start, told.order_sentence, told.effects[0].first) == (None, "", None)


def test_both_halves_survive_json() -> None:
    assert from_json(Tradeoff, to_json(found())) == found()


def test_shapley_values_are_taken_by_seed_and_add_up_to_the_gain() -> None:
    # alone 1 and 0, together 4: shares (1 + 4) / 2 = 2.5 and (0 + 3) / 2 = 1.5 points
    runs = {
        frozenset[str](): around(0.90),
        frozenset({"lr"}): around(0.91, 0.2, 0.0, -0.2),
        frozenset({"rest"}): around(0.90),
        frozenset({"lr", "rest"}): around(0.94),
    }
    first, second = shapley_shares(runs, {"lr": ("max_lr",), "rest": ("dropout", "momentum")})
    assert (first.factors, second.factors) == (("max_lr",), ("dropout", "momentum"))
    assert first.worth.difference == pytest.approx(0.025)
    assert second.worth.difference == pytest.approx(0.015)
    # the spread of one run halves: 4.302653 * 0.1 / sqrt(3) = 0.2484
    assert first.worth.high == pytest.approx(0.025 + 0.002484, abs=1e-6)


def test_shapley_values_need_a_common_seed() -> None:
    message = "^Shapley values need a seed that every run has, but there is none.$"
    with pytest.raises(InvalidInput, match=message):
        shapley_shares({frozenset(): {0: 0.9}, frozenset({"a"}): {1: 0.9}}, {"a": ("max_lr",)})
    with pytest.raises(InvalidInput, match=message):
        shapley_shares({}, {"a": ("max_lr",)})
