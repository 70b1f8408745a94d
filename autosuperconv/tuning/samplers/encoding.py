"""`Encoding`: trials as rows of numbers that a model can be fitted to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from optuna.trial import FrozenTrial

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import SearchSpace, share_of, value_at
from autosuperconv.core.stats.gaussian_process import Floats
from autosuperconv.tuning.samplers.prior import LrCell, LrPrior, cell_of

LEAST_DECAY = 1e-9  # stands for 0 on the log scale


@dataclass(frozen=True)  # not slotted: cached_property needs the instance's dictionary
class Encoding:
    """The search space as columns, in alphabetical order of the searched fields.

    Args:
        space: the searched fields.
        base: the values of all other fields.
        prior: on max_lr.
        target: accuracy to reach, fraction of 1; None: as high as possible.
    """

    space: SearchSpace
    base: Recipe
    prior: LrPrior
    target: float | None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The searched fields in the order of columns."""
        return tuple(sorted(self.space.dimensions))

    def row(self, params: Mapping[str, float]) -> list[float]:
        """A trial's parameters in the order of columns."""
        return [float(params[name]) for name in self.names]

    def rows(self, trials: Iterable[FrozenTrial]) -> Floats:
        """(n, d): the parameters of trials."""
        return np.array([self.row(t.params) for t in trials]).reshape(-1, len(self.names))

    def column(self, x: Floats, name: str) -> Floats:
        """(n,) values of a field in (n, d) rows, whether it is searched or not."""
        if name in self.names:
            return np.asarray(x[:, self.names.index(name)])
        return np.full(len(x), float(getattr(self.base, name)))

    def moved(self, x: Floats, epochs: float) -> Floats:
        """(n, d) rows of the same fields at another length, as far as that is searched."""
        moved = x.copy()
        if "epochs" in self.names:
            moved[:, self.names.index("epochs")] = epochs
        return moved

    def at_length(self, epochs: float) -> Encoding:
        """The same where rows without a length are runs of this one."""
        return replace(self, base=replace(self.base, epochs=epochs))

    def cell(self, row: Floats) -> LrCell:
        """What the prior on max_lr depends on at a (d,) row: see `cell_of`."""
        fields = ("batch_size", "weight_decay", "base_momentum")
        fixed = {name: float(getattr(self.base, name)) for name in fields[:2]}
        searched = {n: v for n, v in zip(self.names, row, strict=True) if n in fields}
        return cell_of(fixed | searched)

    @cached_property
    def _known_centres_and_caps(self) -> dict[complex, tuple[float, float]]:
        """What `lr_centres_and_caps` has computed so far, by the key that it makes of a row."""
        return {}

    def lr_centres_and_caps(self, x: Floats) -> tuple[Floats, Floats]:
        """The prior's most likely max_lr and its cap at each of (n, d) rows, two arrays of (n,).
        Weight decay counts to the nearest tenth of a decade and momentum to the nearest hundredth,
        so that thousands of rows need few readings of the range test."""
        decay = np.maximum(self.column(x, "weight_decay"), LEAST_DECAY)
        batch = 1000 * self.column(x, "batch_size")
        momentum = np.round(100 * self.column(x, "base_momentum"))
        keys = batch + momentum + 1j * np.round(10 * np.log10(decay))
        unique, first, which = np.unique(keys, return_index=True, return_inverse=True)
        found = [self._centre_and_cap(k, x[i]) for k, i in zip(unique, first, strict=True)]
        centres, caps = np.array(found)[which].T
        return centres, caps

    def _centre_and_cap(self, key: complex, row: Floats) -> tuple[float, float]:
        if key not in self._known_centres_and_caps:
            batch_size, _, momentum = self.cell(row)
            cell = (batch_size, 10 ** (key.imag / 10), momentum)
            range_ = self.prior.range_
            centre = self.prior.centre(cell) or math.sqrt(range_.low * range_.high)
            self._known_centres_and_caps[key] = (centre, self.prior.cap(cell))
        return self._known_centres_and_caps[key]

    def lr_decades(self, x: Floats) -> Floats:
        """(n,) decades from the most likely max_lr to the one of each (n, d) row."""
        centres, _ = self.lr_centres_and_caps(x)
        return np.asarray(np.log10(self.column(x, "max_lr") / centres))

    def scaled(self, x: Floats) -> Floats:
        """(n, d) values -> inputs of the model: the range of every field has length 1, and the most
        likely max_lr lies at 0.5."""
        shares = self.shares(x)
        if "max_lr" in self.names:
            range_ = self.prior.range_
            width = max(math.log10(range_.high / range_.low), 1e-9)
            shares[:, self.names.index("max_lr")] = 0.5 + self.lr_decades(x) / width
        return shares

    def shares(self, x: Floats) -> Floats:
        """(n, d) values -> the position of each in its dimension, from 0 to 1."""
        dimensions = [self.space.dimensions[name] for name in self.names]
        return np.column_stack([share_of(d, x[:, i]) for i, d in enumerate(dimensions)])

    def values(self, shares: Floats) -> Floats:
        """The inverse of `shares`; the choices of a dimension have equal parts of it."""
        dimensions = [self.space.dimensions[name] for name in self.names]
        return np.column_stack([value_at(d, shares[:, i]) for i, d in enumerate(dimensions)])

    def log_length(self, x: Floats) -> Floats:
        """(n,) natural logarithm of the length in epochs."""
        return np.log(self.column(x, "epochs"))
