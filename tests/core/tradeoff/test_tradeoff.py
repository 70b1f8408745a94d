from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from autosuperconv.core.recipe import RECIPE_FIELDS, Recipe
from autosuperconv.core.serialization import from_json, to_json
from autosuperconv.core.tradeoff import FACTORS, Tradeoff, name_tradeoff, revert, shapley_shares
from autosuperconv.core.tradeoff.factors import NEVER, gave_way
from autosuperconv.errors import InvalidInput, UnknownName

BASELINE = Recipe(
    max_lr=0.1, weight_decay=2e-3, dropout=0.3, max_momentum=0.9, base_momentum=0.9, batch_size=128
)
WINNER = Recipe(max_lr=1.4, weight_decay=1e-4, dropout=0.0, batch_size=128)
ACCURACY = {0: 0.93, 1: 0.932, 2: 0.931}


def moved(*points: float) -> dict[int, float]:
    return {seed: ACCURACY[seed] + p / 100 for seed, p in enumerate(points)}


def trade(winner: Recipe = WINNER, **effects: Sequence[float]) -> Tradeoff:
    reverted = {factor: moved(*points) for factor, points in effects.items()}
    return name_tradeoff(winner, BASELINE, ACCURACY, reverted)


def test_reverting_a_factor_changes_nothing_else() -> None:
    assert revert(WINNER, BASELINE, "weight_decay") == Recipe(
        max_lr=1.4, weight_decay=2e-3, dropout=0.0, batch_size=128
    )


def test_momentum_is_revert_as_a_range() -> None:
    changed = revert(WINNER, BASELINE, "momentum")
    assert changed is not None
    assert (changed.max_momentum, changed.base_momentum) == (0.9, 0.9)


def test_a_factor_in_which_both_agree_is_not_revert() -> None:
    assert revert(WINNER, BASELINE, "batch_size") is None
    assert [factor for factor in FACTORS if revert(WINNER, WINNER, factor)] == []


def test_an_unknown_factor_gets_a_suggestion() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'weight_decay'"):
        revert(WINNER, BASELINE, "weightdecay")


def test_the_sentence_names_the_price_with_its_interval() -> None:
    # mean 3.1, sd 0.264575, half = 4.302653 * 0.264575 / sqrt(3) = 0.657
    found = trade(weight_decay=(-3.0, -3.4, -2.9), dropout=(-0.1, -0.5, 0.3))
    assert found.sentence == (
        "max_lr rose from 0.1 to 1.4, for which weight decay 2e-3 -> 1e-4 had to give way: "
        "reverting it costs 3.10 "
        "percentage points (95 %: 2.44 to 3.76); indistinguishable from seed noise: dropout "
        "0.3 -> 0 (+0.10 points); changed but not reverted: max_lr and momentum."
    )
    first = found.effects[0]
    assert (first.factor, first.winner_value, first.baseline_value) == (
        "weight_decay",
        "1e-4",
        "2e-3",
    )
    assert first.last.low == pytest.approx(0.031 - 0.00657, abs=1e-5)
    assert (first.last.separable, found.effects[1].last.separable) == (True, False)
    assert {"batch_size", "label_smoothing"} <= set(found.unchanged)
    assert {"dropout", "max_lr", "momentum", "weight_decay"}.isdisjoint(found.unchanged)


def test_the_largest_effect_comes_first() -> None:
    found = trade(dropout=(-0.1, -0.5, 0.3), momentum=(0.9, 1, 1.1), weight_decay=(-3, -3.4, -2.9))
    assert [effect.factor for effect in found.effects] == ["weight_decay", "momentum", "dropout"]


def test_two_prices_are_both_named() -> None:
    found = trade(weight_decay=(-3.0, -3.4, -2.9), dropout=(-1.0, -1.1, -0.9))
    assert "for which weight decay 2e-3 -> 1e-4 had to give way" in found.sentence
    assert "so did dropout 0.3 -> 0: reverting it costs 1.00 points" in found.sentence


def test_a_change_that_was_not_worth_it_is_a_gain() -> None:
    found = trade(dropout=(0.5, 0.6, 0.55))
    assert "and no regularization clearly had to give way" in found.sentence
    assert "reverting it gains 0.55 percentage points" in found.sentence


def test_nothing_separable_claims_nothing() -> None:
    found = trade(weight_decay=(-1.0, 1.0, 0.2), dropout=(-0.1, -0.5, 0.3))
    assert not any(effect.last.separable for effect in found.effects)
    assert "costs" not in found.sentence
    assert "gains" not in found.sentence


