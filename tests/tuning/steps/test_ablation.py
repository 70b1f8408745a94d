"""Both halves of the attribution and the Shapley values, with a trainer that adds up by rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import optuna
import pytest

from autosuperconv.core.events import silent
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, OnPoint, Trace
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.steps.ablation import ablate, distinct_runs, grouped
from autosuperconv.tuning.steps.confirmation import Confirmation, seeds
from autosuperconv.tuning.steps.plan import forecast
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


@dataclass(frozen=True)
class RuleTrainer:
    """Accuracy by a rule of the recipe and the seed; counts as trained whatever it is."""

    rule: Callable[[Recipe], float]

    def __call__(self, job: Job, on_point: OnPoint | None = None) -> Trace:
        trace = SurfaceTrainer()(replace(job, recipe=replace(job.recipe, max_lr=0.1)))
        end = self.rule(job.recipe) + 0.001 * (job.recipe.seed % 3)
        return replace(trace, recipe=job.recipe, measured_on=job.measured_on, accuracy=end)


def together(recipe: Recipe) -> float:
    """A high rate alone costs 1 point; with a small weight decay it gains 3."""
    high, small = recipe.max_lr > 0.5, recipe.weight_decay < 5e-4
    return 0.9 + (0.03 if high and small else -0.01 if high else 0.0)


def session_for(trainer: RuleTrainer) -> Session:
    storage = optuna.storages.InMemoryStorage()
    study = optuna.create_study(storage=storage, study_name="s")
    runs = optuna.create_study(storage=storage, study_name="s.runs")
    return Session(study, RunStore(runs), InProcess(trainer), silent, "")


def confirmed(trainer: RuleTrainer, winner: Recipe = WINNER) -> Confirmation:
    runs = tuple(trainer(Job(replace(winner, seed=s), "test")) for s in seeds(3))
    return Confirmation(runs, (), ())


def test_both_ends_of_every_factor_are_trained_on_the_test_set() -> None:
    trainer = RuleTrainer(together)
    session = session_for(trainer)
    found = ablate(session, confirmed(trainer), WINNER, BASELINE)
    # worth as the last change, and as the first one from the baseline's values
    ends = {
        e.factor: (e.last.difference, e.first.difference if e.first else None)
        for e in found.effects
    }
    assert ends["max_lr"] == (pytest.approx(0.03), pytest.approx(-0.01))
    assert ends["weight_decay"] == (pytest.approx(0.04), pytest.approx(0, abs=1e-9))
    runs = session.run_store.of("ablation")
    assert {trace.measured_on for _, trace in runs} == {"test"}
    assert {role for role, _ in runs} == {
        *("reverted:max_lr", "reverted:momentum", "reverted:weight_decay"),
        *("forward:none", "forward:max_lr", "forward:momentum", "forward:weight_decay"),
    }
    assert len(runs) == distinct_runs(3, 3) == 21


def test_the_forward_half_starts_from_the_winners_length_and_the_baselines_values() -> None:
    trainer = RuleTrainer(together)
    session = session_for(trainer)
    found = ablate(session, confirmed(trainer), WINNER, BASELINE)
    (start, *_) = (t for role, t in session.run_store.of("ablation") if role == "forward:none")
    assert (start.recipe.epochs, start.recipe.schedule, start.recipe.max_lr) == (5, "1cycle", 0.1)
    assert found.start == replace(start.recipe, seed=0)


def test_shapley_values_share_what_two_changes_do_together() -> None:
    trainer = RuleTrainer(together)
    session = session_for(trainer)
    found = ablate(session, confirmed(trainer), WINNER, BASELINE, shapley=True)
    # max_lr: (-1 first, +3 last) / 2 = 1; weight decay: (0 first, 4 last) / 2 = 2
    shares = {share.factors: share.worth.difference for share in found.shares}
    assert shares[("weight_decay",)] == pytest.approx(0.02)
    assert shares[("max_lr",)] == pytest.approx(0.01)
    assert shares[("momentum",)] == pytest.approx(0, abs=1e-9)
    assert found.total is not None
    assert sum(shares.values()) == pytest.approx(found.total.difference)


def test_three_factors_have_every_subset_of_shapley_in_both_halves_already() -> None:
    trainer = RuleTrainer(together)
    session = session_for(trainer)
    ablate(session, confirmed(trainer), WINNER, BASELINE, shapley=True)
    assert len(session.run_store.of("ablation")) == distinct_runs(3, 3, shapley=True) == 21


@pytest.mark.parametrize(("factors", "runs"), [(4, 2 * 4 + 1 + 6), (5, 2 * 5 + 1 + 6 + 2)])
def test_shapley_trains_only_the_subsets_between_the_halves(factors: int, runs: int) -> None:
    winner = replace(WINNER, batch_size=32, dropout=0.1 if factors == 5 else 0.0)
    trainer = RuleTrainer(together)
    session = session_for(trainer)
    found = ablate(session, confirmed(trainer, winner), winner, BASELINE, shapley=True)
    trained = {replace(t.recipe, seed=0) for _, t in session.run_store.of("ablation")}
    # six pairs of four groups; two factors in one group have ends of their own
    assert len(trained) == runs
    assert distinct_runs(factors, 3, shapley=True) == 3 * runs
    assert sum(len(share.factors) for share in found.shares) == factors


@pytest.mark.parametrize(("changes", "runs"), [(("max_lr",), 2), (("max_lr", "dropout"), 3)])
def test_a_run_that_belongs_to_both_halves_is_trained_once(
    changes: tuple[str, ...], runs: int
) -> None:
    same = replace(BASELINE, epochs=5, schedule="1cycle")
    values = {"max_lr": 1.0, "dropout": 0.2}
    winner = replace(same, **{name: values[name] for name in changes})
    trainer = RuleTrainer(together)
    session = session_for(trainer)
    found = ablate(session, confirmed(trainer, winner), winner, BASELINE, shapley=True)
    assert len(session.run_store.of("ablation")) == distinct_runs(len(changes), 3) == 3 * runs
    assert {effect.factor for effect in found.effects} == set(changes)
    assert all(effect.first is not None for effect in found.effects)


def test_the_smallest_effects_share_a_group() -> None:
    assert grouped(["a", "b", "c", "d", "e"]) == {
        "a": ("a",),
        "b": ("b",),
        "c": ("c",),
        "d+e": ("d", "e"),
    }


def test_a_winner_equal_to_the_baseline_trains_nothing() -> None:
    trainer = RuleTrainer(together)
    session = session_for(trainer)
    same = replace(BASELINE, epochs=5, schedule="1cycle")
    found = ablate(session, confirmed(trainer, same), same, BASELINE, shapley=True)
    assert session.run_store.of("ablation") == []
    assert (found.effects, found.shares) == ((), ())


def test_a_second_call_trains_nothing_again() -> None:
    trainer = RuleTrainer(together)
    session = session_for(trainer)
    first = ablate(session, confirmed(trainer), WINNER, BASELINE)
    session.executor = InProcess(RuleTrainer(lambda recipe: 1 / 0))
    assert ablate(session, confirmed(trainer), WINNER, BASELINE) == first


@pytest.mark.parametrize(("shapley", "runs"), [(False, 3 * 11), (True, 3 * 19)])
def test_the_forecast_counts_both_halves_and_the_subsets(shapley: bool, runs: int) -> None:
    budget = replace(BUDGET, seeds=3, factors=5, shapley=shapley)
    steps = forecast(
        budget,
        make_setup(Path()),
        {64: 1000.0},
        SweepGrid((SweepCell(64, 1e-4),)),
        1,
    )
    assert {step.step: step.runs for step in steps}["ablation"] == runs
