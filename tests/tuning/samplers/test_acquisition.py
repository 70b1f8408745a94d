"""What a candidate is worth, worked out by hand."""

from __future__ import annotations

import pytest
from optuna.trial import FrozenTrial

from autosuperconv.tuning.samplers.acquisition import caution, longest_useful
from autosuperconv.tuning.samplers.surrogate import fit_trial_model
from tests.tuning.samplers.made_trials import encoding, ended


def proposals(**counts: int) -> list[FrozenTrial]:
    return [ended(0.3, reason, 0.9) for reason, n in counts.items() for _ in range(n)]


def test_caution_grows_with_the_proposals_that_diverged_beyond_one_in_a_hundred() -> None:
    assert caution([]) == 10.0
    assert caution(proposals(completed=10)) == 10.0
    assert caution(proposals(completed=99, diverged=1)) == pytest.approx(10.0)
    # one of ten, where a tenth of one is tolerated: 10 x (1 + 16 x 0.9)
    assert caution(proposals(completed=9, diverged=1)) == pytest.approx(154.0)


def test_cycles_longer_than_the_shortlist_are_useless() -> None:
    where = encoding()
    trials = [ended(0.3, "completed", 0.97, float(e)) for e in (3, 4, 5, 6)]
    model = fit_trial_model(where, trials)
    assert model is not None
    assert longest_useful(model, trials) == 5.0
