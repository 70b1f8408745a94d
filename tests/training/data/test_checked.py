"""Broken samples of a torch data set: refused by their number, or left out and counted."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import Dataset, Subset, TensorDataset

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job
from autosuperconv.errors import DataError
from autosuperconv.training.data import load_dataset
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.engine import Engine
from autosuperconv.training.loop.trainer import TorchTrainer
from tests.training.data.folder.pictures import fill

X = torch.randn(100, 8, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] > 0).long()
BAD = 37


class Loaded(Dataset[Any]):
    """All samples are sound but number 37."""

    def __init__(self, broken: Callable[[Tensor, int], Any], bad: tuple[int, ...] = (BAD,)) -> None:
        self.broken, self.bad = broken, bad

    def __len__(self) -> int:
        return len(Y)

    def __getitem__(self, index: int) -> Any:
        x, y = X[index], int(Y[index])
        return self.broken(x, y) if index in self.bad else (x, y)


class Declared(Loaded):
    targets = Y.tolist()


def unreadable(x: Tensor, y: int) -> Any:
    raise OSError("truncated image")


BROKEN: dict[str, tuple[Callable[[Tensor, int], Any], str]] = {
    "shorter": (lambda x, y: (x[:7], y), r"has shape \(7,\), but the first"),
    "none": (lambda x, y: None, r"of type NoneType"),
    "no x": (lambda x, y: (None, y), "an x of type NoneType, not a tensor"),
    "array": (lambda x, y: (x.numpy(), y), "an x of type ndarray, not a tensor"),
    "triple": (lambda x, y: (x, y, y), "of type tuple"),
    "nan": (lambda x, y: (x / 0 * 0, y), "values that are NaN or infinite"),
    "infinite": (lambda x, y: (x / 0, y), "values that are NaN or infinite"),
    "bytes": (lambda x, y: (x.to(torch.uint8), y), r"holds bytes \(torch.uint8\)"),
    "unreadable": (unreadable, "cannot be read: OSError: truncated image"),
    "label -1": (lambda x, y: (x, -1), "label -1"),
    "no label": (lambda x, y: (x, None), "label"),
}
SOUND: dict[str, Callable[[Tensor, int], Any]] = {
    "double": lambda x, y: (x.double(), y),
    "label of one": lambda x, y: (x, torch.tensor([y])),
    "list": lambda x, y: [x, y],
    "with gradient": lambda x, y: (x.clone().requires_grad_(), y),
}


def net() -> nn.Module:
    return nn.Linear(8, 2)


def train(data: Any, loaders: int = 0) -> None:
    task = as_task_data((data, data, data))
    engine = Engine(threads=1, loader_workers=loaders)
    TorchTrainer(task, net, engine)(Job(Recipe(max_lr=0.1, epochs=2, batch_size=20)))


@pytest.mark.parametrize("kind", [Loaded, Declared])
@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_sample_is_named(case: str, kind: type[Loaded]) -> None:
    broken, why = BROKEN[case]
    with pytest.raises(DataError, match=rf"37.*{why}") as refusal:
        train(kind(broken))
    assert "Traceback" not in str(refusal.value)


@pytest.mark.parametrize("case", SOUND)
def test_what_can_be_read_is_taken(case: str) -> None:
    train(Declared(SOUND[case]))


def test_a_label_that_disagrees_with_the_targets_is_named() -> None:
    with pytest.raises(DataError, match=r"37 has the label \d, but the data set's targets"):
        train(Declared(lambda x, y: (x, 1 - y)))


def test_a_sample_that_breaks_in_a_loader_process_is_named_without_a_traceback() -> None:
    reads = {"left": 1}

    def later(x: Tensor, y: int) -> Any:
        reads["left"] -= 1
        return (x, y) if reads["left"] >= 0 else (x[:3], y)

    with pytest.raises(DataError, match=r"^train sample 37 has shape \(3,\), but") as refusal:
        train(Declared(later), loaders=1)
    assert "Caught" not in str(refusal.value)


def test_the_number_is_that_of_the_callers_own_data_set() -> None:
    some = Subset(Declared(BROKEN["shorter"][0]), range(30, 90))
    with pytest.raises(DataError, match="train sample 37 has shape"):
        as_task_data((some, some, some))


@pytest.mark.parametrize("kind", [Loaded, Declared])
@pytest.mark.parametrize("case", BROKEN)
def test_broken_samples_are_left_out_as_far_as_allowed_and_counted(
    case: str, kind: type[Loaded]
) -> None:
    data = kind(BROKEN[case][0], bad=(0, BAD))
    task = as_task_data(data, skip_broken=2)
    assert sum(len(part) for part in (task.train, task.validation, task.test)) == 98  # type: ignore[arg-type]
    assert task.notes[0].startswith("2 broken samples left out of data: 0 ")
    with pytest.raises(DataError, match=r"2 samples are broken, more than the 1") as refusal:
        as_task_data(data, skip_broken=1)
    found = re.search(r"with skip_broken (\d+)\.", str(refusal.value))
    assert found is not None
    as_task_data(data, skip_broken=int(found[1]))


def test_broken_files_of_a_folder_are_left_out_as_far_as_allowed(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets")
    (root / "cat" / "0.png").write_bytes(b"")
    whole = (root / "dog" / "3.png").read_bytes()
    (root / "dog" / "3.png").write_bytes(whole[:-30])
    with pytest.raises(DataError, match=r"cat/0\.png cannot be read.*--skip-broken"):
        load_dataset(f"folder:{root}", Path())
    with pytest.raises(DataError, match="2 samples are broken, more than the 1"):
        load_dataset(f"folder:{root}", Path(), skip_broken=1)
    data = load_dataset(f"folder:{root}", Path(), skip_broken=2)
    assert sum(len(part) for part in (data.train, data.validation, data.test)) == 8  # type: ignore[arg-type]
    assert "2 broken samples left out of train" in data.notes[0]


def test_a_file_of_pixels_that_are_nan_is_broken_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for i in range(5):
            pixels = rng.random((8, 8)).astype(np.float32)
            if (name, i) == ("dog", 2):
                pixels[3, 4] = np.nan
            Image.fromarray(pixels).save(tmp_path / name / f"{i}.tif")
    with pytest.raises(DataError, match=r"dog/2\.tif cannot be read: it has pixels that are NaN"):
        load_dataset(f"folder:{tmp_path}", Path())
    data = load_dataset(f"folder:{tmp_path}", Path(), skip_broken=1)
    assert "1 broken sample left out of train" in data.notes[0]


@pytest.mark.parametrize("kind", ["arrays", "tensors", "test part"])
def test_rows_of_arrays_with_nan_or_infinity_are_left_out_as_far_as_allowed(kind: str) -> None:
    x = X.clone()
    x[7, 3], x[BAD, 0] = torch.nan, torch.inf
    data: Any = {
        "arrays": (x.numpy(), Y.numpy()),
        "tensors": TensorDataset(x, Y),
        "test part": ((X, Y), (x, Y)),
    }[kind]
    whole = 200 if kind == "test part" else 100
    task = as_task_data(data, skip_broken=2)
    assert sum(len(part) for part in (task.train, task.validation, task.test)) == whole - 2  # type: ignore[arg-type]
    assert re.fullmatch(
        rf"2 broken samples left out of (data|test): 7 .* infinite, {BAD} .*infinite\.",
        task.notes[0],
    )
    with pytest.raises(DataError, match=r"2 samples are broken, more than the 1"):
        as_task_data(data, skip_broken=1)
