"""Where studies are stored: an Optuna storage URL, or the path of a journal file."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileSymlinkLock
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from autosuperconv.core.format import without_password
from autosuperconv.core.user_path import user_path
from autosuperconv.errors import InvalidInput, StorageUnavailable
from autosuperconv.tuning.store.journal import lock_of, open_journal

SQLITE = "sqlite:///"


@functools.lru_cache(maxsize=4)
def open_storage(url: str, create: bool = True) -> BaseStorage:
    """The storage behind a URL (`sqlite:///f.db`, `postgresql://...`) or a journal file's path.

    Args:
        url: of a database, or the path of a file; a journal file is created with its folder.
        create: whether to create Optuna's tables in a database that has none.

    Raises:
        StorageUnavailable: the storage cannot be reached, read or written.
        InvalidInput: the URL names an unknown kind of database, or its driver is not installed.
    """
    url = in_home(url)
    try:
        if "://" in url:
            return RDBStorage(url, skip_table_creation=not create)
        return JournalStorage(open_journal(Path(url).resolve()))
    except NoSuchModuleError:
        kind = url.partition(":")[0]
        raise InvalidInput(
            f"--storage {without_password(url)!r} cannot be opened: {kind!r} is not a known kind "
            "of database, such as sqlite, mysql or postgresql."
        ) from None
    except (ArgumentError, ImportError) as error:
        named = without_password(url)
        raise InvalidInput(f"--storage {named!r} cannot be opened: {first_line(error)}.") from None
    except (StorageInternalError, SQLAlchemyError, OSError) as error:
        raise unavailable(url, error) from None
    except (ValueError, KeyError) as error:
        raise StorageUnavailable(
            f"The storage {url!r} is not a readable journal: {first_line(error)}. "
            "Move the file, or choose another with --storage."
        ) from None


def open_existing(url: str) -> BaseStorage:
    """The storage of an earlier search; if there is none, nothing is created.

    Raises:
        InvalidInput: there is no such file.
        StorageUnavailable: the storage cannot be reached or read, or is not Optuna's.
    """
    url = in_home(url)
    path = url.removeprefix(SQLITE).partition("?")[0] if "://" in url else url
    if "://" not in path and not Path(path).is_file():
        raise InvalidInput(
            f"There is no study storage at {url!r}. Give the --storage of the search, or run the "
            "search first."
        )
    return open_storage(url, create=False)


def in_memory(url: str) -> bool:
    """Whether it is an SQLite database in memory, of which every thread has one of its own."""
    kind, _, rest = url.partition("://")
    return kind.startswith("sqlite") and rest.partition("?")[0] in ("", "/", "/:memory:")


def in_home(url: str) -> str:
    """The storage, its path completed where it begins with `~`: no shell does so after `=`."""
    prefix = SQLITE if url.startswith(SQLITE) else ""
    return prefix + user_path(url.removeprefix(prefix))


def about_lock(url: str) -> tuple[str, ...]:
    """What a journal needs where it cannot be locked by symbolic links, one sentence each."""
    if "://" in url:
        return ()
    path = Path(in_home(url)).resolve()
    if isinstance(lock_of(path), JournalFileSymlinkLock):
        return ()
    return (
        f"The file system of {path} has no symbolic links, so the journal is locked by a "
        "file that is created exclusively. Several processes may write it on a local disk or on "
        "NFS 3 and later; elsewhere, let one process at a time use it, or name another --storage.",
    )


@contextmanager
def explained_errors(url: str) -> Iterator[None]:
    """Turns the errors of a storage in use into one that names the storage and a remedy.

    Raises:
        StorageUnavailable: the storage can no longer be used.
    """
    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as error:
        raise unavailable(url, error) from None


def unavailable(url: str, error: Exception) -> StorageUnavailable:
    """The error for a storage that cannot be used, at the start or in the middle of a search."""
    cause = first_line(error.__cause__ or error)
    remedy = (
        "Check the address and that a database server is running, or leave out --storage to use a "
        "local file"
        if "://" in url and not url.startswith(SQLITE)
        else "Free space or change the permissions there, or name a file in another folder with "
        "--storage"
    )
    return StorageUnavailable(
        f"The storage {without_password(url)!r} cannot be used: {cause}. {remedy}."
    )


def first_line(error: BaseException) -> str:
    """The first line of an error's message, without its full stop."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
