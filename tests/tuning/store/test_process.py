"""A process is known by more than its number: by its machine, its boot and when it was started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from autosuperconv.tuning.store import process as processes
from autosuperconv.tuning.store.process import Process, is_running, this_process

SLEEPER = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)"]


@pytest.fixture(params=["proc", "ps"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Linux, and a system that has `ps` alone."""
    if request.param == "ps":
        monkeypatch.setattr(processes, "PROC", Path("/there/is/none"))
    return str(request.param)


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(SLEEPER, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        yield running
        running.kill()


def named(pid: int) -> Process:
    return replace(this_process(), pid=pid, started=processes._started(pid) or "")


def test_this_process_runs(system: str) -> None:
    assert is_running(this_process()) is True
    assert this_process() == this_process()


def test_a_process_runs_until_it_is_killed_even_if_nobody_has_waited_for_it(
    system: str, child: subprocess.Popen[bytes]
) -> None:
    process = named(child.pid)
    assert is_running(process) is True
    child.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, and still in the table
    assert is_running(process) is False
    child.wait()
    assert is_running(process) is False


def test_a_number_that_was_given_again_is_another_process(system: str) -> None:
    assert is_running(replace(this_process(), started="long ago")) is False


def test_of_another_machine_or_container_nothing_is_known() -> None:
    here = this_process()
    assert is_running(replace(here, machine="another", boot="another", pid=2**22 + 1)) is None
    assert is_running(replace(here, host="another", boot="another")) is None
    assert is_running(replace(here, numbering="pid:[1]", pid=2**22 + 1)) is None
    assert is_running(replace(here, machine="", boot="")) is None


def test_a_restart_of_the_machine_ends_its_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    here = replace(this_process(), machine="1234")
    monkeypatch.setattr(processes, "this_process", lambda: here)
    assert is_running(replace(here, boot="the one before")) is False
    assert is_running(replace(here, boot="the one before", host="clone")) is None


def test_a_process_that_the_system_hides_is_not_taken_for_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def forbidden(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(processes, "_started", lambda pid: None)
    monkeypatch.setattr(os, "kill", forbidden)
    assert is_running(this_process()) is None
