"""The report, put where people look: files in the output folder, note and plots in the study."""

from __future__ import annotations

from pathlib import Path

from autosuperconv.core.report import Report
from autosuperconv.pipeline.setup import Work
from autosuperconv.reporting.dashboard.publish import publish_report
from autosuperconv.reporting.files import render_report, write_files


def publish(work: Work, report: Report) -> None:
    """Write all files, then show the same in optuna-dashboard."""
    rendered, out = render_report(report), Path(work.setup.out)
    write_files(rendered, out)
    publish_report(work.session.study, report, rendered, out / "artifacts")
