"""Data sets by name: what holds for every one of them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from sklearn.datasets import load_digits

from autosuperconv.cli.commands import cli
from autosuperconv.errors import DataError, UnknownName
from autosuperconv.training.data import DATASETS, load_dataset
from tests.training.samples import split

DATA = Path(os.environ.get("AUTOSUPERCONV_DATA", "nowhere"))


def test_digits_are_all_there_once_divided_60_20_20() -> None:
    data = load_dataset("digits", Path("nowhere"))
    sizes = [len(split(part)) for part in (data.train, data.validation, data.test)]
    assert sizes == [1079, 359, 359]
    every = torch.cat([split(part).x for part in (data.train, data.validation, data.test)])
    original = np.rint(load_digits().images * 255 / 16)
    assert sorted(every.sum((1, 2, 3)).tolist()) == sorted(original.sum((1, 2)).tolist())
    assert (data.shape, data.classes, data.augment) == ((1, 8, 8), 10, "none")
    assert every.dtype == torch.uint8
    assert every.max() == 255


def test_an_unknown_data_set_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"Unknown data set 'cifar_11'. Did you mean 'cifar10'\?"):
        load_dataset("cifar_11", Path("nowhere"))


def test_the_registry_is_in_alphabetical_order() -> None:
    assert list(DATASETS) == sorted(DATASETS)


@pytest.mark.parametrize("name", DATASETS)
def test_the_help_names_every_data_set(name: str) -> None:
    assert name in CliRunner().invoke(cli, ["train", "--help"]).output


def refuse(*args: object, **kwargs: object) -> None:
    raise OSError("no download in tests")


@pytest.fixture(params=DATASETS)
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every data set whose files are here; nothing is downloaded."""
    for module in ("cifar", "mnist"):
        monkeypatch.setattr(f"torchvision.datasets.{module}.download_and_extract_archive", refuse)
    try:
        DATASETS[request.param](DATA)
    except DataError as error:
        pytest.skip(f"{request.param} is not here: {type(error).__name__}")
    return str(request.param)


def test_a_data_set_has_three_splits_with_every_class_and_one_shape(name: str) -> None:
    data = load_dataset(name, DATA)
    assert data.name == name
    for part in (data.train, data.validation, data.test):
        x, y = split(part).x, split(part).y
        assert tuple(x.shape) == (len(y), *data.shape)
        assert x.dtype == torch.uint8 or torch.isfinite(x).all()
        assert sorted(y.unique().tolist()) == list(range(data.classes))
    assert len(data.mean) == len(data.std) == data.shape[0]


def test_a_data_set_is_the_same_at_each_start_and_can_be_made_smaller(name: str) -> None:
    small, again = (load_dataset(name, DATA, n_train=200) for _ in range(2))
    assert small.fingerprint == again.fingerprint
    assert len(split(small.train)) == 200
