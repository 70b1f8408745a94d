from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from autosuperconv.core.curve import Curve
from autosuperconv.core.report import Report, Trial
from autosuperconv.core.verdict import RunCurve
from autosuperconv.reporting.captions import cost_caption, curves_caption
from autosuperconv.reporting.dashboard.plots import cost_figure, range_test_figure
from autosuperconv.reporting.figures import pictures as plots
from autosuperconv.reporting.page import key_figures
from tests.reporting.conftest import Drawn
from tests.reporting.sample import bare_report, sample_report
from tests.reporting.test_findings import with_other_length

SVG = "{http://www.w3.org/2000/svg}"


def _texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("name", plots.PICTURES)
@pytest.mark.parametrize("wide", [True, False])
def test_every_picture_is_valid_svg_that_says_what_it_shows(
    name: str, wide: bool, pictures: Drawn
) -> None:
    root = ElementTree.fromstring(pictures[name, wide])
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert len(root.get("aria-label", "")) > 40
    assert "width" not in root.attrib  # the page decides


@pytest.mark.parametrize("name", plots.PICTURES)
def test_colours_are_variables_of_the_page(name: str, pictures: Drawn) -> None:
    for element in ElementTree.fromstring(pictures[name, True]).iter():
        style = element.get("style", "")
        for declaration in style.split(";"):
            if declaration.strip().startswith(("fill: #", "stroke: #")):
                pytest.fail(f"A fixed colour cannot follow the theme: {style}")


def test_every_reference_of_a_picture_has_its_target(pictures: Drawn) -> None:
    root = ElementTree.fromstring(pictures["cost", True])
    ids = {element.get("id") for element in root.iter()}
    used = {e.get("href", "")[1:] for e in root.iter() if e.get("href")}
    assert used
    assert used <= ids


def test_every_drawn_trial_tells_its_recipe_under_the_pointer(pictures: Drawn) -> None:
    titles = [
        e.text or "" for e in ElementTree.fromstring(pictures["plane", True]).iter(f"{SVG}title")
    ]
    numbers = sorted(int(title.split()[1].rstrip(",")) for title in titles)
    assert numbers == list(range(40))


def test_the_first_picture_names_the_confirmed_runs_and_the_speedup(pictures: Drawn) -> None:
    texts = _texts(pictures["cost", True])
    assert "candidate 92.04 \u00b1 0.08 %" in texts
    assert "baseline 91.71 \u00b1 0.08 %" in texts
    assert "speed-up 5.62 x" in texts
    assert "completed (19)" in texts


def test_a_recorded_baseline_is_drawn_from_its_curves(report: Report) -> None:
    """Two runs of 90 epochs of 45,000 samples that end at 91 and 93 %: mean 92.00, sd 1.41."""
    costs = (2e6, 4.05e6)
    curves = tuple(RunCurve(costs, (0.8, end), end, 0.1) for end in (0.91, 0.93))
    options = replace(report.setup.options, baseline_curves=curves)
    given = replace(
        report,
        setup=replace(report.setup, options=options),
        confirmation=tuple(run for run in report.confirmation if run.role != "baseline"),
        baseline=replace(report.baseline, tuning=(), recorded=True),
    )
    texts = _texts(plots.picture_svg("cost", given) or "")
    assert "baseline 92.00 \u00b1 1.41 %" in texts
    assert "baseline, each seed" in texts
    assert "Thin lines are the baseline's course on test data." in cost_caption(given)
    assert "and of one confirmed run of the cycle, on" in curves_caption(given)
    rates = next(key for key in key_figures(given) if key.name == "Learning rate")
    assert rates.detail.endswith("against 0.1")
    names = [trace.name for trace in cost_figure(given).data]
    assert "baseline, one run" in names


def test_the_other_length_is_a_hollow_square_with_its_name(report: Report) -> None:
    texts = _texts(plots.picture_svg("cost", with_other_length(report)) or "")
    assert any(text.startswith("candidate at 5 x 92.04") for text in texts)
    assert "Hollow squares" in cost_caption(with_other_length(report))
    assert "Hollow squares" not in cost_caption(report)


def test_a_run_that_broke_before_it_was_measured_lies_on_the_first_pictures_floor() -> None:
    broken = _without_curves(_one_state(sample_report(), "diverged"))
    assert all(t.accuracy is None and t.samples > 0 for t in broken.trials)
    drawn = plots.picture_svg("cost", broken, wide=True)
    assert drawn is not None
    assert f"diverged ({len(broken.trials)})" in _texts(drawn)


