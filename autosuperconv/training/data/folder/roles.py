"""Which part of a data set a folder is, by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeAlias

from autosuperconv.core.format import listed
from autosuperconv.errors import DataError

Role: TypeAlias = Literal["train", "validation", "test"]

SPELLINGS: dict[str, Role] = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "validate", "dev"), "validation"),
    **dict.fromkeys(("test", "testing", "tst", "eval", "evaluation"), "test"),
}
ADDED = "data|dataset|dir|folder|images?|img|imgs|part|photos?|pictures?|samples?|seg|sets?|split"
ROLE = re.compile(
    rf"(?:{ADDED})*({'|'.join(sorted(SPELLINGS, key=len, reverse=True))})(?:{ADDED})*"
)

PIECE = re.compile(r"(?:batch|chunk|fold|group|part|piece|section|set|shard|split|subset)")


def role_of(name: str) -> Role | None:
    """The part that a folder's name says, or None: "Train", "test_set", "train2017", "seg_test"."""
    found = ROLE.fullmatch(re.sub(r"[^a-z]+", "", name.casefold()))
    return SPELLINGS[found[1]] if found else None


def by_role(folders: Iterable[Path]) -> dict[Role, Path]:
    """The folders whose names say a part.

    Raises:
        DataError: two of them say the same.
    """
    found: dict[Role, list[Path]] = {}
    for folder in folders:
        if (role := role_of(folder.name)) is not None:
            found.setdefault(role, []).append(folder)
    for role, same in found.items():
        if len(same) > 1:
            names = listed([folder.name for folder in same])
            raise DataError(
                f"{same[0].parent} must have one folder of {role} images, but {names} are all "
                f"named like it. Give every folder but one another name, such as "
                f"not-used-{same[-1].name}."
            )
    return {role: same[0] for role, same in found.items()}


def about_classes(folders: Iterable[Path]) -> tuple[str, ...]:
    """A sentence where all classes are named like pieces of one data set: fold1, fold2."""
    names = [folder.name for folder in folders]
    if not all(PIECE.fullmatch(re.sub(r"[\W\d_]+", "", name.casefold())) for name in names):
        return ()
    return (
        f"{listed(names)} are taken as classes, for each folder is one. If they are pieces of one "
        "data set, give every class a folder of its own instead.",
    )
