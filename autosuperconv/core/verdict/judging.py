"""Recorded runs as CSV texts -> a verdict.

Columns read: `iteration`, `lr`, `test_accuracy` (a fraction of 1; may be empty on some rows), and
`train_loss` where there is one. Others are ignored.

Accuracy at the end of a recorded run: the mean of the last evaluations, five at most, that were
made at the final learning rate. Where the rate is constant, as on a baseline's last plateau or a
1cycle's tail, these repeat one measurement and the mean removes the wobble. Where it still moves,
as at the end of the author's triangle, the evaluations before the last belong to earlier phases
of the cycle (92.4 % at the end, 89 % five evaluations before): then the last one alone is the end.
It is never the best one.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from statistics import fmean

from autosuperconv.core.verdict import Condition, Criterion, RunCurve, Verdict, judge
from autosuperconv.errors import InvalidInput

COLUMNS = ("iteration", "lr", "test_accuracy")
END_EVALUATIONS = 5
MOST_GUESSED = 0.55  # an untrained network's accuracy is its chance only up to here (two classes)


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
) -> Verdict:
    """Apply the rules to anybody's curves.

    Runs are paired in the order given.

    Args:
        candidate, baseline, control: one CSV text a run; control may be empty.
        batch_size: samples per iteration, on all sides.
        n_train: samples in the training set, for costs in epochs.
        chance: accuracy of guessing; where None, that of the evaluation at iteration 0, if any.
        batch_norm_recalibrated: see `judge`.

    Raises:
        InvalidInput: a column is missing, a cell is no number, or a run has no evaluation.
    """
    for name, value in (("batch_size", batch_size), ("n_train", n_train)):
        if value < 1:
            raise InvalidInput(f"{name} must be at least 1, but got {value}.")
    verdict = judge(
        _curves("candidate", candidate, batch_size, chance),
        _curves("baseline", baseline, batch_size, chance),
        _curves("control", control, batch_size, chance),
        criterion,
        batch_norm_recalibrated,
    )
    conditions = tuple(_with_epochs(c, verdict, n_train) for c in verdict.conditions)
    return replace(verdict, conditions=conditions)


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
        raise InvalidInput(
            f"{name}: test_accuracy is empty on every row, so nothing can be judged."
        )
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
    side: str, texts: Sequence[str], batch_size: int, chance: float | None
) -> list[RunCurve]:
    return [
        read_run(text, batch_size, name=f"{side} {number}", chance=chance)
        for number, text in enumerate(texts, start=1)
    ]


def _end_accuracy(rows: Sequence[_Row]) -> float:
    rate = rows[-1].lr
    same = takewhile(lambda row: math.isclose(row.lr, rate, rel_tol=1e-4), reversed(rows))
    at_rate = [row.accuracy for row in same if row.accuracy is not None]
    if at_rate:
        return fmean(at_rate[:END_EVALUATIONS])
    return next(row.accuracy for row in reversed(rows) if row.accuracy is not None)


def _chance(first: _Row) -> float | None:
    """The accuracy of the untrained network, as one over a whole number of classes."""
    accuracy = first.accuracy or 0.0
    if first.iteration > 0 or not 0 < accuracy <= MOST_GUESSED:
        return None
    return 1 / round(1 / accuracy)


def _rows(text: str, name: str) -> list[_Row]:
    table = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    found = table.fieldnames or ()
    for column in COLUMNS:
        if column not in found:
            columns = ", ".join(found) or "none"
            raise InvalidInput(f"{name}: the CSV needs a column {column!r}, but has: {columns}.")
    rows: list[_Row] = []
    for cells in table:
        where = f"{name}, line {table.line_num}"
        iteration, lr = (_number(cells, column, where) for column in ("iteration", "lr"))
        rate = lr if lr is not None else rows[-1].lr if rows else 0.0
        accuracy, loss = (
            _number(cells, column, where) for column in ("test_accuracy", "train_loss")
        )
        if iteration is None or (rows and iteration < rows[-1].iteration):
            raise InvalidInput(
                f"{where}: iteration must not fall from row to row, but got {iteration}."
            )
        if accuracy is not None and not 0 <= accuracy <= 1:
            rule = "test_accuracy must be a fraction in [0, 1]"
            raise InvalidInput(f"{where}: {rule}, but got {accuracy}; divide percentages by 100.")
        rows.append(_Row(iteration, rate, accuracy, loss))
    if not rows:
        raise InvalidInput(f"{name}: the CSV has a header but no rows.")
    return rows


def _number(cells: dict[str, str | None], column: str, where: str) -> float | None:
    text = (cells.get(column) or "").strip()
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise InvalidInput(f"{where}: {column} must be a number, but got {text!r}.") from None


def _with_epochs(condition: Condition, verdict: Verdict, n_train: int) -> Condition:
    if not condition.name.startswith("C2") or verdict.baseline_samples is None:
        return condition
    ours, theirs = verdict.candidate_samples / n_train, verdict.baseline_samples / n_train
    epochs = f"in epochs of {n_train:,}: {theirs:,.4g} against {ours:,.4g}"
    return replace(condition, detail=f"{condition.detail.removesuffix('.')}; {epochs}.")
