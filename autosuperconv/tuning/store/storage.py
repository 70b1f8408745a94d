"""Where studies live: an Optuna storage URL, or the path of a journal file."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from autosuperconv.core.format import without_password
from autosuperconv.errors import InvalidInput, StorageUnavailable
from autosuperconv.tuning.store.journal import open_journal


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


def first_line(error: BaseException) -> str:
    """The first line of an error's text, without a full stop."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
