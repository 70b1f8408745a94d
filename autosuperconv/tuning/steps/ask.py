"""Asks the study for its best cycle of one length, and for the chance that there is a good one.

The fields of the completed trials are moved to that length, and the model of all trials predicts
how accurate they are there. The best few by its mean are trained again, with seeds of their own,
still on validation data. The model then takes these runs in, and its best one is the answer: where
the noise of a run is larger than what the recipes differ by, trials and new runs decide together.
A recipe that probably diverges comes after all others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from optuna.trial import FrozenTrial

from autosuperconv.core.events import Step
from autosuperconv.core.format import number
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Choices
from autosuperconv.core.stats.gaussian_process import Floats
from autosuperconv.core.trace import Job, Trace
from autosuperconv.tuning.samplers.encoding import Encoding
from autosuperconv.tuning.samplers.prior_revision import revised_prior
from autosuperconv.tuning.samplers.surrogate import (
    MIN_RUNS,
    MoreRuns,
    TrialModel,
    accuracy_at,
    fit_trial_model,
)
from autosuperconv.tuning.steps.no_trial import none_completed
from autosuperconv.tuning.steps.study import StudySettings, finished
from autosuperconv.tuning.store.observation import Observation
from autosuperconv.tuning.store.session import Session

ROLE = "shortlist"
SEEDS, CANDIDATES = 2, 3
SURE = 2.0  # of its own standard deviations, by which the model must expect a length to be hopeless
UNSTABLE = 0.15  # probability of divergence from which a recipe comes after the stable ones


@dataclass(frozen=True, slots=True)
class Answer:
    """The best cycle of one length.

    Args:
        speedup: what the length gives, 5 or 2.
        recipe: with that length.
        accuracy: its expected validation accuracy, by model and runs; fraction of 1.
        sd: posterior standard deviation of that, fraction of 1.
        asked: all runs that were trained to find it; none where the length is hopeless.
    """

    speedup: float
    recipe: Recipe
    accuracy: float
    sd: float
    asked: tuple[Trace, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is known of a few recipes of one length.

    Args:
        accuracy: (n,) expected ones, fractions of 1.
        sd: (n,) standard deviations of these.
        unstable: (n,) 0, or more where it is likely to diverge.
    """

    accuracy: Floats
    sd: Floats
    unstable: Floats

    @property
    def order(self) -> list[int]:
        """The best one first."""
        return [int(i) for i in np.lexsort((-self.accuracy, self.unstable))]

    def take(self, order: Sequence[int]) -> Estimate:
        """These recipes, in this order."""
        at = np.array(order, dtype=int)
        return Estimate(self.accuracy[at], self.sd[at], self.unstable[at])


def ask_at(
    session: Session,
    settings: StudySettings,
    epochs: float,
    speedup: float,
    seeds: int = SEEDS,
    candidates: int = CANDIDATES,
    answered: float | None = None,
    hopeless: float | None = None,
) -> Answer:
    """Train the study's best few recipes again at one length, and select the best one.

    Args:
        session: the search.
        settings: of the study.
        epochs: the length.
        speedup: what the length gives.
        seeds: runs of each candidate.
        candidates: recipes to train.
        answered: length of the answer, which the model moves the runs to; None: that of the runs.
        hopeless: accuracy of which the model must be sure that the best recipe falls below it for
            nothing to be trained; None: train in any case.

    Raises:
        NothingCompleted: no trial completed.
        TimeUp: none was begun in time, or there is none left to try again.
    """
    study = [t.trial for t in finished(session.study)]
    prior = revised_prior(settings.prior, study)
    encoding = replace(settings.encoding, prior=prior)
    found = candidates_at(encoding, study, epochs)
    x, expected = found.x[:candidates], found.expected
    if not len(x):
        if session.time_is_up or not study:
            session.end_early()
        raise none_completed(session, settings, len(study))
    recipes = [recipe_of(encoding, row, epochs) for row in x]
    if hopeless is not None and expected is not None:
        accuracy, sd = float(expected.accuracy[0]), float(expected.sd[0])
        if accuracy + SURE * sd <= hopeless:
            recipe = replace(recipes[0], epochs=answered or epochs)
            return Answer(speedup, recipe, accuracy, sd, ())
    jobs = [
        Job(replace(r, seed=settings.seed + 1 + i), sealed=True)
        for r in recipes
        for i in range(seeds)
    ]
    runs = session.run(Step.CONFIRMATION, ROLE, jobs, _label)
    return answer(encoding, study, x, recipes, runs, speedup, answered)


@dataclass(frozen=True, slots=True)
class Candidates:
    """The completed trials' fields at one length, the best first.

    Args:
        x: (n, d) rows.
        expected: what the model of all trials expects of them before they are trained there; None
            where there are too few trials for a model. A length at which the first one is expected
            far below the target is not worth asking.
    """

    x: Floats
    expected: Estimate | None


