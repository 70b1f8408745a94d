"""A finished search, read back from its study: no data, no model, no training."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import optuna

from autosuperconv.core.codec import from_json
from autosuperconv.core.report import Report
from autosuperconv.core.setup import Setup
from autosuperconv.core.trace import Job, OnPoint, Trace
from autosuperconv.errors import InvalidInput, NothingCompleted, UnknownName
from autosuperconv.prepare import Work, silent
from autosuperconv.publish import publish
from autosuperconv.story import tell_story
from autosuperconv.tuning.ledger import Ledger
from autosuperconv.tuning.session import COMPANION, Session
from autosuperconv.tuning.storage import open_storage


class NoTraining:
    """An executor for a search that must be finished: it refuses to train."""

    size = 1

    def submit(self, job: Job, on_point: OnPoint | None) -> Future[Trace]:
        raise NothingCompleted(
            "The search is not finished, so there is no report yet. Run the same search command "
            "again: it goes on where it stopped."
        )

    def stop(self) -> None:
        pass


def rebuild(storage: str, study_name: str | None, out: Path | None) -> tuple[Report, Path]:
    """The report of a finished search and its folder, written anew.

    Raises:
        InvalidInput: no such study, or none of this package.
        NothingCompleted: the search is not finished.
    """
    session, setup = open_finished(storage, study_name)
    if out is not None:
        setup = replace(setup, out=str(out))
    work = Work(setup, session, searching=False)
    report = tell_story(work)
    publish(work, report)
    return report, Path(setup.out)


def open_finished(storage: str, study_name: str | None) -> tuple[Session, Setup]:
    """The session of an earlier search, which cannot train."""
    study = find_study(storage, study_name)
    companion = study.study_name + COMPANION
    if companion not in optuna.study.get_all_study_names(open_storage(storage)):
        raise InvalidInput(f"Study {study.study_name!r} was not made by autosuperconv.")
    runs = optuna.load_study(study_name=companion, storage=open_storage(storage))
    session = Session(study, Ledger(runs), NoTraining(), silent, storage)
    return session, from_json(Setup, session.stored("setup"))


def find_study(storage: str, study_name: str | None) -> optuna.Study:
    """The study of that name, or the only one there.

    Raises:
        InvalidInput: there is none, or there are several to choose from.
        UnknownName: no study of that name.
    """
    if "://" not in storage and not Path(storage).is_file():
        raise InvalidInput(
            f"There is no study storage at {storage!r}. Name the one that the search was given "
            "with --storage, or run the search first."
        )
    names = optuna.study.get_all_study_names(open_storage(storage))
    searches = [name for name in names if not name.endswith(COMPANION)]
    if study_name is None:
        if len(searches) != 1:
            raise InvalidInput(
                f"{storage!r} holds {len(searches)} studies: {', '.join(sorted(searches))}. "
                "Name one with --study-name."
            )
        study_name = searches[0]
    if study_name not in searches:
        raise UnknownName("study", study_name, searches)
    return optuna.load_study(study_name=study_name, storage=open_storage(storage))


def artifacts_of(storage: str, study_name: str | None) -> Path:
    """The artifact folder of the study; of any study in the storage where none is named."""
    if "://" not in storage and not Path(storage).is_file():
        find_study(storage, study_name)
    summaries = optuna.study.get_all_study_summaries(open_storage(storage))
    stored = [
        Path(s.user_attrs["artifacts"])
        for s in summaries
        if "artifacts" in s.user_attrs
        and study_name in (None, s.study_name.removesuffix(COMPANION))
    ]
    return stored[-1] if stored else Path("artifacts")
