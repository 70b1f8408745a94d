"""A search's session: opened, and left in order however the search ends."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from autosuperconv.core.events import Listener, tell_all
from autosuperconv.core.optional import while_it_works
from autosuperconv.core.serialization import to_json
from autosuperconv.pipeline.ownership import Ownership
from autosuperconv.pipeline.resources import Resources
from autosuperconv.pipeline.timing import Start
from autosuperconv.reporting.dashboard.note import LiveNote, earlier_result, set_note, settle_note
from autosuperconv.tuning.steps.objective import DIRECTIONS
from autosuperconv.tuning.store.session import TIME_UP, Session
from autosuperconv.tuning.store.storage import open_storage
from autosuperconv.tuning.store.studies import open_study

ARTIFACTS = "artifacts"  # folder of the dashboard's files, below the report's


def open_session(
    resources: Resources,
    fingerprint: dict[str, object],
    storage: str,
    listener: Listener,
    ownership: Ownership,
    start: Start,
) -> Session:
    """The search's session, the setup stored in it."""
    setup = resources.setup
    deadline, report_by = start.ends(setup.options.timeout)
    direction = DIRECTIONS[setup.options.objective]
    study, run_store = open_study(open_storage(storage), setup.study_name, fingerprint, direction)
    publish = functools.partial(set_note, study)
    earlier = functools.partial(earlier_result, study)
    live = LiveNote(setup.name, publish, start.clock, earlier)
    live_note = while_it_works("The note in the dashboard", live, listener)
    session = Session(
        *(study, run_store, resources.executor, tell_all(listener, live_note), storage),
        deadline=deadline,
        created=ownership.created,
        check_owner=ownership.lease.check,
        report_by=report_by,
        clock=start.clock,
    )
    session.store(TIME_UP, "")  # of an earlier start
    session.remember_start()
    session.store("setup", to_json(setup))
    move_to(session, setup.out.resolve())
    return session


def move_to(session: Session, out: Path) -> None:
    """Store the report's folder, and say so where an earlier start had another."""
    before = session.stored(ARTIFACTS)
    if before is not None and Path(before).parent != out:
        session.note(
            f"The report of this search went to {str(Path(before).parent)!r}. From now on it goes "
            f"to {str(out)!r}, where `report` and `dashboard` look for it too; what is in the "
            "other folder stays as it is."
        )
    session.store(ARTIFACTS, str(out / ARTIFACTS))


@contextmanager
def settled(session: Session) -> Iterator[None]:
    """Inside, a search goes on; at the end, what it leaves behind is put in order. None of that is
    a reason to hide how the search ended, and a study that was taken over is left as it is."""
    try:
        yield
    except BaseException as error:
        with suppress(Exception):
            session.check_owner()
            if interrupted := isinstance(error, KeyboardInterrupt):
                session.remember_wall_seconds()
            session.leave_no_refused_plan(interrupted)
        raise
    finally:
        with suppress(Exception):
            session.check_owner()
            settle_note(session.study)
