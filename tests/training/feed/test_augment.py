"""Random crops, flips and cutout."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from torch import nn

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.data.task import TaskData, TensorSplit
from autosuperconv.training.engine import Engine
from autosuperconv.training.feed.augment import CropFlip
from autosuperconv.training.feed.resident import Resident
from autosuperconv.training.feed.streamed import Streamed
from tests.training.loop.runs import with_model
from tests.training.made import dots, trainer
from tests.training.samples import split

FILL = 7


def cut_images(n: int = 2000, side: int = 32) -> torch.Tensor:
    """(n, side, side): True where white images were cut out; crops bring zeros, cuts 7."""
    white = torch.full((1, 1, side, side), 255, dtype=torch.uint8)
    cut = CropFlip(white, torch.tensor([FILL], dtype=torch.uint8))
    x = cut(torch.zeros(n, dtype=torch.int64), torch.Generator().manual_seed(0))
    return x[:, 0] == FILL


def test_a_square_of_half_the_side_is_cut_out_and_less_at_the_edges() -> None:
    cut = cut_images()
    heights, widths = cut.any(2).sum(1), cut.any(1).sum(1)
    assert torch.equal(cut.sum((1, 2)), heights * widths)  # one rectangle each
    assert (int(heights.max()), int(heights.min())) == (16, 8)  # centred on any pixel, 8 remain
    assert (int(widths.max()), int(widths.min())) == (16, 8)
    # a centre c of 0 to 31 keeps min(c + 8, 32) - max(c - 8, 0): 16 for 17 centres, less for 15
    mean = (17 * 16 + sum(range(8, 16)) + sum(range(9, 16))) / 32
    assert abs(heights.float().mean().item() - mean) < 0.2
    assert abs(widths.float().mean().item() - mean) < 0.2


def test_of_an_odd_side_the_half_that_is_cut_out_is_rounded_down() -> None:
    assert int(cut_images(side=7).any(2).sum(1).max()) == 3


def test_a_seed_gives_the_same_crops_flips_and_squares() -> None:
    assert torch.equal(cut_images(50), cut_images(50))


def test_every_pixel_is_cut_out_some_time_and_most_often_in_the_middle() -> None:
    share = cut_images().float().mean(0)
    assert share.min() > 0.02  # a corner: (8 / 32) ** 2 = .06
    assert abs(share[16, 16].item() - 0.25) < 0.04  # (16 / 32) ** 2


def test_without_cutout_the_same_crops_as_ever() -> None:
    x = torch.arange(3 * 8 * 8, dtype=torch.uint8).view(1, 3, 8, 8)
    index = torch.zeros(50, dtype=torch.int64)
    plain = CropFlip(x)(index, torch.Generator().manual_seed(1))
    fill = torch.tensor([250, 251, 252], dtype=torch.uint8)
    cut = CropFlip(x, fill)(index, torch.Generator().manual_seed(1))
    same = (plain == cut).all(1)
    assert torch.equal(cut.permute(0, 2, 3, 1)[~same], fill.expand(int((~same).sum()), 3))
    assert 0.1 < (~same).float().mean() < 0.25  # 3.1 of 8, squared: .15


@pytest.mark.parametrize(("h", "w"), [(3, 4), (5, 5)])  # of the larger every window shows a part
def test_crops_and_flips_are_all_of_the_slow_way_and_equally_likely(h: int, w: int) -> None:
    image = torch.arange(1, h * w + 1, dtype=torch.uint8).view(1, 1, h, w)
    padded = torch.nn.functional.pad(image[0, 0], (4, 4, 4, 4))
    windows = [padded[top : top + h, left : left + w] for top in range(9) for left in range(9)]
    kinds = [[tuple(x.flatten().tolist()) for x in windows]]
    kinds.append([tuple(x.flip(1).flatten().tolist()) for x in windows])
    made = CropFlip(image)(torch.zeros(8100, dtype=torch.int64), torch.Generator().manual_seed(0))
    found = Counter(tuple(x.flatten().tolist()) for x in made)
    assert set(found) == {*kinds[0], *kinds[1]}
    seen = [sum(found[x] for x in set(kind) - set(other)) for kind, other in (kinds, kinds[::-1])]
    either = sum(found[x] for x in {*kinds[0]} ^ {*kinds[1]})
    assert seen[0] / either == pytest.approx(0.5, abs=0.03)  # 4 standard errors are 0.023
    # the whole image: 1 of 81 windows, of 8,100 draws half unflipped: 50, standard deviation 7
    assert 20 < found[tuple(range(1, h * w + 1))] < 80


def photographs(augment: str) -> TaskData:
    x = np.random.default_rng(0).integers(1, 256, (40, 3, 8, 8)).astype(np.uint8)
    return as_task_data((x, np.arange(40) % 2), augment=augment)


@pytest.mark.parametrize("unit", [1, 255.0])
def test_what_is_cut_out_is_the_mean_once_normalised(unit: float) -> None:
    """Of bytes and of floats from 0 to 1."""
    bytes_ = split(photographs("none").train), split(photographs("none").test)
    x, y = (torch.cat([getattr(part, name) for part in bytes_]).numpy() for name in ("x", "y"))
    x = x if unit == 1 else (x / unit).astype(np.float32)
    data = as_task_data((x, y), augment="crop-flip-cutout")
    assert isinstance(data.train, TensorSplit)
    for batches in (Resident(data, Engine()), Streamed(data, Engine())):
        x, _ = next(iter(batches.training(16, 0)))
        near_mean = (x.abs() < 0.01).all(1).float().mean()
        assert 0.05 < near_mean < 0.25


def test_cutout_changes_what_is_learnt_and_no_evaluation() -> None:
    data = photographs("crop-flip-cutout")
    plain = photographs("crop-flip")
    assert data.fingerprint == plain.fingerprint
    one, two = (next(iter(Resident(d, Engine()).evaluation("test"))) for d in (data, plain))
    assert torch.equal(one[0], two[0])
    job = Job(Recipe(max_lr=0.1, epochs=2.0, batch_size=8))
    first, again, other = (trainer(d)(job) for d in (data, data, plain))
    assert first.curve == again.curve
    assert first.curve != other.curve


def test_the_usual_augmentation_is_as_it_was() -> None:
    assert dots(augment=True).augment == "crop-flip"


class Album(nn.Module):
    """Keeps the images that it is shown, in training and in evaluation."""

    def __init__(self, shown: dict[bool, list[torch.Tensor]]) -> None:
        super().__init__()
        self.inner, self.shown = nn.Linear(3 * 8 * 6, 4), shown

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.shown[self.training].append(x.detach().clone())
        scores: torch.Tensor = self.inner(x.flatten(1))
        return scores


@pytest.fixture(scope="module")
def snapshots() -> TaskData:
    x = np.random.default_rng(0).integers(1, 256, (40, 3, 8, 6)).astype(np.uint8)
    return as_task_data((x, np.arange(40) % 4))


def shown_of(data: TaskData, training: bool) -> np.ndarray:
    """The images as bytes, before they were normalised: (N, 3, 8, 6)."""
    shown: dict[bool, list[torch.Tensor]] = {True: [], False: []}
    run = with_model(data, lambda: Album(shown))
    run(Job(Recipe(max_lr=1e-3, epochs=10.0, batch_size=8), "test"))
    mean, std = (torch.tensor(m).view(-1, 1, 1) for m in (data.mean, data.std))
    return ((torch.cat(shown[training]) * std + mean) * 255).round().byte().numpy()


def crops(image: np.ndarray) -> set[bytes]:
    """All that padding by 4, cropping and flipping can make of an image, the slow way."""
    padded = np.pad(image, ((0, 0), (4, 4), (4, 4)))
    found = set()
    for top in range(9):
        for left in range(9):
            crop = padded[:, top : top + 8, left : left + 6]
            found |= {crop.tobytes(), crop[:, :, ::-1].tobytes()}
    return found


def test_every_augmented_image_is_a_crop_of_a_padded_and_perhaps_flipped_one(
    snapshots: TaskData,
) -> None:
    assert snapshots.augment == "crop-flip"
    allowed = [crops(image) for image in split(snapshots.train).x.numpy()]
    shown = [image.tobytes() for image in shown_of(snapshots, training=True)]
    sources = [{i for i, made in enumerate(allowed) if image in made} for image in shown]
    assert all(sources)
    assert len(shown) == 240
    assert len(set(shown)) > 200  # 162 ways for each of 24 images
    exact = {image.tobytes() for image in split(snapshots.train).x.numpy()}
    assert len([image for image in shown if image in exact]) < 10


def test_evaluation_is_not_augmented(snapshots: TaskData) -> None:
    shown = shown_of(snapshots, training=False)
    assert np.array_equal(shown, split(snapshots.test).x.numpy())
