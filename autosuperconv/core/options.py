"""`SearchOptions`: what a search is given, besides the model and the data."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from numbers import Real
from pathlib import Path

from autosuperconv.core.range_test import SweepKind
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Dimension, SearchSpace
from autosuperconv.core.verdict import Criterion, RunCurve
from autosuperconv.errors import InvalidInput, one_of

OBJECTIVES = ("accuracy", "cost")
PRECISIONS = ("auto", "float32", "bfloat16")
SWEEPS: tuple[SweepKind, ...] = ("exponential", "linear")
FIRST_SEEDS, MOST_SEEDS = 3, 10
"""With more, the median cost of a whole search is above 18 baseline runs."""
MEMORY_FORMATS = ("auto", "contiguous", "channels_last")
EXPLAIN = ("auto", "always", "never")


CHOICES: dict[str, tuple[str, ...]] = {
    "explain": EXPLAIN,
    "objective": OBJECTIVES,
    "sweep": SWEEPS,
    "precision": PRECISIONS,
    "memory_format": MEMORY_FORMATS,
}


@dataclass(frozen=True, slots=True)
class SearchOptions:
    """How to search. The command line derives its options, their texts and defaults from these
    fields; `space`, `base` and `criterion` have one for each field of theirs that it offers.

    Args:
        study_name: name of the Optuna study. None: DATASET-MODEL, or DATASET-MODEL-FINGERPRINT
            where another search has that name.
        storage: an Optuna storage URL, or the path of a journal file.
        out: folder for the report. None: runs/STUDY_NAME.
        trials: number of trials in the study, in total over all starts. None: 20; with `timeout`
            as many as there is time for, at most 40.
        timeout: time limit of the whole search in seconds, start and report included; what it
            leaves out is said, and it ends with the best recipe so far. None: no limit.
        epochs: shortest and longest cycle to search, in passes over the data. None: planned.
        baseline_epochs: length of the standard schedule, in passes over the data. None: planned,
            30 where time allows.
        baseline: the present recipe, to compare with instead of a tuned standard schedule. None: a
            standard schedule is tuned.
        baseline_curves: recorded runs of the present training, to compare with instead of training
            a baseline; their accuracy must be that of this test set.
        no_baseline: with `target`, answer without training a baseline to compare with.
        target: accuracy to reach, a fraction of 1; the question is then how cheaply it is reached.
            None: the question is whether a cycle is as accurate as the baseline.
        objective: what to look for: "cost", the shortest cycle that reaches the target, or
            "accuracy", the most accurate cycle of the longest length.
        criterion: bounds of the verdict.
        seeds: runs of the baseline at the confirmation's first look; the cycles, which cost less,
            get about twice as many. None: 3.
        max_seeds: runs of the baseline at the last look; seeds are added up to it while the verdict
            is open and more of them may settle it. None: 10, or `seeds` where that is given.
        explain: whether to measure the trade-off: "auto" after a gain, "always" or "never".
        space: recipe fields whose range or choices differ from the default; a range of one value
            fixes the field, in sweeps and baseline as well.
        base: the recipe fields that are not searched.
        sweep: how the range test raises the learning rate, up to the top of `max_lr`:
            "exponential" by equal factors, "linear" by equal steps from 0 (up to 3 where `max_lr`
            is not given).
        range_test_share: share of the search's work that the range test may take, in (0, 1).
        sampler: method that proposes the trials: "cost-aware", "tpe", "gp" or "random".
        pruner: rule that ends trials early: "phase", "median" or "none".
        seed: random seed of the initial weights, the order of the data, the sampler, and the choice
            of training samples where not all are used; the splits do not depend on it.
        device: where to train: "auto", "cpu", "cuda", "cuda:N" or "mps".
        precision: number format of the forward and backward pass: "float32", "bfloat16", or
            "auto", whichever is measured to be faster.
        memory_format: layout of images in memory: "contiguous", "channels_last", or "auto",
            whichever is measured to be faster.
        deterministic: use slower GPU algorithms that give the same result, bit for bit, in each
            run; on a CPU this is always so.
        workers: number of runs at once. None: measured; one on a GPU.
        model_name: name of the model in the report and in the study's name. None: the factory's
            own.
        command: the command line of the search, for the report.
    """

    study_name: str | None = None
    storage: str = "autosuperconv.journal"
    out: Path | None = None
    trials: int | None = None
    timeout: float | None = None
    epochs: tuple[float, float] | None = None
    baseline_epochs: float | None = None
    baseline: Recipe | None = None
    baseline_curves: tuple[RunCurve, ...] = ()
    no_baseline: bool = False
    target: float | None = None
    objective: str = "cost"
    criterion: Criterion = Criterion()
    seeds: int | None = None
    max_seeds: int | None = None
    explain: str = "auto"
    space: dict[str, Dimension] = field(default_factory=dict)
    base: Recipe = Recipe(max_lr=1.0)
    sweep: SweepKind = "exponential"
    range_test_share: float = 0.1
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

    def __post_init__(self) -> None:
        self._check_kinds()
        if isinstance(self.out, str):
            object.__setattr__(self, "out", Path(self.out))
        for name, known in CHOICES.items():
            chosen = one_of(name.replace("_", " "), getattr(self, name), known)
            object.__setattr__(self, name, chosen)
        share = self.range_test_share
        _check(0 < share < 1, "range_test_share", "a share of the search in (0, 1)", share)
        _check(self.trials is None or self.trials >= 1, "trials", "at least 1", self.trials)
        _check(self.seed >= 0, "seed", "at least 0", self.seed)
        first = self.first_seeds
        _check(first >= 2, "seeds", "at least 2, to have a spread", first)
        enough = self.max_seeds is None or self.max_seeds >= first
        _check(enough, "max_seeds", f"at least the number of seeds, {first}", self.max_seeds)
        self._check_baseline()
        self._check_question()
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

    def _check_baseline(self) -> None:
        """Refuse two baselines, and a length beside one that has its own.

        Raises:
            InvalidInput: naming the two options.
        """
        given = {
            "baseline": self.baseline is not None,
            "baseline_curves": bool(self.baseline_curves),
        }
        if all(given.values()):
            raise InvalidInput(
                "Give either baseline (a recipe, which is trained) or baseline_curves (recorded "
                "runs, which are not), but got both."
            )
        if self.baseline is not None and self.baseline_epochs is not None:
            raise InvalidInput(
                f"baseline_epochs is the length of the tuned standard schedule, but baseline has "
                f"its own, {self.baseline.epochs:g} epochs. Leave baseline_epochs out."
            )

    def _check_question(self) -> None:
        """Refuse what does not go with the question for a target, or only with it.

        Raises:
            InvalidInput: naming the two options.
        """
        if self.target is not None and self.objective == "accuracy":
            raise InvalidInput(
                "target asks for the shortest cycle that reaches it, but objective 'accuracy' for "
                "the most accurate one. Give one of the two."
            )
        if not self.no_baseline:
            return
        if self.target is None:
            raise InvalidInput(
                "no_baseline leaves nothing to compare with. Give the accuracy to reach (target), "
                "or leave no_baseline out."
            )
        lengths = self.baseline_epochs is not None
        given = {
            "baseline": self.baseline is not None,
            "baseline_curves": bool(self.baseline_curves),
            "baseline_epochs": lengths,
            "explain 'always'": self.explain == "always",
        }
        if clash := [name for name, is_given in given.items() if is_given]:
            instead = " The longest cycle is given by epochs." if lengths else ""
            raise InvalidInput(
                f"no_baseline trains no baseline, but {clash[0]} needs one. Give one of the "
                f"two.{instead}"
            )

    def _check_kinds(self) -> None:
        """Refuse a value of another type before it is compared with anything."""
        for name in ("trials", "seeds", "max_seeds", "seed", "workers"):
            value = getattr(self, name)
            optional = name != "seed"
            whole = isinstance(value, int) or (optional and value is None)
            _check(whole, name, "a whole number", value)
        for name in ("timeout", "baseline_epochs", "target", "range_test_share"):
            value = getattr(self, name)
            _check(isinstance(value, Real | None), name, "a number", repr(value))
        folder = isinstance(self.out, str | Path | None)
        _check(folder, "out", "a folder's path", repr(self.out))
        stored = isinstance(self.storage, str)
        _check(stored, "storage", "a storage's URL or a journal's path, as text", self.storage)
        switch = isinstance(self.no_baseline, bool)
        _check(switch, "no_baseline", "True or False", repr(self.no_baseline))
        _check(isinstance(self.device, str), "device", "a name, such as 'cpu'", repr(self.device))
        _check(isinstance(self.base, Recipe), "base", "a Recipe", self.base)
        own = isinstance(self.baseline, Recipe | None)
        _check(own, "baseline", "a Recipe, such as read_recipe gives", repr(self.baseline))
        curves = all(isinstance(curve, RunCurve) for curve in self.baseline_curves)
        _check(curves, "baseline_curves", "a tuple of RunCurves", repr(self.baseline_curves))
        _check(isinstance(self.criterion, Criterion), "criterion", "a Criterion", self.criterion)
        pair = isinstance(self.epochs, tuple | list) and len(self.epochs) == 2
        _check(self.epochs is None or pair, "epochs", "(shortest, longest)", self.epochs)

    @property
    def first_seeds(self) -> int:
        """Runs of the baseline at the first look."""
        return FIRST_SEEDS if self.seeds is None else self.seeds

    @property
    def most_seeds(self) -> int:
        """Runs of the baseline at the last look."""
        if self.max_seeds is not None:
            return self.max_seeds
        return MOST_SEEDS if self.seeds is None else self.seeds


def _check(holds: bool, name: str, rule: str, value: object) -> None:
    if not holds:
        raise InvalidInput(f"{name} must be {rule}, but got {value}.")
