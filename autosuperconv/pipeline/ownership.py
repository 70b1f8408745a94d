"""One search at a time in a study and in a report's folder."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from autosuperconv.core.events import Listener, Note
from autosuperconv.core.setup import Setup
from autosuperconv.errors import OutputUnwritable, StudyBusy
from autosuperconv.tuning.steps.objective import DIRECTIONS
from autosuperconv.tuning.store.fingerprint import Fingerprint
from autosuperconv.tuning.store.lease import Lease, Refuse, leased, refuse_if_running
from autosuperconv.tuning.store.run_store import RunStore
from autosuperconv.tuning.store.storage import in_memory, open_storage
from autosuperconv.tuning.store.studies import companion_of, is_known, open_study

RUNNING = ".running-"  # and a key: a file in the report's folder while a search runs


@dataclass(frozen=True, slots=True)
class FolderTexts:
    """Texts in files of a folder; an empty one has no file."""

    folder: Path

    def stored(self, key: str) -> str | None:
        """A text; None if there is none."""
        with suppress(OSError, ValueError):
            return self._file(key).read_text(encoding="utf-8")
        return None

    def store(self, key: str, text: str) -> None:
        """Store a text; readers see the whole of it, or the one before.

        Raises:
            OutputUnwritable: the folder cannot be written, or is full.
        """
        file = self._file(key)
        new = file.with_name(f"{file.name}.{os.getpid()}")
        try:
            new.write_text(text, encoding="utf-8")
            new.replace(file)
            if not text:
                file.unlink()
        except OSError as error:
            raise OutputUnwritable(
                f"--out {str(self.folder)!r} cannot be written: {error.strerror}. Name another "
                "folder."
            ) from None

    def _file(self, key: str) -> Path:
        return self.folder / f"{RUNNING}{key}"


@dataclass(frozen=True, slots=True)
class Ownership:
    """That a study is this start's alone."""

    lease: Lease
    """Of the study."""
    created: bool
    """This start created the study."""


@contextmanager
def owned(
    setup: Setup, fingerprint: Fingerprint, storage: str, listener: Listener
) -> Iterator[Ownership]:
    """Inside, no other start writes into the study, and no other search into the folder.

    Raises:
        StudyMismatch: the study exists and belongs to another search.
        StudyBusy: the same search is running already.
        OutputUnwritable: another search is to write its report into the folder.
        TakenOver: another start of the search took this one for dead.
    """

    def tell(text: str) -> None:
        listener(Note(text))

    name, out = setup.study_name, str(setup.out)
    direction = DIRECTIONS[setup.options.objective]
    refuse_busy(storage, name)
    refuse_if_running(FolderTexts(setup.out), taken(out))  # before there is a study
    created = not is_known(open_storage(storage), name)
    _, texts = open_study(open_storage(storage), name, fingerprint, direction)
    renewed = not in_memory(storage)
    study = leased(texts, f"search {name!r}", busy(name), tell, renewed=renewed)
    folder = functools.partial(leased, FolderTexts(setup.out), f"a search in {out!r}")
    with study as lease, folder(taken(out), tell, ended=lease.before):
        try:
            yield Ownership(lease, created)
        except Exception as error:
            lease.explain(error)
            raise


def refuse_busy(storage: str, name: str) -> None:
    """Refuse a search that is known to run, before anything is measured for it.

    Raises:
        StudyBusy: the same search is running already.
    """
    companion = companion_of(open_storage(storage), name)
    if companion is not None:
        refuse_if_running(RunStore(companion), busy(name))


def busy(name: str) -> Refuse:
    """The error for a search that runs, from who runs it."""
    return lambda who: StudyBusy(
        f"Search {name!r} is running already {who}. Wait for it, or give this one another "
        "--study-name."
    )


def taken(out: str) -> Refuse:
    """The error for a folder of another search, from who runs it."""
    return lambda who: OutputUnwritable(
        f"--out must be a folder of this search alone, but another one that is running {who}, is "
        f"to write its report into {out!r}. Name another folder with --out."
    )
