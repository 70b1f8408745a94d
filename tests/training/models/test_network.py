"""Dropout and the fingerprint of a network."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from autosuperconv.errors import ModelError
from autosuperconv.training.models import model_factory
from autosuperconv.training.models.network import declares_dropout, network_fingerprint, set_dropout


def test_dropout_is_off_until_it_is_set() -> None:
    model = model_factory("lenet", (1, 28, 28), 10)()
    x = torch.randn(2, 1, 28, 28)
    assert torch.equal(model(x), model(x))
    set_dropout(model, 0.5)
    assert not torch.equal(model(x), model(x))
    assert [m.p for m in model.modules() if isinstance(m, nn.Dropout)] == [0.5]


def test_every_kind_of_dropout_is_found() -> None:
    model = nn.Sequential(nn.Dropout2d(0.1), nn.Sequential(nn.AlphaDropout(0.2)))
    set_dropout(model, 0.3)
    assert [layer.p for layer in model.modules() if hasattr(layer, "p")] == [0.3, 0.3]
    assert not declares_dropout(nn.Linear(2, 2))


def test_dropout_inside_attention_and_recurrent_layers_is_set_too() -> None:
    block = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.4)
    lstm, single = nn.LSTM(4, 4, 2, dropout=0.4), nn.GRU(4, 4)
    set_dropout(nn.ModuleList([block, lstm, single]), 0.1)
    assert block.self_attn.dropout == lstm.dropout == block.dropout1.p == 0.1
    assert single.dropout == 0
    assert declares_dropout(lstm)
    assert not declares_dropout(single)


def test_a_dropout_probability_of_1_is_refused() -> None:
    with pytest.raises(ModelError, match=r"dropout must be in \[0, 1\), but got 1"):
        set_dropout(nn.Dropout(), 1)


def test_the_fingerprint_knows_layers_sizes_and_what_is_trained() -> None:
    def net(width: int = 8, p: float = 0.0, frozen: bool = False) -> nn.Module:
        first = nn.Linear(4, width).requires_grad_(not frozen)
        return nn.Sequential(first, nn.ReLU(), nn.Dropout(p), nn.Linear(width, 2))

    same = {network_fingerprint(net(p=p)) for p in (0.0, 0.5)}
    others = {network_fingerprint(net(9)), network_fingerprint(net(frozen=True))}
    assert len(same) == 1
    assert len(same | others) == 3
