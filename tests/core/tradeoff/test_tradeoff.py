"""The trade-off's effects and sentences, from runs with a known truth."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.serialization import from_json, to_json
from autosuperconv.core.stats.moderated import SeedSpread
from autosuperconv.core.stats.simultaneous import simultaneous_quantile
from autosuperconv.core.tradeoff import (
    FACTORS,
    Cell,
    CellRuns,
    Combinations,
    Tradeoff,
    changed_factors,
    fraction,
    grouped,
    hanging,
    name_tradeoff,
    recipe_in_cell,
    revert,
)
from autosuperconv.core.tradeoff.factors import gave_way
from autosuperconv.core.tradeoff.notes import skipped
from autosuperconv.errors import UnknownName

BASELINE = Recipe(
    max_lr=0.1, weight_decay=2e-3, dropout=0.3, max_momentum=0.9, base_momentum=0.9, batch_size=128
)
WINNER = Recipe(max_lr=1.4, weight_decay=1e-4, dropout=0.0, batch_size=128)
SD, DEGREES = 0.001, 10  # 0.1 points
HIGHEST = (1.4, 0.1)


def trained(
    winner: Recipe = WINNER,
    noise: float = SD,
    lost: Callable[[Cell], bool] = lambda cell: False,
    alone: dict[str, CellRuns] | None = None,
    **worth: float,
) -> Combinations:
    """Runs of every cell by a sum of worths, in points; the winner's two runs agree."""
    groups = grouped(changed_factors(winner, BASELINE))
    cells: dict[Cell, CellRuns] = {}
    for cell in fraction(len(groups)):
        reverted = [group[0] for group, sign in zip(groups, cell, strict=True) if sign < 0]
        end = 0.93 - sum(worth.get(name, 0.0) for name in reverted) / 100
        runs = 2 if not reverted or len(groups) < 4 else 1
        cells[cell] = CellRuns((), 2) if lost(cell) else CellRuns((end,) * runs)
    return Combinations(groups, cells, alone or {}, (), SeedSpread(noise, DEGREES))


def trade(winner: Recipe = WINNER, noise: float = SD, **worth: float) -> Tradeoff:
    return name_tradeoff(winner, BASELINE, trained(winner, noise, **worth))


def sd_of(own_degrees: int, noise: float = SD) -> float:
    """The prior's ten degrees of freedom and the winner's runs, which agree."""
    return math.sqrt(DEGREES * noise**2 / (DEGREES + own_degrees))


def test_reverting_a_factor_changes_nothing_else() -> None:
    assert revert(WINNER, BASELINE, "weight_decay") == replace(WINNER, weight_decay=2e-3)


def test_momentum_is_reverted_as_a_range() -> None:
    changed = revert(WINNER, BASELINE, "momentum")
    assert changed is not None
    assert (changed.max_momentum, changed.base_momentum) == (0.9, 0.9)


def test_a_factor_in_which_both_agree_is_not_reverted() -> None:
    assert revert(WINNER, BASELINE, "batch_size") is None
    assert [factor for factor in FACTORS if revert(WINNER, WINNER, factor)] == []


def test_an_unknown_factor_gets_a_suggestion() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'weight_decay'"):
        revert(WINNER, BASELINE, "weightdecay")


def test_a_cell_has_the_baselines_values_where_its_sign_is_negative() -> None:
    groups = (("max_lr",), ("momentum", "dropout"))
    assert recipe_in_cell((1, 1), groups, WINNER, BASELINE) == WINNER
    assert recipe_in_cell((1, -1), groups, WINNER, BASELINE) == replace(
        WINNER, max_momentum=0.9, base_momentum=0.9, dropout=0.3
    )


