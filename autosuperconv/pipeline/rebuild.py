"""The report of a finished search from its study: no data, no model, no training."""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from autosuperconv.core.events import silent
from autosuperconv.core.report import Report
from autosuperconv.core.serialization import from_json
from autosuperconv.core.setup import Setup
from autosuperconv.core.trace import Job, OnPoint, Trace
from autosuperconv.errors import AutosuperconvError, InvalidInput, NothingCompleted, TimeUp
from autosuperconv.pipeline.report import write_report
from autosuperconv.pipeline.setup import Work
from autosuperconv.pipeline.steps import run_steps
from autosuperconv.tuning.store.lease import Texts, claim_in, may_run
from autosuperconv.tuning.store.run_store import RunStore
from autosuperconv.tuning.store.session import TIME_UP, Session, too_short
from autosuperconv.tuning.store.storage import explained_errors, open_existing
from autosuperconv.tuning.store.studies import companion_of, find_study


class NoTraining:
    """An executor for a search that must be finished: it refuses to train."""

    size = 1

    def __init__(self, why: Callable[[], AutosuperconvError]) -> None:
        self._why = why

    def submit(self, job: Job, on_point: OnPoint | None) -> Future[Trace]:
        raise self._why()

    def stop(self) -> None:
        pass


def rebuild(storage: str, study_name: str | None, out: Path | None) -> tuple[Report, Path]:
    """The report of a finished search and its folder, written anew.

    Raises:
        InvalidInput: no such study, or none of this package.
        NothingCompleted: the search is not finished.
        StorageUnavailable: the storage cannot be used.
    """
    with explained_errors(storage):
        session, setup = open_finished(storage, study_name)
        work = Work(setup, session, searching=False, out=out)
        report = run_steps(work)
        write_report(work, report)
        return report, work.folder


def open_finished(storage: str, study_name: str | None) -> tuple[Session, Setup]:
    """The session of an earlier search, which cannot train."""
    study = find_study(storage, study_name)
    runs = companion_of(open_existing(storage), study.study_name)
    if runs is None:
        raise InvalidInput(
            f"Study {study.study_name!r} was not made by autosuperconv. Give the study of a search "
            "(--study-name), or another --storage."
        )
    run_store = RunStore(runs)
    why = functools.partial(unfinished, run_store, study.study_name)

    def refuse() -> None:
        raise why()  # a finished search has nothing to store; another start may be at work

    session = Session(study, run_store, NoTraining(why), silent, storage, check_owner=refuse)
    return session, from_json(Setup, session.stored("setup"))


def unfinished(texts: Texts, name: str) -> AutosuperconvError:
    """Why there is nothing more: the time was up, which is reported as such; else the error for a
    search without a report: what to do depends on whether it still runs."""
    claim = claim_in(texts)
    if claim is not None and may_run(claim):
        return NothingCompleted(
            f"Search {name!r} is still running {claim.who}, so there is no report yet. Wait until "
            "it has ended."
        )
    if step := texts.stored(TIME_UP):
        return TimeUp(too_short(step))
    return NothingCompleted(
        "The search is not finished, so there is no report yet. Run the same search command "
        "again to resume it."
    )
