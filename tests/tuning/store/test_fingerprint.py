from __future__ import annotations

from autosuperconv.tuning.store.fingerprint import differences

RANGE = {"low": 0.001, "high": 10.0, "log": True}
FINGERPRINT: dict[str, object] = {
    "seed": 0,
    "target": None,
    "epochs": None,
    "base": {"seed": 0, "batch_size": 64, "optimizer": "sgd", "epochs": 10.0},
    "space": {"max_lr": RANGE, "batch_size": {"values": [32, 64]}, "epochs": RANGE},
}


def test_equal_fingerprints_do_not_differ() -> None:
    assert differences(FINGERPRINT, dict(FINGERPRINT)) == []


def test_only_the_range_that_differs_is_named_as_it_is_written_on_the_command_line() -> None:
    space = {**FINGERPRINT["space"], "max_lr": {**RANGE, "low": 1.0}}  # type: ignore[dict-item]
    assert differences(FINGERPRINT, {**FINGERPRINT, "space": space}) == [
        "max_lr: stored 0.001:10 (log scale), requested 1:10 (log scale)"
    ]


def test_a_field_that_is_in_several_places_is_named_once() -> None:
    base = {**FINGERPRINT["base"], "seed": 7, "batch_size": 32}  # type: ignore[dict-item]
    space = {**FINGERPRINT["space"], "batch_size": {"values": [16, 32]}}  # type: ignore[dict-item]
    requested = {**FINGERPRINT, "seed": 7, "base": base, "space": space, "epochs": (1.0, 4.0)}
    assert differences(FINGERPRINT, requested) == [
        "batch_size: stored 32,64, requested 16,32",
        "epochs: stored no value, requested 1.0:4.0",
        "seed: stored 0, requested 7",
    ]


def test_a_field_of_the_base_is_named() -> None:
    base = {**FINGERPRINT["base"], "optimizer": "adam"}  # type: ignore[dict-item]
    assert differences(FINGERPRINT, {**FINGERPRINT, "base": base}) == [
        "optimizer: stored sgd, requested adam"
    ]


def test_a_base_that_differs_behind_an_equal_space_is_seen() -> None:
    base = {**FINGERPRINT["base"], "epochs": 5.0}  # type: ignore[dict-item]
    assert differences(FINGERPRINT, {**FINGERPRINT, "base": base}) == [
        "epochs: stored 10.0, requested 5.0"
    ]
