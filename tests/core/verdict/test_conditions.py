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
    """Baselines of which one ends 5 points below its highest evaluations."""
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


def shown(verdict: Verdict) -> list[tuple[str, str, str, bool | None, str]]:
    """The first six conditions; others may follow them."""
    rows = [(c.name, c.value_text, c.bound_text, c.met, c.detail) for c in verdict.conditions]
    return rows[:6]


def test_a_met_condition_shows_its_value_its_bound_and_a_sentence() -> None:
    """Against the control: sds 0.208 and 0.252 points, error 0.189, times t(0.95, 3.87) = 2.147."""
    assert shown(judge(cycles(), steps(), CONTROL, batch_norm_recalibrated=True)) == [
        (
            "C1 accuracy",
            "+0.05",
            "-0.29",
            True,
            "Accuracy differs from the baseline's by +0.47 points (90 %: +0.05 to +0.88), "
            "which is within the margin of 0.29 (sqrt(2) x the sd over seeds, 0.20 points).",
        ),
        (
            "C2 speed",
            "7.5",
            "5",
            True,
            "k = 7.5 (90 %: 7.45 to 7.55) >= 5: the baseline is at its final level after 75 k "
            "samples, and the candidate took 10 k.",
        ),
        (
            "C3 large LR",
            "10",
            "3",
            True,
            "The highest learning rate, 1, is 10 x the baseline's; at least 3 x is required.",
        ),
        (
            "C4 control",
            "+2.03",
            "0.00",
            True,
            "The candidate beats the standard schedule compressed to its cost by more than seed "
            "noise: +2.43 points (90 %: +2.03 to +2.84).",
        ),
        (
            "C5 valid baseline",
            "0.00",
            "1.00",
            True,
            "The baseline ends 0.00 points below its peak and does not collapse.",
        ),
        (
            "C6 batch norm",
            "-",
            "-",
            True,
            "Both sides were evaluated with suitable batch-norm statistics.",
        ),
    ]


def test_an_unmet_condition_shows_its_value_its_bound_and_a_sentence() -> None:
    """C1: sds 0.265 and 0.2 points, so the margin is sqrt(2 x 0.055) = 0.332. C4: sds 0.265 and
    0.208, error 0.194. C5: the best ten evaluations are six at 0.9 and four at 0.85."""
    runs = cycles(OPEN, SLOW, max_lr=0.2), collapsed(), cycles(BETTER)
    assert shown(judge(*runs, batch_norm_recalibrated=False)) == [
        (
            "C1 accuracy",
            "-0.39",
            "-0.33",
            False,
            "Accuracy differs from the baseline's by +0.10 points (90 %: -0.39 to +0.59), which "
            "may or may not be within the margin of 0.33 (sqrt(2) x the sd over seeds, 0.23 "
            "points).",
        ),
        (
            "C2 speed",
            "3",
            "5",
            False,
            "k = 3 (90 %: 2.98 to 3.02) < 5: the baseline is at its final level after 75 k "
            "samples, and the candidate took 25 k.",
        ),
        (
            "C3 large LR",
            "2",
            "3",
            False,
            "The highest learning rate, 0.2, is 2 x the baseline's; at least 3 x is required.",
        ),
        (
            "C4 control",
            "-0.79",
            "0.00",
            False,
            "The candidate does not beat the standard schedule compressed to its cost by more than "
            "seed noise: -0.37 points (90 %: -0.79 to +0.05). It is not at its cost: the control's "
            "runs end after 10 k samples and the candidate's after 25 k.",
        ),
        (
            "C5 valid baseline",
            "3.00",
            "1.00",
            False,
            "The baseline in 1 of 3 runs ends 3.00 points below its peak (means of 10 evaluations; "
            "the highest single one is 90.00 %).",
        ),
        (
            "C6 batch norm",
            "-",
            "-",
            False,
            "The two sides were not evaluated with equally suitable batch-norm statistics.",
        ),
    ]


