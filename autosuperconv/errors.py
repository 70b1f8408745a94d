"""What can go wrong, and which to catch.

* AutosuperconvError
  x InvalidInput (also a ValueError)     something the caller wrote: exit status 2
    - UnknownName                        no such data set, model, schedule or field
    - InvalidRecipe                      a recipe field out of its range
    - InvalidSpace                       a search range reversed or out of its bounds
    - DataError                          data missing, corrupt, or not fit for classification
    - ModelError                         the network cannot be built, run or trained on the data
    - OutputUnwritable                   --out cannot be written
    - DeviceUnavailable                  no such device on this machine
    - StudyBusy                          the same search is running already
    - StudyMismatch                      the stored study belongs to another search
  x StorageUnavailable                   the study's storage cannot be used: exit status 1
  x NothingCompleted                     no run of a step completed, so there is nothing to go on
  x TimeUp                               the time was up before anything was trained
  x TakenOver                            another start of the search took this one for dead
  x WorkerDied                           worker processes were killed again and again
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

SEPARATORS = re.compile(r"(?<!\d)[-_\s]+|[-_\s]+(?!\d)")  # 1_6 is not 16


class AutosuperconvError(Exception):
    """Base of every error that this package raises on purpose."""


class InvalidInput(AutosuperconvError, ValueError):
    """Something the caller wrote does not hold."""


def name_key(name: str) -> str:
    """What is left of a name without its case, hyphens, underscores and spaces; "one" at its
    beginning is 1, as in OneCycle."""
    plain = SEPARATORS.sub("", name.casefold())
    return "1" + plain[3:] if plain.startswith("one") else plain


def known_name(name: object, known: Iterable[str]) -> str | None:
    """The known name that this is, whichever way it is spelt, as in AdamW or CIFAR-10; None if
    there is none, or if it could be two."""
    known = list(known)
    if not isinstance(name, str):
        return None
    if name in known:
        return name
    same = [each for each in known if name_key(each) == name_key(name)]
    return same[0] if len(same) == 1 else None


def nearest_names(name: object, known: Iterable[str]) -> list[str]:
    """The known name that is most like this one, or none."""
    by_key = {name_key(each): each for each in known}
    given = name_key(name) if isinstance(name, str) else ""
    near = difflib.get_close_matches(given, by_key, n=1, cutoff=0.5)
    return [by_key[key] for key in near]


def one_of(kind: str, name: object, known: Iterable[str]) -> str:
    """The known name that this is.

    Raises:
        UnknownName: it is none of them.
    """
    known = list(known)
    found = known_name(name, known)
    if found is None:
        raise UnknownName(kind, name, known)
    return found


class UnknownName(InvalidInput):
    """A name that is in no registry; suggests the nearest one."""

    def __init__(self, kind: str, name: object, known: Iterable[str]) -> None:
        known = sorted(known)
        self._made_of = (kind, name, known)
        near = nearest_names(name, known)
        hint = f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
        super().__init__(f"Unknown {kind} {name!r}. {hint}")

    def __reduce__(self) -> tuple[type[UnknownName], tuple[str, object, list[str]]]:
        return type(self), self._made_of  # by default: the message as the only argument


class InvalidRecipe(InvalidInput):
    """A recipe field is out of its range."""


class InvalidSpace(InvalidInput):
    """A search range is reversed or out of its bounds."""


class DataError(InvalidInput):
    """The data are missing, corrupt or not fit for classification."""


class ModelError(InvalidInput):
    """The network cannot be built, run or trained on the data."""


class OutputUnwritable(InvalidInput):
    """The output folder cannot be written."""


class DeviceUnavailable(InvalidInput):
    """The device asked for is not on this machine."""


class StudyBusy(InvalidInput):
    """The same search is running already."""


class StudyMismatch(InvalidInput):
    """The stored study belongs to another search."""


class StorageUnavailable(AutosuperconvError):
    """The study's storage cannot be used."""


class NothingCompleted(AutosuperconvError):
    """No run of a step completed."""


class TimeUp(AutosuperconvError):
    """The time given to a search was up."""


class TakenOver(AutosuperconvError):
    """Another start of the search took this one for dead."""


class WorkerDied(AutosuperconvError):
    """Worker processes were killed again and again."""
