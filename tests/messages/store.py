"""Studies, storages, reports and the steps of a search."""

from __future__ import annotations

import errno
import json
import socket
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import optuna
from optuna.storages import InMemoryStorage

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Choices, Range
from autosuperconv.core.trace import Job, Trace
from autosuperconv.pipeline.rebuild import open_finished
from autosuperconv.pipeline.resources import only_fitting
from autosuperconv.pipeline.setup import check_setup, space_to_search
from autosuperconv.reporting.dashboard.artifacts import open_artifacts
from autosuperconv.reporting.dashboard.server import make_dashboard
from autosuperconv.reporting.files import (
    RenderedReport,
    check_writable,
    refuse_another_report,
    write_files,
)
from autosuperconv.testing import SurfaceTrainer
from autosuperconv.training.probe.memory import MemoryNeed
from autosuperconv.tuning.steps.ask import ask_at
from autosuperconv.tuning.steps.baseline import best
from autosuperconv.tuning.steps.plan import make_plan
from autosuperconv.tuning.steps.sweep_design import make_grid
from autosuperconv.tuning.store.executor import MAX_DEATHS, QueuedJob, drive
from autosuperconv.tuning.store.storage import open_storage
from autosuperconv.tuning.store.studies import find_study, open_study
from tests.messages.table import Row, call
from tests.surface import BUDGET, make_setup
from tests.tuning.steps import test_ask
from tests.tuning.steps.computed import session_of

JOURNAL = "s.journal"
EMPTY = RenderedReport(None, "{}", None, {})


def in_a_file(function: Any, path: str) -> object:
    """A folder inside a file cannot be made."""
    Path("file").write_text("")
    return function(Path(path))


def studied(name: str | None, *names: str) -> object:
    for each in names:
        open_study(open_storage(JOURNAL), each, {"data": "a"}, "maximize")
    open_storage(JOURNAL)
    return find_study(JOURNAL, name)


def foreign() -> object:
    optuna.create_study(study_name="mine", storage=open_storage(JOURNAL))
    return open_finished(JOURNAL, "mine")


def fitting(fits: bool) -> object:
    setup = make_setup(Path(), space={"batch_size": Choices((32,))})
    return only_fitting(setup, (MemoryNeed(32, 2**33, 2**34 if fits else 2**32, True),))


def dashboard(port: int) -> None:
    make_dashboard(InMemoryStorage(), Path("artifacts"), "127.0.0.1", port).server_close()


def dashboard_beside_another() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        dashboard(other.getsockname()[1])


def reported(fingerprint: str, out: str = "out") -> None:
    Path("out").mkdir()
    setup = {"fingerprint": "a", "study_name": "first"}
    Path("out/report.json").write_text(json.dumps({"setup": setup}))
    refuse_another_report(Path(out), fingerprint)


def full_disk() -> object:
    full = OSError(errno.ENOSPC, "No space left on device")
    with patch.object(Path, "write_text", side_effect=full):
        return write_files(EMPTY, Path("out"))


def trained(edge: float) -> object:
    return best([SurfaceTrainer(edge=edge)(Job(Recipe(max_lr=1.0)))])


def deaths(times: int) -> object:
    """Runs whose worker dies so many times."""

    class Dying:
        size = 1
        left = times

        def submit(self, job: Job, on_point: object) -> Future[Trace]:
            future: Future[Trace] = Future()
            if self.left:
                self.left -= 1
                future.set_exception(BrokenProcessPool("killed"))
            else:
                future.set_result(SurfaceTrainer()(job))
            return future

        def stop(self) -> None:
            pass

    queue = iter([QueuedJob("0", Job(Recipe(max_lr=1.0)))])
    return list(drive(Dying(), queue))


def asked(accuracy: float | None) -> object:
    """The best of a study at one length."""
    session = test_ask.searched(lambda recipe: accuracy, test_ask.grid()[:2])
    return ask_at(session, test_ask.SETTINGS, 2.0, 5.0)


def planned(left: float) -> object:
    """A plan with so many seconds left."""
    session = session_of(SurfaceTrainer())
    session = replace(session, deadline=session.clock() + left)
    return make_plan(session, BUDGET, make_setup(Path()), make_grid(make_setup(Path())), ())


def batch(size: int) -> None:
    check_setup(make_setup(Path(), {"batch_size": Choices((size,))}))


