"""What a sweep says where its accuracy was recorded."""

from __future__ import annotations

from autosuperconv.core import format as fmt
from autosuperconv.core.range_test.accuracy_rules import (
    AccuracyParts,
    edge_index,
    floor_of,
    gain_kept,
    largest_rates,
    may_be_noise,
    retention_of,
    robust_top,
    share_held,
)
from autosuperconv.core.range_test.loss_rules import LossRules
from autosuperconv.core.range_test.types import Reading

MIN_HELD = 0.3
"""Share of the range over which accuracy must have been high before "kept" means anything."""
MIN_GAIN_SEEN = 0.25
"""Where chance is not known, this share of the rise must be left before "kept" means anything."""
MIN_POINTS = 5
"""Fewer evaluations than this decide nothing."""
STEADY = 0.0005
"""An accuracy that varies by less than this stays where it is."""
OUTLIER = 0.05
"""A highest point so far above the others is a single one."""


def read_accuracy(a: AccuracyParts, rules: LossRules) -> Reading:
    retention = retention_of(a)
    floor = floor_of(a) if a.learned else None
    edge = _edge(a)
    possible, reason = _possible(a, retention, floor, edge)
    return Reading(
        floor=floor,
        edge=edge,
        peak_lr=float(a.lr[a.peak]) if a.learned else None,
        steepest=rules.steepest,
        valley=rules.valley,
        minimum_tenth=rules.minimum_tenth,
        retention=retention,
        possible=possible,
        reason=reason,
    )


def _edge(a: AccuracyParts) -> float | None:
    if not a.learned:
        return a.diverged
    last = edge_index(a)
    return None if last is None else float(a.lr[last])


def _possible(
    a: AccuracyParts, retention: float | None, floor: float | None, edge: float | None
) -> tuple[bool | None, str]:
    if a.lr.size < MIN_POINTS and a.diverged is None:
        return None, (
            f"Cannot tell: only {fmt.counted(a.lr.size, 'point')} with an accuracy, but at least "
            f"{MIN_POINTS} are needed."
        )
    if not a.learned or retention is None:
        return _nothing_learned(a)
    numbers = _numbers(a, retention)
    where = "" if floor is None or edge is None else _kept_between(floor, edge)
    if a.diverged is not None:
        at = fmt.number(a.diverged)
        return (
            False,
            f"Accuracy is not kept: the run diverges at learning rate {at}; {numbers}.{where}",
        )
    if a.raw[largest_rates(a)].mean() < a.level:
        if may_be_noise(a):
            return None, f"Cannot tell: this close to the bound, noise decides; {numbers}."
        return False, f"Accuracy is not kept: {numbers}.{where}"
    if a.chance is None and gain_kept(a) < MIN_GAIN_SEEN:
        return None, (
            f"Cannot tell: accuracy has fallen back close to its lowest value, "
            f"{fmt.percent(a.base)}, which may be chance; {numbers}."
        )
    if share_held(a) < MIN_HELD:
        return None, (
            "Cannot tell: accuracy is still rising at the end of the range and is high over only "
            f"the last {fmt.percent(share_held(a), 0)} of it; extend the range; {numbers}."
        )
    last = fmt.number(float(a.lr[-1]))
    if edge is None:
        return True, f"Accuracy is kept: {numbers}. It holds up to the end of the range, {last}."
    only_above = f"It falls only above {fmt.number(edge)}; the range ends at {last}."
    return True, f"Accuracy is kept: {numbers}. {only_above}"


def _kept_between(floor: float, edge: float) -> str:
    if floor >= edge:
        return f" It is kept no further than about {fmt.number(edge)}."
    return f" It is kept from about {fmt.number(floor)} to {fmt.number(edge)}."


def _numbers(a: AccuracyParts, retention: float) -> str:
    end, top = largest_rates(a), float(a.y[a.peak])
    first, last, best = (fmt.number(float(lr)) for lr in (a.lr[end][0], a.lr[-1], a.lr[a.peak]))
    return (
        f"over the largest learning rates ({first} to {last}) accuracy is "
        f"{fmt.percent(float(a.raw[end].mean()))} on average, {fmt.percent(retention, 0)} of its "
        f"peak {fmt.percent(top)} at {best} (at least {fmt.percent(a.level / top, 0)} is required)"
    )


def _nothing_learned(a: AccuracyParts) -> tuple[bool | None, str]:
    rates = f"from learning rate {fmt.number(float(a.lr[0]))} to {fmt.number(float(a.lr[-1]))}"
    if a.diverged is not None:
        at = fmt.number(a.diverged)
        return False, f"Nothing is learned: the run diverges at learning rate {at}."
    if a.chance is not None:
        return False, (
            f"Nothing is learned: accuracy {_stays(a)}, not clearly above chance "
            f"({fmt.percent(a.chance)}), {rates}."
        )
    return None, (
        f"Cannot tell: accuracy {_stays(a)}, which may be chance; it neither rises nor falls "
        f"clearly {rates}."
    )


def _stays(a: AccuracyParts) -> str:
    """In what range, single points apart."""
    single = float(a.raw.max())
    low, high = float(a.raw.min()), min(robust_top(a.raw), single)
    within = f"stays between {fmt.percent(low)} and {fmt.percent(high)}"
    if high - low < STEADY:
        within = f"stays at {fmt.percent(high)}"
    if single - high < OUTLIER:
        return within
    return f"{within} except for a single point at {fmt.percent(single)}"
