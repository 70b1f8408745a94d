import numpy as np
import pytest
from scipy import stats

from autosuperconv.core.stats import (
    Contrast,
    paired_contrast,
    pooled_sd,
    resolution_of,
)


def test_the_interval_is_students() -> None:
    differences = [0.3, -0.1, 0.6, 0.2]
    expected = stats.ttest_1samp(differences, 0).confidence_interval(0.9)
    found = paired_contrast(differences, 0.9)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_three_differences_by_hand() -> None:
    # mean 2, sd 1, t(0.975, 2) = 4.302653, standard error 1 / sqrt(3)
    found = paired_contrast([1.0, 2.0, 3.0])
    assert found.low == pytest.approx(2 - 4.302653 / 3**0.5, abs=1e-5)
    assert found.sd == pytest.approx(1.0)


def test_a_single_pair_has_no_interval() -> None:
    found = paired_contrast([0.1])
    assert (found.difference, found.low, found.high, found.sd) == (0.1, None, None, None)
    assert (found.lowest, found.highest, found.separable) == (0.1, 0.1, False)


def test_only_an_interval_without_zero_is_separable() -> None:
    # sd 1, half = 4.302653 / sqrt(3) = 2.484
    assert paired_contrast([1.5, 2.5, 3.5]).separable
    assert paired_contrast([-1.5, -2.5, -3.5]).separable
    assert not paired_contrast([1.4, 2.4, 3.4]).separable


def test_a_contrast_in_words_has_signs_at_all_its_ends() -> None:
    found = Contrast(0.003, -0.001, 0.007, 3, confidence=0.975)
    assert found.in_words() == "+0.30 points (97.5 %: -0.10 to +0.70)"
    assert Contrast(0.003, None, None, 1).in_words() == "+0.30 points (single runs)"


def test_runs_always_diverge_only_where_there_are_two_or_more() -> None:
    assert Contrast(-0.8, None, None, 3, diverged=3).always_diverged
    assert not Contrast(-0.8, None, None, 3, diverged=2).always_diverged
    assert not Contrast(-0.8, None, None, 1, diverged=1).always_diverged


def test_the_pooled_sd_weighs_by_degrees_of_freedom() -> None:
    # squares: 2 with 1 degree, 8 with 2 degrees
    assert pooled_sd([0.0, 2.0], [0.0, 2.0, 4.0]) == pytest.approx((10 / 3) ** 0.5)
    assert pooled_sd([1.0], [5.0]) == 0.0


def test_a_bootstrap_of_three_covers_less_than_it_says_and_student_does_not() -> None:
    rng = np.random.default_rng(0)
    data = rng.standard_normal((4000, 3))
    # percentile bootstrap over all 27 resamples
    index = np.array(np.meshgrid(*[range(3)] * 3)).reshape(3, -1)
    means = data[:, index].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975], axis=1)
    assert ((low <= 0) & (high >= 0)).mean() < 0.8
    student = [paired_contrast(list(row)) for row in data]
    covered = np.mean([i.low <= 0 <= i.high for i in student])
    assert covered == pytest.approx(0.95, abs=0.012)  # 3.5 standard errors of 4,000


def test_equal_differences_are_as_wide_as_the_scale_is_coarse() -> None:
    # sd = 0.3 / sqrt(6) = 0.122474; t(0.975, 2) = 4.302653; half = 4.302653 * sd / sqrt(3)
    found = paired_contrast([0.6, 0.6, 0.6], resolution=0.3)
    assert found.high - found.difference == pytest.approx(0.304244, abs=1e-6)


def test_a_wide_spread_is_not_widened_by_the_scale() -> None:
    assert paired_contrast([0.0, 3.0, 6.0], resolution=0.3) == paired_contrast([0.0, 3.0, 6.0])


@pytest.mark.parametrize(
    ("accuracies", "step"), [((0.5, 0.75, 0.6, 0.6), 0.1), ((0.9, 0.9), 0.0), ((), 0.0)]
)
def test_the_step_of_a_scale_is_the_smallest_distance(
    accuracies: tuple[float, ...], step: float
) -> None:
    assert resolution_of(accuracies) == pytest.approx(step)
