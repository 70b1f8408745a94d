"""Folders of small made pictures."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from autosuperconv.errors import DataError
from autosuperconv.training.data import load_dataset
from autosuperconv.training.data.task import TaskData
from tests.training.samples import counts


def picture(value: int, size: tuple[int, int] = (8, 6), mode: str = "RGB") -> Image.Image:
    return Image.new(mode, size, value if mode == "L" else (value, 0, 255 - value))


def fill(root: Path, n: int = 5, classes: tuple[str, ...] = ("cat", "dog"), **how: str) -> Path:
    """PNG files, so that pixels come back exactly; image i of class c has red = 10 c + i."""
    for label, name in enumerate(classes):
        (root / name).mkdir(parents=True)
        for i in range(n):
            picture(10 * label + i, **how).save(root / name / f"{i}.png")  # type: ignore[arg-type]
    return root


def load(root: Path) -> TaskData:
    return load_dataset(f"folder:{root}", Path("nowhere"))


def per_class(data: TaskData) -> tuple[int, ...]:
    """Images of each of two classes in train, validation and test."""
    every = [counts(part) for part in (data.train, data.validation, data.test)]
    assert all(cats == dogs for cats, dogs in every)
    return tuple(cats for cats, _ in every)


def refused(root: Path, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load(root)
