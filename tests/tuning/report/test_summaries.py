"""Trials and runs as the report holds them: their state, the Pareto front, the thinned curve."""

from __future__ import annotations

from dataclasses import replace

from autosuperconv.core.curve import Curve
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, Trace
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.tuning.report.summaries import as_reported, pareto_front, reported_run

TRACE = SurfaceTrainer(noise=0.0)(Job(Recipe(max_lr=0.123456789, epochs=2.0)))


def ended(samples: int, accuracy: float) -> Trace:
    recipe = replace(TRACE.recipe, epochs=samples / 1000)
    return replace(TRACE, recipe=recipe, samples=samples, accuracy=accuracy)


def test_the_front_holds_what_nothing_beats_in_both_cost_and_accuracy() -> None:
    cheap, dear, beaten, equal = (
        ended(*end) for end in ((1000, 0.8), (3000, 0.9), (2000, 0.7), (3000, 0.85))
    )
    assert pareto_front([beaten, dear, equal, cheap]) == {cheap.recipe, dear.recipe}


def test_no_trial_has_no_front() -> None:
    assert pareto_front([]) == set()


def test_the_report_keeps_the_columns_that_it_draws_at_six_digits() -> None:
    kept = as_reported(TRACE).curve
    assert kept.phase == TRACE.curve.phase
    assert kept.samples == ()
    assert kept.momentum == ()
    assert kept.only(("lr",)) == Curve(lr=tuple(float(f"{lr:.6g}") for lr in TRACE.curve.lr))
    assert max(kept.lr) == 0.123457


def test_nothing_but_the_curve_is_changed_for_the_report() -> None:
    run = reported_run("baseline", TRACE)
    assert run.role == "baseline"
    assert replace(run.trace, curve=TRACE.curve) == TRACE