def test_the_sentence_names_the_price_with_its_limits() -> None:
    """16 cells: fifteen of a run, the winner of two, so an effect of se sd sqrt(15.5 / 64)."""
    found = trade(weight_decay=3.1, dropout=0.1)
    half = simultaneous_quantile(4, 11, 0.07) * sd_of(1) * math.sqrt(15.5 / 64)
    first = found.effects[0]
    assert first.mean is not None
    assert (first.factor, first.winner_value, first.baseline_value) == (
        *("weight_decay", "1e-4"),
        "2e-3",
    )
    assert first.mean.low == pytest.approx(0.031 - half)
    assert first.mean.high == pytest.approx(0.031 + half)
    near, far = 3.10 - 100 * half, 3.10 + 100 * half
    assert found.sentence == (
        "max_lr rose from 0.1 to 1.4, for which weight decay 2e-3 -> 1e-4 had to give way: it "
        f"gains 3.10 percentage points (95 %: {near:.2f} to {far:.2f}); indistinguishable from "
        "seed noise: dropout 0.3 -> 0 (+0.10 points), momentum 0.9 -> 0.95 to 0.85 (0.00 points) "
        "and max_lr itself (0.00 points)."
    )
    assert {"batch_size", "label_smoothing"} <= set(found.unchanged)
    assert (found.runs, found.spread) == (15, pytest.approx(sd_of(1)))


def test_the_largest_effect_comes_first() -> None:
    found = trade(dropout=0.1, momentum=-1.0, weight_decay=3)
    assert [effect.factor for effect in found.effects][:3] == [
        "weight_decay",
        "momentum",
        "dropout",
    ]


def test_two_prices_are_both_named() -> None:
    sentence = trade(weight_decay=3, dropout=1).sentence
    assert "for which weight decay 2e-3 -> 1e-4 had to give way" in sentence
    assert "so did dropout 0.3 -> 0: it gains 1.00 points" in sentence


def test_a_change_that_was_not_worth_it_costs() -> None:
    sentence = trade(dropout=-0.6).sentence
    assert "and no regularization clearly had to give way" in sentence
    assert "dropout 0.3 -> 0: it costs 0.60 percentage points" in sentence


def test_nothing_is_claimed_where_zero_lies_inside() -> None:
    found = trade(noise=0.01, weight_decay=0.9, dropout=-0.8)
    assert not any(e.mean and e.mean.separable for e in found.effects)
    assert "costs" not in found.sentence
    assert "gains" not in found.sentence


def test_nothing_changed_says_so() -> None:
    own = {(): CellRuns((0.93, 0.93))}
    found = name_tradeoff(BASELINE, BASELINE, Combinations((), own))
    assert (found.effects, found.runs) == ((), 0)
    assert found.unchanged == tuple(FACTORS)
    assert found.sentence == "max_lr is 0.1 in both."
    assert found.notes == ()


def test_only_the_learning_rate_changed() -> None:
    winner = replace(BASELINE, max_lr=1.4)
    sentence = trade(winner, max_lr=1.1).sentence
    assert sentence.startswith(
        "max_lr rose from 0.1 to 1.4, and no other setting had to change; max_lr itself: it gains "
        "1.10 percentage points (95 %: "
    )


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"weight_decay": 5e-3}, "weight decay 2e-3 -> 5e-3: it gains 3.00"),
        ({"batch_size": 32}, "batch size 128 -> 32: it gains 3.00"),
    ],
)
def test_a_stronger_regularizer_is_no_price(change: dict[str, float], text: str) -> None:
    winner = replace(BASELINE, max_lr=1.4, **change)  # type: ignore[arg-type]
    sentence = trade(winner, **dict.fromkeys(change, 3.0)).sentence
    assert "had to give way:" not in sentence
    assert text in sentence


def test_a_larger_batch_is_a_price_because_it_has_less_gradient_noise() -> None:
    sentence = trade(replace(WINNER, batch_size=512), batch_size=3).sentence
    assert "for which batch size 128 -> 512 had to give way: " in sentence


def test_a_lower_learning_rate_is_no_rise_that_could_be_paid_for() -> None:
    winner = replace(WINNER, max_lr=0.05)
    assert trade(winner, dropout=3).sentence.startswith("max_lr fell from 0.1 to 0.05")


def test_a_rise_that_rounding_hides_is_no_rise() -> None:
    winner = replace(BASELINE, max_lr=0.100002, weight_decay=1e-4)
    assert trade(winner).sentence.startswith("max_lr is 0.1 in both")


def test_a_max_lr_that_the_schedule_does_not_reach_is_no_rise() -> None:
    runs = trained(dropout=3)
    sentence = name_tradeoff(WINNER, BASELINE, runs, (0.09, 0.1)).sentence
    assert sentence.startswith(
        "max_lr 0.1 -> 1.4 (reached: 0.1 -> 0.09) did not raise the learning rate"
    )
    sentence = name_tradeoff(WINNER, BASELINE, runs, (0.54, 0.1)).sentence
    assert sentence.startswith("max_lr rose from 0.1 to 1.4 (reached: 0.1 -> 0.54), for which")


