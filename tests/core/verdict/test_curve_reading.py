"""C5 and T_B: what a baseline's curve says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from autosuperconv.core.verdict import ConditionName, RunCurve, Verdict, curve_reading, judge
from tests.core.curves import cycle_run


def verdict_on(accuracy: Sequence[float], chance: float | None = 0.1) -> Verdict:
    """A good candidate against a baseline with this curve, evaluated every 1,000 samples."""
    samples = tuple(1000.0 * i for i in range(1, len(accuracy) + 1))
    baseline = RunCurve(samples, tuple(accuracy), accuracy[-1], 0.1, chance)
    return judge([cycle_run(0.95, samples=1000)], [baseline])


def invalid(accuracy: Sequence[float], chance: float | None = 0.1) -> bool:
    return verdict_on(accuracy, chance).outcome == "baseline-invalid"


def test_a_baseline_that_ends_below_its_peak_is_invalid() -> None:
    assert invalid([0.9] * 60 + [0.885] * 40)
    assert not invalid([0.9] * 60 + [0.895] * 40)


def test_the_peak_is_a_level_and_not_one_lucky_evaluation() -> None:
    assert not invalid([0.7] * 50 + [0.93] + [0.9] * 49)


def test_a_drop_of_sixteen_points_within_the_last_fifth_is_a_collapse() -> None:
    assert invalid([0.9] * 85 + [0.74] * 3 + [0.9] * 12)
    assert not invalid([0.9] * 85 + [0.76] * 3 + [0.9] * 12)


def test_the_same_drop_earlier_is_not() -> None:
    assert not invalid([0.9] * 60 + [0.74] * 3 + [0.9] * 37)


def test_the_last_fifth_of_the_cost_begins_right_at_four_fifths() -> None:
    accuracy = (0.9,) * 8 + (0.7,) * 2
    evenly = [float(i) for i in range(1, 11)]
    assert curve_reading.late_drop(evenly, accuracy) == pytest.approx(0.2)
    # from 16 on there is the last evaluation alone
    assert curve_reading.late_drop([*evenly[:-1], 20.0], accuracy) == 0


def test_a_lone_bad_evaluation_is_no_collapse() -> None:
    assert not invalid([0.9] * 90 + [0.5] + [0.9] * 9)


def test_a_baseline_at_chance_for_most_of_its_first_half_is_invalid() -> None:
    idle = [0.1] * 30 + [0.3] * 20 + [0.9] * 50
    assert invalid(idle)
    assert "was at chance for 60 % of its first half" in verdict_on(idle).sentence
    assert not invalid([0.1] * 20 + [0.3] * 30 + [0.9] * 50)


@pytest.mark.parametrize("unit", [0.25, 1.0, 1000.0])
def test_an_evaluation_speaks_for_the_stretch_since_the_one_before(unit: float) -> None:
    """At chance (0.05 of the way from 0 to 1 at most) for the first of two halves of a half."""
    cost = (unit, 2 * unit, 4 * unit)
    assert curve_reading.share_at_chance(cost, (0.05, 0.9, 0.9), chance=0.0) == 0.5
    assert curve_reading.share_at_chance((0.0,), (0.0,), chance=0.0) == 0


def test_a_run_ends_at_chance_up_to_its_twentieth_or_to_a_fifth_of_its_peak() -> None:
    assert curve_reading.ends_at_chance(0.05, (0.9,), chance=0.0)
    assert curve_reading.ends_at_chance(0.2, (1.0, 0.2), chance=None)
    assert not curve_reading.ends_at_chance(0.3, (0.5, 0.3), chance=None)


def test_where_chance_is_unknown_no_baseline_is_accused_of_it() -> None:
    assert not invalid([0.1] * 30 + [0.3] * 20 + [0.9] * 50, chance=None)


def test_a_run_evaluated_twice_is_not_accused_of_standing_at_chance() -> None:
    baseline = RunCurve((0.0, 100_000.0), (0.1, 0.9), 0.9, 0.1, chance=0.1)
    assert judge([cycle_run(0.95)], [baseline]).outcome == "reached-control-missing"


def test_an_unrecorded_course_leaves_c5_open_and_takes_the_nominal_length() -> None:
    verdict = judge([cycle_run(0.9)], [RunCurve((80_000.0,), (), 0.9, 0.1)])
    assert verdict.speedup == 8
    assert verdict.condition(ConditionName.BASELINE).met is None


def test_t_b_is_where_the_final_level_is_reached_for_good() -> None:
    # up at 50, down again at 60, up for good at 80 (evaluations count from 1)
    curve = [0.8] * 49 + [0.9] * 10 + [0.85] * 20 + [0.9] * 21
    assert verdict_on(curve).baseline_samples == 80_000


def test_a_dense_curve_must_reach_the_level_and_not_only_come_near() -> None:
    curve = [0.8] * 49 + [0.898] * 20 + [0.9] * 31
    assert verdict_on(curve).baseline_samples == 70_000


def test_one_noisy_evaluation_moves_t_b_neither_early_nor_late() -> None:
    clean = [0.8] * 49 + [0.9] * 51
    early, dip, last = list(clean), list(clean), list(clean)
    early[20], dip[80], last[-1] = 0.95, 0.7, 0.89
    for curve in (clean, early, dip):
        assert verdict_on(curve).baseline_samples == 50_000
    samples = [1000.0 * i for i in range(1, 101)]
    assert curve_reading.cost_to_level(samples, last, 0.003) == 50_000


@pytest.mark.parametrize("evaluations", [20, 100, 400])
@pytest.mark.parametrize("wobble", [0.05, 0.2, 0.5])
def test_the_wobble_of_a_plateau_does_not_lengthen_t_b(evaluations: int, wobble: float) -> None:
    rng = np.random.default_rng(0)
    phase = np.linspace(0, 1, evaluations + 1)[1:]
    level = np.where(phase > 0.75, 90.0, 85.0)
    found = [
        curve_reading.cost_to_level(
            list(phase), list((level + wobble * rng.standard_normal(evaluations)) / 100), 0.002
        )
        for _ in range(100)
    ]
    assert np.mean(found) == pytest.approx(0.77, abs=0.05)


def test_a_sparse_curve_takes_its_first_evaluation_within_the_margin() -> None:
    curve = [0.6, 0.7, 0.7, 0.7, 0.7, 0.7, 0.899, 0.9, 0.899, 0.901]
    assert verdict_on(curve).baseline_samples == 7_000


@pytest.mark.parametrize(("evaluations", "window"), [(1, 1), (5, 1), (9, 3), (20, 3), (50, 5)])
def test_a_level_is_a_mean_over_the_last_tenth_within_bounds(evaluations: int, window: int) -> None:
    assert curve_reading.window([float(i) for i in range(1, evaluations + 1)]) == window


def test_a_very_dense_curve_takes_ten() -> None:
    assert curve_reading.window([float(i) for i in range(1, 802)]) == 10


def test_the_wobble_is_the_median_step_between_the_last_five_evaluations() -> None:
    """Steps of 0, 0.1, 0.1 and 0; the larger one before them does not count."""
    samples = [float(i) for i in range(1, 15)]
    accuracy = [0.2] * 9 + [0.5, 0.5, 0.6, 0.7, 0.7]
    assert curve_reading.wobble(samples, accuracy) == pytest.approx(0.05 / 0.954)


def test_an_evaluation_right_at_the_margin_is_still_at_the_level() -> None:
    accuracy = (0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.75, 0.75, 0.75)
    samples = [float(i) for i in range(1, 10)]
    assert curve_reading.cost_to_level(samples, accuracy, margin=0.25) == 1


def test_five_evaluations_in_the_last_tenth_make_a_curve_dense() -> None:
    assert verdict_on([0.8] * 24 + [0.898] * 10 + [0.9] * 16).baseline_samples == 35_000


def test_of_three_evaluations_the_last_alone_decides_nothing() -> None:
    assert curve_reading.end_level((1.0, 2.0, 3.0), (0.1, 0.5, 0.9)) == 0.5
