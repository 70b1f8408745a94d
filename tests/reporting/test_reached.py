"""Learning rates below the nominal one are shown as they were."""

from __future__ import annotations

from dataclasses import replace

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.report import Report
from autosuperconv.reporting.reached import max_lr_text, reached_share


def test_a_max_lr_that_was_not_reached_is_shown_with_what_was() -> None:
    recipe = Recipe(max_lr=0.26)
    assert max_lr_text(recipe, 0.2548) == "0.26"
    assert max_lr_text(recipe, 0.1003) == "0.26 (0.1 reached)"


def test_the_share_is_that_of_the_winners_completed_runs(report: Report) -> None:
    runs = tuple(replace(r, trace=replace(r.trace, reached_lr=0.54)) for r in report.confirmation)
    assert report.winner is not None
    share = reached_share(replace(report, confirmation=runs))
    assert share == 0.54 / report.winner.max_lr
    assert reached_share(replace(report, confirmation=())) == 1.0
