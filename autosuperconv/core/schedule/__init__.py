"""Learning-rate and momentum schedules as values: they map progress in [0, 1] to `LrMomentum`.

A schedule is built for a recipe and a number of steps, and tabulated once; the training loop
reads the table, so nothing recompiles when a hyper-parameter changes.

Two kinds of knots, both tested step by step against torch's schedulers and the author's logs:

* *Arriving*: the last step (progress 1) stands on the last knot. Range tests, cycles, warm-up,
  exponential decay.
* *Approaching*: the last knot lies one step beyond the last step, so that no step is wasted at
  a learning rate of 0. Linear, cosine and SGDR (torch's T_max or total_iters = the run's steps).

Schedules without a cycle hold momentum at `max_momentum`. The learning rate at the start of a
cycle, sweep or warm-up is max_lr / div_factor; `div_factor=math.inf` starts it at exactly 0
("Infinity" in a recipe.json).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import accumulate

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule.shapes import (
    Geometric,
    LrMomentum,
    Phase,
    Phases,
    Restarts,
    Schedule,
    Stairs,
    Triangles,
)
from autosuperconv.core.schedule.user import UserSchedule
from autosuperconv.errors import InvalidInput, InvalidRecipe, one_of
from autosuperconv.importing import import_callable

__all__ = [
    "SCHEDULES",
    "BuildSchedule",
    "LrMomentum",
    "Schedule",
    "build_schedule",
    "progress_at",
    "tabulate",
]

BuildSchedule = Callable[[Recipe, int], Schedule]


def progress_at(step: int, steps: int) -> float:
    """The one step-to-progress convention: 0 at the first step, 1 at the last."""
    return step / (steps - 1) if steps > 1 else 0.0


def constant(recipe: Recipe, steps: int) -> Schedule:
    """`max_lr` throughout."""
    return Stairs((), (recipe.max_lr,), recipe.max_momentum)


def cosine(recipe: Recipe, steps: int) -> Schedule:
    """From `max_lr` to 0 along half a cosine: one period of SGDR (1608.03983, eq. 5)."""
    return Phases(_top(recipe), (Phase(_knot(steps, steps), _zero(recipe), cosine=True),))


def exp_range(recipe: Recipe, steps: int) -> Schedule:
    """Triangles whose height falls by `gamma` over the run (1506.01186, section 3.1).

    The decay starts at once, so that even the first peak lies below `max_lr`.
    """
    _check_gamma(recipe)
    return Triangles(_bottom(recipe), _peak(recipe), recipe.cycles, factor_per_run=recipe.gamma)


def exponential(recipe: Recipe, steps: int) -> Schedule:
    """From `max_lr` to `gamma` x `max_lr` by equal factors."""
    _check_gamma(recipe)
    return Geometric(recipe.max_lr, recipe.max_lr * recipe.gamma, recipe.max_momentum)


def linear(recipe: Recipe, steps: int) -> Schedule:
    """From `max_lr` to 0 in a straight line (1905.04753)."""
    return Phases(_top(recipe), (Phase(_knot(steps, steps), _zero(recipe)),))


def lr_range_exponential(recipe: Recipe, steps: int) -> Schedule:
    """Range test by equal factors, from max_lr / `div_factor` up to `max_lr`."""
    _check(recipe, "div_factor", math.isfinite(recipe.div_factor), "finite")
    return Geometric(_bottom(recipe).lr, recipe.max_lr, recipe.max_momentum)


def lr_range_linear(recipe: Recipe, steps: int) -> Schedule:
    """Range test in a straight line up to `max_lr` (1708.07120, section 3).

    Its author starts at 0, which is `div_factor=math.inf`.
    """
    return Phases(_bottom(recipe), (Phase(1.0, _top(recipe)),))


def one_cycle(recipe: Recipe, steps: int) -> Schedule:
    """1cycle as its author ran it (1803.09820; lengths and floor as in his training logs).

    Up from base to `max_lr` for `pct_start` of the run; down, aiming at 0 and not at base, until
    `pct_tail` of it is left; then constant at base / `final_div_factor`, which the way down does
    not undercut. Momentum mirrors it, and is at `max_momentum` in the tail.
    """
    fits = recipe.pct_start + recipe.pct_tail <= 1 + 1e-9
    _check(recipe, "pct_tail", fits, f"at most 1 - pct_start = {1 - recipe.pct_start:g}")
    down = Phase(1 - recipe.pct_tail, _zero(recipe))
    phases = (Phase(recipe.pct_start, _peak(recipe)), down, Phase(1.0, _zero(recipe)))
    return Phases(_bottom(recipe), phases, lowest_lr=_final(recipe).lr)


def onecycle_torch(recipe: Recipe, steps: int) -> Schedule:
    """`torch.optim.lr_scheduler.OneCycleLR` as it comes: two phases along cosines."""
    return _torch_phases(recipe, steps, three=False, cosine=True)


def onecycle_torch_linear(recipe: Recipe, steps: int) -> Schedule:
    """`OneCycleLR(anneal_strategy="linear")`."""
    return _torch_phases(recipe, steps, three=False, cosine=False)


def onecycle_torch_three_phase(recipe: Recipe, steps: int) -> Schedule:
    """`OneCycleLR(three_phase=True)`: up, down to base, and on to the final rate."""
    return _torch_phases(recipe, steps, three=True, cosine=True)


def onecycle_torch_three_phase_linear(recipe: Recipe, steps: int) -> Schedule:
    """`OneCycleLR(three_phase=True, anneal_strategy="linear")`."""
    return _torch_phases(recipe, steps, three=True, cosine=False)


def sgdr(recipe: Recipe, steps: int) -> Schedule:
    """`cycles` cosines from `max_lr` to 0, each `cycle_mult` times as long as the one before.

    1608.03983, eq. 5; together they fill the run, so T_0 = steps / (1 + T_mult + T_mult^2 ...).
    """
    starts = list(accumulate((recipe.cycle_mult**i for i in range(recipe.cycles)), initial=0))
    # One division of integers: a restart due on a step is not rounded to just after it.
    knots = tuple(_knot(steps * start / starts[-1], steps) for start in starts)
    return Restarts(knots, recipe.max_lr, recipe.max_momentum)


def step_decay(recipe: Recipe, steps: int) -> Schedule:
    """Times `gamma` at each of the `milestones`: the standard baseline of 1708.07120."""
    _check_gamma(recipe)
    jumps = tuple(_jump(share, steps) for share in recipe.milestones)
    levels = range(len(jumps) + 1)
    lrs = tuple(recipe.max_lr * recipe.gamma**level for level in levels)
    return Stairs(jumps, lrs, recipe.max_momentum)


def triangular(recipe: Recipe, steps: int) -> Schedule:
    """`cycles` triangles between base and `max_lr` (1506.01186, section 3.1).

    One of them is the run of 1708.07120, Fig. 1a. Momentum cycles the other way round.
    """
    return Triangles(_bottom(recipe), _peak(recipe), recipe.cycles)


def triangular2(recipe: Recipe, steps: int) -> Schedule:
    """Triangles, each half as high as the one before (1506.01186, section 3.1)."""
    return Triangles(_bottom(recipe), _peak(recipe), recipe.cycles, factor_per_cycle=0.5)


def warmup_constant(recipe: Recipe, steps: int) -> Schedule:
    """Constant at base for `pct_start` of the run, then at `max_lr` (1706.02677, section 2.2)."""
    jumps = (_jump(recipe.pct_start, steps),) if recipe.pct_start > 0 else ()
    lrs = (_bottom(recipe).lr, recipe.max_lr) if jumps else (recipe.max_lr,)
    return Stairs(jumps, lrs, recipe.max_momentum)


def warmup_cosine(recipe: Recipe, steps: int) -> Schedule:
    """Up from base in a straight line for `pct_start`, then to 0 along half a cosine."""
    down = Phase(_knot(steps, steps), _zero(recipe), cosine=True)
    return Phases(_bottom(recipe), (Phase(recipe.pct_start, _top(recipe)), down))


def warmup_linear(recipe: Recipe, steps: int) -> Schedule:
    """Up from base in a straight line for `pct_start`, then `max_lr` (1706.02677, gradual)."""
    return Phases(_bottom(recipe), (Phase(recipe.pct_start, _top(recipe)),))


SCHEDULES: dict[str, BuildSchedule] = {
    "1cycle": one_cycle,
    "constant": constant,
    "cosine": cosine,
    "exp_range": exp_range,
    "exponential": exponential,
    "linear": linear,
    "lr_range_exponential": lr_range_exponential,
    "lr_range_linear": lr_range_linear,
    "onecycle_torch": onecycle_torch,
    "onecycle_torch_linear": onecycle_torch_linear,
    "onecycle_torch_three_phase": onecycle_torch_three_phase,
    "onecycle_torch_three_phase_linear": onecycle_torch_three_phase_linear,
    "sgdr": sgdr,
    "step": step_decay,
    "triangular": triangular,
    "triangular2": triangular2,
    "warmup_constant": warmup_constant,
    "warmup_cosine": warmup_cosine,
    "warmup_linear": warmup_linear,
}


def build_schedule(recipe: Recipe, steps: int) -> Schedule:
    """The schedule that the recipe names, for a run of so many steps.

    Besides the names in `SCHEDULES`, `package.module:function` is a function of the user's own:
    progress in [0, 1] -> factor of `max_lr`, or an `LrMomentum`.

    Raises:
        UnknownName: no such schedule.
        InvalidRecipe: a field does not fit the schedule.
        InvalidInput: the user's function cannot be imported, or there is not a single step.
    """
    if steps < 1:
        raise InvalidInput(f"A schedule needs at least 1 step, but got {steps}.")
    if ":" in recipe.schedule:
        import_callable("--schedule", recipe.schedule)  # refused now, not in the middle of a run
        return UserSchedule(recipe.schedule, recipe.max_lr, recipe.max_momentum)
    return SCHEDULES[one_of("schedule", recipe.schedule, SCHEDULES)](recipe, steps)


def tabulate(recipe: Recipe, steps: int) -> list[LrMomentum]:
    """Learning rate and momentum of every step of a run: `steps` entries."""
    schedule = build_schedule(recipe, steps)
    return [schedule(progress_at(step, steps)) for step in range(steps)]


def _torch_phases(recipe: Recipe, steps: int, three: bool, cosine: bool) -> Schedule:
    up = Phase(_knot(recipe.pct_start * steps - 1, steps), _peak(recipe), cosine)
    down = Phase(_knot(2 * recipe.pct_start * steps - 2, steps), _bottom(recipe), cosine)
    last = Phase(_knot(steps - 1, steps), _final(recipe), cosine)
    return Phases(_bottom(recipe), (up, down, last) if three else (up, last))


def _knot(position: float, steps: int) -> float:
    """Progress at a position counted in steps; the first step is at 0."""
    return position / max(steps - 1, 1)


def _jump(share: float, steps: int) -> float:
    """Progress half a step before the step nearest to this share of the run."""
    return _knot(max(round(share * steps) - 0.5, 0.0), steps)


def _top(recipe: Recipe) -> LrMomentum:
    return LrMomentum(recipe.max_lr, recipe.max_momentum)


def _peak(recipe: Recipe) -> LrMomentum:
    return LrMomentum(recipe.max_lr, recipe.base_momentum)


def _bottom(recipe: Recipe) -> LrMomentum:
    _check(recipe, "div_factor", recipe.div_factor >= 1, "at least 1")
    return LrMomentum(recipe.max_lr / recipe.div_factor, recipe.max_momentum)


def _final(recipe: Recipe) -> LrMomentum:
    _check(recipe, "final_div_factor", recipe.final_div_factor >= 1, "at least 1")
    return LrMomentum(_bottom(recipe).lr / recipe.final_div_factor, recipe.max_momentum)


def _zero(recipe: Recipe) -> LrMomentum:
    return LrMomentum(0.0, recipe.max_momentum)


def _check_gamma(recipe: Recipe) -> None:
    _check(recipe, "gamma", recipe.gamma <= 1, "at most 1")


def _check(recipe: Recipe, field: str, holds: bool, rule: str) -> None:
    if not holds:
        raise InvalidRecipe(
            f"Recipe.{field} must be {rule} for schedule {recipe.schedule!r}, "
            f"but got {getattr(recipe, field)!r}."
        )
