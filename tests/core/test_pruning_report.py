"""The pruner's own error, with its uncertainty."""

import pytest
from scipy.stats import binomtest

from autosuperconv.core.pruning_report import pruning_report, wilson
from autosuperconv.errors import InvalidInput


@pytest.mark.parametrize(("successes", "n"), [(0, 1), (0, 4), (1, 4), (4, 4), (17, 200)])
def test_the_interval_is_the_one_of_scipy(successes: int, n: int) -> None:
    other = binomtest(successes, n).proportion_ci(method="wilson")
    assert wilson(successes, n) == pytest.approx((other.low, other.high))


def test_no_error_among_four_still_leaves_half_possible() -> None:
    low, high = wilson(0, 4)
    assert low == 0
    # z^2 / (n + z^2) = 3.8415 / 7.8415
    assert high == pytest.approx(0.4899, abs=1e-4)


def test_more_successes_than_trials_are_refused() -> None:
    with pytest.raises(InvalidInput, match="got 3 of 2"):
        wilson(3, 2)


def test_what_was_saved_is_a_share_of_all_that_would_have_been_trained() -> None:
    report = pruning_report(trained=6000, untrained=[1000, 3000], reached=[False, True])
    assert report is not None
    assert report.saved == pytest.approx(0.4)
    assert (report.pruned, report.finished, report.wrong) == (2, 2, 1)
    assert "2 trials pruned, 40 % of the training saved" in report.sentence
    assert "of 2 condemned trials let finish 1 reached the target" in report.sentence


def test_one_trial_is_one_trial() -> None:
    report = pruning_report(trained=900, untrained=[100], reached=[False])
    assert report is not None
    assert "1 trial pruned, 10 % of the training saved; of 1 condemned trial let" in report.sentence


def test_without_a_spared_trial_the_error_is_said_to_be_unmeasured() -> None:
    report = pruning_report(100, [50], [])
    assert report is not None
    assert report.low is None
    assert "not measured" in report.sentence


def test_where_nothing_was_condemned_there_is_nothing_to_report() -> None:
    assert pruning_report(100, [], []) is None
