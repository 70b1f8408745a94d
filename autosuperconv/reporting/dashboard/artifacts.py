"""Files kept with a study, which optuna-dashboard lists and serves."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from autosuperconv.errors import OutputUnwritable

if TYPE_CHECKING:
    from optuna import Study
    from optuna.artifacts import FileSystemArtifactStore

ARTIFACT_PREFIX = "artifacts:"
"""Key of an artifact in the system attributes (optuna/artifacts/_upload.py)."""


def open_artifacts(artifact_dir: Path) -> FileSystemArtifactStore:
    """The artifact store in a folder, which is made if need be.

    Raises:
        OutputUnwritable: the folder cannot be made.
    """
    from optuna.artifacts import FileSystemArtifactStore

    try:
        artifact_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputUnwritable(
            f"The artifact folder {str(artifact_dir)!r} cannot be made: {error.strerror}. "
            "Name another folder."
        ) from error
    return FileSystemArtifactStore(artifact_dir)


def put_artifact(study: Study, store: FileSystemArtifactStore, name: str, content: bytes) -> str:
    """Write an artifact over the one of the same name, else add it; returns its id."""
    from optuna.artifacts import upload_artifact

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        known = artifact_ids(study).get(name)
        if known is None:
            return upload_artifact(artifact_store=store, file_path=str(path), study_or_trial=study)
        with path.open("rb") as stream:
            store.write(known, stream)
        return known


def artifact_ids(study: Study) -> dict[str, str]:
    """Artifact id by file name.

    Not `optuna.artifacts.get_all_artifact_meta`, which raises TypeError once an artifact was
    deleted in the dashboard: that leaves the JSON text "null" behind (optuna-dashboard 0.21).
    """
    attributes = study._storage.get_study_system_attrs(study._study_id)
    stored = (
        json.loads(value) for key, value in attributes.items() if key.startswith(ARTIFACT_PREFIX)
    )
    return {meta["filename"]: meta["artifact_id"] for meta in stored if meta is not None}
