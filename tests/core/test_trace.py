"""What a trace says about its run in words."""

from __future__ import annotations

from dataclasses import replace

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job, StopReason
from autosuperconv.testing import SurfaceTrainer

TRACE = SurfaceTrainer()(Job(Recipe(max_lr=0.5, epochs=4.5)))


def test_a_completed_run_tells_its_accuracy_and_its_length() -> None:
    assert replace(TRACE, accuracy=0.92044).outcome == "92.04 % after 4.5 epochs"


def test_any_other_run_tells_why_it_stopped_and_the_detail_if_there_is_one() -> None:
    diverged = replace(TRACE, stopped_because=StopReason.DIVERGED, accuracy=None, detail="")
    assert diverged.outcome == "diverged"
    assert replace(diverged, detail="loss is NaN").outcome == "diverged: loss is NaN"
