from __future__ import annotations

import pytest

from autosuperconv.core.report import Report
from autosuperconv.reporting.page import render_page
from tests.reporting.sample import sample_report


@pytest.fixture(scope="session")
def report() -> Report:
    return sample_report()


@pytest.fixture(scope="session")
def page(report: Report) -> str:
    return render_page(report)
