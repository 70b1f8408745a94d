"""The report, put where people look: files in the output folder, note and plots in the study."""

from __future__ import annotations

from pathlib import Path

from autosuperconv.core.report import Report
from autosuperconv.pipeline.setup import Work
from autosuperconv.reporting import dashboard
from autosuperconv.reporting.files import write_report


def publish(work: Work, report: Report) -> None:
    """Write all files, then show the same in optuna-dashboard."""
    write_report(report, Path(work.setup.out))
    dashboard.publish(work.session.study, report, Path(work.setup.out) / "artifacts")
