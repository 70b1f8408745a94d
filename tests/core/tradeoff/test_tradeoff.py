from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from autosuperconv.core.format import number
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.serialization import from_json, to_json
from autosuperconv.core.tradeoff import FACTORS, Tradeoff, name_tradeoff, put_back
from autosuperconv.errors import InvalidInput, UnknownName

BASELINE = Recipe(
    max_lr=0.1, weight_decay=2e-3, dropout=0.3, max_momentum=0.9, base_momentum=0.9, batch_size=128
)
WINNER = Recipe(max_lr=1.4, weight_decay=1e-4, dropout=0.0, batch_size=128)
ACCURACY = {0: 0.93, 1: 0.932, 2: 0.931}


def moved(*points: float) -> dict[int, float]:
    return {seed: ACCURACY[seed] + p / 100 for seed, p in enumerate(points)}


def trade(winner: Recipe = WINNER, **effects: Sequence[float]) -> Tradeoff:
    counterfactuals = {factor: moved(*points) for factor, points in effects.items()}
    return name_tradeoff(winner, BASELINE, ACCURACY, counterfactuals)


def test_putting_a_factor_back_changes_nothing_else() -> None:
    assert put_back(WINNER, BASELINE, "weight_decay") == Recipe(
        max_lr=1.4, weight_decay=2e-3, dropout=0.0, batch_size=128
    )


def test_momentum_is_put_back_as_a_range() -> None:
    changed = put_back(WINNER, BASELINE, "momentum")
    assert changed is not None
    assert (changed.max_momentum, changed.base_momentum) == (0.9, 0.9)


def test_a_factor_in_which_both_agree_is_not_put_back() -> None:
    assert put_back(WINNER, BASELINE, "batch_size") is None
    assert [factor for factor in FACTORS if put_back(WINNER, WINNER, factor)] == []


def test_an_unknown_factor_gets_a_suggestion() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'weight_decay'"):
        put_back(WINNER, BASELINE, "weightdecay")


def test_the_sentence_names_the_price_with_its_interval() -> None:
    # mean 3.1, sd 0.264575, half = 4.302653 * 0.264575 / sqrt(3) = 0.657
    found = trade(weight_decay=(-3.0, -3.4, -2.9), dropout=(-0.1, -0.5, 0.3))
    assert found.sentence == (
        "max_lr 0.1 -> 1.4 was paid for by weight decay 2e-3 -> 1e-4: putting it back costs 3.1 "
        "points (95 %: 2.4 to 3.8); not separable from seed noise: dropout 0.3 -> 0 (+0.1 points); "
        "changed but not put back: max_lr and momentum."
    )
    first = found.effects[0]
    assert (first.factor, first.winner_value, first.baseline_value) == (
        "weight_decay",
        "1e-4",
        "2e-3",
    )
    assert first.high == pytest.approx(-3.1 + 0.657, abs=1e-3)
    assert (first.separable, found.effects[1].separable) == (True, False)
    assert found.unchanged == ("batch_size", "label_smoothing")


def test_the_largest_effect_comes_first() -> None:
    found = trade(dropout=(-0.1, -0.5, 0.3), momentum=(0.9, 1, 1.1), weight_decay=(-3, -3.4, -2.9))
    assert [effect.factor for effect in found.effects] == ["weight_decay", "momentum", "dropout"]


def test_two_prices_are_both_named() -> None:
    found = trade(weight_decay=(-3.0, -3.4, -2.9), dropout=(-1.0, -1.1, -0.9))
    assert "paid for by weight decay" in found.sentence
    assert "and by dropout 0.3 -> 0: putting it back costs 1.0 points" in found.sentence


def test_a_change_that_was_not_worth_it_is_a_gain() -> None:
    found = trade(dropout=(0.5, 0.6, 0.55))
    assert "was paid for by nothing that can be told from seed noise" in found.sentence
    assert "putting it back gains 0.5 points" in found.sentence or "0.6 points" in found.sentence


def test_nothing_separable_claims_nothing() -> None:
    found = trade(weight_decay=(-1.0, 1.0, 0.2), dropout=(-0.1, -0.5, 0.3))
    assert not any(effect.separable for effect in found.effects)
    assert "costs" not in found.sentence
    assert "gains" not in found.sentence


def test_nothing_changed_says_so() -> None:
    found = name_tradeoff(BASELINE, BASELINE, ACCURACY, {})
    assert found.effects == ()
    assert found.unchanged == tuple(FACTORS)
    assert found.sentence == "max_lr 0.1 in both."


