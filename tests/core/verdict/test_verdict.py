from dataclasses import replace

import pytest

from autosuperconv.core.serialization import from_json, to_json
from autosuperconv.core.verdict import (
    Criterion,
    Divergence,
    Evidence,
    Looks,
    Price,
    RunCurve,
    SideRuns,
    Verdict,
    judge,
)
from autosuperconv.errors import InvalidInput
from tests.core.curves import BASELINE, BETTER, cycle_run, cycles, step_run, steps

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
        "Yes: the cycle trains 7.5 x faster and is as accurate, within 0.29 percentage points. "
        "Reached: 7.5 x fewer samples at learning rates up to 1 (10 x the baseline's), accuracy "
        "+0.47 points (90 %: +0.05 to +0.88), margin 0.29."
    )


def test_the_figures_are_those_worked_out_by_hand() -> None:
    """Squares 0.0867 and 0.08 points^2: pooled variance 0.0417, sd 0.2041, margin 0.2887. Its own
    error is 0.2887 / sqrt(2 x 4) = 0.1021; that of the difference sqrt(0.0433 / 3 + 0.04 / 3)
    = 0.1667. Both: 0.1954, times t(0.95, 3.99) = 2.133: 0.417."""
    verdict = judge(cycles(), steps())
    assert verdict.speedup == 7.5  # at its final level from 75,000 samples, against 10,000
    assert verdict.against_baseline.difference == pytest.approx(0.014 / 3)
    assert verdict.margin == pytest.approx(0.002887, abs=1e-6)
    assert verdict.against_baseline.low == pytest.approx(0.014 / 3 - 0.00417, abs=1e-5)
    assert verdict.baseline_samples == 75_000
    assert verdict.conditions[0].detail == (
        "Accuracy differs from the baseline's by +0.47 points (90 %: +0.05 to +0.88), which is "
        "within the margin of 0.29 (sqrt(2) x the sd over seeds, 0.20 points)."
    )
    assert not verdict.single_run
    assert verdict.runs == SideRuns(3, 3, 0)


def test_the_margin_is_what_two_runs_of_one_recipe_differ_by() -> None:
    # baseline squares: 2 * 1 (points), candidate: 2 * 0.25, over 4 degrees of freedom
    verdict = judge(cycles((0.895, 0.9, 0.905)), steps((0.89, 0.9, 0.91)))
    assert verdict.margin == pytest.approx((2 * 2.5 / 4) ** 0.5 / 100)


def test_the_margin_is_never_below_a_fifth_of_a_point_unless_it_is_requested() -> None:
    sides = cycles((0.9, 0.9001, 0.9002)), steps((0.9, 0.9001, 0.9002))
    assert judge(*sides).margin == 0.002
    assert judge(*sides, criterion=Criterion(margin=0.001)).margin == 0.001


def test_a_requested_margin_stays_as_it_is_however_far_the_seeds_spread() -> None:
    verdict = judge(cycles(), steps((0.89, 0.9, 0.91)), criterion=Criterion(margin=0.001))
    assert (verdict.margin, verdict.margin_rule) == (0.001, "as requested")


def test_a_frozen_margin_comes_with_its_rule() -> None:
    evidence = Evidence(margin=0.004, margin_rule="from 9 runs of the search")
    verdict = judge(cycles(), steps(), evidence=evidence)
    assert (verdict.margin, verdict.margin_rule) == (0.004, "from 9 runs of the search")


def test_the_probability_is_that_of_a_loss_within_the_margin() -> None:
    """0.4667 + 0.2887 points are 3.865 errors of 0.1954: 99.1 % of Student's t with 3.99."""
    assert judge(cycles(), steps()).probability == pytest.approx(0.991, abs=1e-3)
    assert judge([cycle_run(0.9)], [step_run(0.9)]).probability is None


def test_without_a_control_that_is_said() -> None:
    verdict = judge(cycles(), steps())
    assert verdict.outcome == "reached-control-missing"
    assert met(verdict)["C4"] is None
    assert "not checked: C4 control and C6 batch norm" in verdict.sentence


def test_a_control_as_good_leaves_accelerated_and_says_why() -> None:
    verdict = judge(cycles(), steps(), cycles((0.906, 0.905, 0.909)))
    assert verdict.outcome == "accelerated"
    assert "does not beat the standard schedule compressed to its cost" in verdict.sentence


def test_a_lead_over_the_control_that_is_not_shown_leaves_accelerated_and_its_price() -> None:
    """Leads of 0.17 points, sds 0.21 and 0.20: the gain stands, and only its cause is open."""
    verdict = judge(cycles(), steps(), cycles((0.903, 0.905, 0.907)))
    assert verdict.outcome == "accelerated"
    assert verdict.price == Price(0, 17, 17)
    assert verdict.sentence.endswith(
        "; the shorter run alone may account for the gain; 17 more runs of the candidate and 17 of "
        "the control would probably tell."
    )


