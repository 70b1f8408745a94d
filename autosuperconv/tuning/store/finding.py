"""An earlier search, found in its storage. Nothing is made where there is none."""

from __future__ import annotations

from pathlib import Path

import optuna

from autosuperconv.core.format import without_password
from autosuperconv.errors import InvalidInput, UnknownName
from autosuperconv.tuning.store.session import COMPANION
from autosuperconv.tuning.store.storage import open_existing


def find_study(url: str, study_name: str | None) -> optuna.Study:
    """The study of that name, or the only one there.

    Raises:
        InvalidInput: there is none, or there are several to choose from.
        UnknownName: no study of that name.
        StorageUnavailable: the storage does not answer.
    """
    storage = open_existing(url)
    names = optuna.study.get_all_study_names(storage)
    searches = sorted(name for name in names if not name.endswith(COMPANION))
    if study_name is None:
        if len(searches) != 1:
            raise InvalidInput(f"{without_password(url)!r} holds {_held(searches)}")
        study_name = searches[0]
    if study_name not in searches:
        raise UnknownName("study", study_name, searches)
    return optuna.load_study(study_name=study_name, storage=storage)


def _held(searches: list[str]) -> str:
    if not searches:
        return "no search. Run one with this --storage first."
    return f"{len(searches)} searches: {', '.join(searches)}. Name one with --study-name."


def artifacts_of(url: str, study_name: str | None) -> Path:
    """The artifact folder of the study; of any study in the storage where none is named.

    Raises:
        InvalidInput, UnknownName, StorageUnavailable: as `find_study`.
    """
    if study_name is not None:
        find_study(url, study_name)
    stored = [
        Path(s.user_attrs["artifacts"])
        for s in optuna.study.get_all_study_summaries(open_existing(url))
        if "artifacts" in s.user_attrs
        and study_name in (None, s.study_name.removesuffix(COMPANION))
    ]
    return stored[-1] if stored else Path("artifacts")
