"""Which unmet condition decides, and what is given as the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autosuperconv.core.verdict import ConditionName, Criterion, Outcome, RunCurve, Verdict, judge
from autosuperconv.core.verdict.conditions import CONDITIONS
from autosuperconv.errors import InvalidInput
from tests.core.curves import BETTER, cycle_run, cycles, steps

WORSE = (0.88, 0.881, 0.885)  # surely short of the baseline
OPEN = (0.902, 0.901, 0.906)  # may or may not be within the margin
TOO_SLOW, SLOW = 40_000, 25_000  # k = 1.875 and 3
CONTROL = cycles((0.880, 0.882, 0.885))


def collapsed() -> list[RunCurve]:
    """Baselines of which one ends 5 points below its peak."""
    first, *others = steps()
    accuracy = (*first.accuracy[:-20], *(0.85 for _ in range(20)))
    return [replace(first, accuracy=accuracy), *others]


def unmet(verdict: Verdict) -> list[ConditionName]:
    return [condition.name for condition in verdict.conditions if condition.met is False]


def test_every_condition_is_checked_once_and_found_by_its_name() -> None:
    verdict = judge(cycles(), steps(), CONTROL, batch_norm_recalibrated=True)
    assert [condition.name for condition in verdict.conditions] == list(ConditionName)
    assert list(CONDITIONS) == list(ConditionName)
    assert verdict.condition(ConditionName.LARGE_LR).value == pytest.approx(10)


def test_divergence_decides_before_everything_else() -> None:
    runs = [cycle_run(0.1, 0), *cycles(WORSE)[1:]]
    verdict = judge(runs, collapsed(), CONTROL, batch_norm_recalibrated=False)
    assert len(unmet(verdict)) == 5
    assert verdict.outcome is Outcome.DIVERGED


def test_an_invalid_baseline_decides_before_a_slow_candidate() -> None:
    verdict = judge(cycles(samples=90_000), collapsed(), batch_norm_recalibrated=False)
    assert ConditionName.SPEED in unmet(verdict)
    assert verdict.outcome is Outcome.BASELINE_INVALID
    assert "C5 valid baseline unmet: the baseline in 1 of 3 runs ends" in verdict.sentence


def test_too_slow_decides_before_sides_that_are_not_comparable() -> None:
    verdict = judge(cycles(samples=TOO_SLOW), steps(), batch_norm_recalibrated=False)
    assert verdict.outcome is Outcome.STABLE_BUT_SHORT
    assert verdict.sentence.endswith("unmet: C2 speed and C6 batch norm.")


def test_not_comparable_decides_before_accuracy() -> None:
    verdict = judge(cycles(WORSE), steps(), batch_norm_recalibrated=False)
    assert verdict.outcome is Outcome.UNDECIDED
    assert "C6 batch norm open" in verdict.sentence
    assert verdict.more_seeds is None


@pytest.mark.parametrize(
    ("accuracy", "outcome"), [(WORSE, Outcome.STABLE_BUT_SHORT), (OPEN, Outcome.UNDECIDED)]
)
def test_accuracy_decides_before_a_small_gain(
    accuracy: tuple[float, ...], outcome: Outcome
) -> None:
    assert judge(cycles(accuracy, SLOW, max_lr=0.2), steps()).outcome is outcome


def test_a_small_gain_decides_before_the_control() -> None:
    verdict = judge(cycles(samples=SLOW), steps(), cycles(BETTER))
    assert verdict.outcome is Outcome.ACCELERATED
    assert verdict.sentence.endswith("unmet: C2 speed and C4 control.")


def test_an_open_question_is_given_alone_with_its_outlook() -> None:
    verdict = judge(cycles(OPEN), steps(), cycles(BETTER))
    assert ConditionName.CONTROL in unmet(verdict)
    assert "C1 accuracy open" in verdict.sentence
    assert "C4" not in verdict.sentence
    assert verdict.sentence.endswith(
        f"about {verdict.more_seeds} more seeds would probably settle it."
    )


def test_a_lower_bound_on_the_speed_up_counts_below_the_acceleration_too() -> None:
    criterion = Criterion(min_speedup=1.5)
    verdict = judge(cycles(samples=TOO_SLOW), steps(), CONTROL, criterion)
    assert verdict.outcome is Outcome.REACHED


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("margin", -0.001, r"a fraction in \[0, 1\)"),
        ("margin", 1.0, r"a fraction in \[0, 1\)"),
        ("max_below_peak", 2.0, r"a fraction in \[0, 1\)"),
        ("max_baseline_drop", -1.0, r"a fraction in \[0, 1\)"),
        ("confidence", 0.0, r"a fraction in \(0, 1\)"),
        ("confidence", 1.0, r"a fraction in \(0, 1\)"),
        ("min_speedup", 0.0, "above 0"),
        ("min_acceleration", -2.0, "above 0"),
        ("min_lr_ratio", 0.0, "above 0"),
    ],
)
def test_a_bound_out_of_its_range_is_refused(field: str, value: float, rule: str) -> None:
    with pytest.raises(InvalidInput, match=rf"Criterion\.{field} must be {rule}, but got"):
        Criterion(**{field: value})
