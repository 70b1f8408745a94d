"""The image files of a folder, their classes and the parts that they belong to."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autosuperconv.core.format import listed
from autosuperconv.errors import DataError
from autosuperconv.training.data.folder.roles import Role, about_classes, by_role, role_of

SUFFIXES = (  # of images that Pillow reads, documents and films left out
    *(".apng", ".avif", ".bmp", ".dds", ".dib", ".gif", ".icb", ".im", ".j2c", ".j2k", ".jfif"),
    *(".jp2", ".jpc", ".jpe", ".jpeg", ".jpf", ".jpg", ".jpx", ".pbm", ".pcx", ".pfm", ".pgm"),
    *(".png", ".pnm", ".ppm", ".qoi", ".ras", ".sgi", ".tga", ".tif", ".tiff", ".vda", ".vst"),
    *(".webp", ".xbm", ".xpm"),
)


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


@dataclass(frozen=True, slots=True)
class Listing:
    """What a folder holds.

    Args:
        parts: the files of each part, sorted by class and name.
        classes: names of the classes, by label.
        notes: what was passed over, one sentence each.
    """

    parts: dict[Role, list[ImageFile]]
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()


def list_parts(root: Path) -> Listing:
    """The files of each part.

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
    folders = _folders(root)
    roles = _parts_of(root, folders)
    if not roles:
        whole: dict[Role, list[ImageFile]] = {"train": _list_classes(root, None)}
        notes = (*about_classes(folders), *_skipped([root], whole))
        return Listing(whole, tuple(f.name for f in folders), notes)
    classes = [folder.name for folder in _folders(roles["train"])]
    parts: dict[Role, list[ImageFile]] = {"train": _list_classes(roles["train"], classes)}
    for role in ("validation", "test"):
        if role in roles:
            names = [folder.name for folder in _folders(roles[role])]
            _check_same_classes(classes, names, roles["train"], roles[role])
            parts[role] = _list_classes(roles[role], classes)
    others = [folder.name for folder in folders if role_of(folder.name) is None]
    notes = (*_not_used(root, others), *_skipped([roles[role] for role in parts], parts))
    return Listing(_judged(parts), tuple(classes), notes)


def _judged(parts: dict[Role, list[ImageFile]]) -> dict[Role, list[ImageFile]]:
    """A held-out part that is alone is for the verdict."""
    if "test" in parts:
        return parts
    return {"train": parts["train"], "test": parts["validation"]}


def _not_used(root: Path, names: list[str]) -> tuple[str, ...]:
    if not names:
        return ()
    verb = "is" if len(names) == 1 else "are"
    return (f"In {root}, {listed(names)} {verb} not used: no usual name of a part of the data.",)


def _parts_of(root: Path, folders: list[Path]) -> dict[Role, Path]:
    """The folder of each part, or nothing where the folders are classes themselves.

    A class may be named train, too: beside other classes, and without classes in it.
    """
    roles = by_role(folders)
    held_out = roles.keys() - {"train"}
    if "train" not in roles or not (held_out or len(_folders(roles["train"])) > 1):
        return {}
    if not held_out:
        raise DataError(_nothing_held_out(root, roles["train"], folders))
    return {role: _unwrapped(folder) for role, folder in roles.items()}


def _nothing_held_out(root: Path, train: Path, folders: list[Path]) -> str:
    others = [folder.name for folder in folders if folder != train]
    found, remedy = "", "Add a folder test"
    if others:
        found = f", only {listed(others)}"
        remedy = (
            f"Rename {others[0]} to test if it is held out"
            if len(others) == 1
            else ("Rename the one that is held out to test")
        )
    return (
        f"{root} has the training folder {train.name}, but no folder named test or val beside "
        f"it{found}. {remedy}, or use folder:{train} to have that folder alone divided."
    )


def _unwrapped(folder: Path) -> Path:
    """The folder of a part's classes, where it lies in another that holds nothing else."""
    inside = _first_choice(folder)
    return inside if _folders(inside) else folder


def _check_same_classes(train: list[str], other: list[str], a: Path, b: Path) -> None:
    only_train, only_other = sorted(set(train) - set(other)), sorted(set(other) - set(train))
    if only_train or only_other:
        raise DataError(
            f"{a} and {b} must have the same class folders, but "
            f"{_some(only_train)} only in the first and {_some(only_other)} only in the second. "
            "Rename those that are spelt differently, and take out classes that one of them lacks."
        )


def _some(names: list[str]) -> str:
    if not names:
        return "none is"
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{shown} {'is' if len(names) == 1 else 'are'}"


