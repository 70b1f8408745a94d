"""A journal file: Optuna's storage in one file, written without waiting for the disk each time."""

from __future__ import annotations

import errno
import functools
import io
import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from optuna.exceptions import StorageInternalError
from optuna.storages.journal import (
    JournalFileBackend,
    JournalFileOpenLock,
    JournalFileSymlinkLock,
)
from optuna.storages.journal._file import LOCK_FILE_SUFFIX, get_lock_file

from autosuperconv.core.serialization import from_dict, to_dict
from autosuperconv.tuning.store.process import Process, is_running, this_process

SYNC_SECONDS = 1.0
PATIENCE_SECONDS = 30  # after which Optuna takes a lock for one of the dead
OWNER = ".lock.owner"  # after the journal's name: who has the lock
BEGINNING = b'{"op_code"'  # of every entry of a journal
NO_SYNC = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}  # some network mounts

Guard = JournalFileSymlinkLock | JournalFileOpenLock


class Journal(JournalFileBackend):
    """A journal file that is synced to the disk once a second instead of at every entry.

    A trial writes about twenty entries, and each takes 3 ms when it waits for the disk. Whatever
    was written survives the process that wrote it; only a power cut can lose the last second.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.guard = path, lock_of(path)
        self._synced = 0.0
        super().__init__(str(path), self.guard)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write entries, one a line, under the lock.

        Raises:
            StorageInternalError: the file cannot be written or locked any more.
        """
        text = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        try:
            with locked(self.path, self.guard), self.path.open("ab") as file:
                file.write(text.encode())
                file.flush()
                if time.monotonic() - self._synced > SYNC_SECONDS:
                    sync(file)
                    self._synced = time.monotonic()
        except (OSError, RuntimeError) as error:  # Optuna's locks raise the latter
            raise StorageInternalError(f"{self.path} cannot be written: {error}") from error


@contextmanager
def locked(path: Path, guard: Guard) -> Iterator[None]:
    """Inside, this process alone writes the file, and says so beside the lock: Optuna waits 30 s
    for a lock of a process that was killed, which is not necessary where that can be seen."""
    owner = path.with_name(path.name + OWNER)
    free_of_the_dead(path, guard)
    with get_lock_file(guard):
        with suppress(OSError):  # then the next process has to wait
            owner.write_text(signature(identity_of_lock(path), os.getpid()), encoding="utf-8")
        try:
            yield
        finally:
            with suppress(OSError):
                owner.unlink()


def free_of_the_dead(path: Path, guard: Guard) -> None:
    """Break the lock if it is of a process on this machine that has ended, or if nobody says
    whose it is and it is as old as Optuna would wait: other versions do not say."""
    with suppress(OSError):  # there is no lock
        lock = identity_of_lock(path)
        owner = owner_of(path, lock)
        dead = is_old(path, lock) if owner is None else is_running(owner) is False
        if dead and lock == identity_of_lock(path):
            with suppress(RuntimeError):  # another process was quicker
                guard.release()


def owner_of(path: Path, lock: list[int]) -> Process | None:
    """Who has the lock, where that is said."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads(path.with_name(path.name + OWNER).read_text(encoding="utf-8"))
        if told["lock"] == lock:
            owner: Process = from_dict(Process, told["process"])
            return owner
    return None


def is_old(path: Path, lock: list[int]) -> bool:
    """Whether a lock is older than Optuna's patience, by the clock of the file system."""
    now = path.with_name(f"{path.name}.{uuid.uuid4().hex}.now")
    now.touch()
    try:
        return now.stat().st_mtime_ns - lock[1] > PATIENCE_SECONDS * 1e9
    finally:
        now.unlink()


def identity_of_lock(path: Path) -> list[int]:
    """Tells a lock from those before and after it."""
    status = path.with_name(path.name + LOCK_FILE_SUFFIX).lstat()
    return [status.st_ino, status.st_mtime_ns]


def signature(lock: list[int], pid: int) -> str:
    """What the owner of a lock writes beside it."""
    return json.dumps({"lock": lock, "process": _described(pid)})


@functools.lru_cache(maxsize=1)
def _described(pid: int) -> dict[str, Any]:
    """This process, looked up once; a child has a number of its own."""
    described: dict[str, Any] = to_dict(this_process())
    return described


def lock_of(path: Path) -> Guard:
    """Optuna's lock for a file: a symbolic link beside it, or, where the file system has none
    (exFAT, some network mounts), a file of the same name that is created exclusively."""
    probe = path.with_name(f"{path.name}.{uuid.uuid4().hex}.link")
    try:
        probe.symlink_to(path)
    except OSError:
        return JournalFileOpenLock(str(path))
    probe.unlink()
    return JournalFileSymlinkLock(str(path))


def sync(file: BinaryIO) -> None:
    """Wait until the disk has what was written, where the file system can say so."""
    try:
        os.fsync(file.fileno())
    except OSError as error:
        if error.errno not in NO_SYNC:
            raise


def open_journal(path: Path) -> Journal:
    """A journal file, created if there is none. An incomplete last line, left by a writer that was
    killed, is cut off; otherwise the next entry would be appended to it.

    The path must be absolute: the lock beside the file is a link to it.

    Raises:
        ValueError: the file is not a journal; it is left unchanged.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    backend = Journal(path)
    with path.open("r+b") as file:
        if not BEGINNING.startswith(file.read(len(BEGINNING))):
            raise ValueError("it does not begin with an entry")
        if not ends_whole(file):
            with locked(path, backend.guard):
                cut_torn_line(file)
    return backend


def ends_whole(file: BinaryIO) -> bool:
    """Whether a journal is empty or its last line is complete."""
    size = file.seek(0, io.SEEK_END)
    if size == 0:
        return True
    file.seek(size - 1)
    return file.read(1) == b"\n"


def cut_torn_line(file: BinaryIO) -> None:
    """Cut off an incomplete last line; under the lock, so that nobody is still writing it."""
    if not ends_whole(file):
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