@pytest.mark.parametrize("control", [(0.908, 0.908, 0.916), (0.905, 0.906, 0.909)])
def test_a_candidate_that_does_not_lead_the_control_has_no_price(
    control: tuple[float, ...],
) -> None:
    """The control leads, or is the same."""
    verdict = judge(cycles(), steps(), cycles(control))
    assert (verdict.outcome, verdict.price) == ("accelerated", None)
    assert verdict.sentence.endswith("; the shorter run alone may account for the gain.")


def test_a_control_that_equals_the_candidate_to_the_last_digit_is_no_open_question() -> None:
    verdict = judge(cycles((0.905,) * 3), steps(), cycles((0.905,) * 3))
    assert (verdict.outcome, verdict.price) == ("accelerated", None)


def test_equal_runs_claim_no_spread_of_nothing() -> None:
    """Steps of 0.1 points are all that is known of the scale: 0.0816 x t(0.95, 4) = 0.174."""
    against = judge(cycles((0.905,) * 3), steps(), cycles((0.905,) * 3)).against_control
    assert against is not None
    assert against.high == pytest.approx(0.00174, abs=1e-5)


def test_between_two_and_five_times_is_accelerated() -> None:
    verdict = judge(cycles(samples=25_000), steps())
    assert verdict.outcome == "accelerated"
    assert "C2 speed not met: k = 3 (90 %: 2.98 to 3.02) < 5" in verdict.sentence


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
    assert verdict.answer == "No: the cycle trains 1.33 x slower."
    assert "1.33 x more samples" in verdict.sentence
    assert ": 1 x fewer samples" in judge(cycles(samples=75_000), steps()).sentence
    faster = judge(cycles(samples=60_000), steps())
    assert faster.answer == "No: the cycle trains only 1.25 x faster."
    assert ": 1.25 x fewer samples" in faster.sentence


def test_a_clearly_worse_candidate_is_stable_but_short() -> None:
    verdict = judge(cycles((0.88, 0.881, 0.885)), steps())
    assert verdict.outcome == "stable-but-short"
    assert "C1 accuracy not met" in verdict.sentence
    assert verdict.answer == (
        "No: the cycle trains 7.5 x faster but loses 2.00 percentage points of accuracy."
    )
    assert verdict.price is None


@pytest.mark.parametrize(
    ("chance", "outcome"),
    [(None, "stable-but-short"), (0.09, "stable-but-short"), (0.1, "not-found")],
)
@pytest.mark.parametrize("samples", [10_000, 40_000])
def test_a_no_is_none_where_another_recipe_has_a_chance(
    chance: float | None, outcome: str, samples: float
) -> None:
    sides = cycles((0.88, 0.881, 0.885), samples), steps()
    assert judge(*sides, evidence=Evidence(chance=chance)).outcome == outcome


def test_what_was_not_found_is_said_with_the_chance_that_is_left() -> None:
    verdict = judge(cycles((0.88, 0.881, 0.885)), steps(), evidence=Evidence(chance=0.35))
    assert verdict.answer == (
        "Not yet: the cycle that was found trains 7.5 x faster but loses 2.00 percentage points "
        "of accuracy, and another one may do better."
    )
    assert verdict.sentence.endswith(
        "by the model of the trials, another recipe reaches the target with a chance of 35 %."
    )


def test_an_interval_across_the_margin_is_undecided_and_says_what_it_can() -> None:
    """The loss that is ruled out is the lower end, 0.10 - 0.49 points."""
    verdict = judge(cycles((0.902, 0.901, 0.906)), steps())
    assert verdict.outcome == "undecided"
    assert verdict.answer == (
        "Probably (93 %): the cycle trains 7.5 x faster and seems as accurate, within 0.33 "
        "percentage points, but that is not certain yet."
    )
    assert verdict.vouched_loss == pytest.approx(0.0039, abs=1e-4)
    assert "; a loss of more than 0.39 points is ruled out; " in verdict.sentence
    assert verdict.price == Price(2, 7)
    assert verdict.seeds_to_settle == 6  # 10 candidate runs go with 6 of the baseline
    assert verdict.sentence.endswith(
        "; 2 more runs of the baseline and 7 of the candidate would probably settle it."
    )


def test_a_candidate_that_probably_falls_short_is_said_to() -> None:
    verdict = judge(cycles((0.894, 0.898, 0.902)), steps((0.9, 0.904, 0.908)))
    assert verdict.outcome == "undecided"
    assert verdict.probability is not None
    assert verdict.probability < 0.5
    sure = round(100 * (1 - verdict.probability))  # of the no
    assert verdict.answer.startswith(f"Probably not ({sure} %): ")
    assert "but seems to lose more than 0.57 percentage points" in verdict.answer


