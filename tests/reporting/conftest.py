from __future__ import annotations

import itertools

import pytest

from autosuperconv.core.report import Report
from autosuperconv.reporting import page as html
from autosuperconv.reporting.figures.pictures import PICTURES, picture_svg
from tests.reporting.sample import sample_report


@pytest.fixture(scope="session")
def report() -> Report:
    return sample_report()


Drawn = dict[tuple[str, bool], str]


@pytest.fixture(scope="session")
def pictures(report: Report) -> Drawn:
    """Each picture of the report, by its name and whether it is the wide one; drawn once."""
    sizes = itertools.product(PICTURES, (True, False))
    return {(name, wide): picture_svg(name, report, wide=wide) or "" for name, wide in sizes}


@pytest.fixture(scope="session")
def page(report: Report, pictures: Drawn) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html, "picture_svg", lambda name, _, *, wide=True: pictures[name, wide])
        return html.render_page(report)
