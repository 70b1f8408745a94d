"""`Setup`: a search made ready, as a value that is kept with the study.

With it and the finished runs, the report can be made again without the data or the model.
"""

from __future__ import annotations

from dataclasses import dataclass

from autosuperconv.core.range_test import SweepKind
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.report import Settings
from autosuperconv.core.space import Choices, Dimension, Range


@dataclass(frozen=True, slots=True)
class Setup:
    """What a search works with, once the options met the data and the model.

    Args:
        dimensions: recipe field -> where it is searched.
        base: the fields that are not searched.
        trials, baseline_epochs, epochs, seeds, max_seeds: as in `SearchOptions`.
        curve_cost: samples evaluated for one point of a curve, those that recalibrate batch
            norm included. statistics: the latter alone.
        choices: engine decisions and why.
        out: folder of the report.
        shapley, sweep, range_test_share: as in `SearchOptions`.
    """

    settings: Settings
    dimensions: dict[str, Dimension]
    base: Recipe
    trials: int
    epochs: tuple[float, float] | None
    baseline_epochs: float | None
    seeds: int
    max_seeds: int
    sampler: str
    pruner: str
    curve_cost: int
    statistics: int
    choices: tuple[str, ...]
    environment: dict[str, str]
    out: str
    shapley: bool = False
    sweep: SweepKind = "exponential"
    range_test_share: float = 0.1

    @property
    def batch_sizes(self) -> tuple[int, ...]:
        """The batch sizes that are searched, rising."""
        dimension = self.dimensions.get("batch_size")
        return dimension.values if isinstance(dimension, Choices) else (self.base.batch_size,)

    @property
    def factors(self) -> int:
        """In how many factors a winner will probably differ from the baseline: in those that are
        searched, and in weight decay, rate and momentum, which the baseline has tuned or fixed."""
        searched = set(self.dimensions) & {"batch_size", "dropout", "label_smoothing"}
        return len(searched) + 3

    def range_of(self, field: str) -> Range:
        """Where a field is searched; one point where it is not."""
        dimension = self.dimensions.get(field)
        value = float(getattr(self.base, field))
        return dimension if isinstance(dimension, Range) else Range(value, value)