def test_only_the_learning_rate_changed() -> None:
    winner = put_back(BASELINE, WINNER, "max_lr")
    assert winner is not None
    found = name_tradeoff(winner, BASELINE, ACCURACY, {"max_lr": moved(-1.0, -1.2, -1.1)})
    assert found.sentence == (
        "max_lr 0.1 -> 1.4 was paid for by no other change; "
        "max_lr itself: putting it back costs 1.1 points (95 %: 0.9 to 1.3)."
    )


def test_a_stronger_regularizer_is_no_price() -> None:
    winner = Recipe(max_lr=1.4, weight_decay=5e-3, dropout=0.3, max_momentum=0.9, base_momentum=0.9)
    sentence = trade(winner, weight_decay=(-3.0, -3.4, -2.9)).sentence
    assert "paid for by weight decay" not in sentence
    assert "weight decay 2e-3 -> 5e-3: putting it back costs 3.1 points" in sentence


def test_a_larger_batch_is_a_price_because_it_has_less_gradient_noise() -> None:
    sentence = trade(replace(WINNER, batch_size=512), batch_size=(-3.0, -3.4, -2.9)).sentence
    assert "was paid for by batch size 128 -> 512: " in sentence


def test_a_smaller_batch_is_no_price() -> None:
    sentence = trade(replace(WINNER, batch_size=32), batch_size=(-3.0, -3.4, -2.9)).sentence
    assert "paid for by batch size" not in sentence
    assert "batch size 128 -> 32: " in sentence


def test_divergence_in_all_runs_is_a_price_without_points() -> None:
    found = name_tradeoff(
        WINNER,
        BASELINE,
        ACCURACY,
        {"weight_decay": dict.fromkeys(ACCURACY, 0.1)},
        {"weight_decay": [0, 1, 2]},
    )
    assert found.effects[0].diverged == 3
    assert (
        "paid for by weight decay 2e-3 -> 1e-4: put back, training diverged in 3 of 3 runs"
        in found.sentence
    )


def test_divergence_in_one_run_of_three_is_told_and_not_claimed() -> None:
    accuracy = {0: 0.1, 1: 0.931, 2: 0.93}
    found = name_tradeoff(WINNER, BASELINE, ACCURACY, {"dropout": accuracy}, {"dropout": [0]})
    assert not found.effects[0].separable
    assert "not separable from seed noise; put back, training diverged in 1 of 3" in found.sentence


def test_a_single_pair_has_no_interval() -> None:
    found = name_tradeoff(WINNER, BASELINE, {4: 0.93}, {"dropout": {4: 0.92}})
    effect = found.effects[0]
    assert (effect.low, effect.high, effect.separable, effect.runs) == (None, None, False, 1)
    assert "dropout 0.3 -> 0: -1.00 points put back in a single run" in found.sentence


def test_only_common_seeds_are_paired() -> None:
    found = name_tradeoff(WINNER, BASELINE, ACCURACY, {"dropout": {1: 0.922, 2: 0.921, 9: 0.1}})
    assert found.effects[0].points == pytest.approx(-1.0)
    assert found.effects[0].runs == 2


def test_no_common_seed_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"dropout: no seed in common.*\[0, 1, 2\] and \[7\]"):
        name_tradeoff(WINNER, BASELINE, ACCURACY, {"dropout": {7: 0.9}})


def test_a_counterfactual_of_an_unchanged_factor_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"batch_size was put back, but .* both have 128"):
        trade(batch_size=(-1.0, -1.0, -1.0))


def test_a_tradeoff_survives_json() -> None:
    found = trade(weight_decay=(-3.0, -3.4, -2.9))
    assert from_json(Tradeoff, to_json(found)) == found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2e-3, "2e-3"),
        (1e-4, "1e-4"),
        (2.6e-4, "2.6e-4"),
        (0.0, "0"),
        (0.3, "0.3"),
        (1.4, "1.4"),
        (1.3712, "1.4"),
        (0.9, "0.9"),
        (0.05, "0.05"),
        (128, "128"),
        (128.0, "128"),
        (22.0, "22"),
    ],
)
def test_values_have_two_significant_figures(value: float, text: str) -> None:
    assert number(value) == text


def test_a_rise_that_rounding_hides_is_no_rise() -> None:
    winner, baseline = Recipe(max_lr=0.0302, weight_decay=1e-4), Recipe(max_lr=0.0298)
    found = name_tradeoff(winner, replace(baseline, weight_decay=2e-3), {0: 0.9, 1: 0.9}, {})
    assert found.sentence.startswith("max_lr 0.03 in both")
