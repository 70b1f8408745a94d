"""What a sweep says where only its loss was recorded."""

from __future__ import annotations

from dataclasses import replace

from autosuperconv.core import format as fmt
from autosuperconv.core.range_test.loss_rules import (
    LossRules,
    blows_up_from,
    rises_from,
    share_kept,
    share_low,
)
from autosuperconv.core.range_test.sweep_curve import Series
from autosuperconv.core.range_test.types import Reading

MIN_LOSSES = 5
"""Fewer losses than this decide nothing."""
MIN_HELD = 0.3
"""Share of the range over which the loss must have been low before "kept" means anything."""
KEPT_BY_LOSS = 0.9
LOST_BY_LOSS = 0.75
"""Without accuracy: with at least this share of the fall of the loss left, possible; with this
share lost, not possible.

Far apart, because test loss also rises where a network overfits, and training loss lags behind
accuracy.
"""


def cannot_tell(reason: str, rules: LossRules = LossRules(None, None, None)) -> Reading:
    """A reading that cannot tell."""
    return Reading(
        floor=None,
        edge=None,
        peak_lr=None,
        steepest=rules.steepest,
        valley=rules.valley,
        minimum_tenth=rules.minimum_tenth,
        retention=None,
        possible=None,
        reason=reason,
    )


def read_loss(loss: Series, rules: LossRules) -> Reading:
    """Without accuracy: the loss can refute, and confirms only where nearly all is kept."""
    diverged = float(loss.broken_lr[0]) if loss.broken_lr.size else None
    if loss.y.size < MIN_LOSSES and diverged is None:
        return cannot_tell(
            f"Cannot tell: only {fmt.counted(loss.y.size, 'point')}, and no accuracy."
        )
    reading = cannot_tell("", rules)
    if loss.y.size == 0:
        return replace(
            reading,
            edge=diverged,
            possible=False,
            reason=f"Nothing is learned: the loss is not finite from the first learning rate on, "
            f"{fmt.number(diverged)}.",
        )
    rise, kept = rises_from(loss), share_kept(loss)
    if rise is None and diverged is None:
        rise = blows_up_from(loss)
    edge = diverged if rise is None else float(loss.lr[max(rise - 1, 0)])
    possible, reason = _possible_by_loss(loss, diverged, kept, edge)
    return replace(reading, edge=edge, possible=possible, reason=reason)


def _possible_by_loss(
    loss: Series, diverged: float | None, kept: float | None, edge: float | None
) -> tuple[bool | None, str]:
    last = fmt.number(float(loss.lr[-1]))
    if diverged is not None:
        return (
            False,
            f"Diverged: the loss is not finite from learning rate {fmt.number(diverged)} on.",
        )
    if kept is None:
        if edge is not None:
            return (
                False,
                f"Nothing is learned: the loss never falls, and has risen at learning rate {last}.",
            )
        return None, f"Cannot tell: the loss does not clearly fall up to learning rate {last}."
    numbers = (
        f"{fmt.percent(max(kept, 0.0), 0)} of the fall of the loss is left at the largest learning "
        f"rates (up to {last})"
    )
    if kept < 1 - LOST_BY_LOSS:
        where = "" if edge is None else f"; it rises from {fmt.number(edge)} on"
        return False, f"The fall of the loss is not kept: {numbers}{where}."
    if kept < KEPT_BY_LOSS or edge is not None:
        return None, f"Cannot tell without accuracy: {numbers}."
    if share_low(loss) < MIN_HELD:
        return None, (
            f"Cannot tell: the loss is still falling at learning rate {last}; extend the range."
        )
    return True, f"Kept, judging by the loss alone: {numbers}."
