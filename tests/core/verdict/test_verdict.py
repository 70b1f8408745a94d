from dataclasses import replace

import pytest

from autosuperconv.core.serialization import from_json, to_json
from autosuperconv.core.verdict import Criterion, RunCurve, Verdict, criterion_at, judge
from autosuperconv.errors import InvalidInput
from tests.core.curves import BETTER, cycle_run, cycles, step_run, steps

WORSE_CONTROL = (0.880, 0.882, 0.885)


def met(verdict: Verdict) -> dict[str, bool | None]:
    return {condition.name.split()[0]: condition.met for condition in verdict.conditions}


def test_all_conditions_met_is_reached() -> None:
    verdict = judge(cycles(), steps(), cycles(WORSE_CONTROL), batch_norm_recalibrated=True)
    assert verdict.outcome == "reached"
    assert set(met(verdict).values()) == {True}
    assert verdict.control_accuracy == pytest.approx((0.880 + 0.882 + 0.885) / 3)
    assert verdict.against_control is not None
    assert verdict.against_control.difference == pytest.approx((0.025 + 0.024 + 0.024) / 3)
    assert verdict.sentence == (
        "Reached: 7.5 x fewer samples at learning rates up to 1 (10 x the baseline's), accuracy "
        "+0.47 percentage points (95 %: +0.32 to +0.61), margin 0.20."
    )


def test_the_figures_are_those_worked_out_by_hand() -> None:
    verdict = judge(cycles(), steps())
    assert verdict.speedup == 7.5  # at its final level from 75,000 samples, against 10,000
    assert verdict.against_baseline.difference == pytest.approx(0.014 / 3)
    # sd of 0.5, 0.4, 0.5 is 0.057735; t(0.975, 2) = 4.302653
    half = 4.302653 * 0.000577350 / 3**0.5
    assert verdict.against_baseline.low == pytest.approx(0.014 / 3 - half, abs=1e-7)
    assert verdict.baseline_samples == 75_000
    assert verdict.conditions[0].detail == (
        "Accuracy differs from the baseline's by +0.47 points (95 %: +0.32 to +0.61), "
        "which is within the margin "
        "of 0.20."
    )
    assert not verdict.single_run


def test_the_margin_is_the_pooled_seed_sd_where_that_is_larger() -> None:
    # baseline squares: 2 * 1 (points), candidate: 2 * 0.25, over 4 degrees of freedom
    verdict = judge(cycles((0.895, 0.9, 0.905)), steps((0.89, 0.9, 0.91)))
    assert verdict.margin == pytest.approx((2.5 / 4) ** 0.5 / 100)


def test_without_a_control_that_is_said() -> None:
    verdict = judge(cycles(), steps())
    assert verdict.outcome == "reached-control-missing"
    assert met(verdict)["C4"] is None
    assert "not checked: C4 control and C6 batch norm" in verdict.sentence


def test_a_control_as_good_leaves_accelerated_and_says_why() -> None:
    verdict = judge(cycles(), steps(), cycles((0.906, 0.905, 0.909)))
    assert verdict.outcome == "accelerated"
    assert "does not beat the standard schedule compressed to its cost" in verdict.sentence


def test_a_lead_over_the_control_that_more_seeds_would_show_is_undecided() -> None:
    verdict = judge(cycles(), steps(), cycles((0.902, 0.904, 0.902)))
    assert verdict.outcome == "undecided"
    # mean 0.4 and sd 0.2646 points: (t(0.975) + t(0.8)) sd / sqrt(n) is 0.44 at 5 runs, 0.38 at 6
    assert verdict.more_seeds == 3
    assert "C4 control undecided: the candidate does not beat" in verdict.sentence


@pytest.mark.parametrize("control", [(0.908, 0.908, 0.916), (0.905, 0.906, 0.909)])
def test_a_candidate_that_does_not_lead_the_control_asks_for_no_seeds(
    control: tuple[float, ...],
) -> None:
    """The control leads by 0.3, 0.2 and 0.7 points, or is the same."""
    verdict = judge(cycles(), steps(), cycles(control))
    assert (verdict.outcome, verdict.more_seeds) == ("accelerated", None)
    assert verdict.sentence.endswith("; the shorter run alone may account for the gain.")


def test_a_control_that_equals_the_candidate_to_the_last_digit_is_no_open_question() -> None:
    verdict = judge(cycles((0.905,) * 3), steps(), cycles((0.905,) * 3))
    assert (verdict.outcome, verdict.more_seeds) == ("accelerated", None)


def test_between_two_and_five_times_is_accelerated() -> None:
    verdict = judge(cycles(samples=25_000), steps())
    assert verdict.outcome == "accelerated"
    assert "C2 speed not met: k = 3 < 5" in verdict.sentence


@pytest.mark.parametrize(("samples", "outcome"), [(15_000, True), (15_001, False)])
def test_five_times_is_enough_and_a_little_less_is_not(samples: float, outcome: bool) -> None:
    assert met(judge(cycles(samples=samples), steps()))["C2"] is outcome


