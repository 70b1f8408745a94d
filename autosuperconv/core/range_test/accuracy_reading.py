"""What a sweep says where its accuracy was recorded."""

from __future__ import annotations

from autosuperconv.core.range_test.accuracy_rules import (
    AccuracyCurve,
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
"""Where chance is not known, so much of the rise must be left before "kept" means anything."""
MIN_POINTS = 5
"""Fewer evaluations than this decide nothing."""


def read_accuracy(a: AccuracyCurve, rules: LossRules) -> Reading:
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


def _edge(a: AccuracyCurve) -> float | None:
    if not a.learned:
        return a.diverged
    last = edge_index(a)
    return None if last is None else float(a.lr[last])


def _possible(
    a: AccuracyCurve, retention: float | None, floor: float | None, edge: float | None
) -> tuple[bool | None, str]:
    if a.lr.size < MIN_POINTS:
        return None, (
            f"Cannot tell: too few points with an accuracy: {a.lr.size}, of at least "
            f"{MIN_POINTS} that are needed."
        )
    if not a.learned or retention is None:
        return _nothing_learned(a)
    numbers = _numbers(a, retention)
    where = "" if floor is None or edge is None else _kept_between(floor, edge)
    if a.diverged is not None:
        return False, f"Not kept: the run diverges at rate {a.diverged:.3g}; {numbers}.{where}"
    if a.raw[largest_rates(a)].mean() < a.level:
        if may_be_noise(a):
            return None, f"Cannot tell: so near to the bound, noise decides; {numbers}."
        return False, f"Not kept: {numbers}.{where}"
    if a.chance is None and gain_kept(a) < MIN_GAIN_SEEN:
        return None, (
            f"Cannot tell: accuracy has fallen back to near its lowest, {100 * a.base:.1f} %, "
            f"which may be chance; {numbers}."
        )
    if share_held(a) < MIN_HELD:
        return None, (
            f"Cannot tell: accuracy is still rising at the end of the range, over only the last "
            f"{share_held(a):.0%} of which it is high; extend the range; {numbers}."
        )
    end = "does not break" if edge is None else f"breaks only above {edge:.3g}"
    return True, f"Kept: {numbers}; it {end} up to {a.lr[-1]:.3g}."


def _kept_between(floor: float, edge: float) -> str:
    if floor >= edge:
        return f" It is kept no further than about {edge:.3g}."
    return f" It is kept from about {floor:.3g} to {edge:.3g}."


def _numbers(a: AccuracyCurve, retention: float) -> str:
    end = largest_rates(a)
    return (
        f"over the largest rates ({a.lr[end][0]:.3g} to {a.lr[-1]:.3g}) accuracy is "
        f"{100 * a.raw[end].mean():.1f} % on average, {retention:.2f} of its peak "
        f"{100 * a.y[a.peak]:.1f} % at {a.lr[a.peak]:.3g} (bound {a.level / a.y[a.peak]:.2f})"
    )


def _nothing_learned(a: AccuracyCurve) -> tuple[bool | None, str]:
    rates = f"from rate {a.lr[0]:.3g} to {a.lr[-1]:.3g}"
    if a.diverged is not None:
        return False, f"Not kept: the run diverges at rate {a.diverged:.3g} without learning."
    if a.chance is not None:
        return False, (
            f"Not kept: accuracy {_stays(a)}, not clearly above chance ({100 * a.chance:.1f} %), "
            f"{rates}."
        )
    return None, (
        f"Cannot tell: accuracy {_stays(a)}, which may be chance; neither learning nor a break is "
        f"seen {rates}."
    )


def _stays(a: AccuracyCurve) -> str:
    """In what range, single points apart."""
    low, high = 100 * float(a.raw.min()), 100 * min(robust_top(a.raw), float(a.raw.max()))
    within = (
        f"stays at {high:.1f} %" if high - low < 0.05 else f"stays in {low:.1f} to {high:.1f} %"
    )
    single = 100 * float(a.raw.max())
    return within if single - high < 5 else f"{within} but for a single point at {single:.1f} %"
