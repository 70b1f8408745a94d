import numpy as np
import pytest

from autosuperconv.core.stats import Contrast, moderated_contrast, pooled_sd, resolution_of


def test_a_contrast_in_words_has_signs_at_all_its_ends() -> None:
    found = Contrast(0.003, -0.001, 0.007, 3, confidence=0.975)
    assert found.in_words() == "+0.30 points (97.5 %: -0.10 to +0.70)"
    assert Contrast(0.003, None, None, 1).in_words() == "+0.30 points (single runs)"


def test_without_an_interval_both_ends_are_the_difference() -> None:
    assert Contrast(0.1, None, None, 1).lowest == Contrast(0.1, None, None, 1).highest == 0.1


@pytest.mark.parametrize(("diverged", "compared"), [(0, 3), (2, 1), (3, 3)])
def test_runs_that_diverged_are_not_compared_unless_all_did(diverged: int, compared: int) -> None:
    assert Contrast(-0.8, None, None, 3, diverged).compared == compared


def test_the_pooled_sd_weighs_by_degrees_of_freedom() -> None:
    # squares: 2 with 1 degree, 8 with 2 degrees
    assert pooled_sd([0.0, 2.0], [0.0, 2.0, 4.0]) == pytest.approx((10 / 3) ** 0.5)
    assert pooled_sd([1.0], [5.0]) == 0.0


def test_a_bootstrap_of_three_covers_less_than_it_says_and_student_does_not() -> None:
    """Of three runs beside three, by all 729 resamples; Welch errs on the careful side."""
    rng = np.random.default_rng(0)
    data, others = rng.standard_normal((2, 4000, 3))
    index = np.array(np.meshgrid(*[range(3)] * 3)).reshape(3, -1)
    means, theirs = (side[:, index].mean(axis=1) for side in (data, others))
    all_differences = (means[:, :, None] - theirs[:, None, :]).reshape(4000, -1)
    low, high = np.quantile(all_differences, [0.025, 0.975], axis=1)
    assert ((low <= 0) & (high >= 0)).mean() < 0.9
    sides = zip(data.tolist(), others.tolist(), strict=True)
    student = [moderated_contrast(x, y, None, (1.959964, 1.959964)) for x, y in sides]
    covered = np.mean([found.lowest <= 0 <= found.highest for found in student])
    assert 0.95 <= covered < 0.98


@pytest.mark.parametrize(
    ("accuracies", "step"), [((0.5, 0.75, 0.6, 0.6), 0.1), ((0.9, 0.9), 0.0), ((), 0.0)]
)
def test_the_step_of_a_scale_is_the_smallest_distance(
    accuracies: tuple[float, ...], step: float
) -> None:
    assert resolution_of(accuracies) == pytest.approx(step)
