"""The trade-off in words. Nothing is claimed where zero lies inside the interval."""

from __future__ import annotations

from collections.abc import Sequence

from autosuperconv.core import format as fmt
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule.reach import REACHED
from autosuperconv.core.stats import Contrast
from autosuperconv.core.tradeoff.factors import factor_name, factor_value, gave_way
from autosuperconv.core.tradeoff.types import Effect

NOISE = "indistinguishable from seed noise"


def price_sentence(
    winner: Recipe,
    baseline: Recipe,
    effects: Sequence[Effect],
    unmeasured: Sequence[str],
    highest: tuple[float, float],
) -> str:
    """What had to give way for a higher learning rate, as far as an interval says so.

    Args:
        winner: its recipe.
        baseline: its recipe.
        effects: of the factors.
        unmeasured: factors that changed and were not reverted.
        highest: learning rate that the winner's and the baseline's runs had.
    """
    before, after = factor_value(baseline, "max_lr"), factor_value(winner, "max_lr")
    raised = highest[0] > highest[1] and before != after
    others = [effect for effect in effects if effect.factor != "max_lr"]
    paid = [e for e in others if raised and _is_claimed(e) and gave_way(winner, baseline, e.factor)]
    rest = [effect for effect in others if effect not in paid]
    rest += [effect for effect in effects if effect not in others]
    reached = _reached(winner, baseline, highest)
    ends = f"from {before} to {after}{reached}"
    same = f"max_lr is {after} in both" if before == after else f"max_lr fell {ends}"
    if reached and before != after:
        same = f"max_lr {before} -> {after}{reached} did not raise the learning rate"
    parts = [_head(f"max_lr rose {ends}", paid, others, unmeasured)] if raised else [same]
    parts += [f"so did {_change(effect)}: {_worth(effect.last)}" for effect in paid[1:]]
    parts += _rest(rest)
    if unmeasured:
        names = fmt.listed([factor_name(factor) for factor in unmeasured])
        parts.append(f"changed but not reverted: {names}")
    return fmt.spelled_out(f"{'; '.join(parts)}.")


def _reached(winner: Recipe, baseline: Recipe, highest: tuple[float, float]) -> str:
    """What the runs had, where a schedule does not get to its max_lr."""
    sides = ((winner, highest[0]), (baseline, highest[1]))
    if all(rate >= REACHED * recipe.max_lr for recipe, rate in sides):
        return ""
    return f" (reached: {fmt.number(highest[1])} -> {fmt.number(highest[0])})"


def order_sentence(effects: Sequence[Effect], start_accuracy: float) -> str:
    """The forward half: which changes gain or cost alone, and where the order matters."""
    ends = [(effect, effect.first) for effect in effects if effect.first is not None]
    if not ends:
        return ""
    clear = [(e, first) for e, first in ends if first.separable or first.diverged]
    parts = [f"{_change(effect)} {_alone(first)}" for effect, first in clear]
    rest = [
        f"{factor_name(e.factor)} ({fmt.points(first.difference)} points)"
        for e, first in ends
        if (e, first) not in clear
    ]
    if rest:
        parts.append(f"{NOISE}: {fmt.listed(rest)}")
    start = f"Each change alone, from the baseline's values ({fmt.percent(start_accuracy)})"
    return fmt.spelled_out(f"{start}: {'; '.join(parts)}. {_orders(effects)}")


def _head(
    rise: str, paid: Sequence[Effect], others: Sequence[Effect], unmeasured: Sequence[str]
) -> str:
    if paid:
        return f"{rise}, for which {_change(paid[0])} had to give way: {_worth(paid[0].last)}"
    if others:
        return f"{rise}, and no regularization clearly had to give way"
    if unmeasured:
        return f"{rise}; whether any regularization had to give way was not measured"
    return f"{rise}, and no other setting had to change"


def _rest(effects: Sequence[Effect]) -> list[str]:
    """The other effects; those that are noise come together at the end."""
    noise = [e for e in effects if not (e.last.low is None or e.last.separable or e.last.diverged)]
    parts = [f"{_label(e)}: {_worth(e.last)}" for e in effects if e not in noise]
    if noise:
        listed = [f"{_label(e)} ({fmt.points(e.last.difference)} points)" for e in noise]
        parts.append(f"{NOISE}: {fmt.listed(listed)}")
    return parts


def _is_claimed(effect: Effect) -> bool:
    """Whether reverting the factor surely costs accuracy."""
    last = effect.last
    return (last.separable and last.difference > 0) or last.always_diverged


def _label(effect: Effect) -> str:
    return "max_lr itself" if effect.factor == "max_lr" else _change(effect)


def _worth(last: Contrast) -> str:
    failed = f"when it is reverted, training {_failures(last)}"
    if last.always_diverged:
        return failed
    return f"{failed}; over the others {_size(last)}" if last.diverged else _size(last)


def _size(last: Contrast) -> str:
    if last.low is None:
        change = fmt.points(-last.difference)
        return f"reverting it changes accuracy by {change} points in a single run, so no interval"
    if not last.separable:
        return f"{fmt.points(last.difference)} points, {NOISE}"
    return f"reverting it {'costs' if last.difference > 0 else 'gains'} {_bounded(last)}"


def _alone(first: Contrast) -> str:
    if first.always_diverged:
        return f"makes training fail: it {_failures(first)}"
    if first.low is None:
        text = f"{fmt.points(first.difference)} points in a single run, so no interval"
    elif not first.separable:
        text = f"is {NOISE}"
    else:
        text = f"{'gains' if first.difference > 0 else 'costs'} {_bounded(first)}"
    return f"{text}; training {_failures(first)}" if first.diverged else text


def _failures(contrast: Contrast) -> str:
    return f"diverged in {contrast.diverged} of {fmt.counted(contrast.runs, 'run')}"


def _orders(effects: Sequence[Effect]) -> str:
    orders = [(e.factor, e.order) for e in effects if e.order is not None and e.order.separable]
    parts = [
        f"{factor_name(factor)} is worth {_bounded(order)} "
        f"{'more' if order.difference > 0 else 'less'} as the last change than as the first"
        for factor, order in orders
    ]
    if not parts:
        return "The order makes no difference that can be told from seed noise."
    return f"The order matters: {'; '.join(parts)}."


def _bounded(contrast: Contrast) -> str:
    """A size with its interval, both without a sign; for an interval that excludes zero."""
    near, far = sorted((abs(contrast.lowest), abs(contrast.highest)))
    bounds = f"{fmt.size_in_points(near)} to {fmt.size_in_points(far)}"
    size = fmt.size_in_points(contrast.difference)
    return f"{size} points ({fmt.level(contrast.confidence)}: {bounds})"


def _change(effect: Effect) -> str:
    return f"{factor_name(effect.factor)} {effect.baseline_value} -> {effect.winner_value}"