def test_nothing_changed_says_so() -> None:
    found = name_tradeoff(BASELINE, BASELINE, ACCURACY, {})
    assert found.effects == ()
    assert found.unchanged == tuple(FACTORS)
    assert found.sentence == "max_lr is 0.1 in both."


def test_only_the_learning_rate_changed() -> None:
    winner = revert(BASELINE, WINNER, "max_lr")
    assert winner is not None
    found = name_tradeoff(winner, BASELINE, ACCURACY, {"max_lr": moved(-1.0, -1.2, -1.1)})
    assert found.sentence == (
        "max_lr rose from 0.1 to 1.4, and no other setting had to change; "
        "max_lr itself: reverting it costs 1.10 percentage points (95 %: 0.85 to 1.35)."
    )


def test_a_stronger_regularizer_is_no_price() -> None:
    winner = Recipe(max_lr=1.4, weight_decay=5e-3, dropout=0.3, max_momentum=0.9, base_momentum=0.9)
    sentence = trade(winner, weight_decay=(-3.0, -3.4, -2.9)).sentence
    assert "had to give way:" not in sentence
    assert "weight decay 2e-3 -> 5e-3: reverting it costs 3.10 percentage points" in sentence


def test_a_larger_batch_is_a_price_because_it_has_less_gradient_noise() -> None:
    sentence = trade(replace(WINNER, batch_size=512), batch_size=(-3.0, -3.4, -2.9)).sentence
    assert "for which batch size 128 -> 512 had to give way: " in sentence


def test_a_smaller_batch_is_no_price() -> None:
    sentence = trade(replace(WINNER, batch_size=32), batch_size=(-3.0, -3.4, -2.9)).sentence
    assert "had to give way:" not in sentence
    assert "batch size 128 -> 32: " in sentence


def test_divergence_in_all_runs_is_a_price_without_points() -> None:
    found = name_tradeoff(
        WINNER,
        BASELINE,
        ACCURACY,
        {"weight_decay": dict.fromkeys(ACCURACY, 0.1)},
        {"weight_decay": [0, 1, 2]},
    )
    assert found.effects[0].last.diverged == 3
    assert (
        "weight decay 2e-3 -> 1e-4 had to give way: when it is reverted, training diverged in 3"
        in found.sentence
    )


def test_divergence_in_one_run_of_three_is_told_and_not_claimed() -> None:
    accuracy = {0: 0.1, 1: 0.931, 2: 0.93}
    found = name_tradeoff(WINNER, BASELINE, ACCURACY, {"dropout": accuracy}, {"dropout": [0]})
    assert not found.effects[0].last.separable
    # the differences of the other two are 0.1 points each
    told = (
        "when it is reverted, training diverged in 1 of 3 runs; over the others +0.10 percentage "
        "points, indistinguishable from seed noise"
    )
    assert told in found.sentence


def test_a_single_pair_has_no_interval() -> None:
    found = name_tradeoff(WINNER, BASELINE, {4: 0.93}, {"dropout": {4: 0.92}})
    last = found.effects[0].last
    assert (last.low, last.high, last.separable, last.runs) == (None, None, False, 1)
    told = (
        "dropout 0.3 -> 0: reverting it changes accuracy by -1.00 percentage points in a single run"
    )
    assert told in found.sentence


def test_only_common_seeds_are_paired() -> None:
    found = name_tradeoff(WINNER, BASELINE, ACCURACY, {"dropout": {1: 0.922, 2: 0.921, 9: 0.1}})
    assert found.effects[0].last.difference == pytest.approx(0.01)
    assert found.effects[0].last.runs == 2


def test_no_common_seed_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"dropout: no seed in common.*\[0, 1, 2\] and \[7\]"):
        name_tradeoff(WINNER, BASELINE, ACCURACY, {"dropout": {7: 0.9}})


def test_reverting_an_unchanged_factor_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"batch_size was reverted, but .* both have 128"):
        trade(batch_size=(-1.0, -1.0, -1.0))


def test_a_tradeoff_survives_json() -> None:
    found = trade(weight_decay=(-3.0, -3.4, -2.9))
    assert from_json(Tradeoff, to_json(found)) == found


def test_every_recipe_field_is_a_factor_or_says_why_it_is_none() -> None:
    named = {name for fields in FACTORS.values() for name in fields}
    assert named | set(NEVER) == set(RECIPE_FIELDS)
    assert not named & set(NEVER)