def candidates_at(encoding: Encoding, trials: Sequence[FrozenTrial], epochs: float) -> Candidates:
    """All of them, ranked by the model's mean at that length; by their own accuracy where there is
    no model. Of trials that differ in length alone there is one."""
    completed = [t for t in trials if Observation(t).completed]
    own = np.array([Observation(t).accuracy or 0.0 for t in completed])
    rows = encoding.moved(encoding.rows(completed), epochs)[np.argsort(-own, kind="stable")]
    rows = rows[np.sort(np.unique(rows, axis=0, return_index=True)[1])]
    model = fit_trial_model(encoding, trials) if has_model(trials) else None
    if model is None:
        return Candidates(rows, None)
    expected = by_model(model, rows, epochs)
    order = expected.order
    return Candidates(rows[order], expected.take(order))


def has_model(trials: Sequence[FrozenTrial]) -> bool:
    """Whether enough trials completed."""
    return sum(Observation(t).completed for t in trials) >= MIN_RUNS


def by_model(model: TrialModel, rows: Floats, epochs: float) -> Estimate:
    """What the model says of rows of one length."""
    there = model.at_length(epochs)
    log_odds, sd = there.error_log_odds(rows)
    accuracy = accuracy_at(log_odds)
    slope = accuracy * (1 - accuracy)
    unstable = (there.diverges(rows) > UNSTABLE).astype(float)
    return Estimate(accuracy, sd * slope, unstable)


def by_runs(accuracies: Floats) -> Estimate:
    """What (n, seeds) accuracies of runs say of n recipes, NaN after a divergence."""
    sound = np.where(np.isnan(accuracies), 0.0, accuracies)
    n = accuracies.shape[1]
    means = sound.mean(axis=1)
    degrees = accuracies.size - len(accuracies)
    pooled = np.sqrt(((sound - means[:, None]) ** 2).sum() / degrees) if degrees else np.nan
    sd = np.full(len(accuracies), pooled / np.sqrt(n))
    return Estimate(means, sd, np.isnan(accuracies).mean(axis=1))


def answer(
    encoding: Encoding,
    trials: Sequence[FrozenTrial],
    x: Floats,
    recipes: Sequence[Recipe],
    runs: Sequence[Trace],
    speedup: float,
    answered: float | None = None,
) -> Answer:
    """The best of (n, d) rows of one length, by the trials and by the runs of each.

    Args:
        recipes: of the rows.
        runs: of the recipes, equally many of each, in their order.
        answered: length of the answer; None: that of the runs.
    """
    accuracies = as_more_runs(encoding, runs).accuracy.reshape(len(x), -1)
    epochs = recipes[0].epochs
    found = posterior(encoding, trials, x, epochs, accuracies, answered)
    best = found.order[0]
    return Answer(
        speedup,
        replace(recipes[best], epochs=answered or epochs),
        float(found.accuracy[best]),
        float(found.sd[best]),
        tuple(runs),
    )


def posterior(
    encoding: Encoding,
    trials: Sequence[FrozenTrial],
    x: Floats,
    epochs: float,
    accuracies: Floats,
    answered: float | None = None,
) -> Estimate:
    """What the trials and (n, seeds) runs of one length say of their (n, d) recipes, at the length
    of the answer: None, that of the runs. The process takes the runs in as observations, so it
    weighs them by its own noise, and what it did not know alike of similar recipes is corrected
    alike. A run that diverged is decisive."""
    alone = by_runs(accuracies)
    if not has_model(trials):
        return alone
    each = np.repeat(x, accuracies.shape[1], axis=0)
    model = fit_trial_model(
        encoding, trials, MoreRuns(each, np.full(len(each), epochs), accuracies.ravel())
    )
    assert model is not None
    seen = by_model(model, x, answered or epochs)
    return replace(seen, unstable=alone.unstable + seen.unstable)


def model_of(
    session: Session, settings: StudySettings, asked: Sequence[Trace]
) -> TrialModel | None:
    """The model of the trials and of runs that were asked for; None where there are too few
    trials."""
    trials = [t.trial for t in finished(session.study)]
    if not has_model(trials):
        return None
    prior = revised_prior(settings.prior, trials)
    encoding = replace(settings.encoding, prior=prior)
    return fit_trial_model(encoding, trials, as_more_runs(encoding, asked) if asked else None)


def as_more_runs(encoding: Encoding, traces: Sequence[Trace]) -> MoreRuns:
    """Traces as the model takes them."""
    rows = [[float(getattr(t.recipe, name)) for name in encoding.names] for t in traces]
    lengths = [t.recipe.epochs for t in traces]
    ends = [np.nan if t.accuracy is None or not t.completed else t.accuracy for t in traces]
    return MoreRuns(np.array(rows), np.array(lengths), np.array(ends, dtype=float))


def recipe_of(encoding: Encoding, row: Floats, epochs: float) -> Recipe:
    """The recipe of a (d,) row, of this length; the other fields are the base's."""
    values: dict[str, float | int] = {}
    for name, value in zip(encoding.names, row, strict=True):
        is_choice = isinstance(encoding.space.dimensions[name], Choices)
        values[name] = int(value) if is_choice else float(value)
    return replace(encoding.base, **{**values, "epochs": epochs})  # type: ignore[arg-type]


def _label(job: Job) -> str:
    r = job.recipe
    return f"shortlist, max_lr {number(r.max_lr)}, {number(r.epochs)} epochs, seed {r.seed}"
