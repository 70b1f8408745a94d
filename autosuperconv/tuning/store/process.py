"""`Process`: a process named so that others, perhaps on other machines, can tell whether it runs.

A number alone does not do: it is given again, after a restart of the machine or of a container.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")  # of Linux; other systems have `ps` or neither
ENDED = ("Z", "X")  # states of a process that was killed and not yet waited for


@dataclass(frozen=True, slots=True)
class Process:
    """A process on a machine."""

    host: str
    """The machine's name, for people."""
    machine: str
    """The machine's own number, which outlasts its restarts; "" where it has none."""
    boot: str
    """Names the time since the machine's last start; "" where nothing does."""
    numbering: str
    """Names the set of processes that are numbered together, such as those of a container."""
    pid: int
    """Its number there."""
    started: str
    """When it was started, in the system's own words."""


def this_process() -> Process:
    """The process that calls this."""
    boot, pid = _text(PROC / "sys/kernel/random/boot_id"), os.getpid()
    if not boot and shutil.which("ps"):
        boot = f"{uuid.getnode():x}"  # the time of a start as `ps` has it tells boots apart
    machine = _text(Path("/etc/machine-id"))
    return Process(socket.gethostname(), machine, boot, _numbering(), pid, _started(pid) or "")


def is_running(process: Process) -> bool | None:
    """Whether a process runs; None where this process cannot know, as on another machine."""
    here = this_process()
    if here.boot and (here.boot, here.numbering) == (process.boot, process.numbering):
        started = _started(process.pid)
        return started == process.started if started is not None else _is_hidden(process.pid)
    same_machine = here.machine and (here.host, here.machine) == (process.host, process.machine)
    if same_machine and here.boot and process.boot and here.boot != process.boot:
        return False  # the machine was started again
    return None


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="utf-8").strip()
    return ""


def _numbering() -> str:
    with suppress(OSError):
        return os.readlink(PROC / "self/ns/pid")
    return ""


def _started(pid: int) -> str | None:
    """When a process was started; None where none of that number can be seen to run."""
    if (PROC / "self/stat").exists():
        fields = _text(PROC / f"{pid}/stat").rpartition(")")[2].split()  # a name may have spaces
        return fields[19] if fields and fields[0] not in ENDED else None
    if not shutil.which("ps"):
        return None
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    found = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C", "TZ": "UTC"}
    )
    state, _, started = found.stdout.strip().partition(" ")
    return started.strip() if started and not state.startswith(ENDED) else None


def _is_hidden(pid: int) -> bool | None:
    """None if there is such a process after all: some systems hide those of other users."""
    if sys.platform == "win32":  # there signal 0 is Ctrl-C
        return None
    try:
        os.kill(pid, 0)
    except PermissionError:
        return None
    except (OSError, OverflowError):
        return False
    return False  # one of this user's is seen, so this one has ended