def test_what_matters_only_as_the_last_change_is_told_as_that() -> None:
    """Both weight decay and dropout are needed: each is worth 2 points as the last change and
    nothing as the first, so 1 point over both orders; the limits of the former are the wider."""
    winner = replace(BASELINE, max_lr=1.4, weight_decay=1e-4, dropout=0.0)
    groups = grouped(changed_factors(winner, BASELINE))
    names = [group[0] for group in groups]
    cells = {}
    for cell in fraction(3):
        sign = dict(zip(names, cell, strict=True))
        both = sign["weight_decay"] > 0 and sign["dropout"] > 0
        cells[cell] = CellRuns((0.93 if both else 0.91,) * 2)
    found = name_tradeoff(
        winner, BASELINE, Combinations(groups, cells, spread=SeedSpread(SD, DEGREES))
    )
    worth = {e.factor: (e.mean, e.last) for e in found.effects}
    mean, last = worth["dropout"]
    assert mean is not None
    assert last is not None
    assert (mean.difference, last.difference) == (pytest.approx(0.01), pytest.approx(0.02))
    assert "dropout 0.3 -> 0 had to give way: it gains 1.00 percentage points" in found.sentence


def test_a_factor_that_diverges_alone_is_a_price_without_points() -> None:
    alone = {"weight_decay": CellRuns((), 3)}
    place = [group[0] for group in grouped(changed_factors(WINNER, BASELINE))].index("weight_decay")
    runs = trained(lost=lambda cell: cell[place] < 0, alone=alone, dropout=1.0)
    found = name_tradeoff(WINNER, BASELINE, runs)
    first = found.effects[0]
    assert (first.factor, first.mean, first.last, first.diverged) == ("weight_decay", None, None, 3)
    assert found.sentence.startswith(
        "max_lr rose from 0.1 to 1.4, for which weight decay 2e-3 -> 1e-4 had to give way: when it "
        "alone is reverted, training diverged in 3 of 3 runs; so did dropout 0.3 -> 0: it gains "
        "1.00 percentage points"
    )
    assert found.notes[0] == (
        "Training diverges in 8 of 16 combinations, with every seed that was tried; all of them "
        "have weight decay at the baseline's value. The other factors were measured with weight "
        "decay at the winner's value."
    )
    # two runs a lost cell, seven sound cells, three alone
    assert found.runs == 16 + 7 + 3


def test_a_factor_that_diverges_with_others_only_is_measured_alone() -> None:
    """Three runs 2 points below the winner's two: se sd sqrt(1/2 + 1/3)."""
    alone = {"weight_decay": CellRuns((0.91, 0.91, 0.91), 1)}
    place = [group[0] for group in grouped(changed_factors(WINNER, BASELINE))].index("weight_decay")
    runs = trained(lost=lambda cell: cell[place] < 0, alone=alone)
    effect = name_tradeoff(WINNER, BASELINE, runs).effects[0]
    half = simultaneous_quantile(4, 11, 0.07) * sd_of(1) * math.sqrt(5 / 6)
    assert effect.last is not None
    assert effect.last.low == pytest.approx(0.02 - half)
    assert (effect.mean, effect.alone, effect.diverged) == (None, 4, 1)


def test_divergence_that_another_seed_does_not_have_is_told_and_left_out() -> None:
    runs = trained(dropout=1.0)
    cell = fraction(4)[3]
    cells = {**runs.cells, cell: replace(runs.cells[cell], diverged=1)}
    found = name_tradeoff(WINNER, BASELINE, replace(runs, cells=cells))
    assert "1 run diverged, but not with another seed; left out." in found.notes
    assert found.runs == 16


def test_without_any_replicate_there_are_no_limits() -> None:
    winner = replace(BASELINE, max_lr=1.4, dropout=0.0)
    groups = grouped(changed_factors(winner, BASELINE))
    cells = {cell: CellRuns((0.93,)) for cell in fraction(2)}
    found = name_tradeoff(winner, BASELINE, Combinations(groups, cells))
    assert all(e.mean and e.mean.low is None for e in found.effects)
    assert "dropout 0.3 -> 0: 0.00 percentage points, without limits" in found.sentence
    assert (found.spread, found.notes) == (
        None,
        ("No recipe was trained twice, so there are no limits.",),
    )


