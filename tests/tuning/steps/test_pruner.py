"""Pruning compares runs at the same phase, and asks whether a run could still get there."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from pathlib import Path

import optuna
import pytest
from optuna.pruners import BasePruner

from autosuperconv.errors import UnknownName
from autosuperconv.tuning.steps.pruner import (
    MIN_TRIALS,
    PRUNERS,
    RUNGS,
    PhasePruner,
    kept_running,
    make_pruner,
    nearest_rung,
)
from autosuperconv.tuning.store.run_store import step_of

BAR = 0.90


def finished(study: optuna.Study, curve: Mapping[float, float]) -> None:
    """A completed trial with an accuracy at each phase; the last is its end."""
    study.add_trial(
        optuna.create_trial(
            value=1000.0,
            intermediate_values={step_of(phase): accuracy for phase, accuracy in curve.items()},
            user_attrs={"accuracy": curve[1.0], "stopped_because": "completed"},
        )
    )


def stops(study: optuna.Study, pruner: BasePruner, phase: float, accuracy: float) -> bool:
    """Whether the pruner would stop a run that has this accuracy at this phase."""
    study.pruner = pruner
    trial = study.ask()
    trial.report(accuracy, step_of(phase))
    verdict = trial.should_prune()
    study.tell(trial, state=optuna.trial.TrialState.FAIL)
    return verdict


def study_of_gains(*gains: float) -> optuna.Study:
    study = optuna.create_study()
    for gain in gains:
        finished(study, {0.5: 0.9 - gain, 1.0: 0.9})
    return study


def test_the_projection_adds_the_largest_gain_and_the_noise() -> None:
    # gains 0, 0.1, ..., 1.0: the largest is 1
    pairs = [(0.0, i / 10) for i in range(11)]
    assert PhasePruner(None).projection(0.05, pairs) == pytest.approx(1.05)
    assert PhasePruner(None, noise=0.01).projection(0.05, pairs) == pytest.approx(1.06)
    assert PhasePruner(None, quantile=0.5).projection(0.05, pairs) == pytest.approx(0.55)


@pytest.mark.parametrize(("accuracy", "stopped"), [(0.69, True), (0.71, False)])
def test_a_run_is_stopped_where_even_a_great_gain_does_not_reach_the_target(
    accuracy: float, stopped: bool
) -> None:
    study = study_of_gains(*[0.2] * MIN_TRIALS)  # everyone gained 0.2 from half-way; the bar is 0.9
    assert stops(study, PhasePruner(BAR), 0.5, accuracy) is stopped


def test_noise_gives_the_benefit_of_the_doubt() -> None:
    study = study_of_gains(*[0.2] * MIN_TRIALS)
    assert not stops(study, PhasePruner(BAR, noise=0.02), 0.5, 0.69)


def test_without_a_target_the_bar_is_the_best_end_so_far() -> None:
    study = study_of_gains(*[0.2] * MIN_TRIALS)
    finished(study, {0.5: 0.75, 1.0: 0.95})
    assert stops(study, PhasePruner(None), 0.5, 0.74)
    assert not stops(study, PhasePruner(None), 0.5, 0.76)


@pytest.mark.parametrize("name", ["median", "phase"])
@pytest.mark.parametrize("phase", [0.25, 1.0])
def test_nothing_is_stopped_before_the_descent_nor_at_the_end(name: str, phase: float) -> None:
    study = optuna.create_study()
    for _ in range(MIN_TRIALS):
        finished(study, dict.fromkeys((0.25, *RUNGS), 0.9))
    assert not stops(study, make_pruner(name, BAR, 0.0), phase, 0.1)


@pytest.mark.parametrize("name", ["median", "phase"])
def test_nothing_is_stopped_before_enough_runs_have_finished(name: str) -> None:
    study = study_of_gains(*[0.2] * (MIN_TRIALS - 1))
    assert not stops(study, make_pruner(name, BAR, 0.0), 0.5, 0.1)
    finished(study, {0.5: 0.7, 1.0: 0.9})
    assert stops(study, make_pruner(name, BAR, 0.0), 0.5, 0.1)


def test_runs_without_an_accuracy_are_not_compared_with() -> None:
    study = study_of_gains(*[0.2] * (MIN_TRIALS - 1))
    study.add_trial(
        optuna.create_trial(value=8000.0, intermediate_values={500: 0.1}, user_attrs={})
    )
    assert not stops(study, PhasePruner(BAR), 0.5, 0.1)


def test_diverged_runs_do_not_lower_the_projection() -> None:
    study = study_of_gains(*[0.2] * MIN_TRIALS)
    for _ in range(20):
        study.add_trial(
            optuna.create_trial(
                value=8000.0,
                intermediate_values={500: 0.1},
                user_attrs={"accuracy": 0.1, "stopped_because": "diverged"},
            )
        )
    assert not stops(study, PhasePruner(BAR), 0.5, 0.71)


@pytest.mark.parametrize("name", sorted(PRUNERS))
def test_every_registered_pruner_answers_on_an_empty_study(name: str) -> None:
    assert stops(optuna.create_study(), make_pruner(name, BAR, 0.0), 0.5, 0.1) is False


def test_the_pruner_none_stops_nothing() -> None:
    study = study_of_gains(*[0.0] * 20)
    assert not stops(study, make_pruner("none", BAR, 0.0), 0.5, 0.0)


def test_an_unknown_pruner_names_a_near_one() -> None:
    with pytest.raises(UnknownName, match=r"Unknown pruner 'fase'. Did you mean 'phase'"):
        make_pruner("fase", None, 0.0)


def test_phases_that_miss_a_rung_by_a_step_stand_for_it() -> None:
    assert nearest_rung(0.4983) == 0.5
    assert nearest_rung(1.0) == 1.0
    assert nearest_rung(0.6341) == 0.625


def test_one_trial_in_ten_is_kept_running() -> None:
    assert 80 <= sum(kept_running(number) for number in range(1000)) <= 120


def smith(name: str) -> dict[float, float]:
    """Test accuracy at each rung of a run of the author's own."""
    folder = os.environ.get("AUTOSUPERCONV_DATA")
    if not folder:
        pytest.skip("AUTOSUPERCONV_DATA names no data folder")
    with (Path(folder) / "smith-logs" / name).open() as file:
        rows = [r for r in csv.DictReader(file) if r["test_accuracy"]]
    steps = [int(r["iteration"]) for r in rows]
    nearest = {p: min(rows, key=lambda r: abs(int(r["iteration"]) - p * steps[-1])) for p in RUNGS}
    return {phase: float(row["test_accuracy"]) for phase, row in nearest.items()}


PEERS = ["Mom85Fig11", "NestFig9", "WD-3Fig11", "WD-5Fig11", "WD-6Fig11"]
PEERS += [f"Tr{n}0kTab1" for n in (1, 2, 3, 4)]


def test_the_papers_winning_run_is_kept_and_a_median_would_have_stopped_it() -> None:
    study = optuna.create_study()
    for peer in 2 * PEERS:  # there are nine of them, and nothing is stopped before twelve
        finished(study, smith(f"clr3SS5k{peer}.csv"))
    winner, standard = smith("clr3SS5kFig1a.csv"), smith("lr35Fig1a.csv")
    target = standard[1.0] - 0.002
    assert winner[1.0] > target
    keeps = PhasePruner(target, noise=0.002)
    assert not any(stops(study, keeps, p, winner[p]) for p in RUNGS)
    assert any(stops(study, make_pruner("median", None, 0.0), p, winner[p]) for p in RUNGS)
    assert stops(study, keeps, 0.75, smith("clr3SS5kWD-3Fig11.csv")[0.75])
