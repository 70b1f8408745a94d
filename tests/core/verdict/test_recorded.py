import os
import runpy
from collections.abc import Callable
from pathlib import Path

import pytest
from recorded_pairs import Pair, Pairs, read_pairs, smith_table

from autosuperconv.core.verdict.recorded import judge_recorded, read_run
from autosuperconv.errors import InvalidInput

STUDY = Path(__file__).parents[3] / "studies" / "smith_logs"
HEAD = "iteration,lr,train_loss,test_accuracy"


def csv(*rows: str, head: str = HEAD) -> str:
    return "\n".join([head, *rows, ""])


# at its final level from iteration 80 of 100
BASELINE = csv("0,0.1,4.0,0.1", *(f"{i},0.1,1.0,{0.8 if i < 80 else 0.9}" for i in range(1, 101)))
CANDIDATE = csv("0,0.1,4.0,0.1", "4,0.5,1.0,0.7", "8,1.0,1.0,0.7", "10,0.1,0.1,0.905")


def logs() -> dict[str, str]:
    folder = os.environ.get("AUTOSUPERCONV_DATA")
    if not folder:
        pytest.skip("AUTOSUPERCONV_DATA is not set: the author's logs are not here")
    return {path.name: path.read_text() for path in Path(folder, "smith-logs").glob("*.csv")}


def test_a_pair_of_csv_texts_is_judged() -> None:
    verdict = judge_recorded([CANDIDATE], [BASELINE], [], 128, 1_000)
    assert verdict.outcome == "reached-control-missing"
    assert verdict.speedup == 8
    assert verdict.against_baseline.difference == pytest.approx(0.005)
    assert verdict.candidate_samples == 1_280
    # 80 and 10 iterations of 128 in epochs of 1,000
    assert verdict.conditions[1].detail == (
        "k = 8 >= 5: the baseline is at its final level after 10.2 k samples, and the candidate "
        "took 1.28 k; in epochs of 1,000: 10.2 against 1.28."
    )


def test_a_control_is_judged_too() -> None:
    control = CANDIDATE.replace("0.905", "0.85")
    assert judge_recorded([CANDIDATE], [BASELINE], [control], 128, 1_000).outcome == "reached"


@pytest.mark.parametrize(
    ("end", "costs"),
    [(20, "2 k"), (5, "500"), (10.4, ""), (10, "")],  # iterations of 100 samples
)
def test_a_control_at_another_cost_is_refused(end: float, costs: str) -> None:
    control = csv("0,0.1,4.0,0.1", "4,0.1,1.0,0.7", f"{end},0.01,0.1,0.85")
    sides = [CANDIDATE], [BASELINE], [control]
    if not costs:
        assert "not at its cost" not in judge_recorded(*sides, 100, 1_000).conditions[3].detail
        return
    said = f"within 5 %, but the control's runs end after {costs} samples and the candidate's after"
    with pytest.raises(InvalidInput, match=said + " 1 k"):
        judge_recorded(*sides, 100, 1_000)
    assert judge_recorded([CANDIDATE], [BASELINE], [], 100, 1_000)  # left out, as advised


def test_a_control_that_diverged_may_have_been_stopped_early() -> None:
    control = csv("0,0.1,4.0,0.1", "2,0.1,nan,0.1")
    detail = judge_recorded([CANDIDATE], [BASELINE], [control], 100, 1_000).conditions[3].detail
    assert "The control diverged" in detail


@pytest.mark.parametrize(
    ("candidate", "outcome"), [("0.905", "diverged"), ("0.95", "baseline-invalid")]
)
def test_a_chance_that_is_given_holds_for_both_sides(candidate: str, outcome: str) -> None:
    """A run at up to 0.9 + 0.1 / 20 = 0.905 has learned nothing; the baseline ends at 0.9."""
    runs = [CANDIDATE.replace("0.905", candidate)], [BASELINE], []
    assert judge_recorded(*runs, 128, 1_000, chance=0.9).outcome == outcome