LEASE = "tests/tuning/store/test_lease.py"
OWNER = "tests/pipeline/test_ownership.py"
ELSEWHERE = {
    "pipeline/ownership.py FolderTexts.store 1": f"{OWNER}::test_a_full_folder_is_named",
    "pipeline/steps.py what_there_is 1": "tests/pipeline/test_timeout.py::"
    "test_nothing_at_all_is_an_error_that_leaves_nothing_behind",
    "pipeline/rebuild.py NoTraining.submit 1": "tests/pipeline/test_steps.py::"
    "test_an_unfinished_search_has_no_report_yet",
    "pipeline/rebuild.py open_finished.refuse 1": f"{OWNER}::"
    "test_a_report_leaves_the_running_trial_of_a_search_alone",
    "tuning/store/lease.py refuse_if_running 1": f"{LEASE}::"
    "test_a_second_start_is_refused_until_the_first_has_ended",
    "tuning/store/lease.py _outlive 1": f"{LEASE}::"
    "test_a_second_start_is_refused_until_the_first_has_ended",
    "tuning/store/lease.py Lease.check 1": f"{LEASE}::"
    "test_an_owner_that_was_taken_for_dead_is_told_before_it_writes",
    "tuning/store/lease.py Lease.explain 1": f"{LEASE}::"
    "test_an_error_is_put_down_to_the_other_start_where_there_is_one",
    "tuning/store/lease.py leased 1": f"{LEASE}::test_of_two_starts_at_the_same_moment_one_wins",
    "tuning/store/lease.py _outlive 2": f"{LEASE}::"
    "test_an_owner_elsewhere_that_renews_it_keeps_it_whatever_the_clocks_say",
}
"""Messages that take two starts, and the tests that bring them about."""

ROWS = [
    Row(
        "tuning/steps/ask.py ask_at 1",
        call(asked, None),
        "Search more trials",
        call(asked, 0.95),
    ),
    Row(
        "pipeline/rebuild.py open_finished 1",
        foreign,
        "Give the study of a search",
        call(studied, "one", "one"),
    ),
    Row(
        "pipeline/resources.py only_fitting 1",
        call(fitting, False),
        "Search smaller batches",
        call(fitting, True),
    ),
    Row(
        "pipeline/setup.py check_setup 1",
        call(batch, 2000),
        "Search smaller batches",
        call(batch, 1000),
    ),
    Row(
        "pipeline/setup.py space_to_search 1",
        call(space_to_search, False, 100, {"dropout": Range(0.0, 0.5)}),
        "or leave dropout out",
        lambda: [
            space_to_search(True, 100, {"dropout": Range(0.0, 0.5)}),
            space_to_search(False, 100, {}),
        ],
    ),
    Row(
        "reporting/dashboard/artifacts.py open_artifacts 1",
        call(in_a_file, open_artifacts, "file/in"),
        "Name another folder",
        call(in_a_file, open_artifacts, "in"),
    ),
    Row(
        "reporting/dashboard/server.py make_dashboard 1",
        call(dashboard, 70_000),
        "Choose another port",
        call(dashboard, 0),
    ),
    Row(
        "reporting/dashboard/server.py make_dashboard 2",
        dashboard_beside_another,
        "Choose another port",
        call(dashboard, 0),
    ),
    Row(
        "reporting/files.py check_writable 1",
        call(in_a_file, check_writable, "file/in"),
        "Name another folder",
        call(in_a_file, check_writable, "in"),
    ),
    Row(
        "reporting/files.py refuse_another_report 1",
        call(reported, "b"),
        "Name another folder with --out",
        call(reported, "b", "out2"),
    ),
    Row(
        "reporting/files.py write_files 1",
        full_disk,
        "free some space",
        lambda: write_files(EMPTY, Path("out")),
    ),
    Row(
        "tuning/steps/baseline.py best 1",
        call(trained, 1e-3),
        "check the scale of the inputs",
        call(trained, 3.0),
    ),
    Row(
        "tuning/store/session.py Session.end_early 1",
        call(planned, -1.0),
        "Give more time",
        call(planned, 100.0),
    ),
    Row(
        "tuning/store/executor.py _check_deaths 1",
        call(deaths, MAX_DEATHS),
        "the same command continues it",
        call(deaths, MAX_DEATHS - 1),
    ),
]
