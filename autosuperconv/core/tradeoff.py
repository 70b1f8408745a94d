"""The trade-off: what each change of regularization is worth, by retraining.

Each factor of the winner is put back to the baseline's value alone, so an effect is that of one
change with all others kept; where factors act together, the effects do not add up. The intervals
are per factor at 95 %, not for all of them at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from autosuperconv.core import wording
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.statistics import mean_interval
from autosuperconv.errors import InvalidInput, UnknownName


@dataclass(frozen=True, slots=True)
class Effect:
    """Putting one factor of the winner back to the baseline's value.

    Args:
        factor: the recipe field, or "momentum" for the momentum range.
        winner_value, baseline_value: as texts, e.g. "1e-4" and "2e-3".
        points: mean accuracy with the factor put back, minus the winner's, in points (paired
            by seed): negative means that the change away from the baseline was worth it.
        low, high: its 95 % confidence interval in points; None for a single pair.
        separable: zero lies outside the interval.
        diverged: runs that diverged with the factor put back, of `runs`.
        runs: paired seeds.
    """

    factor: str
    winner_value: str
    baseline_value: str
    points: float
    low: float | None
    high: float | None
    separable: bool
    diverged: int
    runs: int


@dataclass(frozen=True, slots=True)
class Tradeoff:
    """All effects, the largest first, and the sentence that names the trade.

    Args:
        unchanged: factors in which winner and baseline agree, so nothing was retrained.
    """

    effects: tuple[Effect, ...]
    unchanged: tuple[str, ...]
    sentence: str


FACTORS: dict[str, tuple[str, ...]] = {
    "batch_size": ("batch_size",),
    "dropout": ("dropout",),
    "label_smoothing": ("label_smoothing",),
    "max_lr": ("max_lr",),
    "momentum": ("max_momentum", "base_momentum"),
    "weight_decay": ("weight_decay",),
}


CONFIDENCE = 0.95

# The direction in which a change removes regularization: -1 a smaller value, +1 a larger one.
GIVES_WAY = {"batch_size": 1, "dropout": -1, "label_smoothing": -1, "weight_decay": -1}


def put_back(winner: Recipe, baseline: Recipe, factor: str) -> Recipe | None:
    """The winner with one factor at the baseline's value; None where they agree in it.

    Raises:
        UnknownName: no such factor.
    """
    if factor not in FACTORS:
        raise UnknownName("factor", factor, FACTORS)
    changes: dict[str, Any] = {name: getattr(baseline, name) for name in FACTORS[factor]}
    changed = replace(winner, **changes)
    return None if changed == winner else changed


def name_tradeoff(
    winner: Recipe,
    baseline: Recipe,
    winner_accuracy: Mapping[int, float],
    counterfactual_accuracy: Mapping[str, Mapping[int, float]],
    diverged: Mapping[str, Sequence[int]] | None = None,
) -> Tradeoff:
    """Effects and sentence from paired runs.

    Args:
        winner_accuracy: final accuracy by seed.
        counterfactual_accuracy: by factor, then by seed.
        diverged: by factor, the seeds that diverged (their accuracy is chance).

    Raises:
        InvalidInput: a factor in which the two agree was put back, or it shares no seed with
            the winner's runs.
        UnknownName: no such factor.
    """
    lost = diverged or {}
    effects = [
        _effect(winner, baseline, factor, winner_accuracy, accuracy, lost.get(factor, ()))
        for factor, accuracy in counterfactual_accuracy.items()
    ]
    effects.sort(key=lambda effect: (-abs(effect.points), effect.factor))
    unchanged = tuple(f for f in FACTORS if put_back(winner, baseline, f) is None)
    unmeasured = [f for f in FACTORS if f not in unchanged and f not in counterfactual_accuracy]
    sentence = _sentence(winner, baseline, effects, unmeasured)
    return Tradeoff(tuple(effects), unchanged, sentence)


def _effect(
    winner: Recipe,
    baseline: Recipe,
    factor: str,
    winner_accuracy: Mapping[int, float],
    accuracy: Mapping[int, float],
    diverged: Sequence[int],
) -> Effect:
    if put_back(winner, baseline, factor) is None:
        raise InvalidInput(
            f"{factor} was put back, but winner and baseline agree in it: "
            f"both have {_value(winner, factor)}."
        )
    seeds = sorted(winner_accuracy.keys() & accuracy.keys())
    if not seeds:
        ours, theirs = sorted(winner_accuracy), sorted(accuracy)
        raise InvalidInput(f"{factor}: no seed in common to pair, but {ours} and {theirs}.")
    differences = [100 * (accuracy[seed] - winner_accuracy[seed]) for seed in seeds]
    interval = mean_interval(differences, CONFIDENCE) if len(seeds) > 1 else None
    return Effect(
        factor=factor,
        winner_value=_value(winner, factor),
        baseline_value=_value(baseline, factor),
        points=interval.mean if interval else differences[0],
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        separable=interval is not None and (interval.low > 0 or interval.high < 0),
        diverged=len(set(diverged) & set(seeds)),
        runs=len(seeds),
    )


def _value(recipe: Recipe, factor: str) -> str:
    values = [wording.number(getattr(recipe, name)) for name in FACTORS[factor]]
    return values[0] if len(set(values)) == 1 else " to ".join(values)


def _sentence(
    winner: Recipe, baseline: Recipe, effects: Sequence[Effect], unmeasured: Sequence[str]
) -> str:
    raised = winner.max_lr > baseline.max_lr
    others = [effect for effect in effects if effect.factor != "max_lr"]
    paid = [e for e in others if raised and _claimed(e) and _gave_way(winner, baseline, e)]
    rest = [effect for effect in others if effect not in paid]
    before, after = _value(baseline, "max_lr"), _value(winner, "max_lr")
    change = f"max_lr {before} -> {after}"
    same = f"max_lr {after} in both" if before == after else f"{change} is no rise"
    parts = [_head(change, paid, others, unmeasured)] if raised else [same]
    parts += [f"and by {_change(effect)}: {_worth(effect)}" for effect in paid[1:]]
    rest += [effect for effect in effects if effect not in others]
    noise = [effect for effect in rest if _is_noise(effect)]
    parts += [f"{_label(effect)}: {_worth(effect)}" for effect in rest if effect not in noise]
    if noise:
        listed = [f"{_label(effect)} ({_signed(effect)})" for effect in noise]
        parts.append(f"not separable from seed noise: {wording.listed(listed)}")
    if unmeasured:
        names = wording.listed([_name(factor) for factor in unmeasured])
        parts.append(f"changed but not put back: {names}")
    return f"{'; '.join(parts)}."


def _head(
    change: str, paid: Sequence[Effect], others: Sequence[Effect], unmeasured: Sequence[str]
) -> str:
    if paid:
        return f"{change} was paid for by {_change(paid[0])}: {_worth(paid[0])}"
    if others:
        return f"{change} was paid for by nothing that can be told from seed noise"
    if unmeasured:
        return f"{change}: what paid for it was not measured"
    return f"{change} was paid for by no other change"


def _is_noise(effect: Effect) -> bool:
    return effect.low is not None and not effect.separable and not effect.diverged


def _label(effect: Effect) -> str:
    return "max_lr itself" if effect.factor == "max_lr" else _change(effect)


def _signed(effect: Effect) -> str:
    return f"{wording.points(effect.points, 1)} points"


def _claimed(effect: Effect) -> bool:
    """Whether putting the factor back surely costs accuracy."""
    return (effect.separable and effect.points < 0) or _always_diverged(effect)


def _always_diverged(effect: Effect) -> bool:
    return effect.runs > 1 and effect.diverged == effect.runs


def _gave_way(winner: Recipe, baseline: Recipe, effect: Effect) -> bool:
    """Whether the change took regularization away; momentum counts by its lowest value."""
    name = FACTORS[effect.factor][-1]
    change = getattr(winner, name) - getattr(baseline, name)
    return bool(change * GIVES_WAY.get(effect.factor, -1) > 0)


def _worth(effect: Effect) -> str:
    failed = f"diverged in {effect.diverged} of {wording.counted(effect.runs, 'run')}"
    if _always_diverged(effect):
        return f"put back, training {failed}"
    text = _size(effect)
    return f"{text}; put back, training {failed}" if effect.diverged else text


def _size(effect: Effect) -> str:
    if effect.low is None or effect.high is None:
        return f"{wording.points(effect.points)} points put back in a single run, so no interval"
    near, far = sorted((abs(effect.low), abs(effect.high)))
    decimals = 1 if near >= 0.1 else 2
    if not effect.separable:
        return f"{wording.points(effect.points, decimals)} points, not separable from seed noise"
    verb = "costs" if effect.points < 0 else "gains"
    bounds = wording.interval(near, far, CONFIDENCE, decimals)
    return f"putting it back {verb} {abs(effect.points):.{decimals}f} points ({bounds})"


def _change(effect: Effect) -> str:
    return f"{_name(effect.factor)} {effect.baseline_value} -> {effect.winner_value}"


def _name(factor: str) -> str:
    return factor if factor == "max_lr" else factor.replace("_", " ")
