"""`Session`: a search in progress: where it is kept, what trains in it, and who hears of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NoReturn

import optuna

from autosuperconv.core.events import Listener, Note, RunFinished, Step, StepFinished, StepStarted
from autosuperconv.core.plan import Plan
from autosuperconv.core.report import StepCost
from autosuperconv.core.serialization import digest
from autosuperconv.core.trace import Job, OnPoint, Trace
from autosuperconv.errors import TimeUp
from autosuperconv.tuning.store.deadline import UntilTime, was_cut
from autosuperconv.tuning.store.executor import Executor, QueuedJob, drive
from autosuperconv.tuning.store.observation import Observation
from autosuperconv.tuning.store.run_store import RunStore
from autosuperconv.tuning.store.studies import delete_search, is_plan_only

TIME_UP = "time_up"  # where the step is stored in which the time of a search was up
STEPS = tuple(step for step in Step if step is not Step.TRAIN)


def too_short(step: str) -> str:
    """The error where the time was up in a step before anything was trained."""
    return (
        f"--timeout is too short: the time was up during the {step}, before any run had ended. "
        "Give more time, fewer training samples (--n-train) or a smaller model."
    )


def anyone() -> None:
    """A check of who writes, where nobody else does."""


@dataclass
class Session:
    """A search in progress.

    Args:
        study: the trials.
        run_store: every finished run that is not a trial.
        executor: what carries out runs.
        listener: receives every event.
        storage_url: where workers find the study, to report to it.
        deadline: when the last run must end, on the clock; None: no limit.
        report_by: when the report must be written, on the clock; None: no limit.
        plan: what the search is forecast to take; None: no time left is estimated.
        created: this start created the study.
        check_owner: called before anything is written; raises where this start may not write.
        clock: seconds, the same in all processes of a machine.
    """

    study: optuna.Study
    run_store: RunStore
    executor: Executor
    listener: Listener
    storage_url: str
    deadline: float | None = None
    plan: Plan | None = None
    created: bool = False
    check_owner: Callable[[], None] = anyone
    report_by: float | None = None
    clock: Callable[[], float] = time.monotonic
    step: Step = Step.PLAN  # under way
    _runs: int = 0  # of the step under way
    _noted: set[str] = field(default_factory=set)
    _began: float = field(default_factory=time.monotonic)
    _earlier_seconds: float = field(init=False)

    def __post_init__(self) -> None:
        self._earlier_seconds = float(self.stored("wall_seconds") or 0.0)

    def following(self, plan: Plan) -> Session:
        """The same search, its plan known."""
        return replace(self, plan=plan)

    def remember_start(self) -> None:
        """Store when the search first started; a later start keeps the first time."""
        if self.stored("started") is None:
            self.store("started", datetime.now(UTC).isoformat(timespec="seconds"))

    def leave_no_refused_plan(self, interrupted: bool = False) -> None:
        """After an error: delete a study that this start created and that has no plan yet, except
        for what an interrupted start has timed for one. See `forget_plan` for what stays."""
        worth_keeping = interrupted and self.run_store.of(Step.PLAN)
        unplanned = is_plan_only(self.study, self.run_store) and self.stored("plan") is None
        if self.created and unplanned and not worth_keeping:
            delete_search(self.study._storage, self.study.study_name)

    def remember_wall_seconds(self) -> None:
        """Store how long the search took, earlier starts included."""
        seconds = self._earlier_seconds + time.monotonic() - self._began
        self.store("wall_seconds", f"{seconds:.1f}")

    def note(self, text: str) -> None:
        """Give the user a piece of information."""
        self.listener(Note(text))

    def note_once(self, *texts: str) -> None:
        """Give the user pieces of information that many runs may have to give."""
        for text in texts:
            if text not in self._noted:
                self._noted.add(text)
                self.note(text)

    def start(self, step: Step, runs: int, done: int | None = None) -> None:
        """A step begins; `done` of its runs are finished, by default those in the run store."""
        self._runs, self.step = runs, step
        done = len(self.run_store.of(step)) if done is None else done
        self.listener(StepStarted(step, runs, done, self.seconds_left(step, done)))

    def finish(self, step: Step, text: str) -> None:
        """A step ended."""
        self.listener(StepFinished(step, text))

    def run(
        self,
        step: Step,
        role: str | Callable[[Job], str],
        jobs: Sequence[Job],
        describe: Callable[[Job], str],
        watch: Callable[[], OnPoint] | None = None,
    ) -> list[Trace]:
        """Carry out the jobs that the run store does not hold yet; traces in the jobs' order.

        Args:
            role: one for all jobs, or a function of the job: giving jobs of several roles at once
                keeps every worker busy.
            describe: a job in a few words, for the listener.
            watch: makes a function that sees the points of one run and may end it.

        Raises:
            TimeUp: before all of them were finished; those that were are kept.
        """
        missing = {digest(job): job for job in jobs if self.run_store.find(job) is None}
        queue = (
            QueuedJob(key, job, self.until_time(watch() if watch else None))
            for key, job in missing.items()
            if not self.time_is_up
        )
        for queued, trace in drive(self.executor, queue):
            if was_cut(trace):
                continue
            self.check_owner()
            self.run_store.add(
                step, role if isinstance(role, str) else role(queued.job), queued.job, trace
            )
            self.note_once(*trace.notes)
            left = self.seconds_left(step, len(self.run_store.of(step)))
            self.listener(RunFinished(step, describe(queued.job), trace.outcome, None, left))
        return [self._known(job) for job in jobs]

    def _known(self, job: Job) -> Trace:
        trace = self.run_store.find(job)
        if trace is None:
            self.end_early()
        return trace

    def end_early(self) -> NoReturn:
        """End the search, because its time is up.

        Raises:
            TimeUp: always.
        """
        self.store(TIME_UP, self.step)
        raise TimeUp(too_short(self.step))

    def until_time(self, on_point: OnPoint | None, reserve: float = 0.0) -> OnPoint | None:
        """A callback that also ends its run once the time is up, less a reserve in seconds."""
        if self.deadline is None:
            return on_point
        return UntilTime(self.deadline - reserve, self.clock, on_point)

    @property
    def time_is_up(self) -> bool:
        """Whether no run may be begun any more."""
        left = self.time_left()
        return left is not None and left <= 0

    def seconds_left(self, step: Step, done: int) -> float | None:
        """The plan's forecast of what remains, times how much longer (or shorter) the finished
        steps took than forecast; None without a plan.

        Args:
            done: finished runs of the step.
        """
        if self.plan is None or step not in STEPS:
            return None
        forecast = {f.step: f.seconds for f in self.plan.forecast}
        later = sum(forecast.get(s, 0.0) for s in STEPS[STEPS.index(step) + 1 :])
        here = forecast.get(step, 0.0) * max(1 - done / max(self._runs, 1), 0.0)
        before = STEPS[1 : STEPS.index(step)]
        expected = sum(forecast.get(s, 0.0) for s in before)
        took = sum(self.cost(s).seconds for s in before) / self.executor.size
        ratio = took / expected if expected > 1 else 1.0
        left = (here + later) * min(max(ratio, 0.2), 5.0)
        limit = self.time_left()
        return left if limit is None else min(left, max(limit, 0.0))

    def cost(self, step: Step) -> StepCost:
        """What a step has taken so far, earlier starts included."""
        runs = [(t.samples, t.seconds) for _, t in self.run_store.of(step)]
        if step == Step.STUDY:
            trials = map(Observation, self.study.get_trials(deepcopy=False))
            runs += [(t.samples, t.seconds or 0.0) for t in trials if t.trained]
        return StepCost(step, len(runs), sum(r[0] for r in runs), sum(r[1] for r in runs))

    def time_left(self) -> float | None:
        """Seconds until the deadline; None without one."""
        return None if self.deadline is None else self.deadline - self.clock()

    def report_time_left(self) -> float | None:
        """Seconds until the report must be written; None without a limit."""
        return None if self.report_by is None else self.report_by - self.clock()

    def stored(self, key: str) -> Any:
        """A value stored with the search; None if there is none."""
        return self.run_store.stored(key)

    def store(self, key: str, text: str) -> None:
        """Store a value with the search: in the companion study, because the dashboard prints all
        attributes of a study in full on the page that people look at."""
        self.check_owner()
        self.run_store.store(key, text)
