"""The chance that some recipe reaches the target."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from autosuperconv.tuning.samplers.surrogate import fit_trial_model
from autosuperconv.tuning.steps.chance import chance_to_reach
from tests.tuning.samplers.made_trials import encoding, ended


def at_target(shift: float) -> float:
    """The chance where nine recipes of four epochs ended at 90 % and more or less."""
    where = encoding(edge=3.0, target=0.9 - shift)
    trials = [ended(0.1 * 1.3**i, "completed", 0.9 + 0.002 * (i % 3), 4.0) for i in range(9)]
    model = fit_trial_model(where, trials)
    assert model is not None
    return chance_to_reach(model, 4.0)


def test_the_chance_is_high_above_the_target_low_far_below_and_open_between() -> None:
    assert at_target(0.03) > 0.95
    assert at_target(-0.09) < 0.1
    assert at_target(-0.09) < at_target(-0.02) < at_target(0.03)


def test_a_longer_cycle_has_a_better_chance() -> None:
    where = encoding(edge=3.0)
    trials = [ended(0.1 * 1.3**i, "completed", 0.85 + 0.002 * (i % 3), 4.0) for i in range(9)]
    model = fit_trial_model(where, trials)
    assert model is not None
    assert chance_to_reach(model, 2.0) < chance_to_reach(model, 8.0)


def test_recipes_that_would_all_diverge_have_no_chance() -> None:
    where = encoding(edge=3.0)
    sound = [ended(0.01 * 1.1**i, "completed", 0.8, 4.0) for i in range(4)]
    model = fit_trial_model(where, sound)
    assert model is not None
    constant = np.eye(len(model.stability.weights))[0]
    weights = model.stability.weights + 100 * constant
    lost = replace(model, stability=replace(model.stability, weights=weights))
    assert chance_to_reach(lost, 4.0) == 0.0


def test_a_chance_needs_a_target() -> None:
    where = replace(encoding(), target=None)
    model = fit_trial_model(where, [ended(0.1 * i, "completed", 0.8) for i in (1, 2, 3)])
    assert model is not None
    with pytest.raises(ValueError, match="target"):
        chance_to_reach(model, 4.0)
