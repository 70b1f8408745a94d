"""A run that loses what it had learned is told from one that merely sways."""

import csv
import os
from pathlib import Path

import pytest

from autosuperconv.core.lost_accuracy import KEPT, kept_share


def test_the_share_is_of_the_height_above_chance() -> None:
    # means of five: the highest 0.8, the last 0.45; above chance 0.7 and 0.35
    assert kept_share([0.8] * 10 + [0.45] * 5, chance=0.1) == pytest.approx(0.5)


def test_a_run_at_its_peak_has_kept_all() -> None:
    assert kept_share([i / 20 for i in range(20)], chance=0.1) == 1.0


def test_nothing_is_said_in_the_first_ten_points_nor_of_a_run_that_never_learned() -> None:
    assert kept_share([0.9] * 4 + [0.1] * 5, chance=0.1) == 1.0
    assert kept_share([0.1] * 30, chance=0.1) == 1.0
    assert kept_share([0.05] * 30, chance=0.1) == 1.0


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
        if kept_share(seen, chance=0.1) < KEPT:
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
