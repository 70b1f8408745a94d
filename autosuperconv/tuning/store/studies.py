"""The two studies of a search: its trials, and the companion that keeps every other run.

They are opened or found by name, refused where they belong to another search, and dropped where
they hold nothing but a plan.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Literal

import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.storages import BaseStorage

from autosuperconv.core.events import Step
from autosuperconv.core.format import without_password
from autosuperconv.errors import InvalidInput, StudyMismatch, UnknownName
from autosuperconv.tuning.store.fingerprint import Fingerprint, differences
from autosuperconv.tuning.store.lease import is_free
from autosuperconv.tuning.store.run_store import RunStore
from autosuperconv.tuning.store.storage import open_existing

Direction = Literal["maximize", "minimize"]
METRICS: dict[Direction, str] = {"maximize": "accuracy", "minimize": "training samples"}
COMPANION = ".runs"  # the companion's name is the study's with this at its end
FINGERPRINT = "fingerprint"  # the attribute of both that says which search they belong to


def open_study(
    storage: BaseStorage, name: str, fingerprint: Fingerprint, direction: Direction
) -> tuple[optuna.Study, RunStore]:
    """The study and the run store of a search, created or those of an earlier start of the search.

    Raises:
        StudyMismatch: the study exists and belongs to another search.
    """
    if taken := why_taken(storage, name, fingerprint):
        raise StudyMismatch(f"{taken} Give this search another --study-name or --storage.")
    study = create_study(storage, name, direction)
    study.set_user_attr(FINGERPRINT, json.dumps(fingerprint))
    name_metric(study, METRICS[direction])
    companion = create_study(storage, name + COMPANION, "maximize")
    companion.set_user_attr(FINGERPRINT, json.dumps(fingerprint))
    name_metric(companion, METRICS["maximize"])
    return study, RunStore(companion)


def create_study(storage: BaseStorage, name: str, direction: Direction) -> optuna.Study:
    """A new study, or the one of that name. Optuna would log either case to the user; the
    level that the user has set is restored."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(max(level, optuna.logging.WARNING))
    try:
        return optuna.create_study(
            storage=storage, study_name=name, direction=direction, load_if_exists=True
        )
    finally:
        optuna.logging.set_verbosity(level)


def why_taken(storage: BaseStorage, name: str, fingerprint: Fingerprint) -> str:
    """Why this search cannot have the name, with every field in which it differs from the one that
    has it; "" where the name is free, or this search's own.

    A companion without its study, which the dashboard leaves where it deletes a study, counts: its
    runs may come from other data.
    """
    names = optuna.study.get_all_study_names(storage)
    if not is_known(storage, name):
        return ""
    what = f"Study {name!r}" if name in names else f"What is left of the deleted study {name!r}"
    first = name if name in names else name + COMPANION
    stored = optuna.load_study(study_name=first, storage=storage).user_attrs.get(FINGERPRINT)
    if stored is None:
        return f"{what} exists but was not made by this version of autosuperconv."
    clauses = differences(json.loads(stored), fingerprint)
    return f"{what} belongs to another search ({'; '.join(clauses)})." if clauses else ""


def is_known(storage: BaseStorage, name: str) -> bool:
    """Whether there is a study of that name, or a companion of one."""
    return not {name, name + COMPANION}.isdisjoint(optuna.study.get_all_study_names(storage))


def name_metric(study: optuna.Study, name: str) -> None:
    """Name the study's value, for the dashboard's axes and columns."""
    with warnings.catch_warnings():  # Optuna would warn every user at every start: "experimental"
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.set_metric_names([name])


def companion_of(storage: BaseStorage, name: str) -> optuna.Study | None:
    """The companion of the study of that name; None if there is none."""
    if name + COMPANION not in optuna.study.get_all_study_names(storage):
        return None
    return optuna.load_study(study_name=name + COMPANION, storage=storage)


def forget_plan(storage: BaseStorage, name: str, fingerprint: Fingerprint) -> None:
    """Delete the study if all it holds is the plan of another search, or a part of one: a dry run
    or a start that ended early left it behind, and it would refuse the search that the user chose
    after that. One that is being planned stays."""
    names = optuna.study.get_all_study_names(storage)
    if not {name, name + COMPANION}.issubset(names) or not why_taken(storage, name, fingerprint):
        return
    study, companion = (
        optuna.load_study(study_name=each, storage=storage) for each in (name, name + COMPANION)
    )
    run_store = RunStore(companion)
    if is_free(run_store) and is_plan_only(study, run_store):
        delete_search(storage, name)


def is_plan_only(study: optuna.Study, run_store: RunStore) -> bool:
    """Whether there is no trial, and no run except those that a plan has timed."""
    later = (step for step in Step if step is not Step.PLAN)
    return not any(map(run_store.of, later)) and not study.get_trials(deepcopy=False)


def delete_search(storage: BaseStorage, name: str) -> None:
    """Delete a study and its companion."""
    for each in {name, name + COMPANION}.intersection(optuna.study.get_all_study_names(storage)):
        optuna.delete_study(study_name=each, storage=storage)


def find_study(url: str, study_name: str | None) -> optuna.Study:
    """The study of that name; without a name, the only one in the storage.

    Raises:
        InvalidInput: the storage holds no study, or several and no name was given.
        UnknownName: the storage holds no study of that name.
        StorageUnavailable: the storage cannot be used.
    """
    storage = open_existing(url)
    names = optuna.study.get_all_study_names(storage)
    searches = sorted(name for name in names if not name.endswith(COMPANION))
    if not searches or (study_name is None and len(searches) > 1):
        raise InvalidInput(f"{without_password(url)!r} holds {_content(searches)}")
    if study_name is None:
        study_name = searches[0]
    if study_name not in searches:
        raise UnknownName("study", study_name, searches)
    return optuna.load_study(study_name=study_name, storage=storage)


def _content(searches: list[str]) -> str:
    if not searches:
        return "no search. Run a search with this --storage first."
    return f"{len(searches)} searches: {', '.join(searches)}. Choose one with --study-name."


def artifacts_of(url: str, study_name: str | None) -> Path:
    """The artifact folder of the study; without a name, of any study in the storage.

    Raises:
        InvalidInput, UnknownName, StorageUnavailable: as `find_study`.
    """
    if study_name is not None:
        find_study(url, study_name)
    folders = [
        Path(s.user_attrs["artifacts"])
        for s in optuna.study.get_all_study_summaries(open_existing(url))
        if "artifacts" in s.user_attrs
        and study_name in (None, s.study_name.removesuffix(COMPANION))
    ]
    return folders[-1] if folders else Path("artifacts")
