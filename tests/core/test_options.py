"""What `SearchOptions` accepts, and how it refuses the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from autosuperconv.core.options import SearchOptions
from autosuperconv.errors import InvalidInput


def test_a_folder_can_be_given_as_text() -> None:
    assert SearchOptions(out="runs/a").out == Path("runs/a")  # type: ignore[arg-type]


def test_a_folder_that_is_no_path_is_refused() -> None:
    with pytest.raises(InvalidInput, match="out must be a folder's path, but got 3"):
        SearchOptions(out=3)  # type: ignore[arg-type]
