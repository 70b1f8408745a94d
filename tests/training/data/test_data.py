"""Data sets by name, and how they are divided."""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from torchvision.datasets import CIFAR10

from autosuperconv.errors import DataError, UnknownName
from autosuperconv.training.data import DATASETS, load_dataset, torchvision_sets
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.data.split import stratified_order
from tests.training.samples import counts, features, split

DATA = os.environ.get("AUTOSUPERCONV_DATA")
needs_data = pytest.mark.skipif(DATA is None, reason="AUTOSUPERCONV_DATA names no data folder")


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


def test_every_split_has_the_classes_in_their_proportions() -> None:
    data = load_dataset("digits", Path("nowhere"))
    whole = np.bincount(load_digits().target)
    for part, share in ((data.train, 0.6), (data.validation, 0.2), (data.test, 0.2)):
        np.testing.assert_allclose(counts(part), share * whole, atol=1.5)


def test_seed_and_n_train_leave_validation_and_test_alone() -> None:
    one = load_dataset("digits", Path("nowhere"))
    other = load_dataset("digits", Path("nowhere"), n_train=200, seed=5)
    assert torch.equal(split(one.test).x, split(other.test).x)
    assert torch.equal(split(one.validation).x, split(other.validation).x)
    np.testing.assert_allclose(counts(other.train), [20] * 10, atol=1)


def test_a_smaller_training_set_is_part_of_a_larger_one() -> None:
    small = load_dataset("digits", Path("nowhere"), n_train=50, seed=1)
    large = load_dataset("digits", Path("nowhere"), n_train=500, seed=1)
    inside = {row.numpy().tobytes() for row in split(large.train).x}
    assert all(row.numpy().tobytes() in inside for row in split(small.train).x)


def test_another_seed_picks_other_training_samples() -> None:
    one = load_dataset("digits", Path("nowhere"), n_train=100, seed=0)
    other = load_dataset("digits", Path("nowhere"), n_train=100, seed=1)
    assert one.fingerprint != other.fingerprint


def test_the_fingerprint_is_the_same_for_the_same_data_and_splits() -> None:
    one, other = (load_dataset("digits", Path(folder)) for folder in ("a", "b"))
    assert one.fingerprint == other.fingerprint
    assert len(one.fingerprint) == 16
    assert int(one.fingerprint, 16) >= 0


def test_one_changed_pixel_changes_the_fingerprint() -> None:
    x, y = features()
    before = as_task_data((x, y)).fingerprint
    x[17, 2] += 1
    assert as_task_data((x, y)).fingerprint != before


def test_more_training_samples_than_there_are_is_an_error_with_both_numbers() -> None:
    with pytest.raises(DataError, match=r"n_train must be at most 1079, .* but got 1080\."):
        load_dataset("digits", Path("nowhere"), n_train=1080)


def test_fewer_training_samples_than_classes_is_an_error() -> None:
    with pytest.raises(DataError, match=r"at least the number of classes, 10, but got 9\."):
        load_dataset("digits", Path("nowhere"), n_train=9)


def test_an_unknown_data_set_suggests_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"Unknown data set 'cifar_10'. Did you mean 'cifar10'\?"):
        load_dataset("cifar_10", Path("nowhere"))


def test_the_registry_is_in_alphabetical_order() -> None:
    assert list(DATASETS) == sorted(DATASETS)


def test_a_stratified_order_begins_with_every_class_and_keeps_proportions() -> None:
    y = np.array([0] * 80 + [1] * 16 + [2] * 4)
    order = stratified_order(y, seed=3)
    assert sorted(order.tolist()) == list(range(100))
    assert sorted(y[order[:3]].tolist()) == [0, 1, 2]
    assert np.bincount(y[order[:50]]).tolist() == [40, 8, 2]


@given(st.lists(st.integers(3, 40), min_size=2, max_size=8), st.integers(0, 9))
def test_a_division_loses_no_sample_and_every_part_has_every_class(
    sizes: list[int], seed: int
) -> None:
    y = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    data = as_task_data((np.arange(len(y))[:, None], y))
    parts = [split(part) for part in (data.train, data.validation, data.test)]
    rows = torch.cat([part.x[:, 0] for part in parts]).long()
    assert sorted(rows.tolist()) == list(range(len(y)))
    assert torch.equal(torch.cat([part.y for part in parts]), torch.from_numpy(y)[rows])
    assert all(len(part.y.unique()) == len(sizes) for part in parts)


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
    assert len(split(small.validation)) == 1000
    assert torch.equal(split(small.test).x, split(data.test).x)


@needs_data
def test_the_whole_official_training_set_leaves_nothing_to_validate_on() -> None:
    with pytest.raises(DataError, match=r"at most 54000, .* but got 60000\."):
        load_dataset("mnist", Path(str(DATA)), n_train=60_000)


def test_wide_images_by_a_source_become_channels_first() -> None:
    class Source:
        data = np.zeros((2, 4, 5, 3), dtype=np.uint8)
        targets = (0, 1)

    assert torchvision_sets._resident(Source()).samples.x.shape == (2, 3, 4, 5)
