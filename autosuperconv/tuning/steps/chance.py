"""The chance that some recipe of a length reaches the target, by the study's model."""

from __future__ import annotations

import numpy as np

from autosuperconv.core.stats.gaussian_process import Floats
from autosuperconv.tuning.samplers.cost_aware import anywhere
from autosuperconv.tuning.samplers.surrogate import TrialModel, log_odds_of_error
from autosuperconv.tuning.steps.ask import UNSTABLE, by_model

ANYWHERE, NEARBY = 300, 300  # points among which the most accurate is looked for
BEST = 6  # of the completed recipes, around which the nearby ones lie
NEAR = 0.05  # spread of those, as a share of each field's range
DRAWS = 400  # of the function, jointly at all points


def chance_to_reach(model: TrialModel, epochs: float) -> float:
    """P(the expected accuracy of some recipe of this length is the target or more).

    The function is drawn jointly at many points: anywhere in the space, and near the best of the
    completed recipes. A recipe counts where it is not likely to diverge, by a draw of where runs
    diverge.

    Raises:
        ValueError: the model knows no target.
    """
    encoding = model.encoding.at_length(epochs)
    if encoding.target is None:
        raise ValueError("chance_to_reach needs a model with a target.")
    rng = np.random.default_rng(0)
    x = encoding.moved(points_at(model, rng, epochs), epochs)
    there = model.at_length(epochs)
    log_odds, covariance = there.joint_log_odds(x)
    root = np.linalg.cholesky(covariance + 1e-6 * np.eye(len(x)))
    drawn = log_odds + rng.normal(size=(DRAWS, len(x))) @ root.T
    stable = there.draw_divergence(x, rng, DRAWS) <= UNSTABLE
    reaches = (drawn <= log_odds_of_error(encoding.target)) & stable
    return float(reaches.any(axis=1).mean())


def points_at(model: TrialModel, rng: np.random.Generator, epochs: float) -> Floats:
    """(m, d): recipes anywhere in the space, and near the completed ones that are most accurate at
    this length."""
    encoding, moved = model.encoding, model.encoding.moved(model.completed, epochs)
    best = moved[by_model(model, moved, epochs).order[:BEST]]
    around = np.repeat(encoding.shares(best), -(-NEARBY // len(best)), axis=0)
    around += NEAR * rng.normal(size=around.shape)
    near = encoding.values(np.clip(around, 0, 1))
    return np.vstack([moved, anywhere(encoding, rng, ANYWHERE), near])
