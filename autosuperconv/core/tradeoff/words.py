"""The trade-off in words. Nothing is claimed where zero lies inside the interval."""

from __future__ import annotations

from collections.abc import Sequence

from autosuperconv.core import format as wording
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.tradeoff.factors import FACTORS, GIVES_WAY, factor_name, value_text
from autosuperconv.core.tradeoff.types import Contrast, Effect

CONFIDENCE = 0.95


def price_sentence(
    winner: Recipe, baseline: Recipe, effects: Sequence[Effect], unmeasured: Sequence[str]
) -> str:
    """What paid for the rise of max_lr, as far as an interval says so."""
    before, after = value_text(baseline, "max_lr"), value_text(winner, "max_lr")
    raised = winner.max_lr > baseline.max_lr and before != after
    others = [effect for effect in effects if effect.factor != "max_lr"]
    paid = [e for e in others if raised and _claimed(e) and _gave_way(winner, baseline, e)]
    rest = [effect for effect in others if effect not in paid]
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
        names = wording.listed([factor_name(factor) for factor in unmeasured])
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
    """What the change was worth: the loss from putting it back."""
    return f"{wording.points(-effect.points, 1)} points"


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
    if not effect.separable:
        decimals = 1 if min(abs(effect.low), abs(effect.high)) >= 0.1 else 2
        return f"{wording.points(effect.points, decimals)} points, not separable from seed noise"
    verb = "costs" if effect.points < 0 else "gains"
    return f"putting it back {verb} {_bounded(effect.points, effect.low, effect.high)}"


def order_sentence(effects: Sequence[Effect], start_accuracy: float) -> str:
    """The forward half: which changes gain or cost alone, and where the order matters."""
    ends = [(effect, effect.forward) for effect in effects if effect.forward is not None]
    if not ends:
        return ""
    told = [(e, first) for e, first in ends if first.separable or first.diverged]
    parts = [f"{_change(effect)} {_alone(first)}" for effect, first in told]
    rest = [
        f"{factor_name(e.factor)} ({wording.points(first.points, 1)} points)"
        for e, first in ends
        if (e, first) not in told
    ]
    if rest:
        parts.append(f"not separable from seed noise: {wording.listed(rest)}")
    start = f"From the baseline's values ({wording.percent(start_accuracy)}), one change alone"
    return f"{start}: {'; '.join(parts)}. {_orders(effects)}"


def _alone(first: Contrast) -> str:
    failed = f"diverged in {first.diverged} of {wording.counted(first.runs, 'run')}"
    if first.runs > 1 and first.diverged == first.runs:
        return f"makes training fail: it {failed}"
    if first.low is None or first.high is None:
        return f"{wording.points(first.points)} points in a single run, so no interval"
    if not first.separable:
        return f"is not separable from seed noise; training {failed}"
    verb = "gains" if first.points > 0 else "costs"
    text = f"{verb} {_bounded(first.points, first.low, first.high)}"
    return f"{text}; training {failed}" if first.diverged else text


def _orders(effects: Sequence[Effect]) -> str:
    parts = [
        f"{factor_name(effect.factor)} is worth "
        f"{_bounded(o.points, o.low, o.high)} {'more' if o.points > 0 else 'less'} as the last "
        "change than as the first"
        for effect in effects
        if (o := effect.order) is not None
        and o.separable
        and o.low is not None
        and o.high is not None
    ]
    if not parts:
        return "No effect of the order can be told from seed noise."
    return f"The order matters: {'; '.join(parts)}."


def _bounded(points: float, low: float, high: float) -> str:
    """A size with its interval, both without a sign; for an interval that excludes zero."""
    near, far = sorted((abs(low), abs(high)))
    decimals = 1 if near >= 0.1 else 2
    bounds = wording.interval(near, far, CONFIDENCE, decimals)
    return f"{abs(points):.{decimals}f} points ({bounds})"


def _change(effect: Effect) -> str:
    return f"{factor_name(effect.factor)} {effect.baseline_value} -> {effect.winner_value}"
