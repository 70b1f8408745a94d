"""What becomes of images of many sizes and colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autosuperconv.training.data import load_dataset
from tests.training.data.folder.pictures import fill, load, picture, refused
from tests.training.samples import split


def test_images_of_many_sizes_are_cut_to_the_median_shorter_side(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets")
    for i, size in enumerate([(30, 20), (12, 40), (20, 21)]):
        picture(i, size).save(root / "cat" / f"big{i}.png")
    assert load(root).shape == (3, 6, 6)  # shorter sides: ten of 6, and 20, 12, 20


def test_large_images_are_reduced_to_224_pixels(tmp_path: Path) -> None:
    data = load(fill(tmp_path / "pets", size=(300, 230)))  # type: ignore[arg-type]
    assert (data.shape, data.augment) == ((3, 224, 224), "none")


def test_gray_images_keep_one_channel_and_one_colour_image_makes_three(tmp_path: Path) -> None:
    root = fill(tmp_path / "signs", mode="L")
    data = load(root)
    assert (data.shape, data.augment) == ((1, 6, 8), "none")
    picture(3).save(root / "cat" / "colour.png")
    assert load(root).shape == (3, 6, 8)


def test_palette_transparent_and_16_bit_images_are_converted(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets" / "test", n=3).parent
    fill(root / "train")
    picture(7).convert("P").save(root / "test" / "cat" / "0.png", transparency=b"\x00\x80")
    picture(7).convert("RGBA").save(root / "test" / "cat" / "1.png")
    deep = np.full((6, 8), 200 * 256 + 17, dtype=np.uint16)
    Image.fromarray(deep).save(root / "test" / "cat" / "2.png")
    reds = split(load(root).test).x[:3, 0, 0, 0].tolist()
    assert reds[1:] == [7, 200]
    assert abs(reds[0] - 7) < 26  # the web palette's steps are 51


def test_progress_is_told_up_to_the_last_image(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    root = fill(tmp_path / "pets")
    load_dataset(f"folder:{root}", Path(), on_progress=lambda done, of: told.append((done, of)))
    assert told[-1] == (10, 10)


@pytest.mark.parametrize("content", [b"not an image", b"", "half"])
def test_an_image_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | str) -> None:
    root = fill(tmp_path / "pets")
    bad = root / "dog" / "2.png"
    if isinstance(content, str):
        noise = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
        Image.fromarray(noise).save(bad)
        content = bad.read_bytes()[:-60]
    bad.write_bytes(content)
    refused(root, r"Image .*/dog/2\.png cannot be read: .* Repair or remove it")


def test_floating_point_images_are_refused(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets")
    Image.fromarray(np.ones((6, 8), dtype=np.float32)).save(root / "cat" / "a.tiff")
    refused(root, r"Image .*/cat/a\.tiff cannot be read: floating-point pixels")