def test_an_effect_right_at_the_margin_has_no_price() -> None:
    verdict = judge(cycles((0.895, 0.899, 0.903)), steps())
    assert verdict.outcome == "undecided"
    assert verdict.price is None
    assert verdict.sentence.endswith(
        "; the effect is too close to the bound for a feasible number of runs to settle it."
    )


def test_one_run_of_three_that_diverged_is_an_accident_and_two_are_not() -> None:
    one, two = (
        judge(cycles((0.915, 0.1, 0.916)), steps()),
        judge(cycles((0.905, 0.1, 0.1)), steps()),
    )
    assert one.outcome == "reached-control-missing"
    assert one.sentence.endswith("; the candidate diverged in 1 of 3 runs (95 %: 1 % to 91 %).")
    assert one.divergence == Divergence(1, 3, *approx_rates(0.0084, 0.9057))
    assert two.outcome == "diverged"
    assert two.speedup is None
    assert two.answer == "No: training failed in 2 of 3 runs."


def approx_rates(*rates: float) -> list[float]:
    return [pytest.approx(rate, abs=1e-4) for rate in rates]


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
        "; more runs cannot settle it, but evaluating both sides in the same way can."
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
    assert (
        "falls short by more than the margin of 25.00 (as requested)."
        in verdict.conditions[0].detail
    )


def test_a_single_control_must_be_beaten_by_the_margin() -> None:
    assert judge([cycle_run(0.9)], [step_run(0.9)], [cycle_run(0.896)]).outcome == "reached"
    verdict = judge([cycle_run(0.9)], [step_run(0.9)], [cycle_run(0.898)])
    assert verdict.outcome == "accelerated"


def test_neither_the_order_of_runs_nor_their_seeds_matter() -> None:
    unseeded = [replace(run, seed=None) for run in cycles()]
    assert judge(cycles()[::-1], steps()) == judge(cycles(), steps())
    assert judge(unseeded, steps()).against_baseline == judge(cycles(), steps()).against_baseline


def test_the_sides_may_have_any_numbers_of_runs() -> None:
    verdict = judge([*cycles(), cycle_run(0.908, 9)], steps()[:2])
    assert verdict.against_baseline.difference == pytest.approx(0.907 - 0.901)
    assert verdict.runs == SideRuns(4, 2, 0)


def test_the_confidence_is_that_of_each_end() -> None:
    """20 % at either end."""
    narrow = judge(cycles(), steps(), criterion=Criterion(confidence=0.8)).against_baseline
    assert narrow.confidence == pytest.approx(0.6)
    assert narrow.lowest > judge(cycles(), steps()).against_baseline.lowest


def test_looks_that_never_happen_cost_nothing() -> None:
    """One look has the limits of one; the first of two has wider ones."""
    one = judge(cycles(), steps(), evidence=Evidence(margin=0.003, looks=Looks(((3, 3),))))
    two = judge(cycles(), steps(), evidence=Evidence(margin=0.003, looks=Looks(((3, 3), (5, 5)))))
    alone = judge(cycles(), steps(), evidence=Evidence(margin=0.003))
    assert one.against_baseline == alone.against_baseline
    assert two.against_baseline.lowest < one.against_baseline.lowest


def test_a_look_that_decided_stands_whatever_comes_after_it() -> None:
    evidence = Evidence(margin=0.01, looks=Looks(((3, 3), (5, 5))))
    later = judge(cycles((*BETTER, 0.8, 0.8)), steps((*BASELINE, 0.9, 0.9)), evidence=evidence)
    assert later.against_baseline == judge(cycles(), steps(), evidence=evidence).against_baseline


def test_the_speed_up_has_an_interval_because_the_baseline_s_level_comes_sooner_or_later() -> None:
    """At its level after 60 k, 75 k and 90 k samples: logs spread by 0.2036, times t(0.95, 2)
    = 2.92 over sqrt(3): a factor of 1.409 either way."""
    verdict = judge(cycles(), [step_run(0.902, i, at=at) for i, at in enumerate((60, 75, 90))])
    assert verdict.speedup == pytest.approx(7.5)
    assert verdict.speedup_low == pytest.approx(7.5 / 1.409, abs=5e-3)
    assert verdict.speedup_high == pytest.approx(7.5 * 1.409, abs=1e-2)


def test_the_runs_that_set_the_lengths_tell_the_speed_up() -> None:
    runs = [step_run(0.902, i, at=at) for i, at in enumerate((75, 75, 60, 60))]
    assert judge(cycles(), runs).speedup == pytest.approx(6.75)
    assert judge(cycles(), runs, evidence=Evidence(level_runs=2)).speedup == pytest.approx(7.5)


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


def test_more_runs_of_the_same_kind_never_hurt_a_clear_case() -> None:
    finals = [*BETTER, 0.907, 0.906]
    baseline = [0.900, 0.902, 0.904, 0.902, 0.901]
    assert judge(cycles(finals), steps(baseline)).outcome == "reached-control-missing"


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