def test_twice_as_fast_is_just_accelerated() -> None:
    assert judge(cycles(samples=37_500), steps()).outcome == "accelerated"
    assert judge(cycles(samples=37_501), steps()).outcome == "stable-but-short"


def test_a_small_learning_rate_is_accelerated_at_most() -> None:
    verdict = judge(cycles(max_lr=0.25), steps())
    assert verdict.outcome == "accelerated"
    assert (
        "C3 large LR not met: the highest learning rate, 0.25, is 2.5 x the baseline's"
        in verdict.sentence
    )


def test_three_times_the_learning_rate_is_large_whatever_the_rounding() -> None:
    assert met(judge(cycles(max_lr=0.3), steps(max_lr=0.1)))["C3"] is True


@pytest.mark.parametrize(("max_lr", "large"), [(0.2996, True), (0.2994, False)])
def test_a_peak_that_falls_between_two_steps_is_large_as_long_as_it_reads_three_times(
    max_lr: float, large: bool
) -> None:
    assert met(judge(cycles(max_lr=max_lr), steps(max_lr=0.1)))["C3"] is large


def test_a_candidate_as_slow_as_the_baseline_is_stable_but_short() -> None:
    verdict = judge(cycles(samples=100_000), steps())
    assert verdict.outcome == "stable-but-short"
    assert "1.33 x more samples" in verdict.sentence
    assert ": 1 x fewer samples" in judge(cycles(samples=75_000), steps()).sentence
    assert ": 1.25 x fewer samples" in judge(cycles(samples=60_000), steps()).sentence


def test_a_clearly_worse_candidate_is_stable_but_short() -> None:
    verdict = judge(cycles((0.88, 0.881, 0.885)), steps())
    assert verdict.outcome == "stable-but-short"
    assert "C1 accuracy not met" in verdict.sentence
    assert verdict.more_seeds is None


def test_an_interval_across_the_margin_is_undecided_and_says_how_many_seeds() -> None:
    verdict = judge(cycles((0.902, 0.901, 0.906)), steps())
    assert verdict.outcome == "undecided"
    assert verdict.more_seeds is not None
    assert f"about {verdict.more_seeds} more seed" in verdict.sentence


def test_an_effect_right_at_the_margin_asks_for_no_seeds() -> None:
    verdict = judge(cycles((0.896, 0.902, 0.902)), steps())
    assert verdict.outcome == "undecided"
    assert verdict.more_seeds is None
    assert verdict.sentence.endswith(
        "; the effect is too close to the bound for a feasible number of seeds to settle it."
    )


def test_one_diverged_run_is_diverged() -> None:
    verdict = judge(cycles((0.905, 0.1, 0.909)), steps())
    assert verdict.outcome == "diverged"
    assert verdict.speedup is None
    assert "training failed in 1 of 3 runs" in verdict.sentence


@pytest.mark.parametrize(
    "run",
    [
        replace(cycle_run(0.9), diverged=True),
        replace(cycle_run(0.9), final_accuracy=float("nan")),
        RunCurve((1.0, 2.0), (0.6, 0.1), 0.1, 1.0, chance=None),
        RunCurve((1.0, 2.0), (0.6, 0.14), 0.14, 1.0, chance=0.1),
    ],
)
def test_all_the_ways_to_diverge(run: RunCurve) -> None:
    assert judge([run], [step_run(0.9)]).outcome == "diverged"


def test_two_classes_at_sixty_per_cent_have_learned_something() -> None:
    run = RunCurve((1.0, 2.0), (0.5, 0.6), 0.6, 1.0, chance=0.5)
    assert judge([run], [step_run(0.9)]).outcome == "stable-but-short"


def test_divergence_is_told_before_an_invalid_baseline() -> None:
    collapsed = replace(step_run(0.9), diverged=True)
    assert judge([cycle_run(0.1)], [collapsed]).outcome == "diverged"
    assert judge([cycle_run(0.9)], [collapsed]).outcome == "baseline-invalid"


def test_sides_evaluated_differently_are_undecided_however_good() -> None:
    verdict = judge(cycles(), steps(), cycles(WORSE_CONTROL), batch_norm_recalibrated=False)
    assert verdict.outcome == "undecided"
    assert verdict.sentence.endswith(
        "; more seeds cannot settle it, but evaluating both sides in the same way can."
    )


def test_single_runs_stand_as_they_are_with_a_margin_of_0_3() -> None:
    verdict = judge([cycle_run(0.8975)], [step_run(0.9)])
    assert verdict.outcome == "reached-control-missing"
    assert verdict.single_run
    assert verdict.margin == pytest.approx(0.003)
    assert verdict.against_baseline.low is verdict.against_baseline.high is None
    assert judge([cycle_run(0.8965)], [step_run(0.9)]).outcome == "stable-but-short"


def test_single_runs_that_differ_by_the_whole_margin_fall_short() -> None:
    verdict = judge([cycle_run(0.5)], [step_run(0.75)], criterion=Criterion(margin=0.25))
    assert verdict.outcome == "stable-but-short"
    assert "falls short by more than the margin of 25.00." in verdict.conditions[0].detail