def test_a_field_of_no_known_direction_is_no_price() -> None:
    winner = replace(BASELINE, max_lr=1.4, max_momentum=0.95)
    assert not gave_way(winner, BASELINE, "max_lr")


def test_momentum_gives_way_where_its_lowest_value_falls() -> None:
    assert gave_way(replace(BASELINE, base_momentum=0.8), BASELINE, "momentum")
    assert not gave_way(replace(BASELINE, max_momentum=0.8), BASELINE, "momentum")


def test_a_rise_that_rounding_hides_is_no_rise() -> None:
    winner, baseline = Recipe(max_lr=0.030002, weight_decay=1e-4), Recipe(max_lr=0.029998)
    found = name_tradeoff(winner, replace(baseline, weight_decay=2e-3), {0: 0.9, 1: 0.9}, {})
    assert found.sentence.startswith("max_lr is 0.03 in both")


def test_a_lower_learning_rate_is_no_rise_that_could_be_paid_for() -> None:
    winner = replace(WINNER, max_lr=0.05)
    assert trade(winner, dropout=(-3.0, -3.4, -2.9)).sentence.startswith(
        "max_lr fell from 0.1 to 0.05"
    )


def test_where_nothing_was_retrained_it_is_not_said_that_nothing_paid() -> None:
    assert trade().sentence.startswith(
        "max_lr rose from 0.1 to 1.4; whether any regularization had to give way was not measured;"
    )


def test_equal_differences_on_a_coarse_scale_are_no_proof_of_a_spread_of_nothing() -> None:
    """Accuracies in steps of 1 point: the spread is at least 1 / sqrt(6) = 0.408 points, and half
    of the interval 4.302653 x 0.408 / sqrt(3) = 1.014."""
    winner, back = {0: 0.9, 1: 0.91, 2: 0.92}, {0: 0.89, 1: 0.9, 2: 0.91}
    last = name_tradeoff(WINNER, BASELINE, winner, {"dropout": back}).effects[0].last
    assert last.low == pytest.approx(0.01 - 0.01014, abs=1e-5)
    assert not last.separable


def test_a_max_lr_that_the_schedule_does_not_reach_is_no_rise() -> None:
    found = name_tradeoff(WINNER, BASELINE, ACCURACY, {}, highest=(0.09, 0.1))
    assert found.sentence.startswith(
        "max_lr 0.1 -> 1.4 (reached: 0.1 -> 0.09) did not raise the learning rate"
    )
    found = name_tradeoff(WINNER, BASELINE, ACCURACY, {}, highest=(0.54, 0.1))
    assert found.sentence.startswith("max_lr rose from 0.1 to 1.4 (reached: 0.1 -> 0.54); whether")


def test_runs_that_diverged_hide_no_effect_and_make_none() -> None:
    accuracy = {0: 0.1, 1: 0.912, 2: 0.9112}
    found = name_tradeoff(WINNER, BASELINE, ACCURACY, {"dropout": accuracy}, {"dropout": [0]})
    last = found.effects[0].last
    # 2.0 and 1.98 points, and the first run's 83 are left out
    assert last.difference == pytest.approx(0.0199)
    assert (last.runs, last.pairs, last.diverged, last.separable) == (3, 2, 1, True)


def test_shapley_values_leave_out_the_seeds_of_which_a_run_diverged() -> None:
    sets = {frozenset[str](): (0.8, 0.8, 0.8), frozenset({"a"}): (0.9, 0.91, 0.1)}
    accuracy = {names: dict(enumerate(values)) for names, values in sets.items()}
    (share,) = shapley_shares(accuracy, {"a": ("dropout",)}, {2})
    assert share.worth.difference == pytest.approx(0.105)
    assert (share.worth.runs, share.worth.diverged) == (3, 1)
    (every,) = shapley_shares(accuracy, {"a": ("dropout",)}, {0, 1, 2})
    assert (every.worth.runs, every.worth.diverged) == (3, 3)


def test_where_every_run_diverged_their_spread_has_the_scale_of_the_accuracies_too() -> None:
    winner, back = {0: 0.9, 1: 0.91, 2: 0.92}, {0: 0.1, 1: 0.11, 2: 0.12}
    found = name_tradeoff(WINNER, BASELINE, winner, {"dropout": back}, {"dropout": [0, 1, 2]})
    assert found.effects[0].last.low == pytest.approx(0.8 - 0.01014, abs=1e-5)
