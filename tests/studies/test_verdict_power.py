"""The decision can fail: error rates and power on simulated searches."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import power
import pytest
from power import Rules
from power_report import power_report
from truths import SKEWED, Truth

from autosuperconv.core.stats import SeedSpread
from autosuperconv.core.verdict import (
    Course,
    Evidence,
    Needed,
    RunCurve,
    RungRuns,
    RungState,
    follow,
    plan_looks,
)

STUDY = Path(__file__).parents[2] / "studies" / "verdict_power"
REPETITIONS = 5_000
WITHIN = 0.9  # three standard errors of a 5 % share of 5,000, in per cent
STATES = {RungState.PASSED: power.PASSED, RungState.OPEN: power.OPEN, RungState.FAILED: -1}
BOUND = Truth(0, 0, at_bound=True)


@pytest.mark.parametrize("most", [3, 8, 12])
def test_three_equal_sides_are_credited_in_at_most_five_per_cent(most: int) -> None:
    rules = Rules(looks=plan_looks(3, most))
    assert power.simulate(Truth(0, 0, 0), rules, REPETITIONS, seed=1).reached <= 5 + WITHIN


@pytest.mark.parametrize(
    "truth",
    [
        BOUND,
        replace(BOUND, fast=-2.5),
        replace(BOUND, baseline_sd=2),
        replace(BOUND, cycle_sd=2),
        replace(BOUND, noise=SKEWED),
        replace(BOUND, correlation=0.0),
    ],
)
def test_a_loss_of_the_whole_margin_is_called_a_gain_in_at_most_five_per_cent(
    truth: Truth,
) -> None:
    found = power.simulate(truth, Rules(looks=plan_looks(3, 8)), REPETITIONS, seed=2)
    assert found.gain <= 5 + WITHIN
    assert found.no <= 5 + WITHIN


def test_looking_at_each_look_without_limits_would_not_keep_the_error() -> None:
    draws = power.draw(replace(BOUND, fast=-9), Rules(), REPETITIONS, seed=3)
    passed = np.zeros(REPETITIONS, bool)
    for n, m in Rules().looks.sizes:
        sides = draws.slow[:, :m], draws.baseline[:, :n], -draws.margin
        plan = power.LookPlan(((n, m),), 0.05, 0.05), 0
        found = power.looked(*sides, lambda _: (1.645, 1.645), plan, Rules(), draws.spread)
        passed |= found.state == power.PASSED
    assert power.percent(passed) > 6


def test_stopping_where_more_runs_hardly_help_costs_power_and_no_error() -> None:
    """At the bound it saves a third of the confirmation; at equality it costs 3 points in 90."""
    patient, product = Rules(futile=0.0), Rules()
    at_bound = [power.simulate(replace(BOUND, fast=-9), r, 3_000, 6) for r in (patient, product)]
    equal = [power.simulate(Truth(-2.5, 0), r, 3_000, 6) for r in (patient, product)]
    assert at_bound[1].gain <= at_bound[0].gain
    assert at_bound[1].no <= at_bound[0].no
    assert at_bound[1].cost.mean() < 0.67 * at_bound[0].cost.mean()
    assert equal[0].gain - 5 < equal[1].gain < equal[0].gain


def test_a_better_candidate_is_shown_more_often_and_at_less_cost() -> None:
    found = [power.simulate(Truth(d - 3, d), Rules(), 2_000, seed=4) for d in (0, 0.5, 1)]
    gains = [one.gain for one in found]
    assert gains == sorted(gains)
    assert gains[0] > 85
    assert found[2].cost.mean() < found[0].cost.mean()


@pytest.mark.parametrize(
    "truth", [Truth(0, 0, -1), Truth(-1.4, -1.4), Truth(-2, 0.5), Truth(1, 1, 0), Truth(-3, -3)]
)
def test_the_arrays_decide_as_the_product_does(truth: Truth) -> None:
    rules = Rules(looks=plan_looks(3, 8), degrees=6)
    draws = power.draw(truth, rules, 25, seed=5)
    found = power.decide(draws, rules)
    for i in range(25):
        course = one_search(draws, i, rules)
        fast, slow = course.rungs.get(5.0), course.rungs.get(2.0)
        assert course.needed.nothing
        assert (STATES[fast.state] if fast else 0) == found.fast[i]
        assert (STATES[slow.state] if slow else 0) == found.slow[i]
        assert (STATES[fast.control_state] if fast else 0) == found.control[i]


def one_search(draws: power.Draws, i: int, rules: Rules) -> Course:
    """The same repetition by the product's own decision, with the runs that it asks for; an sd is a
    thousandth of accuracy."""

    def side(values: np.ndarray) -> tuple[RunCurve, ...]:
        ends = (0.5 + value / 1000 for value in values[i])
        return tuple(RunCurve((1.0,), (), end, 1.0, evaluated=10**9) for end in ends)

    evidence = Evidence(
        SeedSpread(float(np.sqrt(draws.spread[i])) / 1000, rules.degrees),
        margin=float(draws.margin[i]) / 1000,
        looks=rules.looks,
    )
    posterior = float(draws.posterior[i])
    fast, slow, control = map(side, (draws.fast, draws.slow, draws.control))
    have = Needed(0, {}, {})
    while True:
        rungs = [
            RungRuns(5.0, fast[: have.candidate.get(5.0, 0)], (), posterior),
            RungRuns(2.0, slow[: have.candidate.get(2.0, 0)]),
        ]
        rungs[0] = replace(rungs[0], control=control[: have.control.get(5.0, 0)])
        course = follow(rungs, side(draws.baseline)[: have.baseline], evidence)
        if course.needed.nothing:
            return course
        have = more_of(have, course.needed)


def more_of(have: Needed, needed: Needed) -> Needed:
    """The runs that there are once those that are needed were trained."""
    return Needed(
        max(have.baseline, needed.baseline),
        {**have.candidate, **needed.candidate},
        {**have.control, **needed.control},
    )


def test_the_same_seed_gives_the_same_page() -> None:
    assert power_report(40, seed=1) == power_report(40, seed=1)


@pytest.mark.slow
def test_the_committed_page_is_what_the_simulation_writes() -> None:
    assert (STUDY / "README.md").read_text() == power_report()
