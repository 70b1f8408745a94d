"""What makes a baseline invalid, in words, and what just does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autosuperconv.core.verdict import Criterion, RunCurve
from autosuperconv.core.verdict.baseline_check import baseline_fault
from tests.core.curves import step_run


def run(*accuracy: float) -> RunCurve:
    """Evaluated every 1,000 samples."""
    samples = tuple(1000.0 * i for i in range(1, len(accuracy) + 1))
    return RunCurve(samples, accuracy, accuracy[-1], 0.1, chance=0.1)


def test_a_diverged_baseline_says_where_it_ends() -> None:
    diverged = replace(step_run(0.9), diverged=True)
    assert baseline_fault(diverged, Criterion()) == "diverged (ends at 90.00 %)"


def test_a_drop_within_the_last_fifth_says_its_size() -> None:
    dipped = run(*[0.9] * 85, *[0.74] * 3, *[0.9] * 12)
    assert baseline_fault(dipped, Criterion()) == "drops by 16.00 points within its last fifth"


def test_a_baseline_that_never_falls_is_sound_under_bounds_of_nothing() -> None:
    assert baseline_fault(step_run(0.9), Criterion(max_below_peak=0, max_baseline_drop=0)) is None


@pytest.mark.parametrize(
    ("idle", "fault"), [(25, None), (26, "was at chance for 52 % of its first half")]
)
def test_half_of_the_first_half_at_chance_is_just_allowed(idle: int, fault: str | None) -> None:
    slow = run(*[0.1] * idle, *[0.3] * (50 - idle), *[0.9] * 50)
    assert baseline_fault(slow, Criterion()) == fault
