from __future__ import annotations

from autosuperconv.tuning.store.fingerprint import differences

RANGE = {"low": 0.001, "high": 10.0, "log": True}
QUESTION: dict[str, object] = {
    "seed": 0,
    "target": None,
    "epochs": None,
    "base": {"seed": 0, "batch_size": 64, "optimizer": "sgd", "epochs": 10.0},
    "space": {"max_lr": RANGE, "batch_size": {"values": [32, 64]}, "epochs": RANGE},
}


def test_equal_questions_do_not_differ() -> None:
    assert differences(QUESTION, dict(QUESTION)) == []


def test_only_the_range_that_differs_is_named_as_it_is_written_on_the_command_line() -> None:
    space = {**QUESTION["space"], "max_lr": {**RANGE, "low": 1.0}}  # type: ignore[dict-item]
    assert differences(QUESTION, {**QUESTION, "space": space}) == [
        "max_lr: 0.001:10 (log scale) there, 1:10 (log scale) here"
    ]


def test_a_field_that_is_in_several_places_is_named_once() -> None:
    base = {**QUESTION["base"], "seed": 7, "batch_size": 32}  # type: ignore[dict-item]
    space = {**QUESTION["space"], "batch_size": {"values": [16, 32]}}  # type: ignore[dict-item]
    asked = {**QUESTION, "seed": 7, "base": base, "space": space, "epochs": (1.0, 4.0)}
    assert differences(QUESTION, asked) == [
        "batch_size: 32,64 there, 16,32 here",
        "epochs: not given there, 1.0:4.0 here",
        "seed: 0 there, 7 here",
    ]


def test_a_field_of_the_base_is_named() -> None:
    base = {**QUESTION["base"], "optimizer": "adam"}  # type: ignore[dict-item]
    assert differences(QUESTION, {**QUESTION, "base": base}) == ["optimizer: sgd there, adam here"]


def test_a_base_that_differs_behind_an_equal_space_is_seen() -> None:
    base = {**QUESTION["base"], "epochs": 5.0}  # type: ignore[dict-item]
    assert differences(QUESTION, {**QUESTION, "base": base}) == ["epochs: 10.0 there, 5.0 here"]