def test_a_control_at_the_given_chance_is_one_that_diverged() -> None:
    baseline = BASELINE.replace("1.0,0.8\n", "1.0,0.95\n").replace("1.0,0.9\n", "1.0,0.96\n")
    runs = [CANDIDATE.replace("0.905", "0.97")], [baseline], [CANDIDATE.replace("0.905", "0.904")]
    for chance, diverged in ((0.9, True), (0.1, False)):
        control = judge_recorded(*runs, 128, 1_000, chance=chance).conditions[3]
        assert ("diverged" in control.detail) is diverged
        assert control.bound_text == ("0.00" if diverged else "+0.30")


@pytest.mark.parametrize("chance", [-0.1, 1.0])
def test_a_chance_that_is_no_fraction_below_one_is_refused(chance: float) -> None:
    with pytest.raises(InvalidInput, match="chance must be"):
        judge_recorded([CANDIDATE], [BASELINE], [], 128, 1_000, chance=chance)
    assert judge_recorded([CANDIDATE], [BASELINE], [], 128, 1_000, chance=0.0)


def test_sides_that_were_evaluated_differently_are_undecided() -> None:
    verdict = judge_recorded([CANDIDATE], [BASELINE], [], 128, 1_000, batch_norm_recalibrated=False)
    assert verdict.outcome == "undecided"


def test_a_message_names_the_side_and_the_number_of_the_run() -> None:
    with pytest.raises(InvalidInput, match=r"^candidate 2: The table is empty"):
        judge_recorded([CANDIDATE, ""], [BASELINE], [], 128, 1_000)
    with pytest.raises(InvalidInput, match=r"^baseline 1: The table is empty"):
        judge_recorded([CANDIDATE], [""], [], 128, 1_000)
    with pytest.raises(InvalidInput, match=r"^control 1: The table is empty"):
        judge_recorded([CANDIDATE], [BASELINE], [""], 128, 1_000)
    with pytest.raises(InvalidInput, match=r"^run: The table is empty"):
        read_run("", 1)


def test_rows_without_an_evaluation_still_count_for_the_learning_rate() -> None:
    run = read_run(csv("0,0.1,,0.1", "5,2.5,1.0,", "10,0.1,1.0,0.9"), 10)
    assert run.samples == (0, 100)
    assert run.accuracy == (0.1, 0.9)
    assert run.max_lr == 2.5


def test_at_a_constant_rate_the_end_is_the_mean_of_five_evaluations() -> None:
    rows = [f"{i},0.01,1.0,{a}" for i, a in enumerate((0.99, 0.90, 0.91, 0.92, 0.93, 0.94), 1)]
    assert read_run(csv(*rows), 1).final_accuracy == pytest.approx(0.92)


def test_while_the_rate_moves_only_the_last_evaluation_is_the_end() -> None:
    rows = ["1,0.3,1.0,0.80", "2,0.2,1.0,0.95", "3,0.1,1.0,0.90"]
    assert read_run(csv(*rows), 1).final_accuracy == 0.90


def test_a_rate_that_differs_in_its_fifth_figure_is_constant() -> None:
    rows = ["1,0.300000,1.0,0.80", "2,0.300003,1.0,0.90"]
    assert read_run(csv(*rows), 1).final_accuracy == pytest.approx(0.85)


def test_without_an_evaluation_at_the_last_rate_the_one_before_is_the_end() -> None:
    rows = ["1,0.3,1.0,0.80", "2,0.3,1.0,0.90", "3,0.1,1.0,"]
    assert read_run(csv(*rows), 1).final_accuracy == 0.90


def test_the_start_at_the_same_rate_is_no_part_of_the_end() -> None:
    assert read_run(csv("0,0.1,4,0.1", "5,3.0,1,", "10,0.1,1,0.9"), 1).final_accuracy == 0.9


def test_chance_is_that_of_the_untrained_network() -> None:
    assert read_run(csv("0,0.1,4,0.10052", "1,0.1,1,0.9"), 1).chance == pytest.approx(0.1)
    assert read_run(csv("0,0.1,4,0.0012", "1,0.1,1,0.9"), 1).chance == pytest.approx(1 / 833)
    assert read_run(csv("1,0.1,4,0.3", "200,0.1,1,0.9"), 1).chance is None
    # none right out of two classes or more is no chance; 0.55 is the highest that is one
    assert read_run(csv("0,0.1,4,0", "1,0.1,1,0.9"), 1).chance is None
    assert read_run(csv("0,0.1,4,0.55", "1,0.1,1,0.9"), 1).chance == 0.5
    assert read_run(csv("0,0.1,4,0.1", "1,0.1,1,0.9"), 1, chance=0.5).chance == 0.5


