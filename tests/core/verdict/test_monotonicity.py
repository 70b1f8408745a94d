"""The verdict moves the right way with each of its inputs, whatever the others are.

All accuracies are whole thousandths, and two baseline runs differ by one: so the scale on which
both sides were measured is the same before and after a change.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from autosuperconv.core.verdict import Criterion, RunCurve, Verdict, curve_reading, judge
from tests.core.curves import cycle_run, step_run
from tests.core.verdict.test_verdict import met

WORST_TO_BEST = (
    *("diverged", "baseline-invalid", "stable-but-short", "not-found", "undecided", "accelerated"),
    *("reached-control-missing", "reached"),
)
MOST = 900  # thousandths: leaves room for a better candidate


@dataclass(frozen=True)
class Case:
    """Two sides by seed, in thousandths of accuracy, and the candidate's cost and rate."""

    baseline: tuple[int, ...]
    candidate: tuple[int, ...]
    samples: float
    max_lr: float

    def verdict(
        self,
        criterion: Criterion = Criterion(),
        control: Sequence[RunCurve] = (),
        recalibrated: bool | None = True,
    ) -> Verdict:
        candidate = [
            cycle_run(a / 1000, seed, self.samples, self.max_lr)
            for seed, a in enumerate(self.candidate)
        ]
        baseline = [step_run(a / 1000, seed) for seed, a in enumerate(self.baseline)]
        return judge(candidate, baseline, control, criterion, recalibrated)

    def better(self, thousandths: int) -> Case:
        return replace(self, candidate=tuple(a + thousandths for a in self.candidate))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    first = draw(st.integers(600, MOST - 40))
    others = draw(st.lists(st.integers(-30, 30), min_size=1, max_size=3))
    baseline = (first, first + 1, *(first + away for away in others))
    changes = st.lists(st.integers(-40, 40), min_size=len(baseline), max_size=len(baseline))
    shared = draw(st.integers(-40, 40))
    candidate = tuple(
        min(a + shared + change // 4, MOST)
        for a, change in zip(baseline, draw(changes), strict=True)
    )
    samples = draw(st.sampled_from([8_000.0, 14_000.0, 20_000.0, 30_000.0, 60_000.0, 120_000.0]))
    return Case(baseline, candidate, samples, draw(st.sampled_from([0.1, 0.25, 0.5, 2.0])))


def rank(verdict: Verdict) -> int:
    return WORST_TO_BEST.index(verdict.outcome)


def control_of(case: Case, behind: int) -> list[RunCurve]:
    """The standard schedule at the candidate's cost, so many thousandths below the baseline."""
    return [
        cycle_run((a - behind) / 1000, seed, case.samples, 0.1)
        for seed, a in enumerate(case.baseline)
    ]


check = settings(max_examples=60, deadline=None)


@check
@given(case=cases(), thousandths=st.integers(0, 90))
def test_a_more_accurate_candidate_never_gets_a_worse_outcome(case: Case, thousandths: int) -> None:
    assert rank(case.better(thousandths).verdict()) >= rank(case.verdict())


@check
@given(case=cases(), thousandths=st.integers(0, 90), behind=st.integers(0, 60))
def test_a_more_accurate_candidate_never_loses_what_it_reached_over_a_control(
    case: Case, thousandths: int, behind: int
) -> None:
    control = control_of(case, behind)
    if case.verdict(control=control).outcome == "reached":
        assert case.better(thousandths).verdict(control=control).outcome == "reached"


@check
@given(case=cases(), factor=st.floats(1.0, 20.0))
def test_a_cheaper_candidate_has_a_larger_speedup_and_never_a_worse_outcome(
    case: Case, factor: float
) -> None:
    before, after = case.verdict(), replace(case, samples=case.samples / factor).verdict()
    assert before.speedup is not None
    assert after.speedup is not None
    assert after.speedup >= before.speedup
    assert rank(after) >= rank(before)


@check
@given(case=cases(), factor=st.floats(1.0, 50.0))
def test_a_larger_learning_rate_of_the_candidate_never_gets_a_worse_outcome(
    case: Case, factor: float
) -> None:
    assert rank(replace(case, max_lr=case.max_lr * factor).verdict()) >= rank(case.verdict())


@check
@given(case=cases(), margin=st.floats(0.0, 0.05), wider=st.floats(0.0, 0.05))
def test_a_larger_margin_never_turns_c1_from_met_to_unmet(
    case: Case, margin: float, wider: float
) -> None:
    if met(case.verdict(Criterion(margin=margin)))["C1"]:
        assert met(case.verdict(Criterion(margin=margin + wider)))["C1"]


@check
@given(case=cases(), levels=st.tuples(st.floats(0.51, 0.999), st.floats(0.51, 0.999)))
def test_more_confidence_never_turns_c1_or_c4_from_unmet_to_met(
    case: Case, levels: tuple[float, float]
) -> None:
    low, high = sorted(levels)
    control = control_of(case, 10)
    sure = met(case.verdict(Criterion(confidence=high), control))
    less = met(case.verdict(Criterion(confidence=low), control))
    assert less["C1"] or not sure["C1"]
    assert less["C4"] or not sure["C4"]


@check
@given(case=cases(), bounds=st.tuples(st.floats(0.5, 12.0), st.floats(0.5, 12.0)))
def test_a_higher_bound_never_turns_c2_or_c3_from_unmet_to_met(
    case: Case, bounds: tuple[float, float]
) -> None:
    low, high = sorted(bounds)
    strict = met(case.verdict(Criterion(min_speedup=high, min_lr_ratio=high)))
    mild = met(case.verdict(Criterion(min_speedup=low, min_lr_ratio=low)))
    assert mild["C2"] or not strict["C2"]
    assert mild["C3"] or not strict["C3"]


@check
@given(case=cases(), lost=st.integers(0, 5))
def test_runs_that_diverge_decide_where_there_are_two_or_more(case: Case, lost: int) -> None:
    """Two of five or fewer are too many; one of two or more is an accident."""
    few = min(lost, len(case.candidate))
    candidate = [
        replace(cycle_run(a / 1000, s, case.samples, case.max_lr), diverged=s < few)
        for s, a in enumerate(case.candidate)
    ]
    verdict = judge(candidate, [step_run(a / 1000, s) for s, a in enumerate(case.baseline)])
    assert (verdict.outcome == "diverged") is (few >= 2)
    assert (verdict.speedup is None) is (few >= 2)


@check
@given(case=cases(), lost=st.integers(0, 4), also=st.integers(0, 4))
def test_an_accuracy_that_is_not_a_number_never_makes_a_gain(
    case: Case, lost: int, also: int
) -> None:
    """One such run counts as one that diverged; two of five or fewer are too many."""
    n = len(case.candidate)
    gone = {lost % n, also % n}
    candidate = [
        cycle_run(a / 1000, s, case.samples, case.max_lr) for s, a in enumerate(case.candidate)
    ]
    baseline = [step_run(a / 1000, s) for s, a in enumerate(case.baseline)]
    nan = [replace(r, final_accuracy=math.nan) if r.seed in gone else r for r in candidate]
    stopped = [replace(r, diverged=True) if r.seed in gone else r for r in candidate]
    found = judge(nan, baseline)
    assert found.outcome == judge(stopped, baseline).outcome
    assert len(gone) < 2 or found.outcome == "diverged"


@check
@given(case=cases())
def test_sides_that_were_evaluated_differently_never_earn_more_than_undecided(case: Case) -> None:
    differently, unknown, alike = (case.verdict(recalibrated=said) for said in (False, None, True))
    assert rank(differently) <= WORST_TO_BEST.index("undecided")
    assert rank(unknown) == rank(alike)


curves = st.lists(st.integers(100, 950), min_size=1, max_size=60)


@check
@given(curve=curves, margin=st.floats(0.0, 0.1), wider=st.floats(0.0, 0.1))
def test_a_run_is_at_its_final_level_no_later_by_a_wider_margin(
    curve: list[int], margin: float, wider: float
) -> None:
    samples = [1000.0 * (i + 1) for i in range(len(curve))]
    accuracy = [a / 1000 for a in curve]
    strict = curve_reading.cost_to_level(samples, accuracy, margin)
    mild = curve_reading.cost_to_level(samples, accuracy, margin + wider)
    assert samples[0] <= mild <= strict <= samples[-1]
