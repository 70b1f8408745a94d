from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from autosuperconv.core.report import Report
from autosuperconv.core.serialization import from_json
from autosuperconv.reporting.figures.accuracy_cost import draw_cost
from autosuperconv.reporting.figures.canvas import Sheet
from autosuperconv.reporting.figures.labels import Labels, Place, area, shared
from autosuperconv.reporting.rows import role_rows

RESULTS = Path(__file__).parents[3] / "studies" / "results"


def test_a_label_goes_where_it_covers_least_and_else_to_its_first_place() -> None:
    axes = Figure(figsize=(4, 3)).add_subplot()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    labels = Labels(axes)
    labels.marks.append(((0.5, 0.5), (0.5, 0.5)))
    places = [Place((0.5, 0.5), (0.0, 0.0)), Place((0.5, 0.5), (9.0, 0.0))]
    labels.add("beside the mark", "ink", places)
    labels.add("there is room", "ink", [Place((0.1, 0.1), (0.0, 0.0)), Place((0.5, 0.9), (0, 0))])
    labels.add(
        "not outside", "ink", [Place((0.9, 0.2), (0, 0)), Place((0.9, 0.2), (0, 0), "right")]
    )
    labels.settle()
    notes = [note for note, _ in labels.entries]
    assert [note.xyann for note in notes] == [(9.0, 0.0), (0.0, 0.0), (0, 0)]
    assert notes[1].xy == (0.1, 0.1)
    assert notes[2].get_horizontalalignment() == "right"


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("name", ["digits", "mnist", "cifar10"])
def test_no_label_of_a_real_search_lies_on_another(
    name: str, wide: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Labels] = []

    class Kept(Labels):
        def settle(self) -> None:
            super().settle()
            made.append(self)

    monkeypatch.setattr("autosuperconv.reporting.figures.accuracy_cost.Labels", Kept)
    report = from_json(Report, (RESULTS / name / "report.json").read_text(encoding="utf-8"))
    figure = Figure(figsize=(9.4 if wide else 4.1, 4.6), layout="constrained")
    draw_cost(Sheet(figure, wide), report)
    boxes = [note.get_window_extent() for note, _ in made[0].entries]
    assert len(boxes) == 2 + len(role_rows(report.confirmation))
    for one, other in combinations(boxes, 2):  # boxes have a little room about their letters
        assert shared(one, other) < 0.1 * min(area(one), area(other))


def test_accuracy_has_no_tick_above_100_percent() -> None:
    report = from_json(Report, (RESULTS / "digits/report.json").read_text(encoding="utf-8"))
    figure = Figure(figsize=(4.1, 4.2), layout="constrained")
    draw_cost(Sheet(figure, False), report)
    axes = figure.axes[0]
    assert axes.get_ylim()[1] > 100
    assert max(axes.get_yticks()) == 100
