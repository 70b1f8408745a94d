"""The image files of a folder, their classes and the parts that they belong to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from autosuperconv.errors import DataError

# As in torchvision.datasets.folder
SUFFIXES = (".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
VALIDATION_NAMES = ("val", "valid", "validation")


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One image and its class.

    Args:
        path: of the file.
        label: number of its class.
        state: size and modification time in ns, which change when the file does.
    """

    path: str
    label: int
    state: tuple[int, int]


Listing: TypeAlias = dict[str, list[ImageFile]]


def list_parts(root: Path) -> Listing:
    """The files of each part, sorted by class and name.

    Raises:
        DataError: no folder, no classes, a class without images, parts of different classes.
    """
    try:
        return _list_parts(root)
    except OSError as error:
        raise DataError(f"Folder {root} cannot be listed: {error}.") from error


def _list_parts(root: Path) -> Listing:
    if not root.is_dir():
        raise DataError(f"folder:PATH must name a folder of images, but {root} is not a folder.")
    if not (root / "train").is_dir():
        return {"train": _list_classes(root, None)}
    held_out = _held_out(root)
    classes = _class_names(root / "train")
    listing = {"train": _list_classes(root / "train", classes)}
    for role, folder in held_out.items():
        _check_same_classes(classes, _class_names(folder), root / "train", folder)
        listing[role] = _list_classes(folder, classes)
    return listing


def _held_out(root: Path) -> dict[str, Path]:
    test = [root / "test"] if (root / "test").is_dir() else []
    validation = [root / name for name in VALIDATION_NAMES if (root / name).is_dir()]
    if test and validation:
        return {"validation": validation[0], "test": test[0]}
    if test or validation:
        return {"test": (test or validation)[0]}
    raise DataError(
        f"{root} has a folder train, but neither test nor val beside it. Add one, or use "
        f"folder:{root / 'train'} to have that folder divided."
    )


def _check_same_classes(train: list[str], other: list[str], a: Path, b: Path) -> None:
    only_train, only_other = sorted(set(train) - set(other)), sorted(set(other) - set(train))
    if only_train or only_other:
        raise DataError(
            f"{a} and {b} must have the same class folders, but "
            f"{_some(only_train)} only in the first and {_some(only_other)} only in the second."
        )


def _some(names: list[str]) -> str:
    if not names:
        return "none is"
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{shown} {'is' if len(names) == 1 else 'are'}"


def _class_names(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(e.name for e in entries if e.is_dir() and not e.name.startswith("."))


def _list_classes(folder: Path, classes: list[str] | None) -> list[ImageFile]:
    names = _class_names(folder) if classes is None else classes
    if not names:
        raise DataError(f"{folder} must contain one folder per class, but contains no folder.")
    if len(names) == 1:
        raise DataError(
            f"{folder} must contain at least 2 class folders, but contains only {names[0]!r}."
            + _nested_hint(folder / names[0])
        )
    return [file for label, name in enumerate(names) for file in _list_images(folder / name, label)]


def _nested_hint(only: Path) -> str:
    return f" Did you mean folder:{only}?" if _class_names(only) else ""


def _list_images(folder: Path, label: int) -> list[ImageFile]:
    found = sorted(_walk(str(folder), label), key=lambda file: file.path)
    if not found:
        raise DataError(
            f"Class folder {folder} must contain images, but no file in it ends in "
            f"{', '.join(SUFFIXES)}."
        )
    return found


def _walk(folder: str, label: int) -> list[ImageFile]:
    found: list[ImageFile] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                found += _walk(entry.path, label)
            elif entry.name.lower().endswith(SUFFIXES):
                stat = entry.stat()
                found.append(ImageFile(entry.path, label, (stat.st_size, stat.st_mtime_ns)))
    return found
