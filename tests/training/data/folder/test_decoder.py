"""What becomes of images of many sizes and colours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from autosuperconv.errors import DataError
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
    assert reds[1:] == [7, 199]  # 51,217 of 65,535 is 199.3 of 255
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


def test_floating_point_images_beside_others_are_refused(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets")
    Image.fromarray(np.ones((6, 8), dtype=np.float32)).save(root / "cat" / "a.tiff")
    refused(root, r"Image .*/cat/a\.tiff cannot be read: floating-point pixels")


def made(root: Path, end: str, pixels: Callable[[int, int], np.ndarray]) -> Path:
    """Two classes of 5 files, saved from arrays by class and number."""
    for label, name in enumerate(("cat", "dog")):
        (root / name).mkdir(parents=True)
        for i in range(5):
            Image.fromarray(pixels(label, i)).save(root / name / f"{i}.{end}")
    return root


def stored(root: Path) -> torch.Tensor:
    """All samples of a folder, (N, C, H, W)."""
    data = load(root)
    return torch.cat([split(part).x for part in (data.train, data.validation, data.test)])


DEEP = [
    ("png", np.uint16, 255),
    ("png", np.uint16, 4095),
    ("png", np.uint16, 65535),
    ("tif", np.int32, 4095),
    ("tif", np.int32, 10**6),
    ("tif", np.float32, 1),
]


@pytest.mark.parametrize(("end", "kind", "top"), DEEP)
def test_gray_images_of_any_depth_keep_all_their_levels(
    tmp_path: Path, end: str, kind: type, top: int
) -> None:
    levels = np.linspace(0, top, 480).round(0 if top > 1 else 9).astype(kind).reshape(10, 6, 8)
    x = stored(made(tmp_path / "scans", end, lambda label, i: levels[5 * label + i]))
    assert len(x.unique()) == len(np.unique(levels))
    assert x.dtype == (torch.uint8 if top == 255 else torch.float32)
    if top == 255:
        assert x.max() == 255
    else:
        assert (x.min(), x.max()) == (0, 1)
        assert "are kept as they are, in 32 bits" in load(tmp_path / "scans").notes[0]


def test_levels_beside_images_of_8_bits_are_reduced_and_that_is_said(tmp_path: Path) -> None:
    root = fill(tmp_path / "scans", mode="L")
    Image.fromarray(np.full((6, 8), 4095, dtype=np.uint16)).save(root / "cat" / "deep.png")
    assert stored(root).max() == 255
    assert load(root).notes == (
        "1 image of 11 with more than 8 bits: levels from 0 to 4095 are reduced to 8 bits, as the "
        "others have.",
    )


@pytest.mark.parametrize("layers", [2, 4])
def test_opacity_that_varies_is_a_channel_and_is_noted(tmp_path: Path, layers: int) -> None:
    def see_through(label: int, i: int) -> np.ndarray:
        colours = np.full((6, 8, layers), 99, dtype=np.uint8)
        colours[..., -1] = 10 + 100 * label
        return colours

    root = made(tmp_path / "logos", "png", see_through)
    x = stored(root)
    assert x.shape[1] == layers
    assert x[:, -1].unique().tolist() == [10, 110]
    assert "kept as a channel" in load(root).notes[0]


@pytest.mark.parametrize("end", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_upright_as_exif_says(tmp_path: Path, end: str, orientation: int) -> None:
    upright = np.zeros((8, 16), dtype=np.uint8)
    upright[:4, :8] = 255  # light at the top left
    turns = {1: "", 2: "h", 3: "hv", 4: "v", 5: "t", 6: "tv", 7: "thv", 8: "th"}[orientation]
    saved = upright.T if "t" in turns else upright
    saved = saved[:, ::-1] if "h" in turns else saved
    saved = saved[::-1] if "v" in turns else saved
    image = Image.fromarray(np.ascontiguousarray(saved)).convert("RGB")
    exif = image.getexif()
    exif[0x0112] = orientation
    fill(tmp_path, n=3, size=(16, 8))  # type: ignore[arg-type]
    for i in range(3):
        image.save(tmp_path / "cat" / f"{i}.{end}", exif=exif)
        (tmp_path / "cat" / f"{i}.png").unlink() if end != "png" else None
    x = stored(tmp_path)
    assert x.shape == (6, 3, 8, 16)
    assert x[0, 0, 1, 2] > 200
    assert x[0, 0, [1, 6, 6], [13, 2, 13]].max() < 50


def test_several_pages_are_said(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets")
    pages = [picture(i) for i in range(3)]
    pages[0].save(root / "cat" / "many.tif", save_all=True, append_images=pages[1:])
    assert load(root).notes == (
        "1 file of 11 with several pages or frames: the first of them is used.",
    )


def test_sizes_and_what_becomes_of_them_are_said_and_another_can_be_set(tmp_path: Path) -> None:
    root = fill(tmp_path / "pets")
    picture(1, (30, 20)).save(root / "cat" / "big.png")
    said = load(root).notes
    assert said == (
        "Images of 2 sizes, from 6 x 8 to 20 x 30, are scaled and cut in the middle to 6 x 6 "
        "pixels (--image-size sets another size).",
    )
    assert load(root).notes == said  # read from the cache
    wide = load_dataset(f"folder:{root}", Path(), image_size=(4, 7))
    assert wide.shape == (3, 4, 7)
    assert "to 4 x 7 pixels" in wide.notes[0]
    own = load_dataset(f"folder:{fill(tmp_path / 'even')}", Path(), image_size=(6, 8))
    assert (own.shape, own.notes) == ((3, 6, 8), ())


def test_other_data_sets_have_their_own_size() -> None:
    with pytest.raises(DataError, match="image_size sets the size of a folder's images, but 'dig"):
        load_dataset("digits", Path(), image_size=(8, 8))