def test_the_range_test_marks_floor_and_edge_of_each_cell(pictures: Drawn) -> None:
    texts = _texts(pictures["range-test", True])
    assert texts.count("floor 0.011") == 4
    assert {"edge 2.2", "edge 0.62", "edge 1.4", "edge \u2265 3"} <= set(texts)


def test_a_linear_range_test_over_momentum_has_an_axis_of_rates_and_names_its_cells() -> None:
    report = sample_report()
    cells = tuple(replace(cell, momentum=0.9) for cell in report.range_test.cells)
    swept = replace(report.range_test, cells=cells, sweep="linear", lowest_lr=0.0)
    whole = replace(report, range_test=swept)
    svg = plots.picture_svg("range-test", whole)
    assert svg is not None
    assert "learning rate" in _texts(svg)
    assert any(text.endswith("momentum 0.9") for text in _texts(svg))
    assert plots.picture_svg("plane", whole) is not None
    assert range_test_figure(whole).layout.xaxis.type == "linear"


def test_an_effect_names_its_factor_its_size_and_the_diverged_runs(pictures: Drawn) -> None:
    texts = _texts(pictures["effects", True])
    assert "weight decay  1e-3 \u2192 2e-4" in texts
    assert "+1.42" in texts
    assert "reverted alone, 1 of 3 runs diverged" in texts


def test_a_factor_that_always_diverges_has_a_line_that_says_so(report: Report) -> None:
    found = report.tradeoff
    first = replace(found.effects[0], last=None, alone=3, diverged=3)
    lost = replace(report, tradeoff=replace(found, effects=(first, *found.effects[1:])))
    for wide, text in (
        (True, "reverted alone, 3 of 3 runs diverged"),
        (False, "3 of 3 runs diverged"),
    ):
        svg = plots.picture_svg("effects", lost, wide=wide)
        assert svg is not None
        assert text in _texts(svg)


@pytest.mark.parametrize("name", plots.PICTURES)
def test_nothing_is_drawn_where_there_is_nothing(name: str) -> None:
    assert plots.picture_svg(name, bare_report()) is None


def _one_state(report: Report, state: str) -> Report:
    kept = tuple(trial for trial in report.trials if trial.state == state)
    return replace(report, trials=kept, winner=None, confirmation=())


def _without_curves(report: Report) -> Report:
    return replace(report, trials=tuple(_without_curve(trial) for trial in report.trials))


def _without_curve(trial: Trial) -> Trial:
    trace = trial.trace
    return trial if trace is None else replace(trial, trace=replace(trace, curve=Curve()))


ODD: dict[str, Callable[[Report], Report]] = {
    "one trial": lambda report: replace(report, trials=report.trials[29:30]),
    "no confirmation": lambda report: replace(report, confirmation=()),
    "only pruned": lambda report: _one_state(report, "pruned"),
    "only diverged": lambda report: _one_state(report, "diverged"),
    "only above the edge": lambda report: _one_state(report, "above-edge"),
    "no curves": _without_curves,
    "no trial": lambda report: replace(report, trials=()),
    "runs that broke off": lambda report: replace(
        report,
        confirmation=tuple(
            replace(run, trace=replace(run.trace, accuracy=None, samples=0))
            for run in report.confirmation[:1]
        ),
    ),
    "no weight decay": lambda report: replace(
        report,
        trials=tuple(
            replace(trial, recipe=replace(trial.recipe, weight_decay=0.0))
            for trial in report.trials
        ),
    ),
}


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", ["cost", "curves", "plane"])
def test_odd_reports_are_drawn_too(name: str, odd: str, report: Report) -> None:
    svg = plots.picture_svg(name, ODD[odd](report))
    assert svg is None or ElementTree.fromstring(svg).tag == f"{SVG}svg"


def test_a_report_of_the_same_numbers_gives_the_same_picture(
    report: Report, pictures: Drawn
) -> None:
    assert pictures["cost", True] == plots.picture_svg("cost", report)


def test_floor_and_edge_are_labelled_at_different_heights(pictures: Drawn) -> None:
    # They may be near each other on the axis: their labels would cover one another.
    svg = ElementTree.fromstring(pictures["range-test", True])
    heights: dict[str, set[str]] = {"floor": set(), "edge": set()}
    for element in svg.iter(f"{SVG}text"):
        word = (element.text or "").split(" ")[0]
        if word in heights:
            heights[word].add(element.attrib["y"])
    assert heights["floor"]
    assert heights["edge"]
    assert not heights["floor"] & heights["edge"]
