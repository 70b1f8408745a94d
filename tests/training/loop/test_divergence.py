"""When a run counts as diverged, and what its points hold."""

from __future__ import annotations

import math

import torch

from autosuperconv.training.loop.divergence import DivergenceWatch, RecentLosses


def test_divergence_is_dated_to_its_own_step_though_losses_are_checked_in_groups() -> None:
    recent = RecentLosses(DivergenceWatch())
    for loss in (1.0, 1.0, float("nan"), 1.0):
        recent.add(torch.tensor(loss), torch.tensor(3))
    assert recent.check() == "the loss is not finite at step 3"


def test_points_hold_the_mean_since_the_last_one() -> None:
    recent = RecentLosses(DivergenceWatch())
    for loss, hits in ((1.0, 4), (3.0, 0)):
        recent.add(torch.tensor(loss), torch.tensor(hits))
    assert recent.check() == ""
    assert recent.means(batch_size=4) == (2.0, 0.5)


def test_a_loss_must_stay_high_to_count_as_diverged() -> None:
    watch = DivergenceWatch()
    assert not any(watch.check(loss) for loss in [2.3] * 12 + [20.0] + [2.3] * 3)
    assert any("times the first loss" in watch.check(20.0) for _ in range(10))


def test_infinity_is_no_loss() -> None:
    assert DivergenceWatch().check(math.inf) == "the loss is not finite"
