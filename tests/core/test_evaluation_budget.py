import pytest

from autosuperconv.core.evaluation_budget import FORWARD, SIZES, Subsets, affordable

MOST = Subsets(512, 1000)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (3840, (128, 200)),  # .1 * 3840 * 3 / 6 = 192 a time: less than the least
        (6560, (128, 200)),  # 328: just the least
        (9560, (128, 350)),  # 478
        (17120, (256, 600)),  # 856
        (30240, (512, 1000)),  # 1512
        (10**6, (512, 1000)),
    ],
)
def test_subsets_grow_with_what_the_run_can_pay(samples: int, expected: tuple[int, int]) -> None:
    assert affordable(samples, 6, 0.1, MOST) == expected


@pytest.mark.parametrize("samples", [6560, 9560, 17120, 30240, 50000])
def test_evaluations_cost_no_more_than_their_share(samples: int) -> None:
    cost = 6 * sum(affordable(samples, 6, 0.1, MOST)) * FORWARD
    assert cost <= 0.1 * samples * (1 + 1e-9)


def test_no_more_is_taken_than_the_engine_allows() -> None:
    assert affordable(10**6, 6, 0.1, Subsets(64, 500)) == (64, 500)


def test_a_run_without_evaluations_on_the_way_divides_by_nothing() -> None:
    assert affordable(10**6, 0, 0.1, MOST) == SIZES[-1]
