"""A run that loses what it had learned is told from one that merely sways."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from autosuperconv.core.collapse import has_collapsed, kept_share


def test_the_share_is_of_the_height_above_chance() -> None:
    # means of five: the highest 0.8, the last 0.45; above chance 0.7 and 0.35
    assert kept_share([0.8] * 10 + [0.45] * 5, chance=0.1) == pytest.approx(0.5)


def test_a_run_at_its_peak_has_kept_all() -> None:
    assert kept_share([i / 20 for i in range(20)], chance=0.1) == 1.0


def test_nothing_is_said_in_the_first_ten_points_nor_of_a_run_that_never_learned() -> None:
    assert kept_share([0.9] * 4 + [0.1] * 5, chance=0.1) == 1.0
    assert kept_share([0.1] * 30, chance=0.1) == 1.0
    assert kept_share([0.05] * 30, chance=0.1) == 1.0


def test_a_collapse_must_exceed_the_noise_of_few_samples() -> None:
    # means of five 0.3 and 0.26: 0.16 of 0.2 above chance, 0.024 below 92 % of it. Variance
    # (0.26 x 0.74 + 0.92^2 x 0.3 x 0.7) / 5n: four deviations of it are 0.024 at n = 2056
    falling = [0.3] * 10 + [0.26] * 5
    assert kept_share(falling, 0.1) == pytest.approx(0.8)
    assert not has_collapsed(falling, 0.1, samples=2000)
    assert has_collapsed(falling, 0.1, samples=2100)


def test_a_short_noisy_run_that_stays_where_it_is_loses_nothing() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        noisy = rng.binomial(100, 0.3, 50) / 100
        assert not any(has_collapsed(noisy[:i].tolist(), 0.1, 100) for i in range(10, 51))


def test_a_fall_to_chance_is_a_collapse_however_few_the_samples() -> None:
    rng = np.random.default_rng(0)
    fallen = rng.binomial(64, [0.5] * 20 + [0.1] * 5) / 64
    assert has_collapsed(fallen.tolist(), 0.1, 64)


SAMPLES = 100_000  # of the author: a hundred iterations of a thousand


def first_lost(name: str) -> float | None:
    """The phase at which one of the author's runs loses its training accuracy."""
    folder = os.environ.get("AUTOSUPERCONV_DATA")
    if not folder:
        pytest.skip("AUTOSUPERCONV_DATA names no data folder")
    with (Path(folder) / "smith-logs" / f"clr3SS5k{name}.csv").open() as file:
        rows = [r for r in csv.DictReader(file) if r["train_accuracy"]]
    seen: list[float] = []
    for row in rows:
        seen.append(float(row["train_accuracy"]))
        if has_collapsed(seen, chance=0.1, samples=SAMPLES):
            return int(row["iteration"]) / int(rows[-1]["iteration"])
    return None


def test_the_papers_run_with_too_much_weight_decay_is_stopped_before_a_quarter() -> None:
    lost = first_lost("WD-3Fig11")
    assert lost is not None
    assert lost < 0.25


SOUND = ["Fig1a", "Mom85Fig11", "NestFig9", "WD-5Fig11", "WD-6Fig11"]
SOUND += [f"Tr{n}0kTab1" for n in (1, 2, 3, 4)]


@pytest.mark.parametrize("name", SOUND)
def test_none_of_the_papers_sound_runs_is_stopped(name: str) -> None:
    assert first_lost(name) is None
