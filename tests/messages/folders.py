"""Folders of images, and data sets known by name."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import numpy as np
from PIL import Image

from autosuperconv.training.data import load_dataset
from autosuperconv.training.data.folder.decoder import decode_one
from autosuperconv.training.data.folder.heads import Target
from autosuperconv.training.data.folder.listing import list_parts
from autosuperconv.training.data.torchvision_sets import official_parts
from tests.messages.table import Row, call

CLASSES = ("cat", "dog")
LISTING = "training/data/folder/listing.py"


def filled(*folders: str, end: str = ".png") -> Path:
    """A folder with images in each of the folders."""
    for folder in folders:
        path = Path("pets", folder)
        path.mkdir(parents=True, exist_ok=True)
        for shade in range(5):
            Image.new("RGB", (8, 8), (40 * shade, 10, len(folder))).save(path / f"{shade}.png")
            if end != ".png":
                (path / f"{shade}.png").rename(path / f"{shade}{end}")
    Path("pets").mkdir(exist_ok=True)
    return Path("pets")


def listed(*folders: str, of: str = "", end: str = ".png") -> object:
    return list_parts(filled(*folders, end=end) / of)


def images(broken: bool) -> object:
    root = filled(*CLASSES)
    if broken:
        (root / "cat" / "0.png").write_text("no image")
    with patch.dict("os.environ", {"XDG_CACHE_HOME": str(Path("cache").resolve())}):
        return load_dataset("folder:pets", Path("data"))


def decoded(text: str) -> object:
    path = filled("cat") / "cat" / "0.png"
    if text:
        path.write_text(text)
    return decode_one(str(path), Target(8, 8, "RGB", exact=True))


def unlistable() -> object:
    with patch("os.scandir", side_effect=PermissionError(13, "Permission denied")):
        return listed(*CLASSES)


def official(missing: bool) -> object:
    class Digits:
        def __init__(self, root: Path, train: bool, download: bool) -> None:
            if download:
                raise RuntimeError("no network")
            self.data = np.zeros((20, 8, 8), dtype=np.uint8)
            self.targets = np.arange(20) % 2

    file = Path("data", "digits")
    file.parent.mkdir(exist_ok=True)
    if not missing:
        file.write_text("")
    return official_parts(Digits, Path("data"), [file])


DIVIDED = ("train/cat", "train/dog")
ROWS = [
    Row(
        "training/data/folder/decoder.py _head 1",
        call(images, True),
        "Repair or remove it",
        call(images, False),
    ),
    Row(
        "training/data/folder/decoder.py decode_one 1",
        call(decoded, "no image"),
        "Repair or remove it",
        call(decoded, ""),
    ),
    Row(f"{LISTING} list_parts 1", unlistable, "Permission denied", call(listed, *CLASSES)),
    Row(
        f"{LISTING} _list_parts 1",
        call(listed, of="none"),
        "must name a folder",
        call(listed, *CLASSES),
    ),
    Row(
        f"{LISTING} _parts_of 1",
        call(listed, *DIVIDED, "other"),
        "Rename other to test",
        call(listed, *DIVIDED, "test/cat", "test/dog"),
    ),
    Row(
        f"{LISTING} _check_same_classes 1",
        call(listed, *DIVIDED, "test/cat", "test/dogs"),
        "Rename those that are spelt differently",
        call(listed, *DIVIDED, "test/cat", "test/dog"),
    ),
    Row(f"{LISTING} _list_classes 1", call(listed), "one folder per class", call(listed, *CLASSES)),
    Row(
        f"{LISTING} _list_classes 2",
        call(listed, "all/cat", "all/dog"),
        "Did you mean folder:pets/all?",
        call(listed, "all/cat", "all/dog", of="all"),
    ),
    Row(
        f"{LISTING} _check_depth 1",
        call(listed, "a/cat", "a/dog", "b/cat", "b/dog"),
        "rename the one to train on to train and the held-out one to test",
        call(listed, *DIVIDED, "test/cat", "test/dog"),
    ),
    Row(
        f"{LISTING} _list_images 1",
        call(listed, *CLASSES, end=".svg"),
        "Readable files end in",
        call(listed, *CLASSES, end=".jpg"),
    ),
    Row(
        "training/data/folder/roles.py by_role 1",
        call(listed, *DIVIDED, "test/cat", "test/dog", "Testing/cat"),
        "not-used-",
        call(listed, *DIVIDED, "test/cat", "test/dog", "not-used-Testing/cat"),
    ),
    Row(
        "training/data/registry.py load_dataset 1",
        call(load_dataset, "digit", Path("data")),
        "Did you mean 'digits'?",
        call(load_dataset, "digits", Path("data")),
    ),
    Row(
        "training/data/registry.py load_dataset 2",
        call(load_dataset, "digits", Path("data"), image_size=(8, 8)),
        "Leave it out",
        call(load_dataset, "digits", Path("data")),
    ),
    Row(
        "training/data/torchvision_sets.py official_parts 1",
        call(official, True),
        "Put the files there",
        call(official, False),
    ),
]
