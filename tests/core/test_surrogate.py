from __future__ import annotations

from autosuperconv.core.surrogate import no_exchange, read_exchange


def test_an_exchange_rate_that_spans_too_much_is_not_claimed() -> None:
    found = read_exchange(0.5, 0.1, 1.2, True, 20, 0.6)
    assert not found.carried
    assert found.sentence == (
        "The 20 completed trials do not support an exchange rate: its interval, 0.1 to 1.2, spans "
        "more than a factor of 10."
    )


def test_without_a_model_the_reason_is_given() -> None:
    assert no_exchange(3, "3 completed trials").sentence == "No exchange rate: 3 completed trials."
