"""`Setup`: a search made ready, as a value that is kept with the study.

With it and the finished runs, the report can be made again without the data or the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from autosuperconv.core.class_balance import ClassBalance, about_balance, is_unbalanced
from autosuperconv.core.normalisation import Normalisation
from autosuperconv.core.options import SearchOptions
from autosuperconv.core.plan import BaselineKind
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Choices, Dimension, Range, fixed_value
from autosuperconv.core.split_sizes import about_split_sizes
from autosuperconv.core.tradeoff.factors import FACTORS

TUNED_OR_FIXED = {"weight_decay", "max_lr", "base_momentum", "max_momentum"}  # by the baseline


@dataclass(frozen=True, slots=True)
class Setup:
    """What a search works with, once the options met the data and the model.

    Args:
        options: what was requested; the storage without its password.
        study_name: of the Optuna study.
        dataset: name of the data.
        model: name of the network.
        n_train: training samples.
        n_validation: validation samples.
        n_test: test samples.
        classes: number of classes.
        device: on which it trains, e.g. "cuda:0".
        dimensions: recipe field -> where it is searched.
        base: the fields that are not searched.
        curve_cost: samples evaluated for one point of a curve, those that recalibrate batch
            norm included.
        statistics: samples that recalibrate batch norm before one evaluation.
        environment: versions and hardware, as text.
        inputs: how they are normalised.
        class_names: by label; none where labels are numbers.
        fingerprint: sixteen hexadecimal digits that name what makes two searches the same; "" in
            a report of an earlier version.
        balance: how large the largest class is; None in a report of an earlier version.
    """

    options: SearchOptions
    study_name: str
    dataset: str
    model: str
    n_train: int
    n_validation: int
    n_test: int
    classes: int
    device: str
    dimensions: dict[str, Dimension]
    base: Recipe
    curve_cost: int
    statistics: int
    environment: dict[str, str]
    inputs: Normalisation = Normalisation()
    class_names: tuple[str, ...] = ()
    fingerprint: str = ""
    balance: ClassBalance | None = None

    @property
    def name(self) -> str:
        """The search's name, e.g. "resnet8 on digits"."""
        return f"{self.model} on {self.dataset}"

    @property
    def chance(self) -> float:
        """Training accuracy without learning anything but which class is the largest."""
        if self.balance is not None and is_unbalanced(self.balance.train, self.classes):
            return self.balance.train
        return 1 / self.classes

    @property
    def majority(self) -> float | None:
        """Majority-class accuracy on the validation split; None where classes are balanced."""
        if self.balance is None or not is_unbalanced(self.balance.train, self.classes):
            return None
        return max(self.balance.validation, 1 / self.classes)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the data let nobody conclude, known before anything trains."""
        criterion = self.options.criterion
        return self.warnings_at(criterion.smallest_margin, known=criterion.margin is not None)

    def warnings_at(self, margin: float, known: bool = True) -> tuple[str, ...]:
        """The same for a margin, a fraction of 1; it is the smallest where it is not `known`."""
        validation = self.n_validation if self.options.target is None else None
        sizes = about_split_sizes(validation, self.n_test, margin, known)
        balance = about_balance(self.balance, self.classes, self.class_names)
        return tuple(text for text in (balance, sizes) if text)

    @property
    def out(self) -> Path:
        """Folder of the report."""
        return self.options.out or Path("runs") / self.study_name

    @property
    def batch_sizes(self) -> tuple[int, ...]:
        """The batch sizes that are searched, rising."""
        dimension = self.dimensions.get("batch_size")
        return dimension.values if isinstance(dimension, Choices) else (self.base.batch_size,)

    @property
    def fixed(self) -> dict[str, float]:
        """Fields that were given a single value, which sweeps and baseline have as well. The
        baseline has a learning rate of its own all the same, and `epochs` are planned."""
        values = {name: fixed_value(d) for name, d in self.dimensions.items()}
        own = ("batch_size", "epochs", "max_lr")
        return {n: v for n, v in values.items() if v is not None and n not in own}

    @property
    def baseline_kind(self) -> BaselineKind:
        """Where the baseline comes from."""
        if self.options.no_baseline:
            return BaselineKind.NONE
        if self.options.baseline_curves:
            return BaselineKind.RECORDED
        return BaselineKind.TUNED if self.options.baseline is None else BaselineKind.GIVEN

    @property
    def factors(self) -> int:
        """The number of factors in which a winner will probably differ from the baseline: those
        that are searched, and those that the baseline tunes or fixes for itself."""
        differing = {*self.dimensions, *TUNED_OR_FIXED} - {*self.fixed}
        return sum(not differing.isdisjoint(fields) for fields in FACTORS.values())

    def range_of(self, field: str) -> Range:
        """Where a field is searched; one point where it is not."""
        dimension = self.dimensions.get(field)
        value = float(getattr(self.base, field))
        return dimension if isinstance(dimension, Range) else Range(value, value)
