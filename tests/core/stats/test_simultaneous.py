"""The largest of several |t|."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from autosuperconv.core.stats.simultaneous import simultaneous_quantile


def test_one_estimate_has_the_quantile_of_students_t() -> None:
    assert simultaneous_quantile(1, 10, 0.05) == pytest.approx(2.228, abs=1e-3)  # a table of t


@pytest.mark.parametrize(("count", "quantile"), [(2, 2.236), (3, 2.388), (5, 2.569)])
def test_a_known_spread_leaves_independent_normal_values(count: int, quantile: float) -> None:
    """(2 Phi(q) - 1)^m = 0.95: for m = 5 each of them is 0.98979, the normal's 2.569."""
    assert simultaneous_quantile(count, 1e6, 0.05) == pytest.approx(quantile, abs=2e-3)


@pytest.mark.parametrize(("count", "degrees"), [(2, 1), (3, 4), (5, 22), (12, 9)])
def test_it_is_the_quantile_of_scipys_multivariate_t(count: int, degrees: int) -> None:
    quantile = simultaneous_quantile(count, degrees, 0.05)
    ends = np.full(count, quantile)
    law = stats.multivariate_t(shape=np.eye(count), df=degrees, seed=1)
    assert law.cdf(ends, lower_limit=-ends) == pytest.approx(0.95, abs=2e-3)


@pytest.mark.parametrize("degrees", [2, 6, 22, 40])
def test_it_lies_between_a_single_t_and_bonferroni(degrees: int) -> None:
    single, bonferroni = (float(stats.t.isf(0.025 / m, degrees)) for m in (1, 5))
    assert single < simultaneous_quantile(5, degrees, 0.05) < bonferroni