def test_equal_accuracies_on_a_coarse_scale_are_no_proof_of_a_spread_of_nothing() -> None:
    """Steps of 1 point: rounding alone spreads by 1 / sqrt(12) = 0.289 points."""
    runs = replace(trained(dropout=1.0), spread=None)
    assert name_tradeoff(WINNER, BASELINE, runs).spread == pytest.approx(0.01 / math.sqrt(12))


def test_more_than_five_factors_are_grouped_the_unsearched_ones_last() -> None:
    changed = sorted(["label_smoothing", "momentum", "dropout", "weight_decay", "max_lr"])
    assert grouped([*changed, "batch_size"]) == (
        *(("dropout",), ("max_lr",), ("weight_decay",), ("batch_size",)),
        ("label_smoothing", "momentum"),
    )
    winner = replace(WINNER, batch_size=256, label_smoothing=0.1)
    found = trade(winner, label_smoothing=2.0)
    first = found.effects[0]
    assert first.factors == ("label_smoothing", "momentum")
    assert (first.baseline_value, first.winner_value) == ("0, 0.9", "0.1, 0.95 to 0.85")
    assert "label smoothing + momentum 0, 0.9 -> 0.1, 0.95 to 0.85: it gains 2.00" in found.sentence
    assert any("label smoothing and momentum were changed together" in n for n in found.notes)


def hangs(found: Tradeoff, highest: tuple[float, float] = HIGHEST) -> str | None:
    return hanging(WINNER, BASELINE, found, highest)


def test_the_sentence_hangs_on_the_largest_that_gave_way_if_zero_is_narrowly_inside() -> None:
    half = simultaneous_quantile(4, 11, 0.07) * sd_of(1) * math.sqrt(15.5 / 64) * 100
    assert hangs(trade(weight_decay=0.8 * half, dropout=0.75 * half)) == "weight_decay"
    assert hangs(trade(weight_decay=0.6 * half)) is None  # well inside
    assert hangs(trade(weight_decay=1.1 * half)) is None  # told already
    assert hangs(trade(weight_decay=-0.8 * half)) is None  # it seems to cost
    assert hangs(trade(weight_decay=0.8 * half, dropout=1.1 * half)) is None  # another is named
    assert hangs(trade(max_lr=0.8 * half)) is None  # no regularization
    assert hangs(trade(weight_decay=0.8 * half), (0.1, 0.1)) is None  # no rise to be paid for


def test_more_seeds_settle_the_worth_as_the_last_change() -> None:
    """Six runs 0.3 points below the winner's two, at 1 %: t(11) is 3.106."""
    alone = {"weight_decay": CellRuns((0.927,) * 6)}
    found = name_tradeoff(WINNER, BASELINE, trained(alone=alone, weight_decay=0.1))
    (effect,) = (e for e in found.effects if e.factor == "weight_decay")
    half = 3.1058 * sd_of(1) * math.sqrt(1 / 2 + 1 / 6)
    assert effect.last is not None
    assert effect.last.low == pytest.approx(0.003 - half, rel=1e-3)
    assert "weight decay 2e-3 -> 1e-4 had to give way: reverting it costs 0.30" in found.sentence
    assert found.notes[0] == (
        "The limits of weight decay narrowly included zero, so it was reverted alone in 6 runs "
        "more; its worth as the last change comes from them."
    )


def test_a_tradeoff_survives_json() -> None:
    found = trade(weight_decay=3.0)
    assert from_json(Tradeoff, to_json(found)) == found


def test_what_was_left_out_says_why_and_how_to_get_it() -> None:
    assert skipped("auto", "--explain always") == (
        "The trade-off was not measured, because no gain was shown that it could explain. To "
        "measure it all the same, give --explain always."
    )
    assert skipped("never", "--explain always") == (
        "The trade-off was not measured, as requested. To measure it, give --explain always."
    )


def test_a_field_of_no_known_direction_is_no_price() -> None:
    winner = replace(BASELINE, max_lr=1.4, max_momentum=0.95)
    assert not gave_way(winner, BASELINE, "max_lr")


def test_momentum_gives_way_where_its_lowest_value_falls() -> None:
    assert gave_way(replace(BASELINE, base_momentum=0.8), BASELINE, "momentum")
    assert not gave_way(replace(BASELINE, max_momentum=0.8), BASELINE, "momentum")
