"""The official data sets, read where they are or reported missing."""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.datasets import CIFAR10

from autosuperconv.errors import DataError
from autosuperconv.training.data import load_dataset, torchvision_sets
from tests.training.samples import counts, split

DATA = os.environ.get("AUTOSUPERCONV_DATA")


needs_data = pytest.mark.skipif(DATA is None, reason="AUTOSUPERCONV_DATA names no data folder")


def refuse(*args: object, **kwargs: object) -> None:
    raise OSError("Name or service not known")


def test_missing_data_without_network_names_the_folder_and_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torchvision.datasets.cifar.download_and_extract_archive", refuse)
    with pytest.raises(DataError, match=r"CIFAR10 is not in the data folder .*data_batch_1.*"):
        load_dataset("cifar10", tmp_path)
    with pytest.raises(DataError, match=f"Missing in {tmp_path}/cifar-100-python: train, test"):
        load_dataset("cifar100", tmp_path)


def test_every_mirror_failing_is_told_as_missing_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*args: object, **kwargs: object) -> None:
        raise RuntimeError("no route")

    monkeypatch.setattr("torchvision.datasets.mnist.download_and_extract_archive", unreachable)
    with pytest.raises(DataError, match=r"FashionMNIST/raw: train-images-idx3-ubyte"):
        load_dataset("fashion-mnist", tmp_path)


def test_cifar_batches_are_read_where_they_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def batch(name: str, keys: dict[str, object]) -> list[str]:
        content = pickle.dumps(keys)
        (tmp_path / CIFAR10.base_folder).mkdir(exist_ok=True)
        (tmp_path / CIFAR10.base_folder / name).write_bytes(content)
        return [name, hashlib.md5(content).hexdigest()]

    pixels = np.random.default_rng(0).integers(0, 256, (20, 3072)).astype(np.uint8)
    images = {"data": pixels, "labels": [i % 2 for i in range(20)]}
    monkeypatch.setattr(CIFAR10, "train_list", [batch("data_batch_1", images)])
    monkeypatch.setattr(CIFAR10, "test_list", [batch("test_batch", images)])
    md5 = batch("batches.meta", {"label_names": ["a", "b"]})[1]
    monkeypatch.setattr(CIFAR10, "meta", CIFAR10.meta | {"md5": md5})
    data = load_dataset("cifar10", tmp_path)
    np.testing.assert_array_equal(split(data.test).x, pixels.reshape(20, 3, 32, 32))
    assert (data.shape, data.augment) == ((3, 32, 32), "crop-flip")


def write_idx(folder: Path, which: str, n: int) -> None:
    """MNIST's own format: magic number, sizes, bytes, all big-endian."""
    folder.mkdir(parents=True, exist_ok=True)
    images = np.arange(n * 28 * 28, dtype=np.uint64).astype(np.uint8).tobytes()
    head = np.array([0x803, n, 28, 28], dtype=">u4").tobytes()
    (folder / f"{which}-images-idx3-ubyte").write_bytes(head + images)
    labels = (np.arange(n) % 10).astype(np.uint8).tobytes()
    (folder / f"{which}-labels-idx1-ubyte").write_bytes(
        np.array([0x801, n], dtype=">u4").tobytes() + labels
    )


def test_mnist_files_are_read_where_they_lie_and_nothing_is_written(tmp_path: Path) -> None:
    raw = tmp_path / "MNIST" / "raw"
    write_idx(raw, "train", 100)
    write_idx(raw, "t10k", 30)
    before = sorted(tmp_path.rglob("*"))
    data = load_dataset("mnist", tmp_path)
    assert sorted(tmp_path.rglob("*")) == before
    sizes = [len(split(part)) for part in (data.train, data.validation, data.test)]
    assert sizes == [80, 20, 30]
    assert split(data.test).x[0, 0, 0, :3].tolist() == [0, 1, 2]
    assert data.augment == "none"


def test_a_cut_off_file_is_told_as_unreadable(tmp_path: Path) -> None:
    raw = tmp_path / "MNIST" / "raw"
    write_idx(raw, "train", 100)
    write_idx(raw, "t10k", 30)
    images = raw / "train-images-idx3-ubyte"
    images.write_bytes(images.read_bytes()[:5000])
    with pytest.raises(DataError, match=r"MNIST in .* cannot be read: .* Delete that folder"):
        load_dataset("mnist", tmp_path)


@needs_data
def test_real_mnist_has_the_known_sizes_and_moments() -> None:
    data = load_dataset("mnist", Path(str(DATA)))
    sizes = [len(split(part)) for part in (data.train, data.validation, data.test)]
    assert sizes == [54_000, 6_000, 10_000]
    assert data.mean[0] == pytest.approx(0.1307, abs=5e-4)
    assert data.std[0] == pytest.approx(0.3081, abs=5e-4)
    small = load_dataset("mnist", Path(str(DATA)), n_train=1000)
    assert counts(small.train)[0] == pytest.approx(98.7, abs=1)  # 5,923 of 60,000
    assert len(split(small.validation)) == 1250
    assert torch.equal(split(small.test).x, split(data.test).x)


def test_wide_images_by_a_source_become_channels_first() -> None:
    class Source:
        data = np.zeros((2, 4, 5, 3), dtype=np.uint8)
        targets = (0, 1)

    assert torchvision_sets._resident(Source()).samples.x.shape == (2, 3, 4, 5)
