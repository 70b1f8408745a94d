"""The trade-off in words. Nothing is claimed where zero lies inside the limits."""

from __future__ import annotations

from collections.abc import Sequence

from autosuperconv.core import format as fmt
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule.reach import REACHED
from autosuperconv.core.tradeoff.factors import factor_name, factor_value, gave_way
from autosuperconv.core.tradeoff.types import CONFIDENCE, Effect, Worth

NOISE = "indistinguishable from seed noise"


def price_sentence(
    winner: Recipe, baseline: Recipe, effects: Sequence[Effect], highest: tuple[float, float]
) -> str:
    """What had to give way for a higher learning rate, as far as limits say so.

    Args:
        winner: its recipe.
        baseline: its recipe.
        effects: of the factors.
        highest: learning rate that the winner's and the baseline's runs had.
    """
    before, after = factor_value(baseline, "max_lr"), factor_value(winner, "max_lr")
    raised = is_raised(winner, baseline, highest)
    others = [effect for effect in effects if "max_lr" not in effect.factors]
    paid = [e for e in others if raised and e.clearly_gains and all_give_way(winner, baseline, e)]
    rest = [effect for effect in others if effect not in paid]
    rest += [effect for effect in effects if effect not in others]
    reached = _reached(winner, baseline, highest)
    ends = f"from {before} to {after}{reached}"
    same = f"max_lr is {after} in both" if before == after else f"max_lr fell {ends}"
    if reached and before != after:
        same = f"max_lr {before} -> {after}{reached} did not raise the learning rate"
    parts = [_head(f"max_lr rose {ends}", paid, others)] if raised else [same]
    parts += [f"so did {_change(effect)}: {_worth(effect)}" for effect in paid[1:]]
    parts += _rest(rest)
    return fmt.spelled_out(f"{'; '.join(parts)}.")


def is_raised(winner: Recipe, baseline: Recipe, highest: tuple[float, float]) -> bool:
    """Whether the winner's runs had a higher learning rate, and its `max_lr` is another as far as
    it is written."""
    before, after = factor_value(baseline, "max_lr"), factor_value(winner, "max_lr")
    return highest[0] > highest[1] and before != after


def all_give_way(winner: Recipe, baseline: Recipe, effect: Effect) -> bool:
    """Whether the change removed regularization, by every factor that was changed together."""
    return all(gave_way(winner, baseline, factor) for factor in effect.factors)


def _reached(winner: Recipe, baseline: Recipe, highest: tuple[float, float]) -> str:
    """What the runs had, where a schedule does not get to its max_lr."""
    sides = ((winner, highest[0]), (baseline, highest[1]))
    if all(rate >= REACHED * recipe.max_lr for recipe, rate in sides):
        return ""
    return f" (reached: {fmt.number(highest[1])} -> {fmt.number(highest[0])})"


def _head(rise: str, paid: Sequence[Effect], others: Sequence[Effect]) -> str:
    if paid:
        return f"{rise}, for which {_change(paid[0])} had to give way: {_worth(paid[0])}"
    if others:
        return f"{rise}, and no regularization clearly had to give way"
    return f"{rise}, and no other setting had to change"


def _rest(effects: Sequence[Effect]) -> list[str]:
    """The other effects; those that are noise come together at the end."""
    clear = [e for e in effects if _told(e) or e.diverged or _unlimited(e)]
    parts = [f"{_label(e)}: {_worth(e)}" for e in effects if e in clear]
    noise = [e for e in effects if e not in clear]
    listed = [f"{_label(e)} ({fmt.points(e.worth.difference)} points)" for e in noise if e.worth]
    return [*parts, f"{NOISE}: {fmt.listed(listed)}"] if listed else parts


def _told(effect: Effect) -> Worth | None:
    """The measure that says something: over both orders before the last change."""
    found = [worth for worth in (effect.mean, effect.last) if worth is not None]
    return next((worth for worth in found if worth.separable), None)


def _unlimited(effect: Effect) -> bool:
    return effect.worth is None or effect.worth.low is None


def _label(effect: Effect) -> str:
    return "max_lr itself" if effect.factor == "max_lr" else _change(effect)


def _worth(effect: Effect) -> str:
    """What the change is worth; and how runs fared without it, where some diverged."""
    size = _size(effect)
    if not effect.diverged:
        return size
    runs = fmt.counted(effect.alone, "run")
    failed = f"when it alone is reverted, training diverged in {effect.diverged} of {runs}"
    return failed if effect.always_diverged else f"{failed}; over the others, {size}"


def _size(effect: Effect) -> str:
    told, worth = _told(effect), effect.worth
    if told is not None and told is effect.mean:
        return f"it {'gains' if told.gains else 'costs'} {_bounded(told)}"
    if told is not None:
        return f"reverting it {'costs' if told.gains else 'gains'} {_bounded(told)}"
    if worth is None:
        return "its worth was not measured"
    if worth.low is None:
        return f"{fmt.points(worth.difference)} points, without limits"
    return f"{fmt.points(worth.difference)} points, {NOISE}"


def _bounded(worth: Worth) -> str:
    """A size with its limits, both without a sign; for limits that exclude zero."""
    near, far = sorted((abs(worth.lowest), abs(worth.highest)))
    bounds = f"{fmt.size_in_points(near)} to {fmt.size_in_points(far)}"
    size = fmt.size_in_points(worth.difference)
    return f"{size} points ({fmt.level(CONFIDENCE)}: {bounds})"


def _change(effect: Effect) -> str:
    return f"{factor_name(effect.factor)} {effect.baseline_value} -> {effect.winner_value}"