def test_a_single_control_must_be_beaten_by_the_margin() -> None:
    assert judge([cycle_run(0.9)], [step_run(0.9)], [cycle_run(0.896)]).outcome == "reached"
    verdict = judge([cycle_run(0.9)], [step_run(0.9)], [cycle_run(0.898)])
    assert verdict.outcome == "accelerated"


def test_runs_are_paired_by_seed_whatever_their_order() -> None:
    assert judge(cycles()[::-1], steps()) == judge(cycles(), steps())


def test_only_seeds_on_both_sides_are_paired() -> None:
    alone = cycle_run(0.95, seed=7)
    verdict = judge([alone, *cycles()], steps())
    assert verdict.against_baseline.difference == pytest.approx(0.014 / 3)


def test_by_order_the_longer_sides_last_runs_have_no_partner() -> None:
    baseline = [replace(run, seed=None) for run in steps()[:2]]
    assert judge(cycles(), baseline).against_baseline.runs == 2


@pytest.mark.parametrize(("seeds", "pairs"), [((0, 5, 6), 3), ((9, 1, 0), 2)])
def test_one_common_seed_is_too_few_to_pair_by(seeds: tuple[int, ...], pairs: int) -> None:
    baseline = [step_run(0.9, seed) for seed in seeds]
    assert judge(cycles(), baseline).against_baseline.runs == pairs


def test_runs_without_seeds_are_paired_by_order() -> None:
    unseeded = [replace(run, seed=None) for run in cycles()]
    baseline = [replace(run, seed=None) for run in steps()]
    assert (
        judge(unseeded, baseline).against_baseline.low
        == judge(cycles(), steps()).against_baseline.low
    )
    assert (
        judge(unseeded[::-1], baseline).against_baseline.low
        != judge(cycles(), steps()).against_baseline.low
    )


def test_the_confidence_is_the_criterions() -> None:
    narrow = judge(cycles(), steps(), criterion=Criterion(confidence=0.8))
    assert "80 %" in narrow.sentence
    assert narrow.against_baseline.low is not None
    assert narrow.against_baseline.low > (judge(cycles(), steps()).against_baseline.low or 0)


def test_a_verdict_survives_json() -> None:
    verdict = judge(cycles(), steps(), cycles(WORSE_CONTROL))
    assert from_json(Verdict, to_json(verdict)) == verdict


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        ([], "at least one candidate run"),
        ([RunCurve((), (), 0.9, 1.0)], "samples must rise"),
        ([RunCurve((2.0, 1.0), (0.1, 0.9), 0.9, 1.0)], "samples must rise"),
        ([RunCurve((1.0, 2.0), (0.9,), 0.9, 1.0)], "1 accuracies for 2 costs"),
        ([cycle_run(0.9, seed=3), cycle_run(0.9, seed=3)], r"its own seed, but got \[3, 3\]"),
        ([RunCurve((1.0, 2.0), (0.1, 0.9), 0.9, 0.0)], "max_lr must be above 0, but got 0"),
    ],
)
def test_what_is_no_curve_is_refused(candidate: list[RunCurve], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        judge(candidate, steps())


def test_more_seeds_of_the_same_kind_never_hurt_a_clear_case() -> None:
    finals = [*BETTER, 0.907, 0.906]
    baseline = [0.900, 0.902, 0.904, 0.902, 0.901]
    assert judge(cycles(finals), steps(baseline)).outcome == "reached-control-missing"


def test_seeds_bought_one_by_one_are_judged_by_wider_intervals() -> None:
    # looks at 3, 4 and 5 seeds get 1/6, 2/6 and 3/6 of the error
    looks = [criterion_at(n, 5).confidence for n in (3, 4, 5)]
    assert looks == pytest.approx([1 - 0.05 / 6, 1 - 0.05 / 3, 1 - 0.05 / 2])
    # looks at 5 and 6 seeds alone get 1/3 and 2/3
    assert criterion_at(5, 6, first=5).confidence == pytest.approx(1 - 0.05 / 3)
    assert judge(cycles(), steps(), criterion=criterion_at(3, 3)) == judge(cycles(), steps())


@pytest.mark.parametrize("factor", [1e-3, 1.0, 1e6])
def test_the_unit_of_cost_does_not_matter(factor: float) -> None:
    def scaled(run: RunCurve) -> RunCurve:
        return replace(run, samples=tuple(factor * s for s in run.samples))

    verdict = judge([scaled(r) for r in cycles()], [scaled(r) for r in steps()])
    assert verdict.outcome == "reached-control-missing"
    assert verdict.speedup == pytest.approx(7.5)


def test_a_control_at_another_cost_is_said() -> None:
    control = cycles(WORSE_CONTROL)
    longer = [replace(run, samples=tuple(2 * s for s in run.samples)) for run in control]
    assert "It is not at its cost" in judge(cycles(), steps(), longer).conditions[3].detail
    assert "It is not at its cost" not in judge(cycles(), steps(), control).conditions[3].detail
