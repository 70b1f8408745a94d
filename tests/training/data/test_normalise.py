"""One rule of normalisation, whatever the container; nothing that tells samples apart is lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import ConcatDataset, Dataset, Subset, TensorDataset

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job
from autosuperconv.errors import ModelError, UnknownName
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.data.task import TaskData, normalised
from autosuperconv.training.engine import Engine
from autosuperconv.training.feed.streamed import Streamed
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.models import model_factory
from autosuperconv.training.models.check import check_model
from tests.training.samples import refused, split

ROWS, WIDTH = 200, 6
Y = torch.arange(ROWS) % 2
X = torch.randn(ROWS, WIDTH, generator=torch.Generator().manual_seed(0)) * 30 + 500
X[:, 0] += 60 * Y


class Own(Dataset[tuple[Tensor, int]]):
    """A data set of the caller's own, which is streamed."""

    def __init__(self, x: Tensor, y: Tensor) -> None:
        self.x, self.y = x, y

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self.x[index], int(self.y[index])


class Doubled(TensorDataset):
    """A TensorDataset with a transform of its own."""

    def __getitem__(self, index: int) -> Any:
        x, y = super().__getitem__(index)
        return 2 * x, y


WHOLE = TensorDataset(X, Y)
CONTAINERS: dict[str, Any] = {
    "tensors": (X, Y),
    "arrays": (X.numpy(), Y.numpy()),
    "doubles": (X.double().numpy(), Y.numpy()),
    "TensorDataset": WHOLE,
    "Subset": Subset(WHOLE, range(ROWS)),
    "Subset of a Subset": Subset(Subset(WHOLE, range(ROWS)), list(range(ROWS))),
    "ConcatDataset": ConcatDataset([Subset(WHOLE, range(150)), Subset(WHOLE, range(150, ROWS))]),
    "own Dataset": Own(X, Y),
    "Subset of an own Dataset": Subset(Own(X, Y), range(ROWS)),
}


def accuracy(data: TaskData) -> float:
    trainer = TorchTrainer(data, model_factory("mlp", data.shape, data.classes), Engine(threads=1))
    trace = trainer(Job(Recipe(max_lr=0.05, epochs=4, batch_size=16), "test"))
    assert trace.completed
    assert trace.accuracy is not None
    return trace.accuracy


@pytest.mark.parametrize("container", CONTAINERS)
def test_the_same_data_are_normalised_alike_in_every_container(container: str) -> None:
    plain, data = as_task_data((X, Y)), as_task_data(CONTAINERS[container])
    assert data.normalise == "feature"
    assert data.mean == pytest.approx(plain.mean)
    assert data.std == pytest.approx(plain.std)
    assert accuracy(data) == accuracy(plain)
    assert "each feature is normalised to mean 0 and standard deviation 1" in data.notes[0]


def test_parts_in_different_containers_go_together() -> None:
    parts = (Subset(WHOLE, range(150)), Own(X[150:], Y[150:]))
    one, other = as_task_data((WHOLE, parts[0])), as_task_data(parts)
    assert one.test.x.shape == (150, WIDTH)  # type: ignore[union-attr]
    assert accuracy(other) > 0.8


def test_a_container_with_transforms_of_its_own_keeps_them() -> None:
    data = as_task_data(Doubled(X, Y))
    assert data.mean[1] == pytest.approx(2 * as_task_data((X, Y)).mean[1])


def test_statistics_of_a_random_transform_are_the_same_at_every_start() -> None:
    class Noisy(Own):
        def __getitem__(self, index: int) -> tuple[Tensor, int]:
            x, y = super().__getitem__(index)
            return x + torch.randn(1) + np.random.rand(), y

    assert as_task_data(Noisy(X, Y)).mean == as_task_data(Noisy(X, Y)).mean


def test_series_are_normalised_by_feature_and_images_by_channel() -> None:
    rng = np.random.default_rng(0)
    series = rng.normal(size=(60, 12, 5)) * [1, 10, 100, 1, 1] + [0, 0, 0, 50, 0]
    data = as_task_data((series, np.arange(60) % 2))
    ready = normalised(split(data.train).x, data)
    assert (data.normalise, len(data.mean)) == ("feature", 5)
    torch.testing.assert_close(ready.mean((0, 1)), torch.zeros(5), atol=1e-5, rtol=0)
    torch.testing.assert_close(ready.std((0, 1), correction=0), torch.ones(5))
    images = as_task_data((rng.normal(size=(60, 3, 8, 8)), np.arange(60) % 2))
    assert (images.normalise, len(images.mean)) == ("channel", 3)


def test_normalisation_can_be_chosen_or_left_out() -> None:
    none = as_task_data((X, Y), normalise="none")
    assert torch.equal(normalised(split(none.train).x, none), split(none.train).x)
    assert none.inputs.text == "not normalised"
    assert "they are not normalised (--normalise)" in none.notes[0]
    series = torch.randn(60, 12, 5)
    assert len(as_task_data((series, Y[:60]), normalise="channel").mean) == 12
    with pytest.raises(UnknownName, match=r"normalisation 'features'\. Did you mean 'feature'"):
        as_task_data((X, Y), normalise="features")