def _folders(folder: Path) -> list[Path]:
    """The folders inside, by name; without those that a computer makes for itself."""
    with os.scandir(folder) as entries:
        names = sorted(e.name for e in entries if e.is_dir() and not _is_hidden(e.name))
    return [folder / name for name in names]


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _list_classes(folder: Path, classes: list[str] | None) -> list[ImageFile]:
    names = [inside.name for inside in _folders(folder)] if classes is None else classes
    if not names:
        raise DataError(
            f"{folder} must contain one folder per class, but contains no folder. Move the images "
            "of each class into a folder of that name."
        )
    if len(names) == 1:
        raise DataError(
            f"{folder} must contain at least 2 class folders, but contains only {names[0]!r}."
            + _nested_hint(folder / names[0])
        )
    _check_depth([folder / name for name in names])
    return [file for label, name in enumerate(names) for file in _list_images(folder / name, label)]


def _nested_hint(only: Path) -> str:
    return f" Did you mean folder:{only}?" if _folders(only) else ""


def _check_depth(classes: list[Path]) -> None:
    """Refuse folders that look like parts, folds or copies of one set of classes.

    Folders inside a class are fine, as in cat/raw, unless two classes share two or more of them
    and no image lies beside them.
    """
    deeper = {folder: _first_choice(folder) for folder in classes}
    times = Counter(f.name for inside in deeper.values() for f in _folders(inside))
    shared = [name for name, count in times.items() if count > 1]
    if len(shared) < 2 or any(_holds_images(folder) for folder in classes):
        return
    first, second, *_ = (
        folder for folder in classes if {f.name for f in _folders(deeper[folder])} & {*shared}
    )
    raise DataError(
        f"{first.parent} must contain one folder per class, but {first.name} and {second.name} "
        f"have the same folders inside, {listed(shared[:3])}. If these are the classes, name the "
        f"folder that they are in, as in folder:{deeper[first]}, or rename the one to train on to "
        f"train and the held-out one to test. If {first.name} and {second.name} are the classes, "
        "move their images out of the folders inside."
    )


def _first_choice(folder: Path) -> Path:
    """The folder, or the one below it where folders or images first stand beside one another."""
    inside = _folders(folder)
    if len(inside) == 1 and not _holds_images(folder):
        return _first_choice(inside[0])
    return folder


def _holds_images(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return any(e.name.lower().endswith(SUFFIXES) and e.is_file() for e in entries)


def _list_images(folder: Path, label: int) -> list[ImageFile]:
    found = sorted(_walk(str(folder), label), key=lambda file: file.path)
    if not found:
        others = _suffixes(folder)
        holds = f"holds only files of other kinds, {_by_count(others)}" if others else "holds none"
        raise DataError(
            f"Class folder {folder} must contain images, but {holds}. Readable "
            f"files end in {', '.join(SUFFIXES)}."
        )
    return found


def _walk(folder: str, label: int) -> list[ImageFile]:
    found: list[ImageFile] = []
    for entry in _files(folder):
        if entry.name.lower().endswith(SUFFIXES):
            stat = entry.stat()
            found.append(ImageFile(entry.path, label, (stat.st_size, stat.st_mtime_ns)))
    return found


def _files(folder: str) -> Iterator[os.DirEntry[str]]:
    """All files in a folder and in those inside; not the hidden ones."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if _is_hidden(entry.name):
                continue
            if entry.is_dir():
                yield from _files(entry.path)
            else:
                yield entry


def _suffixes(folder: Path) -> Counter[str]:
    """How many files are no images, by the ends of their names."""
    names = (Path(entry.name) for entry in _files(str(folder)))
    ends = (name.suffix.lower() or "without an ending" for name in names)
    return Counter(end for end in ends if end not in SUFFIXES)


def _by_count(suffixes: Counter[str]) -> str:
    return ", ".join(f"{end} {count}" for end, count in suffixes.most_common(5))


def _skipped(roots: Iterable[Path], parts: dict[Role, list[ImageFile]]) -> tuple[str, ...]:
    """How many files of the classes are not read."""
    skipped = Counter[str]()
    for folder in (inside for root in roots for inside in _folders(root)):
        skipped += _suffixes(folder)
    if not skipped:
        return ()
    every = skipped.total() + sum(len(files) for files in parts.values())
    verb = "was" if skipped.total() == 1 else "were"
    return (f"{skipped.total()} of {every} files {verb} skipped: {_by_count(skipped)}.",)
