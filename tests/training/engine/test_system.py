"""What the machine is, and how much of its memory is free."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from autosuperconv.training.engine import Engine
from autosuperconv.training.engine.system import container_free, describe_environment, machine_free


def test_a_container_has_what_its_limit_leaves(tmp_path: Path) -> None:
    for name, text in (
        ("memory.max", "1000\n"),
        ("memory.current", "700\n"),
        ("memory.stat", "anon 500\ninactive_file 200\n"),
    ):
        (tmp_path / name).write_text(text)
    assert container_free(tmp_path) == 500
    (tmp_path / "memory.max").write_text("max\n")
    assert container_free(tmp_path) == math.inf
    assert container_free(tmp_path / "none") == math.inf


def test_an_older_container_says_it_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    for name, text in (
        ("memory.limit_in_bytes", "900"),
        ("memory.usage_in_bytes", "800"),
        ("memory.stat", "total_inactive_file 50\n"),
    ):
        (tmp_path / "memory" / name).write_text(text)
    assert container_free(tmp_path) == 150


def test_the_machine_says_what_can_be_had(tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemFree: 1 kB\nMemAvailable:    2048 kB\n")
    assert machine_free(tmp_path) == 2048 * 1024


def test_the_environment_counts_the_cores_that_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")  # as a scheduler or a container sets a limit
    assert describe_environment(Engine())["cores"] == "1"
