"""Worth and limits, from numbers worked by hand and from known truths."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autosuperconv.core.stats.simultaneous import simultaneous_quantile
from autosuperconv.core.tradeoff.estimate import (
    LAST_ALPHA,
    MEAN_ALPHA,
    Estimates,
    Noise,
    estimable,
    estimate,
    half_width_alone,
    narrowly,
    noise_of_cells,
    pooled_noise,
    quantiles,
)
from autosuperconv.core.tradeoff.fraction import Cell, fraction

small = st.floats(-1, 1)


def known(sd: float, degrees: float = 20) -> Noise:
    return Noise(np.array(sd**2), np.array(float(degrees)))


def truth(cell: Cell, main: list[float], pairs: dict[tuple[int, int], float]) -> float:
    """0.9, plus half of each factor's worth and of each pair's."""
    own = sum(sign * worth / 2 for sign, worth in zip(cell, main, strict=True))
    return 0.9 + own + sum(cell[i] * cell[j] * worth / 2 for (i, j), worth in pairs.items())


def of_truth(
    factors: int, main: list[float], pairs: dict[tuple[int, int], float], runs: int = 1
) -> Estimates:
    cells = fraction(factors)
    return estimate(cells, [[truth(c, main, pairs)] * runs for c in cells], known(0.01))


def test_three_factors_by_hand() -> None:
    """A is worth 2 points, B 1, C nothing, A and B together 0.4: signs +++, ++-, +-+ and so on."""
    values = [91.7, 91.7, 90.3, 90.3, 89.3, 89.3, 88.7, 88.7]
    found = estimate(fraction(3), [[v / 100] for v in values], known(0.01))
    # A: (91.7 + 91.7 + 90.3 + 90.3 - 89.3 - 89.3 - 88.7 - 88.7) / 4 = 2; B: 6 / 4 ... = 1
    assert found.mean == pytest.approx([0.02, 0.01, 0.0])
    # reverted in the winner: 91.7 - 89.3 = 2.4, 91.7 - 90.3 = 1.4, 91.7 - 91.7 = 0
    assert found.last == pytest.approx([0.024, 0.014, 0.0])


def test_the_limits_of_three_factors_by_hand() -> None:
    """Weights of 2/8 on each of eight cells: sd x sqrt(8 x 1/16) = 0.7071 sd for one run each.
    As the last change, the winner has 6/8, A reverted -6/8, the six others 2/8: their squares make
    1.5."""
    cells = fraction(3)
    found = estimate(cells, [[0.9] for _ in cells], known(0.01))
    reach = simultaneous_quantile(3, 20, MEAN_ALPHA[3])
    assert found.mean_half == pytest.approx([reach * 0.007071] * 3, rel=1e-3)
    last = simultaneous_quantile(3, 20, LAST_ALPHA)
    assert found.last_half == pytest.approx([last * 0.01 * math.sqrt(1.5)] * 3)


def test_replicates_of_the_winner_narrow_the_limits_of_five() -> None:
    """15 cells of one run, the winner of six: (15 + 1/6) / 64 = 0.23698, its root 0.4868."""
    cells = fraction(5)
    found = estimate(cells, [[0.9] * 6, *([0.9] for _ in cells[1:])], known(0.01))
    reach = simultaneous_quantile(5, 20, MEAN_ALPHA[5])
    assert found.mean_half == pytest.approx([reach * 0.004868] * 5, rel=1e-3)
    # winner 10/16; each reverted pair with it -6/16 x4 ...: squares 20/16, less (5/8)^2 x 5/6
    expected = math.sqrt(20 / 16 - 25 / 64 * 5 / 6)
    assert found.last_half == pytest.approx(
        [simultaneous_quantile(5, 20, LAST_ALPHA) * 0.01 * expected] * 5
    )


@given(main=st.lists(small, min_size=5, max_size=5), one=small, other=small)
def test_five_factors_and_their_pairs_are_found_exactly(
    main: list[float], one: float, other: float
) -> None:
    found = of_truth(5, main, {(0, 1): one, (2, 4): other})
    assert found.mean == pytest.approx(main, abs=1e-9)
    extra = [one, one, other, 0, other]
    assert found.last == pytest.approx([m + e for m, e in zip(main, extra, strict=True)], abs=1e-9)


@given(factors=st.integers(1, 4), data=st.data())
def test_fewer_factors_are_found_exactly(factors: int, data: st.DataObject) -> None:
    main = data.draw(st.lists(small, min_size=factors, max_size=factors))
    found = of_truth(factors, main, {}, runs=2)
    assert found.mean == pytest.approx(main, abs=1e-9)
    assert found.last == pytest.approx(main, abs=1e-9)


def test_an_interaction_of_four_is_taken_for_the_fifth_factor() -> None:
    cells = fraction(5)
    found = estimate(cells, [[0.9 + 0.01 * math.prod(c[:4])] for c in cells], known(0.01))
    assert found.mean == pytest.approx([0, 0, 0, 0, 0.02], abs=1e-9)


def test_a_single_factor_is_the_same_first_or_last() -> None:
    found = estimate(fraction(1), [[0.92, 0.94], [0.91, 0.91]], known(0.01))
    assert (found.mean, found.last) == (pytest.approx([0.02]), pytest.approx([0.02]))
    assert found.mean_half == pytest.approx(found.last_half)


def test_replicates_pool_their_squares_over_their_degrees_of_freedom() -> None:
    noise = pooled_noise([[1.0, 3.0], [2.0, 4.0, 6.0], [7.0]])
    assert (noise.variance, noise.degrees) == (pytest.approx((2 + 8) / 3), 3)


def test_an_earlier_spread_counts_for_ten_degrees_of_freedom_at_most() -> None:
    noise = pooled_noise([[1.0, 3.0]], (2.0, 40))
    assert (noise.variance, noise.degrees) == (pytest.approx((2 + 10 * 4) / 11), 11)
    assert pooled_noise([[1.0, 3.0]], (2.0, 4)).degrees == 5
    assert pooled_noise([[1.0]], (2.0, 4)).variance == pytest.approx(4)


def test_an_earlier_spread_that_is_refuted_is_dropped() -> None:
    """F(1, 10) has its 5 % point at 4.965: a variance of 2 refutes 0.4 and agrees with 0.41."""
    assert pooled_noise([[1.0, 3.0]], (math.sqrt(0.40), 10)).degrees == 1
    assert pooled_noise([[1.0, 3.0]], (math.sqrt(0.41), 10)).degrees == 11


def test_repetitions_are_estimated_one_by_one() -> None:
    cells, rng = fraction(5), np.random.default_rng(3)
    values = [rng.normal(size=(4, 3)), *(rng.normal(size=(4, 1)) for _ in cells[1:])]
    noise = pooled_noise([values[0]], (np.array([0.1, 1, 1, 1]), 10))
    assert len(set(noise.degrees.tolist())) == 2  # refuted in the first
    every = estimate(cells, values, noise)
    for at in range(4):
        one = estimate(cells, [v[at] for v in values], Noise(noise.variance[at], noise.degrees[at]))
        assert one.mean == pytest.approx(every.mean[at])
        assert one.mean_half == pytest.approx(every.mean_half[at])
        assert one.last_half == pytest.approx(every.last_half[at])


def test_cells_that_were_trained_twice_show_their_own_spread() -> None:
    cells = fraction(3)
    values = [np.array([0.9, 0.5]), *(np.array([0.9, 0.92]) for _ in cells[1:])]
    # seven pairs 0.02 apart have a variance of 2e-4 each; the winner's is left out
    assert noise_of_cells(cells, values) == pytest.approx(2e-4)


def test_single_runs_show_their_spread_in_interactions_of_which_few_are_real() -> None:
    """Half of a pair's contrast of +-0.01 in each of ten: 16 cells x 0.005 / 4 = 0.02 a run."""
    cells = fraction(5)
    pairs = [(i, j) for i in range(5) for j in range(i)]
    noisy = [np.array([truth(c, [0.0] * 5, dict.fromkeys(pairs, 0.01))]) for c in cells]
    assert noise_of_cells(cells, noisy) == pytest.approx((1.5 * 0.02) ** 2)
    real = {**dict.fromkeys(pairs, 0.01), (1, 0): 0.5, (4, 2): -0.5}
    with_two = [np.array([truth(c, [0.3] * 5, real)]) for c in cells]
    assert noise_of_cells(cells, with_two) == pytest.approx((1.5 * 0.02) ** 2)