@pytest.mark.parametrize("streams", [False, True])
def test_whole_numbers_reach_the_network_as_they_are(streams: bool) -> None:
    class Words(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding, self.out = nn.Embedding(50, 4), nn.Linear(4, 2)

        def forward(self, x: Tensor) -> Tensor:
            assert x.dtype == torch.int64
            scores: Tensor = self.out(self.embedding(x).mean(1))
            return scores

    ids = torch.randint(0, 25, (ROWS, 7), generator=torch.Generator().manual_seed(0))
    ids += 25 * Y[:, None]
    data = as_task_data(Own(ids, Y) if streams else (ids, Y))
    assert data.normalise == "none"
    check_model(Words, data)
    trace = TorchTrainer(data, Words, Engine(threads=1))(
        Job(Recipe(max_lr=1.0, epochs=9, batch_size=16))
    )
    assert trace.accuracy == 1.0


def test_whole_numbers_for_a_network_of_floats_are_refused_with_a_remedy_that_works() -> None:
    counts = torch.randint(0, 50, (ROWS, 7), generator=torch.Generator().manual_seed(0))
    data = as_task_data((counts, Y))
    with pytest.raises(ModelError, match=r"whole numbers.*x.astype\('float32'\).*--normalise feat"):
        check_model(model_factory("mlp", data.shape, data.classes), data)
    for remedied in (
        as_task_data((counts.numpy().astype("float32"), Y)),
        as_task_data((counts, Y), normalise="feature"),
    ):
        check_model(model_factory("mlp", remedied.shape, remedied.classes), remedied)
        assert remedied.normalise == "feature"


@pytest.mark.parametrize(
    "signal",
    [
        lambda y: 1e9 + y,
        lambda y: 1e-50 * y,
        lambda y: 1e39 * (1 + y),
        lambda y: 2.0**53 - 2 * y,
    ],
)
@pytest.mark.parametrize("streams", [False, True])
def test_values_that_float32_cannot_tell_apart_are_centred_before(
    signal: Any, streams: bool
) -> None:
    x = torch.from_numpy(signal(Y.double().numpy())[:, None])
    data = as_task_data(Own(x, Y) if streams else (x, Y))
    if streams:
        batches = Streamed(data, Engine(threads=1))
        ready, test = (
            torch.cat([x for x, _ in batches.evaluation(split_)]) for split_ in ("train", "test")
        )
    else:
        ready, test = (normalised(split(part).x, data) for part in (data.train, data.test))
    assert len(ready.unique()) == 2
    assert ready.std(correction=0) == pytest.approx(1, rel=1e-4)
    assert data.inputs.mean == (pytest.approx(signal(np.array([0.0, 1.0])).mean(), rel=0.2),)
    assert set(test.unique().tolist()) == set(ready.unique().tolist())


@pytest.mark.parametrize(
    "x",
    [
        np.ones((40, 3)),
        np.full((40, 8, 8), 7, np.uint8),
        np.tile(np.arange(5), (40, 1)),
        1e9 + np.zeros((40, 2)),
    ],
)
@pytest.mark.parametrize("streams", [False, True])
def test_training_data_in_which_every_feature_is_constant_are_refused(
    x: np.ndarray, streams: bool
) -> None:
    data = Own(torch.tensor(x), Y[:40]) if streams else (x, Y[:40].numpy())
    refused(data, "All training samples of 'custom' are equal: every feature is constant")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ((24, 24, 4), (4, 24, 24)),
        ((24, 24, 13), (13, 24, 24)),
        ((24, 32, 2), (2, 24, 32)),
        ((4, 24, 24), (4, 24, 24)),
        ((13, 24, 24), (13, 24, 24)),
        ((2, 24, 13), (2, 24, 13)),
        ((64, 8, 8), (64, 8, 8)),
        ((24, 24, 24), (24, 24, 24)),
        ((1, 22, 8), (1, 22, 8)),
    ],
)
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_few_channels_on_the_last_axis_are_found_and_said(
    given: tuple[int, ...], kept: tuple[int, ...], kind: type
) -> None:
    x = np.random.default_rng(0).integers(0, 256, (10, *given)).astype(kind)
    data = as_task_data((x, np.arange(10) % 2))
    assert data.shape == kept
    assert any("channels on the last axis" in note for note in data.notes) == (given != kept)


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int64, bool])
def test_whole_numbers_of_three_axes_are_gray_images_and_that_is_said(kind: type) -> None:
    x = np.random.default_rng(0).integers(0, 2, (20, 12, 5)).astype(kind)
    data = as_task_data((x, np.arange(20) % 2))
    assert data.shape == (1, 12, 5)
    wide = kind in (np.int8, np.int64)
    assert any("are taken as gray images of 12 x 5" in note for note in data.notes) == wide
    floats = as_task_data((x.astype("float32"), np.arange(20) % 2))
    assert floats.shape == (12, 5)


def test_deep_gray_images_in_arrays_get_a_channel_and_keep_their_levels() -> None:
    x = np.random.default_rng(0).integers(0, 4096, (20, 16, 16)).astype(np.uint16)
    data = as_task_data(((x, np.arange(20) % 2), (x, np.arange(20) % 2)))
    assert data.shape == (1, 16, 16)
    assert len(split(data.test).x.unique()) == len(np.unique(x))


def test_features_that_are_constant_are_counted_and_the_others_learned() -> None:
    x = torch.randn(60, 5)
    x[:, 1:3] = 0.3
    data = as_task_data((x, Y[:60]))
    assert data.std[1:3] == (1.0, 1.0)
    assert data.notes == (
        "2 of 5 features have one value in all training samples and tell nothing apart.",
    )
