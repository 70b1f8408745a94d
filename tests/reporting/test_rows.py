from __future__ import annotations

from dataclasses import replace

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.report import Report
from autosuperconv.core.trace import StopReason
from autosuperconv.core.tradeoff import Effect, Worth
from autosuperconv.core.verdict import Condition, ConditionName
from autosuperconv.core.verdict.conditions import Unit
from autosuperconv.reporting import rows
from tests.reporting.sample import STANDARD


def test_a_condition_shows_value_and_bound_in_its_unit() -> None:
    shown = [
        rows.condition_value(Condition(ConditionName.SPEED, 0.00123, 0.01, False, "", unit))
        for unit in Unit
    ]
    assert shown == ["+0.12 (bound +1.00)", "0.12 (bound 1.00)", "1.23e-3 (bound 0.01)"]
    assert rows.condition_value(Condition(ConditionName.SPEED, None, 5, False, "")) == "-"


def test_a_worth_is_starred_where_zero_lies_outside() -> None:
    assert rows.worth(Worth(0.0031, 0.0012, 0.005)) == "+0.31* (+0.12 to +0.50)"
    assert rows.worth(Worth(0.0031, -0.0012, 0.0074)) == "+0.31 (-0.12 to +0.74)"
    assert rows.worth(None) == "-"


def test_the_spread_is_the_sample_standard_deviation() -> None:
    # 90, 92, 94: mean 92, deviations 2, 0, 2, variance 8 / 2 = 4.
    spread = rows.spread([0.90, 0.92, 0.94, None])
    assert str(spread) == "92.00 \u00b1 2.00 %"
    assert spread.n == 3


def test_a_single_run_has_no_spread() -> None:
    assert str(rows.spread([0.9])) == "90.00 %"


def test_runs_that_never_ended_have_no_accuracy() -> None:
    assert rows.spread([None, float("nan")]) == rows.Spread(None, None, 0)


def test_an_edge_that_was_never_reached_is_marked_as_a_lower_bound() -> None:
    assert rows.edge(3.0, is_bound=True) == ">= 3"
    assert rows.edge(2.2, is_bound=False) == "2.2"
    assert rows.edge(None, is_bound=True) == "-"


def test_a_cycled_momentum_is_written_as_its_range() -> None:
    assert rows.momentum(Recipe(1.0)) == "0.95 to 0.85"
    assert rows.momentum(STANDARD) == "0.9"


def test_roles_are_summed_over_their_seeds(report: Report) -> None:
    roles = rows.role_rows(report.confirmation)
    assert [(row.role, row.accuracy.n) for row in roles] == [
        ("baseline", 3),
        ("candidate", 3),
        ("control", 3),
    ]
    assert roles[1].samples == 12 * 45_000


def test_without_a_winner_there_is_no_ratio_and_no_number(report: Report) -> None:
    lost = replace(report, winner=None)
    assert rows.lr_ratio(lost) is None
    assert rows.winner_number(lost) is None
    assert rows.winner_number(report) == 29


def test_fields_that_are_searched_or_vary_have_columns_in_the_recipes_order(
    report: Report,
) -> None:
    main = ("max_lr", "epochs", "batch_size", "weight_decay", "dropout")
    assert rows.searched_fields(report) == main
    assert rows.shown_fields(report) == main
    trials = tuple(
        replace(trial, recipe=replace(trial.recipe, seed=i, gamma=0.1 + i / 1000))
        for i, trial in enumerate(report.trials)
    )
    assert rows.shown_fields(replace(report, trials=trials)) == (*main, "gamma")


def test_a_run_that_diverged_is_counted_and_moves_neither_cost_nor_accuracy(
    report: Report,
) -> None:
    own = [run for run in report.confirmation if run.role == "control"]
    lost = replace(own[-1].trace, accuracy=None, samples=600, stopped_because=StopReason.DIVERGED)
    runs = [*own[:-1], replace(own[-1], trace=lost)]
    (row,) = rows.role_rows(runs)
    (sound,) = rows.role_rows(own[:-1])
    assert (row.samples, row.accuracy) == (sound.samples, sound.accuracy)
    n = len(own)
    assert row.completed == f"{n - 1} of {n}"
    assert row.text == f"{row.accuracy} ({n - 1} of {n} runs)"
    assert rows.role_cells(row)[-1] == row.completed
    assert (sound.completed, sound.text) == (str(n - 1), str(sound.accuracy))


def test_the_row_of_an_effect_says_how_runs_fared_without_the_change() -> None:
    last = Worth(0.0142, 0.0086, 0.0198)
    lost = Effect("weight_decay", "2e-4", "1e-3", None, None, alone=3, diverged=3)
    assert rows.effect_row(lost)[3:] == ("-", "3 of 3 diverged")
    some = replace(lost, last=last, diverged=1)
    assert rows.effect_row(some)[3:] == ("-", "+1.42* (+0.86 to +1.98), 1 of 3 diverged")
    usual = Effect("dropout", "0", "0.2", Worth(-0.001, -0.004, 0.002), last)
    assert rows.effect_row(usual)[3:] == ("-0.10 (-0.40 to +0.20)", "+1.42* (+0.86 to +1.98)")
    single = Effect("dropout", "0", "0.2", Worth(-0.001, None, None))
    assert rows.effect_row(single)[3:] == ("-0.10", "-")
    joined = Effect("label_smoothing+momentum", "0.1, 0.95", "0, 0.9", last)
    assert rows.effect_row(joined)[0] == "label smoothing + momentum"