def test_the_larger_of_both_spreads_makes_the_limits() -> None:
    cells = fraction(3)
    far = [[0.9, 0.9], *([0.9, 0.92] for _ in cells[1:])]
    near = [[0.9, 0.9], *([0.9, 0.9001] for _ in cells[1:])]
    assert estimate(cells, far, known(0.01)).noise.variance == pytest.approx(2e-4)
    assert estimate(cells, near, known(0.01)).noise.variance == pytest.approx(1e-4)


def test_too_few_cells_show_no_spread() -> None:
    assert noise_of_cells(fraction(2), [np.array([0.9])] * 4) is None


def test_without_a_spread_the_limits_are_infinite() -> None:
    assert quantiles(3, np.array([0.0, 5.0]), 0.05)[0] == math.inf


def test_which_factors_the_cells_tell() -> None:
    assert estimable(fraction(5)) == (True,) * 5
    kept = [cell[1:] for cell in fraction(5) if cell[0] > 0]
    assert estimable(kept) == (True,) * 4
    found = estimate(kept, [[0.9]] * 8, known(0.01))
    assert np.isnan(found.last).all()  # pairs are mixed up with pairs
    # two factors left out: a third is mixed up with the pair of the others
    assert estimable([cell[2:] for cell in fraction(5) if min(cell[:2]) > 0]) == (False,) * 3


def test_the_half_width_of_two_means() -> None:
    """sqrt(1/6 + 1/3) = 0.7071."""
    half = half_width_alone((6, 3), known(0.01), 1, 0.05)
    assert float(half) == pytest.approx(2.086 * 0.007071, rel=1e-3)


def test_limits_include_zero_narrowly_where_the_estimate_is_a_gain_near_their_end() -> None:
    half = np.full(5, 2.0)
    assert narrowly([-1.9, 1.3, 1.5, 1.99, 2.1], half).tolist() == [False, False, True, True, False]
