"""Statistics, the trade-off and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.stats.group_sequential import crossing, limits
from autosuperconv.core.tradeoff.factors import with_values
from autosuperconv.core.tradeoff.fraction import fraction
from autosuperconv.core.verdict import (
    Criterion,
    Evidence,
    RunCurve,
    RungRuns,
    follow,
    judge,
    judge_rungs,
)
from autosuperconv.core.verdict.looks import Looks, plan_looks
from autosuperconv.core.verdict.recorded import judge_recorded, read_run
from tests.messages.table import Row, call

RUN = RunCurve((10.0, 20.0), (0.5, 0.9), 0.9, 0.1, chance=0.1)
PLANNED = Evidence(margin=0.01, looks=plan_looks(1, 1))
BEFORE = Recipe(max_lr=0.1)
AFTER = Recipe(max_lr=1.0, weight_decay=0.0)
LOG = "iteration,lr,accuracy\n10,0.1,0.5\n20,0.1,0.9\n"
LONGER = LOG.replace("20,", "200,")


def judged(**changed: Any) -> object:
    return judge([replace(RUN, **changed)], [RUN])


def recorded(candidate: Sequence[str] = (LOG,), **changed: Any) -> object:
    given = {"batch_size": 8, "n_train": 80, **changed}
    return judge_recorded(candidate, [LOG], [], **given)


def read(text: str) -> object:
    return read_run(text, 8)


def controlled(control: str) -> object:
    return judge_recorded([LOG], [LOG], [control], batch_size=8, n_train=80)


ROWS = [
    Row(
        "core/tradeoff/fraction.py fraction 1",
        call(fraction, 6),
        "1 to 5 factors",
        call(fraction, 5),
    ),
    Row(
        "core/verdict/recorded.py check_control 1",
        call(controlled, LONGER),
        "as long as the candidate's",
        call(controlled, LOG),
    ),
    Row(
        "core/stats/group_sequential.py limits 1",
        call(limits, (1.0, 2.0), 0.0),
        "above 0",
        call(limits, (1.0, 2.0), 0.05),
    ),
    Row(
        "core/stats/group_sequential.py crossing 1",
        call(crossing, (1.0, 2.0), (2.0,)),
        "needs 2 limits",
        call(crossing, (1.0, 2.0), (2.0, 2.0)),
    ),
    Row(
        "core/stats/group_sequential.py checked_shares 1",
        call(limits, (2.0, 1.0), 0.05),
        "must rise from above 0",
        call(limits, (1.0, 2.0), 0.05),
    ),
    Row(
        "core/tradeoff/factors.py with_values 1",
        call(with_values, AFTER, BEFORE, ["drop-out"]),
        "Did you mean 'dropout'?",
        call(with_values, AFTER, BEFORE, ["dropout"]),
    ),
    Row(
        "core/verdict/looks.py Looks.__post_init__ 1",
        call(Looks, ((2, 2), (1, 3))),
        "must rise from above 0",
        call(Looks, ((1, 2), (2, 3))),
    ),
    Row(
        "core/verdict/__init__.py judge_rungs 1",
        call(judge_rungs, [RungRuns(2.0, ())], (), Criterion(), PLANNED),
        "the runs of the first look, 1 of the baseline and 2 of a candidate",
        call(judge_rungs, [RungRuns(2.0, (RUN, RUN))], (RUN,), Criterion(), PLANNED),
    ),
    Row(
        "core/verdict/decision.py follow 1",
        call(follow, [], (RUN,), PLANNED),
        "rungs of different speed-ups",
        call(follow, [RungRuns(2.0, ()), RungRuns(5.0, ())], (RUN,), PLANNED),
    ),
    Row(
        "core/verdict/looks.py plan_looks 1",
        call(plan_looks, 5, 3),
        "in 1..max_seeds (3)",
        call(plan_looks, 3, 3),
    ),
    Row(
        "core/verdict/__init__.py check_sides 1",
        call(judge, [], [RUN]),
        "at least one candidate run",
        call(judge, [RUN], [RUN]),
    ),
    Row(
        "core/verdict/recorded.py judge_recorded 1",
        call(recorded, batch_size=0),
        "at least 1",
        call(recorded, batch_size=1),
    ),
    Row(
        "core/verdict/recorded.py judge_recorded 2",
        call(recorded, chance=1.0),
        "below 1",
        call(recorded, chance=0.1),
    ),
    Row(
        "core/verdict/recorded.py read_run 1",
        call(read, "iteration,lr,accuracy\n10,0.1,\n"),
        "the accuracy is empty on every row",
        call(read, LOG),
    ),
    Row(
        "core/verdict/recorded.py _rows 1",
        call(recorded, [LOG.replace("0.9", "90")]),
        "candidate 1: ",
        call(recorded, [LOG]),
    ),
    Row(
        "core/verdict/types.py Criterion._check 1",
        call(Criterion, margin=1.0),
        "a fraction in [0, 1)",
        call(Criterion, margin=0.01),
    ),
    Row(
        "core/verdict/runs.py check_runs 1",
        call(judge, [replace(RUN, seed=1)] * 2, [RUN] * 2),
        "its own seed",
        call(judge, [replace(RUN, seed=1), replace(RUN, seed=2)], [RUN] * 2),
    ),
    Row(
        "core/verdict/runs.py check_runs 2",
        call(judged, samples=(20.0, 10.0)),
        "samples must rise",
        call(judged, samples=(10.0, 20.0)),
    ),
    Row(
        "core/verdict/runs.py check_runs 3",
        call(judged, samples=(10.0,)),
        "needs its cost",
        call(judged, samples=(10.0, 20.0)),
    ),
    Row(
        "core/verdict/runs.py check_runs 4",
        call(judged, max_lr=0.0),
        "above 0",
        call(judged, max_lr=0.1),
    ),
    Row(
        "core/verdict/runs.py check_runs 5",
        call(judged, evaluated=0),
        "at least 1",
        call(judged, evaluated=1),
    ),
]


def parsed(text: str) -> object:
    from autosuperconv.core.verdict.recorded import _parsed

    return list(_parsed(text))


def checked(text: str) -> object:
    from autosuperconv.core.verdict.recorded import _checked, _parsed

    return _checked(list(_parsed(text)))


ROWS += [
    Row(
        "core/verdict/recorded.py _parsed 1",
        call(parsed, "step,lr,accuracy\n1,0.1,0.5\n"),
        "a column 'iteration'",
        call(read, LOG),
    ),
    Row(
        "core/verdict/recorded.py _parsed 2",
        call(parsed, "iteration,accuracy\n1,0.5\n"),
        "'lr'",
        call(read, LOG),
    ),
    Row(
        "core/verdict/recorded.py _parsed 3",
        call(parsed, "iteration,lr,acc\n1,0.1,0.5\n"),
        "one of the columns",
        call(read, LOG),
    ),
    Row(
        "core/verdict/recorded.py _parsed 4",
        call(parsed, "iteration,lr,accuracy\n,0.1,0.5\n"),
        "Row 1 must have an iteration",
        call(read, LOG),
    ),
    Row(
        "core/verdict/recorded.py _checked 1",
        call(checked, "iteration,lr,accuracy\n"),
        "no rows",
        call(checked, LOG),
    ),
    Row(
        "core/verdict/recorded.py _checked 2",
        call(checked, "iteration,lr,accuracy\n20,0.1,0.5\n10,0.1,0.5\n"),
        "must not fall",
        call(checked, LOG),
    ),
    Row(
        "core/verdict/recorded.py _checked 3",
        call(checked, LOG.replace("0.9", "90")),
        "divide percentages by 100",
        call(checked, LOG),
    ),
    Row(
        "core/verdict/recorded.py _checked 3",
        call(checked, LOG.replace("0.9", "nan")),
        "write the accuracy that chance gives",
        call(checked, LOG.replace("0.9", "0.1")),
    ),
]
