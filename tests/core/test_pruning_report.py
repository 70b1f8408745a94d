"""The pruner's own error, with its uncertainty."""

import pytest

from autosuperconv.core.pruning_report import pruning_report


def test_no_error_among_four_still_leaves_half_possible() -> None:
    report = pruning_report(100, [], [False] * 4)
    assert report is not None
    assert report.low == 0
    # Wilson 1927: z^2 / (n + z^2) = 3.8415 / 7.8415
    assert report.high == pytest.approx(0.4899, abs=1e-4)


def test_what_was_saved_is_a_share_of_all_that_would_have_been_trained() -> None:
    report = pruning_report(trained=6000, untrained=[1000, 3000], reached=[False, True])
    assert report is not None
    assert report.saved == pytest.approx(0.4)
    assert (report.pruned, report.kept_running, report.reached) == (2, 2, 1)
    assert (
        "2 trials pruned, which saved 40 % of the training. Of 2 trials kept running"
        in report.sentence
    )
    assert (
        "would have stopped them, 1 reached the target (95 % interval: 9 % to 91 %)"
        in report.sentence
    )


def test_one_trial_is_one_trial() -> None:
    report = pruning_report(trained=900, untrained=[100], reached=[False])
    assert report is not None
    assert (
        "1 trial pruned, which saved 10 % of the training. Of 1 trial kept running"
        in report.sentence
    )


def test_where_none_was_kept_running_the_error_is_said_to_be_unmeasured() -> None:
    report = pruning_report(100, [50], [])
    assert report is not None
    assert report.low is None
    assert "so its error rate was not measured" in report.sentence


def test_where_the_pruner_stopped_nothing_there_is_nothing_to_report() -> None:
    assert pruning_report(100, [], []) is None
