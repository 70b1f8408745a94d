"""Where studies live: an Optuna storage URL, or the path of a journal file."""

from __future__ import annotations

import functools
import io
import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import optuna
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock
from optuna.storages.journal._file import get_lock_file
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from autosuperconv.core.format import without_password
from autosuperconv.errors import InvalidInput, StorageUnavailable

FORCE_SECONDS = 1.0
BEGINNING = b'{"op_code"'  # of every entry of a journal

optuna.logging.set_verbosity(optuna.logging.WARNING)
logging.getLogger("alembic").setLevel(logging.WARNING)


@functools.lru_cache(maxsize=4)
def open_storage(url: str, make: bool = True) -> BaseStorage:
    """The storage behind a URL (`sqlite:///f.db`, `postgresql://...`) or a journal file's path.

    Args:
        make: whether a database without studies gets Optuna's tables.

    Raises:
        StorageUnavailable: it does not answer, or cannot be read or written.
        InvalidInput: the URL names no database that is known here.
    """
    try:
        if "://" in url:
            return RDBStorage(url, skip_table_creation=not make)
        return JournalStorage(open_journal(Path(url).resolve()))
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        named = without_password(url)
        raise InvalidInput(f"--storage {named!r} cannot be opened: {first_line(error)}.") from None
    except (StorageInternalError, SQLAlchemyError, OSError) as error:
        raise silent_storage(url, error) from None
    except (ValueError, KeyError) as error:
        raise StorageUnavailable(
            f"The storage {url!r} is not a readable journal: {first_line(error)}. "
            "Move it away, or name another with --storage."
        ) from None


def open_existing(url: str) -> BaseStorage:
    """The storage of an earlier search; nothing is made where there is none.

    Raises:
        InvalidInput: there is no such file.
        StorageUnavailable: it does not answer, or is no storage of studies.
    """
    path = url.removeprefix("sqlite:///").partition("?")[0] if "://" in url else url
    if "://" not in path and not Path(path).is_file():
        raise InvalidInput(
            f"There is no study storage at {url!r}. Name the one that the search was given "
            "with --storage, or run the search first."
        )
    return open_storage(url, make=False)


@contextmanager
def answering(url: str) -> Iterator[None]:
    """For as long as a storage is worked with.

    Raises:
        StorageUnavailable: it stops to answer.
    """
    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as error:
        raise silent_storage(url, error) from None


def silent_storage(url: str, error: Exception) -> StorageUnavailable:
    """What to say of a storage that does not answer, at first or in the middle of a search."""
    cause = first_line(error.__cause__ or error)
    return StorageUnavailable(
        f"The storage {without_password(url)!r} does not answer: {cause}. Check that the server "
        "runs and the address is right, or leave out --storage to use a file here."
    )


class Journal(JournalFileBackend):
    """A journal file that is forced onto the disk once a second, not at every entry.

    A trial makes some twenty entries of 3 ms each when every one waits for the disk. Whatever is
    written survives the process that wrote it; only a power cut can lose the last second.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._guard = path, JournalFileSymlinkLock(str(path))
        self._forced = 0.0
        super().__init__(str(path), self._guard)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write entries, a line each, under the lock."""
        text = "".join(json.dumps(log, separators=(",", ":")) + "\n" for log in logs)
        with get_lock_file(self._guard), self._path.open("ab") as file:
            file.write(text.encode())
            file.flush()
            if time.monotonic() - self._forced > FORCE_SECONDS:
                os.fsync(file.fileno())
                self._forced = time.monotonic()


def open_journal(path: Path) -> JournalFileBackend:
    """A journal file, made where there is none; a last line that was not written to its end (its
    writer was killed) is cut off, else the next entry would be glued to it.

    The path must be absolute: the lock beside the file is a link to it.

    Raises:
        ValueError: it is another kind of file, which is left as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = JournalFileSymlinkLock(str(path))
    backend = Journal(path)
    with path.open("r+b") as file:
        if not BEGINNING.startswith(file.read(len(BEGINNING))):
            raise ValueError("it does not begin with an entry")
        if not ends_whole(file):
            lock.acquire()
            try:
                cut_torn_line(file)
            finally:
                lock.release()
    return backend


def ends_whole(file: BinaryIO) -> bool:
    """Whether a journal is empty or ends with a line's end."""
    size = file.seek(0, io.SEEK_END)
    if size == 0:
        return True
    file.seek(size - 1)
    return file.read(1) == b"\n"


def cut_torn_line(file: BinaryIO) -> None:
    """Cut off what follows the last line's end; under the lock, so nobody is writing it."""
    if not ends_whole(file):
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)


def first_line(error: BaseException) -> str:
    """The first line of an error's text, without a full stop."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
