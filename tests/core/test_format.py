"""One form for each quantity, whoever writes it."""

import pytest

from autosuperconv.core import format as fmt


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0164, "0.0164"),
        (0.016444, "0.0164"),
        (2e-3, "2e-3"),
        (0.00999, "9.99e-3"),
        (2.64e-4, "2.64e-4"),
        (3.2e-6, "3.2e-6"),
        (0.01, "0.01"),
        (0.35, "0.35"),
        (1.3712, "1.37"),
        (9.996, "10"),
        (99.96, "100"),
        (128, "128"),
        (1234.0, "1234"),
        (1234.56, "1235"),
        (123456, "123456"),
        (1.5e6, "1.5e6"),
        (-0.5, "-0.5"),
        (0.0, "0"),
        (-0.0, "0"),
        (None, "-"),
        (float("inf"), "-"),
        (float("nan"), "-"),
    ],
)
def test_a_number_has_three_significant_figures_and_is_never_padded(
    value: float | None, text: str
) -> None:
    assert fmt.number(value) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.0033, "+0.33"), (-0.02, "-2.00"), (0.00004, "0.00"), (-0.00004, "0.00"), (None, "-")],
)
def test_points_carry_their_sign_and_a_zero_has_none(fraction: float | None, text: str) -> None:
    assert fmt.points(fraction) == text
    assert fmt.size_in_points(fraction) == text.lstrip("+-") or text == "-"


def test_the_ends_of_an_interval_are_written_like_the_difference_between_them() -> None:
    assert fmt.interval(-0.001, 0.007) == "-0.10 to +0.70"
    assert fmt.interval(-0.00001, 0.007) == "0.00 to +0.70"
    assert fmt.interval(None, 0.007) == "-"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.9204, "92.04 %"), (0.0, "0.00 %"), (None, "-"), (float("nan"), "-")],
)
def test_accuracy_is_written_in_percent(value: float | None, text: str) -> None:
    assert fmt.percent(value) == text


def test_a_share_has_no_decimals() -> None:
    assert fmt.percent(0.624, 0) == "62 %"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (99.0, "99 s"),
        (100.0, "2 min"),
        (2280.0, "38 min"),
        (7500.0, "2 h 05 min"),
        (None, "-"),
    ],
)
def test_a_duration_has_the_unit_that_suits_it(seconds: float | None, text: str) -> None:
    assert fmt.duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (999, "999"), (540_000, "540 k"), (3_037_500, "3.04 M"), (2e9, "2 G"), (None, "-")],
)
def test_a_count_is_short(value: float | None, text: str) -> None:
    assert fmt.count(value) == text


def test_a_ratio_has_the_digits_of_a_number() -> None:
    assert [fmt.times(k) for k in (5.62, 9.96, 11.25, None)] == ["5.62 x", "9.96 x", "11.2 x", "-"]


def test_only_the_first_points_of_a_text_are_spelled_out() -> None:
    assert fmt.spelled_out("+1.00 points or +2.00 points") == (
        "+1.00 percentage points or +2.00 points"
    )


def test_a_sentence_becomes_a_clause() -> None:
    assert fmt.clause("The end.") == "the end"
    assert fmt.clause("C2 is unmet.") == "C2 is unmet"


def test_items_are_listed_with_an_and_before_the_last() -> None:
    assert [fmt.listed(["a", "b", "c"][:n]) for n in (1, 2, 3)] == ["a", "a and b", "a, b and c"]
    assert [fmt.counted(n, "run") for n in (1, 3)] == ["1 run", "3 runs"]


def test_control_characters_of_a_name_are_written_out_and_lines_stay_lines() -> None:
    assert fmt.printable("cat\x1b[31m\x07\n\tdög\r\n") == "cat\\x1b[31m\\x07\n\tdög\r\n"


@pytest.mark.parametrize(
    ("probability", "text"),
    [(0.86, "86 %"), (0.9999, "more than 99 %"), (0.0001, "less than 1 %")],
)
def test_a_probability_is_never_nothing_and_never_all(probability: float, text: str) -> None:
    assert fmt.chance(probability) == text
