"""`SearchOptions`: what a search is asked, besides the model and the data."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from numbers import Real
from pathlib import Path

from autosuperconv.core.range_test import SweepKind
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Dimension, SearchSpace
from autosuperconv.errors import InvalidInput, UnknownName

OBJECTIVES = ("accuracy", "cost")
PRECISIONS = ("auto", "float32", "bfloat16")
SWEEPS: tuple[SweepKind, ...] = ("exponential", "linear")
MEMORY_FORMATS = ("auto", "contiguous", "channels_last")


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How to search. Fields are options of the same name on the command line, but `space` and
    `base` have one a recipe field (--max-lr, --optimizer ...), and `model_name` is --model.

    Args:
        study_name: of the Optuna study; None makes one from data and model.
        storage: an Optuna storage URL, or the path of a journal file.
        out: folder of the report; None: runs/<study name>.
        trials: of the study, in total over all starts.
        timeout: seconds for this command; lengths are chosen to fit. None: no limit.
        epochs: (shortest, longest) cycle to search; None: chosen by the plan.
        baseline_epochs: nominal length of the standard schedule; None: chosen by the plan.
        target: validation accuracy to reach, fraction of 1; None: the tuned baseline's, less
            the margin.
        objective: "cost": the shortest cycle that reaches the target; "accuracy": the most
            accurate cycle of the longest length.
        seeds: paired seeds of the confirmation and the counterfactuals.
        max_seeds: while the verdict is undecided, confirm on more seeds, up to so many; None:
            3, or `seeds` where that is more.
        space: recipe fields to search elsewhere than by default.
        base: the fields that are not searched.
        sampler: a name in tuning.samplers.SAMPLERS. pruner: one in tuning.steps.pruner.PRUNERS.
        seed: of the search: sampler, first weights. Which samples are validated and tested on
            depends on no seed.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        precision: of forward and backward pass: "float32", "bfloat16", or "auto", the fastest.
        memory_format: of images: "contiguous", "channels_last", or "auto", the fastest.
        deterministic: the same bits each time on a GPU, too, by slower algorithms.
        workers: processes that train at once; None: one per CPU core where that trains more
            than one with all cores, and one on a GPU.
        model_name: of the model, for the report and the study's name; None: the factory's own.
        sweep: how the range test raises the rate: "exponential", by equal factors, or "linear".
        range_test_share: of the whole search's work that the range test may take, in (0, 1).
        shapley: retrain every subset of the changed factors for their Shapley values.
        command: how the search was called, for the report.
    """

    study_name: str | None = None
    storage: str = "autosuperconv.journal"
    out: Path | None = None
    trials: int = 20
    timeout: float | None = None
    epochs: tuple[float, float] | None = None
    baseline_epochs: float | None = None
    target: float | None = None
    objective: str = "cost"
    seeds: int = 3
    max_seeds: int | None = None
    space: dict[str, Dimension] = field(default_factory=dict)
    base: Recipe = Recipe(max_lr=1.0)
    sampler: str = "cost-aware"
    pruner: str = "phase"
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    memory_format: str = "auto"
    deterministic: bool = False
    workers: int | None = None
    model_name: str | None = None
    command: str = ""
    shapley: bool = False
    sweep: SweepKind = "exponential"
    range_test_share: float = 0.1

    def __post_init__(self) -> None:
        self._check_kinds()
        if self.objective not in OBJECTIVES:
            raise UnknownName("objective", self.objective, OBJECTIVES)
        if self.precision not in PRECISIONS:
            raise UnknownName("precision", self.precision, PRECISIONS)
        if self.memory_format not in MEMORY_FORMATS:
            raise UnknownName("memory format", self.memory_format, MEMORY_FORMATS)
        if self.sweep not in SWEEPS:
            raise UnknownName("sweep", self.sweep, SWEEPS)
        share = self.range_test_share
        _check(0 < share < 1, "range_test_share", "a share of the search in (0, 1)", share)
        _check(self.trials >= 1, "trials", "at least 1", self.trials)
        _check(self.seed >= 0, "seed", "at least 0", self.seed)
        _check(self.seeds >= 2, "seeds", "at least 2, to have a spread", self.seeds)
        enough = self.max_seeds is None or self.max_seeds >= self.seeds
        _check(enough, "max_seeds", f"at least seeds, {self.seeds}", self.max_seeds)
        _check(self.timeout is None or self.timeout > 0, "timeout", "above 0", self.timeout)
        _check(self.workers is None or self.workers >= 1, "workers", "at least 1", self.workers)
        in_unit = self.target is None or 0 < self.target < 1
        _check(in_unit, "target", "an accuracy in (0, 1)", self.target)
        longest = self.baseline_epochs
        finite = longest is None or 0 < longest < inf
        _check(finite, "baseline_epochs", "above 0 and finite", longest)
        if self.epochs is not None:
            low, high = self.epochs
            _check(0 < low <= high < inf, "epochs", "LOW:HIGH with 0 < LOW <= HIGH", self.epochs)
        if "epochs" in self.space:
            raise InvalidInput("Give cycle lengths as SearchOptions.epochs, not in space.")
        SearchSpace(self.space)

    def _check_kinds(self) -> None:
        """What is of another kind altogether, before it is compared with anything."""
        for name in ("trials", "seeds", "max_seeds", "seed", "workers"):
            value = getattr(self, name)
            whole = isinstance(value, int) or (name in ("max_seeds", "workers") and value is None)
            _check(whole, name, "a whole number", value)
        for name in ("timeout", "baseline_epochs", "target", "range_test_share"):
            value = getattr(self, name)
            _check(isinstance(value, Real | None), name, "a number", repr(value))
        stored = isinstance(self.storage, str)
        _check(stored, "storage", "a storage's URL or a journal's path, as text", self.storage)
        _check(isinstance(self.device, str), "device", "a name, such as 'cpu'", repr(self.device))
        _check(isinstance(self.base, Recipe), "base", "a Recipe", self.base)
        pair = isinstance(self.epochs, tuple | list) and len(self.epochs) == 2
        _check(self.epochs is None or pair, "epochs", "(shortest, longest)", self.epochs)

    @property
    def most_seeds(self) -> int:
        """Up to how many seeds are bought."""
        return max(3, self.seeds) if self.max_seeds is None else self.max_seeds


def _check(holds: bool, name: str, rule: str, value: object) -> None:
    if not holds:
        raise InvalidInput(f"{name} must be {rule}, but got {value}.")