def test_what_could_not_be_measured_is_shown_as_that() -> None:
    unrecorded = RunCurve((80_000.0,), (), 0.9, 0.1)
    assert shown(judge([cycle_run(0.1)], [unrecorded])) == [
        (
            "C1 accuracy",
            "-",
            "-0.30",
            False,
            "The candidate diverged in 1 of 1 run.",
        ),
        (
            "C2 speed",
            "-",
            "5",
            False,
            "There is no speed-up, because the candidate diverged in 1 of 1 run.",
        ),
        (
            "C3 large LR",
            "10",
            "3",
            True,
            "The highest learning rate, 1, is 10 x the baseline's; at least 3 x is required.",
        ),
        (
            "C4 control",
            "-",
            "0.00",
            None,
            "There is no control: the standard schedule was not run at the candidate's cost.",
        ),
        ("C5 valid baseline", "-", "1.00", None, "The baseline's course was not recorded."),
        (
            "C6 batch norm",
            "-",
            "-",
            None,
            "It is not known how batch-norm statistics were evaluated.",
        ),
    ]


def test_divergence_decides_before_everything_else() -> None:
    runs = [*cycles(WORSE)[:1], cycle_run(0.1, 1), cycle_run(0.1, 2)]
    verdict = judge(runs, collapsed(), CONTROL, batch_norm_recalibrated=False)
    assert len(unmet(verdict)) >= 5
    assert verdict.outcome is Outcome.DIVERGED


def test_an_invalid_baseline_decides_before_a_slow_candidate() -> None:
    verdict = judge(cycles(samples=90_000), collapsed(), batch_norm_recalibrated=False)
    assert ConditionName.SPEED in unmet(verdict)
    assert verdict.outcome is Outcome.BASELINE_INVALID
    assert "C5 valid baseline not met: the baseline in 1 of 3 runs ends" in verdict.sentence


def test_too_slow_decides_before_sides_that_are_not_comparable() -> None:
    verdict = judge(cycles(samples=TOO_SLOW), steps(), batch_norm_recalibrated=False)
    assert verdict.outcome is Outcome.STABLE_BUT_SHORT
    assert verdict.sentence.endswith("not met: C2 speed and C6 batch norm.")


def test_not_comparable_decides_before_accuracy() -> None:
    verdict = judge(cycles(WORSE), steps(), batch_norm_recalibrated=False)
    assert verdict.outcome is Outcome.UNDECIDED
    assert "C6 batch norm undecided" in verdict.sentence
    assert verdict.price is None


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
    assert verdict.sentence.endswith("not met: C2 speed and C4 control.")


def test_a_small_gain_decides_before_an_open_control() -> None:
    verdict = judge(cycles(samples=SLOW), steps(), cycles((0.902, 0.904, 0.902)))
    assert verdict.outcome is Outcome.ACCELERATED
    assert verdict.price is None


def test_an_open_question_is_given_alone_with_its_outlook() -> None:
    verdict = judge(cycles(OPEN), steps(), cycles(BETTER))
    assert ConditionName.CONTROL in unmet(verdict)
    assert "C1 accuracy undecided" in verdict.sentence
    assert "C4" not in verdict.sentence
    assert verdict.sentence.endswith(" of the candidate would probably settle it.")


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
        ("confidence", 0.5, r"a fraction in \(0\.5, 1\)"),
        ("confidence", 1.0, r"a fraction in \(0\.5, 1\)"),
        ("min_speedup", 0.0, "above 0"),
        ("min_acceleration", -2.0, "above 0"),
        ("min_lr_ratio", 0.0, "above 0"),
    ],
)
def test_a_bound_out_of_its_range_is_refused(field: str, value: float, rule: str) -> None:
    with pytest.raises(InvalidInput, match=rf"Criterion\.{field} must be {rule}, but got"):
        Criterion(**{field: value})


def test_the_ends_of_a_bounds_range_that_belong_to_it_are_taken() -> None:
    criterion = Criterion(margin=0.0, max_below_peak=0.0, min_speedup=0.5, min_lr_ratio=1.0)
    assert (criterion.margin, criterion.min_speedup) == (0.0, 0.5)
