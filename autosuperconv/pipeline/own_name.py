"""A study name, and with it an output folder, that no other search has."""

from __future__ import annotations

from dataclasses import replace

from autosuperconv.core.serialization import digest
from autosuperconv.core.setup import Setup
from autosuperconv.reporting.files import holds_report_of_another
from autosuperconv.tuning.store.fingerprint import Fingerprint
from autosuperconv.tuning.store.storage import open_storage
from autosuperconv.tuning.store.studies import forget_plan, is_known, why_taken

DIGITS = 6  # of the fingerprint, in a name


def under_own_name(
    setup: Setup, fingerprint: Fingerprint, url: str
) -> tuple[Setup, tuple[str, ...]]:
    """The setup under the name of its study, and a sentence where that is not the plain one.

    A name that was given stays, whoever has it. Otherwise a changed network, other data or other
    options get a name that ends in their fingerprint, and the same ones find it again.
    """
    storage, setup = open_storage(url), replace(setup, fingerprint=digest(fingerprint))
    plain = setup.study_name
    own = replace(setup, study_name=f"{plain}-{setup.fingerprint[:DIGITS]}")
    if setup.options.study_name is not None:
        forget_plan(storage, plain, fingerprint)
        return setup, ()
    if is_known(storage, own.study_name) and not why_taken(storage, own.study_name, fingerprint):
        return own, (f"This search has a study of its own, {own.study_name!r}, and resumes it.",)
    forget_plan(storage, plain, fingerprint)
    why = why_taken(storage, plain, fingerprint)
    if whose := not why and holds_report_of_another(setup.out, setup.fingerprint):
        why = f"{str(setup.out)!r} holds the report of another search, {whose}."
    if not why:
        return setup, ()
    note = f"{why} So this search has a study of its own, {own.study_name!r}, and its report goes"
    return own, (f"{note} to {str(own.out)!r}.",)
