"""Recorded runs as CSV texts -> a verdict.

Columns read: `iteration`, `lr`, `test_accuracy` or `accuracy` (a fraction of 1; may be empty on
some rows), and `train_loss` where there is one. Others are ignored. The format is that of
`core.csv_table`, as for `range-test --read`.

Accuracy at the end of a recorded run: the mean of the last evaluations, five at most, that were
made at the final learning rate. Where the rate is constant, as on a baseline's last plateau or a
1cycle's tail, these repeat one measurement and the mean removes the wobble. Where it still moves,
as at the end of the author's triangle, the evaluations before the last belong to earlier phases
of the cycle (92.4 % at the end, 89 % five evaluations before): then the last one alone is the end.
It is never the best one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile
from statistics import fmean

from autosuperconv.core.csv_table import (
    ACCURACIES,
    LR_NEEDED,
    Column,
    first_filled,
    missing_column,
    parse_table,
)
from autosuperconv.core.format import number, percent
from autosuperconv.core.verdict import Condition, ConditionName, Criterion, RunCurve, Verdict, judge
from autosuperconv.core.verdict.runs import SAME_COST, about_costs
from autosuperconv.errors import InvalidInput

END_EVALUATIONS = 5
MOST_CHANCE = 0.55  # an untrained network's accuracy is its chance only up to here (two classes)


@dataclass(frozen=True, slots=True)
class _Row:
    iteration: float
    lr: float
    accuracy: float | None
    loss: float | None


def judge_recorded(
    candidate: Sequence[str],
    baseline: Sequence[str],
    control: Sequence[str],
    batch_size: int,
    n_train: int,
    criterion: Criterion = Criterion(),
    chance: float | None = None,
    batch_norm_recalibrated: bool | None = None,
    evaluated: int | None = None,
) -> Verdict:
    """Apply the rules to recorded curves of any origin.

    The sides need not have equally many runs.

    Args:
        candidate: one CSV text per run.
        baseline: one CSV text per run.
        control: one CSV text per run; may be empty.
        batch_size: samples per iteration, on all sides.
        n_train: samples in the training set, for costs in epochs.
        chance: accuracy without learning; None: that of the evaluation at iteration 0, if any.
        batch_norm_recalibrated: see `judge`.
        evaluated: samples that each accuracy is a mean over; None: the step between accuracies
            is read off them.

    Raises:
        InvalidInput: a column is missing, a cell is not a number, a run has no evaluation, the
            control does not cost what the candidate does, or an argument is out of its range.
    """
    sizes = {"batch_size": batch_size, "n_train": n_train, "evaluated": evaluated}
    for name, value in sizes.items():
        if value is not None and value < 1:
            raise InvalidInput(f"{name} must be at least 1, but got {value}.")
    if chance is not None and not 0 <= chance < 1:
        raise InvalidInput(f"chance must be at least 0 and below 1, but got {chance:g}.")
    runs = _curves("candidate", candidate, batch_size, chance, evaluated)
    baselines = _curves("baseline", baseline, batch_size, chance, evaluated)
    controls = _curves("control", control, batch_size, chance, evaluated)
    check_control(runs, controls)
    verdict = judge(runs, baselines, controls, criterion, batch_norm_recalibrated)
    conditions = tuple(_with_epochs(c, verdict, n_train) for c in verdict.conditions)
    return replace(verdict, conditions=conditions)


def check_control(candidate: Sequence[RunCurve], control: Sequence[RunCurve]) -> None:
    """Refuse a control that does not cost what the candidate does: a shorter one loses for want of
    training, and a longer one is no compressed schedule.

    Raises:
        InvalidInput: with both costs.
    """
    if costs := about_costs(candidate, control):
        raise InvalidInput(
            f"The control must cost what the candidate does, within {percent(SAME_COST, 0)}, but "
            f"{costs}. Give runs of the standard schedule that are as long as the candidate's "
            "(--control), or leave the control out."
        )


def read_run(
    text: str, batch_size: int, *, name: str = "run", chance: float | None = None
) -> RunCurve:
    """One recorded run from its CSV text; `name` is for messages.

    Raises:
        InvalidInput: as `judge_recorded`.
    """
    rows = _rows(text, name)
    # one evaluation an iteration, the later one: some logs write two rows at the same iteration
    evaluated = list({row.iteration: row for row in rows if row.accuracy is not None}.values())
    if not evaluated:
        raise InvalidInput(f"{name}: the accuracy is empty on every row, so nothing can be judged.")
    accuracy = tuple(row.accuracy for row in evaluated if row.accuracy is not None)
    lost = rows[-1].loss is not None and not math.isfinite(rows[-1].loss)
    return RunCurve(
        samples=tuple(row.iteration * batch_size for row in evaluated),
        accuracy=accuracy,
        final_accuracy=_end_accuracy(rows),
        max_lr=max(row.lr for row in rows),
        chance=_chance(evaluated[0]) if chance is None else chance,
        diverged=lost,
    )


def _curves(
    side: str,
    texts: Sequence[str],
    batch_size: int,
    chance: float | None,
    evaluated: int | None,
) -> list[RunCurve]:
    runs = (
        read_run(text, batch_size, name=f"{side} {i}", chance=chance)
        for i, text in enumerate(texts, start=1)
    )
    return [replace(run, evaluated=evaluated) for run in runs]


def _end_accuracy(rows: Sequence[_Row]) -> float:
    lr = rows[-1].lr
    same = takewhile(lambda row: math.isclose(row.lr, lr, rel_tol=1e-4), reversed(rows))
    at_lr = [row.accuracy for row in same if row.accuracy is not None]
    if at_lr:
        return fmean(at_lr[:END_EVALUATIONS])
    return next(row.accuracy for row in reversed(rows) if row.accuracy is not None)


def _chance(first: _Row) -> float | None:
    """The accuracy of the untrained network, as one over a whole number of classes."""
    accuracy = first.accuracy or 0.0
    if first.iteration > 0 or not 0 < accuracy <= MOST_CHANCE:
        return None
    return 1 / round(1 / accuracy)


def _rows(text: str, name: str) -> list[_Row]:
    try:
        return _checked(list(_parsed(text)))
    except InvalidInput as error:
        raise InvalidInput(f"{name}: {error}") from None


def _parsed(text: str) -> Iterator[_Row]:
    """The rows of a table; a row without a learning rate has that of the row before it."""
    table = parse_table(text, {"iteration", "lr", *ACCURACIES, "train_loss"})
    if "iteration" not in table:
        raise missing_column(text, "a column 'iteration', the steps taken at each row")
    if "lr" not in table:
        raise missing_column(text, LR_NEEDED)
    accuracy = first_filled(table, ACCURACIES)
    if accuracy is None and not any(name in table for name in ACCURACIES):
        raise missing_column(text, f"one of the columns {', '.join(ACCURACIES)}")
    iterations, lr = table["iteration"], 0.0
    empty: Column = (None,) * len(iterations)
    columns = (table["lr"], accuracy or empty, table.get("train_loss", empty))
    for i, (at, own, *measured) in enumerate(zip(iterations, *columns, strict=True), start=1):
        if at is None:
            raise InvalidInput(f"Row {i} must have an iteration, but it is empty.")
        lr = lr if own is None else own
        yield _Row(at, lr, *measured)


def _instead_of(accuracy: float) -> str:
    if math.isfinite(accuracy):
        return "divide percentages by 100"
    return (
        "where a run has diverged, write the accuracy that chance gives, in this and all later "
        "rows, so that it counts as diverged"
    )


def _checked(rows: list[_Row]) -> list[_Row]:
    if not rows:
        raise InvalidInput("The table has a header but no rows.")
    for i, (before, row) in enumerate(pairwise([rows[0], *rows]), start=1):
        if row.iteration < before.iteration:
            raise InvalidInput(
                f"The iteration must not fall from row to row, but row {i} has "
                f"{row.iteration:g} after {before.iteration:g}."
            )
        if row.accuracy is not None and not 0 <= row.accuracy <= 1:
            raise InvalidInput(
                f"The accuracy must be a fraction in [0, 1], but row {i} has "
                f"{row.accuracy:g}; {_instead_of(row.accuracy)}."
            )
    return rows


def _with_epochs(condition: Condition, verdict: Verdict, n_train: int) -> Condition:
    if condition.name is not ConditionName.SPEED:
        return condition
    ours, theirs = verdict.candidate_samples / n_train, verdict.baseline_samples / n_train
    epochs = f"in epochs of {n_train:,}: {number(theirs)} against {number(ours)}"
    return replace(condition, detail=f"{condition.detail.removesuffix('.')}; {epochs}.")