def test_a_loss_that_is_not_finite_is_diverged() -> None:
    lost = csv("0,0.1,4,0.1", "5,2.5,1.0,0.8", "10,0.1,nan,0.8")
    assert judge_recorded([lost], [BASELINE], [], 128, 1_000).outcome == "diverged"


@pytest.mark.parametrize("separator", [";", "\t"])
def test_semicolons_tabs_and_the_column_accuracy_are_read_as_by_the_range_test(
    separator: str,
) -> None:
    text = csv("0,0.1,0.1", "10,2.5,0.9", head="iteration,lr,accuracy").replace(",", separator)
    run = read_run(text, 10)
    assert (run.samples, run.accuracy, run.max_lr) == ((0, 100), (0.1, 0.9), 2.5)


def test_a_row_without_a_learning_rate_has_that_of_the_row_before() -> None:
    assert read_run(csv("0,0.5,1,0.1", "1,,1,0.9"), 1).max_lr == 0.5


def test_accuracies_of_nothing_and_of_everything_are_fractions_too() -> None:
    assert read_run(csv("0,0.1,4,0", "1,0.1,1,1"), 1).accuracy == (0, 1)


def test_a_column_of_words_that_is_not_needed_is_not_read() -> None:
    text = csv("0,0.1,0.1,warm-up", "10,2.5,0.9,end", head="iteration,lr,accuracy,phase")
    assert read_run(text, 10).accuracy == (0.1, 0.9)


def test_an_iteration_on_two_rows_counts_once() -> None:
    assert read_run(csv("0,0.1,,0.1", "5,0.1,,0.5", "5,0.1,1.0,"), 1).samples == (0, 5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            csv("1,0.1", head="step,lr"),
            "have a column 'iteration', the steps taken at each row, but its header names 'step'",
        ),
        (csv("1,0.9", head="iteration,accuracy"), "must have a column 'lr', the learning rate"),
        (csv("1,0.1", head="iteration,lr"), "one of the columns test_accuracy, accuracy, but"),
        ("", "candidate 1: The table is empty"),
        (csv(), r"^candidate 1: The table has a header but no rows\.$"),
        (csv("1,0.1,1.0,"), "the accuracy is empty on every row"),
        (
            csv("1,0.1,1.0,high"),
            "Line 2, column 'test_accuracy' .* or empty, but got 'high'",
        ),
        (csv("1,0.1,1.0,91.2"), "in .0, 1., but row 1 has 91.2; divide percentages by 100"),
        (csv("1,0.1,1.0,1.5"), "in .0, 1., but row 1 has 1.5"),
        (csv("1,0.1,1.0,nan"), "has nan; where a run has diverged, write the accuracy that chance"),
        (csv("2,0.1,1.0,0.1", "1,0.1,1.0,0.2"), "must not fall .*, but row 2 has 1 after 2"),
        (csv(",0.1,1.0,0.1"), "Row 1 must have an iteration"),
        (csv("2,,1.0,0.1"), "max_lr must be above 0, but got 0"),
    ],
)
def test_a_bad_csv_is_refused_with_its_reason(text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        judge_recorded([text], [BASELINE], [], 128, 1_000)


def test_the_samples_behind_an_accuracy_tell_how_little_runs_can_spread() -> None:
    """Two equal runs a side: a step of 1 / 50 on either, over two runs each."""
    verdict = judge_recorded([CANDIDATE] * 2, [BASELINE] * 2, [], 128, 1_000, evaluated=50)
    assert verdict.against_baseline.error == pytest.approx(0.02)
    read = judge_recorded([CANDIDATE] * 2, [BASELINE] * 2, [], 128, 1_000)
    assert read.against_baseline.error == pytest.approx(0.005)  # 0.905 and 0.9


def test_sizes_below_one_are_refused() -> None:
    with pytest.raises(InvalidInput, match="evaluated must be at least 1, but got 0"):
        judge_recorded([CANDIDATE], [BASELINE], [], 1, 1_000, evaluated=0)
    with pytest.raises(InvalidInput, match="batch_size must be at least 1, but got 0"):
        judge_recorded([CANDIDATE], [BASELINE], [], 0, 1_000)
    with pytest.raises(InvalidInput, match="n_train must be at least 1, but got 0"):
        judge_recorded([CANDIDATE], [BASELINE], [], 1, 0)


def test_a_table_says_where_the_rules_depart_from_the_claim() -> None:
    pairs = Pairs("Two", "By hand.", (pair("good", True), pair("modest", False)))
    table = smith_table(pairs, {"c.csv": CANDIDATE, "b.csv": BASELINE})
    assert "| good | said | REACHED, CONTROL MISSING | 8 | 80 | 10 | +0.50 | yes |" in table
    assert "- modest (departs): Yes, as far as was tested: the cycle trains 8 x faster" in table
    assert "agree with the claim on 1 of 2 pairs" in table


def test_a_chance_that_is_no_accuracy_is_refused() -> None:
    with pytest.raises(InvalidInput, match="chance must be at least 0 and below 1, but got 2"):
        judge_recorded([CANDIDATE], [BASELINE], [], 128, 1_000, chance=2.0)


def test_a_run_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"Pair 'good' needs the recorded run 'c\.csv'"):
        smith_table(Pairs("One", "By hand.", (pair("good", True),)), {})


