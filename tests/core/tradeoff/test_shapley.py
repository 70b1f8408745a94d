import pytest

from autosuperconv.core.tradeoff.shapley import shapley_values, subsets
from autosuperconv.errors import InvalidInput


def by_name(**accuracy: float) -> dict[frozenset[str], float]:
    """Subsets by the letters of their groups; `none` is the empty one."""
    return {frozenset(() if k == "none" else k): value for k, value in accuracy.items()}


def test_effects_that_add_up_are_their_own_shares() -> None:
    assert shapley_values(by_name(none=1, a=3, b=2, ab=4), "ab") == {"a": 2, "b": 1}


def test_changes_that_work_only_together_share_alike() -> None:
    assert shapley_values(by_name(none=0, a=0, b=0, ab=8), "ab") == {"a": 4, "b": 4}


def test_two_groups_by_hand() -> None:
    # a: mean of 5 - 1 (first) and 9 - 2 (second); b: mean of 2 - 1 and 9 - 5
    assert shapley_values(by_name(none=1, a=5, b=2, ab=9), "ab") == {"a": 5.5, "b": 2.5}


def test_the_textbook_glove_game() -> None:
    # one left glove (a), two right ones (b, c); a pair is worth 1: shares 4/6, 1/6, 1/6
    game = by_name(none=0, a=0, b=0, c=0, ab=1, ac=1, bc=0, abc=1)
    found = shapley_values(game, "abc")
    assert found == pytest.approx({"a": 4 / 6, "b": 1 / 6, "c": 1 / 6})


def test_the_shares_of_four_groups_add_up_to_the_gain() -> None:
    game = {subset: len(subset) ** 2 + ("a" in subset) for subset in subsets("abcd")}
    found = shapley_values(game, "abcd")
    assert sum(found.values()) == pytest.approx(17)
    assert found["a"] == pytest.approx(found["b"] + 1)


def test_a_missing_subset_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"missing: \[\['a', 'b'\]\]"):
        shapley_values(by_name(none=0, a=0, b=0), "ab")


@pytest.mark.parametrize("groups", ["", "aa", "abcde"])
def test_only_one_to_four_different_groups_are_taken(groups: str) -> None:
    with pytest.raises(InvalidInput, match="must be 1 to 4 different names"):
        shapley_values({}, groups)


def test_a_single_group_has_the_whole_gain() -> None:
    assert shapley_values(by_name(none=1, a=3), "a") == {"a": 2}


def test_subsets_are_each_there_once() -> None:
    assert subsets("ab") == [frozenset(), frozenset("a"), frozenset("b"), frozenset("ab")]
