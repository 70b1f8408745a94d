"""Reading the author's own logs (github.com/lnsmith54/super-convergence, Results/)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autosuperconv.core.csv_table import parse_table
from autosuperconv.core.range_test import read_recorded, read_sweep

RETENTION = {
    "range3Iter5kFig2b": 0.92,
    "range3Iter20kFig2b": 0.91,
    "clr3SS5kFig1a": 0.89,
    "clr3SS5kMom85Fig11": 0.90,
    "clr3SS5kNestFig9": 0.91,
    "clr3SS5kTr10kTab1": 0.94,
    "clr3SS5kTr20kTab1": 0.93,
    "clr3SS5kTr30kTab1": 0.90,
    "clr3SS5kTr40kTab1": 0.92,
    "clr3SS5kWD-5Fig11": 0.97,
    "clr3SS5kWD-6Fig11": 0.99,
    "clr3SS5kWD-3Fig11": 0.20,
    "lrRange3SS520kClip10Fig12a": 0.37,
    "lrRange3SS520kClip2Fig12a": 0.30,
    "lrRange3SS520kClip2Fig12b": 0.37,
}
"""Worked out apart from this package, by the definition in `core.range_test.sweep_reading`."""
NOT_POSSIBLE = {name for name in RETENTION if "WD-3" in name or "Clip" in name}
BASELINES = (
    "lr35AdaGradFig9",
    "lr35AdamFig9",
    "lr35Fig1a",
    "lr35NestFig9",
    "lr35Tr10kTab1",
    "lr35Tr20kTab1",
    "lr35Tr30kTab1",
    "lr35Tr40kTab1",
)


def text_of(name: str) -> str:
    folder = os.environ.get("AUTOSUPERCONV_DATA")
    if folder is None:
        pytest.skip("AUTOSUPERCONV_DATA does not name the folder with smith-logs/")
    return (Path(folder) / "smith-logs" / f"{name}.csv").read_text()


def every(text: str, step: int) -> str:
    """The header and every so-manieth row, with the first."""
    header, *rows = text.splitlines()
    return "\n".join([header, *rows[::step]])


@pytest.mark.parametrize("name", RETENTION)
def test_a_log_is_classified_as_the_paper_does(name: str) -> None:
    reading = read_recorded(text_of(name))
    assert reading.possible is (name not in NOT_POSSIBLE)
    assert reading.retention == pytest.approx(RETENTION[name], abs=0.006)
    assert (reading.edge is None) is (name not in NOT_POSSIBLE)


@pytest.mark.parametrize("name", RETENTION)
def test_a_log_with_half_of_its_rows_is_classified_alike(name: str) -> None:
    assert read_recorded(every(text_of(name), 2)).possible is (name not in NOT_POSSIBLE)


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_log_is_no_range_test(name: str) -> None:
    reading = read_recorded(text_of(name))
    assert reading.possible is None
    assert "Not a range test: the learning rate falls from" in reading.reason


@pytest.mark.parametrize("name", [name for name in RETENTION if name.startswith("clr3")])
def test_a_whole_cycle_is_read_up_to_its_highest_rate(name: str) -> None:
    assert "only points 1 to 51 of 101 are the sweep" in read_recorded(text_of(name)).reason


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        # Read off the curves: the last rate before accuracy stays below three quarters of its peak.
        ("clr3SS5kWD-3Fig11", 1.1, 1.6),
        ("lrRange3SS520kClip10Fig12a", 0.40, 0.55),
        ("lrRange3SS520kClip2Fig12a", 0.50, 0.80),
        ("lrRange3SS520kClip2Fig12b", 0.50, 0.75),
    ],
)
def test_the_edge_lies_where_a_failing_log_breaks(name: str, low: float, high: float) -> None:
    edge = read_recorded(text_of(name)).edge
    assert edge is not None
    assert low <= edge <= high


@pytest.mark.parametrize("name", RETENTION)
@pytest.mark.parametrize("column", ["test_loss", "train_loss"])
def test_the_loss_alone_never_contradicts_the_accuracy(name: str, column: str) -> None:
    table = parse_table(text_of(name), ("lr", column))
    rates = [rate for rate in table["lr"] if rate is not None]
    assert read_sweep(rates, loss=table[column]).possible in (None, name not in NOT_POSSIBLE)
