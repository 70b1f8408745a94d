"""Trials as numbers and back, for any searched fields."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.space import Choices, Range, SearchSpace
from autosuperconv.tuning.samplers.encoding import Encoding
from autosuperconv.tuning.samplers.prior import LrPrior

MAX_LR = Range(1e-3, 10.0, log=True)
FIELDS = {
    "batch_size": Choices((16, 64, 128)),
    "dropout": Range(0.0, 0.5),
    "epochs": Range(1.0, 8.0, log=True),
    "max_lr": MAX_LR,
    "weight_decay": Range(1e-6, 1e-2, log=True),
}
BASE = Recipe(max_lr=0.5, epochs=4.0, batch_size=32)


def encoding(names: set[str]) -> Encoding:
    space = SearchSpace({name: FIELDS[name] for name in names})
    return Encoding(space, BASE, LrPrior(None, MAX_LR), 0.9)


some_fields = st.sets(st.sampled_from(sorted(FIELDS)), min_size=1)


@settings(deadline=None)
@given(names=some_fields, data=st.data())
def test_values_come_back_from_their_shares(names: set[str], data: st.DataObject) -> None:
    where = encoding(names)
    share = st.floats(0.0, 1.0)
    row = st.lists(share, min_size=len(names), max_size=len(names))
    shares = np.array(data.draw(st.lists(row, min_size=1, max_size=8)))
    values = where.values(shares)
    continuous = [i for i, name in enumerate(where.names) if isinstance(FIELDS[name], Range)]
    assert where.shares(values)[:, continuous] == pytest.approx(shares[:, continuous], abs=1e-9)
    for i, name in enumerate(where.names):
        dimension = FIELDS[name]
        if isinstance(dimension, Choices):
            assert set(values[:, i]) <= set(dimension.values)
        else:
            assert ((dimension.low <= values[:, i]) & (values[:, i] <= dimension.high)).all()


@settings(deadline=None)
@given(names=some_fields)
def test_a_row_holds_a_trials_parameters_by_name_and_the_base_has_the_others(
    names: set[str],
) -> None:
    where = encoding(names)
    params = {name: 0.25 + i for i, name in enumerate(sorted(names))}
    x = np.array([where.row(params)])
    for name in FIELDS:
        expected = params.get(name, getattr(BASE, name))
        assert where.column(x, name).tolist() == [expected]
