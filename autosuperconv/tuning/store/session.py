"""`Session`: a search in progress: its study, ledger, executor, and who is told of it."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.storages import BaseStorage

from autosuperconv.core.events import Listener, Note, RunFinished, Step, StepFinished, StepStarted
from autosuperconv.core.report import Plan, StepCost
from autosuperconv.core.serialization import digest
from autosuperconv.core.trace import Job, OnPoint, Trace
from autosuperconv.errors import StudyMismatch
from autosuperconv.tuning.store.executor import Executor, Task, drive
from autosuperconv.tuning.store.fingerprint import differences
from autosuperconv.tuning.store.run_store import Ledger

Direction = Literal["maximize", "minimize"]
COMPANION = ".runs"
METRICS: dict[Direction, str] = {"maximize": "accuracy", "minimize": "training samples"}
PLAN_ONLY = "plan_only"  # "yes" from the end of a dry run to the next start
STEPS = tuple(step for step in Step if step is not Step.TRAIN)


def open_study(
    storage: BaseStorage, name: str, question: dict[str, object], direction: Direction
) -> tuple[optuna.Study, Ledger]:
    """The study and the ledger of a search: new ones, or those of an earlier start of the same.

    Raises:
        StudyMismatch: the study is there already and asks another question.
    """
    known = {s.study_name for s in optuna.study.get_all_study_summaries(storage)}
    study = optuna.create_study(
        storage=storage, study_name=name, direction=direction, load_if_exists=True
    )
    if name in known:
        refuse_another(study, question)
    study.set_user_attr("question", json.dumps(question))
    name_metric(study, METRICS[direction])
    companion = optuna.create_study(
        storage=storage, study_name=name + COMPANION, direction="maximize", load_if_exists=True
    )
    name_metric(companion, METRICS["maximize"])
    return study, Ledger(companion)


def companion_of(storage: BaseStorage, name: str) -> optuna.Study | None:
    """The study that keeps the runs of the search of that name; None where there is none."""
    if name + COMPANION not in optuna.study.get_all_study_names(storage):
        return None
    return optuna.load_study(study_name=name + COMPANION, storage=storage)


def forget_plan(storage: BaseStorage, name: str, question: dict[str, object]) -> None:
    """Drop a study that a dry run of another question has left: it holds a plan and nothing else,
    and would refuse the search that was decided on then."""
    known = {s.study_name: s.user_attrs for s in optuna.study.get_all_study_summaries(storage)}
    if known.get(name + COMPANION, {}).get(PLAN_ONLY) != "yes":
        return
    if differences(json.loads(known[name]["question"]), question):
        for each in (name, name + COMPANION):
            optuna.delete_study(study_name=each, storage=storage)


def name_metric(study: optuna.Study, name: str) -> None:
    """Name what the study's values are, for the dashboard's axes and columns."""
    with warnings.catch_warnings():  # "experimental", to each user at each start
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.set_metric_names([name])


def refuse_another(study: optuna.Study, question: dict[str, object]) -> None:
    """Refuse to mix two searches.

    Raises:
        StudyMismatch: says in what the stored question differs.
    """
    if "question" not in study.user_attrs:
        raise StudyMismatch(
            f"Study {study.study_name!r} is there already and was not made by autosuperconv. "
            "Give this search another --study-name or --storage."
        )
    what = differences(json.loads(study.user_attrs["question"]), question)
    if what:
        raise StudyMismatch(
            f"Study {study.study_name!r} belongs to another search ({'; '.join(what)}). "
            "Give this one another --study-name or --storage."
        )


@dataclass
class Session:
    """A search in progress."""

    study: optuna.Study
    ledger: Ledger
    executor: Executor
    listener: Listener
    storage_url: str
    plan: Plan | None = None
    deadline: float | None = None
    _runs: int = 0
    _waited: float = 0.0
    _began: float = field(default_factory=time.monotonic)

    def remember_start(self) -> None:
        """Keep when the search was begun; later starts leave it."""
        if self.stored("started") is None:
            self.store("started", datetime.now(UTC).isoformat(timespec="seconds"))
        self._waited = float(self.stored("wall_seconds") or 0.0)
        self.store(PLAN_ONLY, "no")

    def remember_plan_only(self) -> None:
        """Keep that there is a plan and nothing else, if so: see `forget_plan`."""
        if not self.study.trials and not any(self.ledger.of(step) for step in STEPS[1:]):
            self.store(PLAN_ONLY, "yes")

    def remember_wall_seconds(self) -> None:
        """Keep how long the search took, earlier starts included."""
        self.store("wall_seconds", f"{self._waited + time.monotonic() - self._began:.1f}")

    def note(self, text: str) -> None:
        """Tell the user something once."""
        self.listener(Note(text))

    def start(self, step: Step, runs: int, done: int | None = None) -> None:
        """A step begins; `done` of its runs are there already, by default those in the ledger."""
        self._runs = runs
        done = len(self.ledger.of(step)) if done is None else done
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
        """Carry out the jobs that the ledger does not have yet; traces in the jobs' order.

        Args:
            role: of all of them, or of each: jobs of several roles given at once keep every
                worker busy.
            watch: makes what sees the points of one run, and may end it.
        """
        missing = {digest(job): job for job in jobs if self.ledger.find(job) is None}
        tasks = (Task(key, job, watch() if watch else None) for key, job in missing.items())
        for task, trace in drive(self.executor, tasks):
            self.ledger.add(
                step, role if isinstance(role, str) else role(task.job), task.job, trace
            )
            left = self.seconds_left(step, len(self.ledger.of(step)))
            self.listener(RunFinished(step, describe(task.job), outcome_text(trace), None, left))
        return [self._known(job) for job in jobs]

    def _known(self, job: Job) -> Trace:
        trace = self.ledger.find(job)
        assert trace is not None
        return trace

    def seconds_left(self, step: Step, done: int) -> float | None:
        """Forecast of the rest of the search, corrected by how the finished part went.

        Args:
            done: runs of the step that are finished.
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
        return (here + later) * min(max(ratio, 0.2), 5.0)

    def cost(self, step: Step) -> StepCost:
        """What a step took so far, earlier starts included."""
        runs = [(t.samples, t.seconds) for _, t in self.ledger.of(step)]
        if step == Step.STUDY:
            attrs = [t.user_attrs for t in self.study.get_trials(deepcopy=False)]
            runs += [(a["samples"], a["seconds"]) for a in attrs if "seconds" in a]
        return StepCost(step, len(runs), sum(r[0] for r in runs), sum(r[1] for r in runs))

    def time_left(self) -> float | None:
        """Seconds to the deadline; None without one."""
        return None if self.deadline is None else self.deadline - time.monotonic()

    def stored(self, key: str) -> Any:
        """A value kept with the search; None where there is none."""
        return self.ledger.stored(key)

    def store(self, key: str, text: str) -> None:
        """Keep a value with the search: in the companion study, because the dashboard prints
        every attribute of a study in full on the page that people look at."""
        self.ledger.store(key, text)


def outcome_text(trace: Trace) -> str:
    """A run's end in a few words."""
    if trace.accuracy is not None and trace.completed:
        epochs = trace.points[-1].epoch if trace.points else trace.recipe.epochs
        return f"{100 * trace.accuracy:.2f} % after {epochs:.3g} epochs"
    return f"{trace.stopped_because}: {trace.detail}" if trace.detail else trace.stopped_because
