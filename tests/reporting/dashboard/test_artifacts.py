from __future__ import annotations

from pathlib import Path

import pytest

from autosuperconv.errors import OutputUnwritable
from autosuperconv.reporting.dashboard.artifacts import open_artifacts


def test_an_artifact_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputUnwritable, match=r"artifact folder '.*file/below' cannot be made"):
        open_artifacts(tmp_path / "file" / "below")
