"""Where studies live: an Optuna storage URL, or the path of a journal file."""

from __future__ import annotations

import functools
import logging
from pathlib import Path

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from autosuperconv.errors import InvalidInput, StorageUnavailable

DEFAULT_STORAGE = "autosuperconv.journal"

optuna.logging.set_verbosity(optuna.logging.WARNING)
logging.getLogger("alembic").setLevel(logging.WARNING)


@functools.lru_cache(maxsize=4)
def open_storage(url: str) -> BaseStorage:
    """The storage behind a URL (`sqlite:///f.db`, `postgresql://...`) or a journal file's path.

    Raises:
        StorageUnavailable: it does not answer, or cannot be read or written.
        InvalidInput: the URL names no database that is known here.
    """
    try:
        if "://" in url:
            return RDBStorage(url)
        Path(url).parent.mkdir(parents=True, exist_ok=True)
        return JournalStorage(JournalFileBackend(url))
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise InvalidInput(f"--storage {url!r} cannot be opened: {first_line(error)}.") from None
    except (SQLAlchemyError, OSError) as error:
        raise StorageUnavailable(
            f"The storage {url!r} does not answer: {first_line(error)}. Check that the server "
            "runs and the address is right, or leave out --storage to use a file here."
        ) from None
    except (ValueError, KeyError) as error:
        raise StorageUnavailable(
            f"The storage {url!r} is not a readable journal: {first_line(error)}. "
            "Move it away, or name another with --storage."
        ) from None


def first_line(error: BaseException) -> str:
    """The first line of an error's text, without a full stop."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
