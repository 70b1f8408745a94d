"""The ablation's runs, with a trainer that adds up by rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import optuna
import pytest

from autosuperconv.core.events import silent
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.stats.moderated import SeedSpread
from autosuperconv.core.trace import Job, OnPoint, StopReason, Trace
from autosuperconv.core.tradeoff import Tradeoff, distinct_runs
from autosuperconv.core.verdict import Outcome
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.steps.ablation import FIRST_SEED, MORE_SEEDS, ablate
from autosuperconv.tuning.steps.forecast import forecast
from autosuperconv.tuning.steps.plan import budget_of
from autosuperconv.tuning.steps.run_curves import Sides
from autosuperconv.tuning.steps.sweep_design import SweepCell, SweepGrid
from autosuperconv.tuning.store.executor import InProcess
from autosuperconv.tuning.store.run_store import RunStore
from autosuperconv.tuning.store.session import Session
from tests.surface import BUDGET, make_setup

BASELINE = Recipe(
    max_lr=0.1,
    epochs=30,
    batch_size=64,
    weight_decay=1e-3,
    max_momentum=0.9,
    base_momentum=0.9,
    schedule="step",
)
WINNER = Recipe(max_lr=1.0, epochs=5, batch_size=64, weight_decay=1e-4)
FIVE = replace(WINNER, batch_size=32, dropout=0.1)


@dataclass(frozen=True)
class RuleTrainer:
    """Accuracy by a rule of the recipe, and noise of 0.05 points by its seed; a rule that gives
    None diverges."""

    rule: Callable[[Recipe], float | None]

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        trace = SurfaceTrainer()(replace(job, recipe=replace(job.recipe, max_lr=0.1)))
        end = self.rule(job.recipe)
        noise = 5e-4 * float(np.random.default_rng(job.recipe.seed).normal())
        return replace(
            trace,
            recipe=job.recipe,
            measured_on=job.measured_on,
            accuracy=None if end is None else end + noise,
            stopped_because=StopReason.COMPLETED if end is not None else StopReason.DIVERGED,
            reached_lr=job.recipe.max_lr,
        )


def together(recipe: Recipe) -> float:
    """A high rate alone costs 1 point; with a small weight decay it gains 3."""
    high, small = recipe.max_lr > 0.5, recipe.weight_decay < 5e-4
    return 0.9 + (0.03 if high and small else -0.01 if high else 0.0)


def session_for(trainer: RuleTrainer) -> Session:
    storage = optuna.storages.InMemoryStorage()
    study = optuna.create_study(storage=storage, study_name="s")
    runs = optuna.create_study(storage=storage, study_name="s.runs")
    return Session(study, RunStore(runs), InProcess(trainer), silent, "")


def ablated(
    rule: Callable[[Recipe], float | None] = together,
    winner: Recipe = WINNER,
    outcome: Outcome = Outcome.REACHED,
    explain: str = "auto",
) -> tuple[Tradeoff, Session]:
    trainer = RuleTrainer(rule)
    session = session_for(trainer)
    found = ablate(session, confirmed(trainer, winner), winner, BASELINE, outcome, explain)
    return found, session


def confirmed(trainer: RuleTrainer, winner: Recipe = WINNER) -> Sides:
    sides = [
        tuple(trainer(Job(replace(recipe, seed=10_000 + i), "test")) for i in range(6))
        for recipe in (winner, BASELINE)
    ]
    return Sides(*sides)


def test_the_combinations_are_trained_on_the_test_set_each_with_seeds_of_its_own() -> None:
    _, session = ablated()
    runs = session.run_store.of("ablation")
    assert {trace.measured_on for _, trace in runs} == {"test"}
    assert {role for role, _ in runs} == {
        *("reverted:max_lr", "reverted:momentum", "reverted:weight_decay"),
        *("reverted:max_lr+momentum", "reverted:max_lr+weight_decay"),
        *("reverted:weight_decay+momentum", "reverted:max_lr+weight_decay+momentum"),
    }
    every = [trace.recipe.seed for _, trace in runs]
    assert len(set(every)) == len(every) == distinct_runs(3) == 14
    assert min(every) >= FIRST_SEED
    lengths = {(trace.recipe.epochs, trace.recipe.schedule) for _, trace in runs}
    assert lengths == {(5, "1cycle")}


def test_both_orders_and_the_last_change_are_told_apart() -> None:
    """max_lr: first -1, last +3; weight decay: first 0, last +4."""
    found, _ = ablated()
    worth = {e.factor: (e.mean, e.last) for e in found.effects}
    for factor, mean, last in (("max_lr", 0.01, 0.03), ("weight_decay", 0.02, 0.04)):
        over_both, as_last = worth[factor]
        assert over_both is not None
        assert as_last is not None
        assert over_both.difference == pytest.approx(mean, abs=1e-3)
        assert as_last.difference == pytest.approx(last, abs=1.5e-3)
    assert "for which weight decay 1e-3 -> 1e-4 had to give way" in found.sentence


def test_five_factors_take_fifteen_runs_with_an_even_number_reverted() -> None:
    found, session = ablated(winner=FIVE)
    runs = session.run_store.of("ablation")
    assert len(runs) == found.runs == distinct_runs(5) == 15
    assert {role.count("+") + 1 for role, _ in runs} == {2, 4}
    assert {e.factor for e in found.effects} == {
        *("max_lr", "weight_decay", "batch_size", "dropout", "momentum")
    }


def test_a_sixth_factor_is_changed_with_the_fifth_and_costs_nothing() -> None:
    def smoothed(recipe: Recipe) -> float:
        return together(recipe) + (0.02 if recipe.label_smoothing > 0 else 0.0)

    found, session = ablated(smoothed, replace(FIVE, label_smoothing=0.1))
    assert len(session.run_store.of("ablation")) == found.runs == 15
    worth = {e.factor: e.mean for e in found.effects}
    assert len(worth) == 5
    together_with = worth["label_smoothing+momentum"]
    assert together_with is not None
    assert together_with.difference == pytest.approx(0.02, abs=1e-3)
    note = "label smoothing and momentum were changed together, as one factor"
    assert any(note in text for text in found.notes)


@pytest.mark.parametrize(
    ("outcome", "explain", "runs"),
    [
        (Outcome.REACHED, "auto", 14),
        (Outcome.REACHED_CONTROL_MISSING, "auto", 14),
        (Outcome.ACCELERATED, "auto", 14),
        (Outcome.STABLE_BUT_SHORT, "auto", 0),
        (Outcome.UNDECIDED, "auto", 0),
        (Outcome.NOT_FOUND, "auto", 0),
        (Outcome.DIVERGED, "auto", 0),
        (Outcome.BASELINE_INVALID, "auto", 0),
        (Outcome.UNDECIDED, "always", 14),
        (Outcome.REACHED, "never", 0),
    ],
)
def test_a_gain_is_explained_and_the_rest_on_request(
    outcome: Outcome, explain: str, runs: int
) -> None:
    found, session = ablated(outcome=outcome, explain=explain)
    assert len(session.run_store.of("ablation")) == found.runs == runs
    assert ("--explain always" in found.sentence) == (runs == 0)
    assert "batch_size" in found.unchanged
    assert found.measured == (runs > 0)


def test_a_spread_that_other_runs_showed_narrows_or_widens_the_limits() -> None:
    trainer = RuleTrainer(together)
    session, sides = session_for(trainer), confirmed(trainer)
    found = [
        ablate(session, sides, WINNER, BASELINE, Outcome.REACHED, spread=spread)
        for spread in (SeedSpread(1e-3, 10), None)
    ]
    wide, usual = (one.spread or 0.0 for one in found)
    assert wide > usual > 0


def test_what_was_left_out_is_trained_when_it_is_requested_later() -> None:
    trainer = RuleTrainer(together)
    session, sides = session_for(trainer), confirmed(trainer)
    first = ablate(session, sides, WINNER, BASELINE, Outcome.UNDECIDED)
    assert first.effects == ()
    again = ablate(session, sides, WINNER, BASELINE, Outcome.UNDECIDED, "always")
    assert len(again.effects) == 3


def test_a_winner_equal_to_the_baseline_trains_nothing() -> None:
    same = replace(BASELINE, epochs=5, schedule="1cycle")
    found, session = ablated(winner=same)
    assert (session.run_store.of("ablation"), found.effects) == ([], ())
    assert found.sentence == "max_lr is 0.1 in both."


def test_a_winner_of_which_no_run_completed_has_no_trade_off() -> None:
    found, session = ablated(
        lambda recipe: None if recipe.max_lr > 0.5 else 0.9,
        outcome=Outcome.DIVERGED,
        explain="always",
    )
    assert session.run_store.of("ablation") == []
    assert found.sentence == (
        "The trade-off was not measured, because no run of the winner completed."
    )


def test_a_second_call_trains_nothing_again() -> None:
    trainer = RuleTrainer(together)
    session, sides = session_for(trainer), confirmed(trainer)
    first = ablate(session, sides, WINNER, BASELINE, Outcome.REACHED)
    session.executor = InProcess(RuleTrainer(lambda recipe: 1 / 0))
    assert ablate(session, sides, WINNER, BASELINE, Outcome.REACHED) == first


def test_a_run_that_diverges_by_accident_is_repeated_with_another_seed() -> None:
    found, session = ablated(
        lambda recipe: None if recipe.seed == FIRST_SEED + 200 else together(recipe), FIVE
    )
    assert len(session.run_store.of("ablation")) == found.runs == 16
    assert "1 run diverged, but not with another seed; left out." in found.notes
    assert all(effect.mean is not None for effect in found.effects)


def test_a_factor_that_makes_combinations_diverge_is_reverted_alone() -> None:
    def unstable(recipe: Recipe) -> float | None:
        return None if recipe.max_lr > 0.5 and recipe.weight_decay > 5e-4 else together(recipe)

    found, session = ablated(unstable, FIVE)
    roles = [role for role, _ in session.run_store.of("ablation")]
    # the fraction, its four lost cells once more, and weight decay alone in three runs
    assert len(roles) == 15 + 4 + 3
    assert roles.count("reverted:weight_decay") == 3
    first = found.effects[0]
    assert (first.factor, first.alone, first.diverged) == ("weight_decay", 3, 3)
    assert "had to give way: when it alone is reverted, training diverged in 3" in found.sentence
    worth = {e.factor: e.mean for e in found.effects}
    assert worth["max_lr"] is not None
    assert worth["max_lr"].difference == pytest.approx(0.03, abs=1e-3)  # with a small weight decay


def test_only_the_factor_on_which_the_sentence_hangs_gets_more_seeds() -> None:
    """Worth 0.06 points, estimated as 0.08 from these seeds; the limits are 0.09 wide."""

    def small(recipe: Recipe) -> float:
        return 0.9 + (0.0006 if recipe.weight_decay < 5e-4 else 0.0)

    found, session = ablated(small, FIVE)
    roles = [role for role, _ in session.run_store.of("ablation")]
    more = [role for role in roles if role.count("+") == 0]
    hung = [e for e in found.effects if e.alone]
    assert len(roles) == 15 + MORE_SEEDS * len(hung) == found.runs
    assert more == ["reverted:weight_decay"] * MORE_SEEDS
    assert [effect.factor for effect in hung] == ["weight_decay"]
    assert any("narrowly included zero" in note for note in found.notes)


@pytest.mark.parametrize(("factors", "runs"), [(5, 15), (3, 14), (0, 0)])
def test_the_forecast_counts_the_runs_of_the_fraction(factors: int, runs: int) -> None:
    budget = replace(BUDGET, factors=factors)
    grid = SweepGrid((SweepCell(64, 1e-4),))
    steps = forecast(budget, make_setup(Path()), {64: 1000.0}, grid, 1)
    assert {step.step: step.runs for step in steps}["ablation"] == runs


def test_a_trade_off_that_is_never_measured_is_not_planned() -> None:
    assert budget_of(make_setup(Path())).factors == 4
    assert budget_of(make_setup(Path(), explain="never")).factors == 0