def pair(name: str, claimed: bool) -> Pair:
    return Pair(name, "c.csv", "b.csv", 128, 1_000, "said", claimed)


def test_the_committed_table_is_what_the_rules_say_of_the_authors_logs() -> None:
    pairs = read_pairs((STUDY / "pairs.json").read_text())
    committed = (STUDY / "RESULTS.md").read_text()
    assert committed.startswith(smith_table(pairs, logs()))


def test_the_committed_range_tests_are_what_is_read_of_the_authors_logs() -> None:
    logs()
    table: Callable[[Path], str] = runpy.run_path(str(STUDY / "range_tests.py"))["table"]
    read = table(Path(os.environ["AUTOSUPERCONV_DATA"], "smith-logs"))
    assert (STUDY / "RESULTS.md").read_text().endswith(read)
    assert "agree with the claims on 16 of 16 logs" in read


# Facts on the pairs, read by hand: outcome, first baseline test at its late level, points
BY_HAND = {
    "Fig1a Fig1a": ("reached-control-missing", 71_900, 2.13),
    "Tr40kTab1 Tr40kTab1": ("reached-control-missing", 73_900, 0.63),
    "Tr30kTab1 Tr30kTab1": ("reached-control-missing", 71_900, 3.22),
    "Tr20kTab1 Tr20kTab1": ("baseline-invalid", None, 25.71),
    "Tr10kTab1 Tr10kTab1": ("baseline-invalid", 74_700, 9.39),
    "NestFig9 NestFig9": ("reached-control-missing", 72_000, 2.13),
    "Mom85Fig11 Fig1a": ("reached-control-missing", 71_900, 1.98),
    "WD-3Fig11 Fig1a": ("diverged", 71_900, -80.4),
    "WD-5Fig11 Fig1a": ("stable-but-short", 71_900, -2.03),
    "WD-6Fig11 Fig1a": ("stable-but-short", 71_900, -3.06),
    "Fig1a AdamFig9": ("baseline-invalid", None, None),
}


@pytest.mark.parametrize("pair", BY_HAND)
def test_the_authors_pairs_come_out_as_read_by_hand(pair: str) -> None:
    texts = logs()
    candidate, baseline = pair.split()
    sides = [texts[f"clr3SS5k{candidate}.csv"]], [texts[f"lr35{baseline}.csv"]]
    verdict = judge_recorded(*sides, [], 1_000, 50_000)
    outcome, iterations, points = BY_HAND[pair]
    assert verdict.outcome == outcome
    assert iterations is None or verdict.baseline_samples == 1_000 * iterations
    assert points is None or 100 * verdict.against_baseline.difference == pytest.approx(
        points, abs=0.05
    )
