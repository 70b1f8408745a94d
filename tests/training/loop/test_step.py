"""What a step applies of the recipe."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional

from autosuperconv.core.trace import Job
from autosuperconv.training.data.task import TaskData, normalised
from autosuperconv.training.models import model_factory
from tests.training.loop.runs import SHORT, digits_trainer, with_model
from tests.training.samples import split


def test_dropout_is_really_set(digits: TaskData) -> None:
    models: list[nn.Module] = []
    factory = model_factory("mlp", digits.shape, digits.classes)

    def kept() -> nn.Module:
        models.append(factory())
        return models[-1]

    with_model(digits, kept)(Job(replace(SHORT, dropout=0.35, epochs=0.2)))
    rates = [m.p for m in models[-1].modules() if isinstance(m, nn.Dropout)]
    assert rates
    assert set(rates) == {0.35}


def test_label_smoothing_raises_the_loss_by_what_it_should(digits: TaskData) -> None:
    """The first loss, by torch's own formula on the same batch and weights."""
    plain, smooth = (
        digits_trainer(digits)(
            Job(replace(SHORT, label_smoothing=s, schedule="constant", epochs=0.2))
        )
        for s in (0.0, 0.2)
    )
    assert plain.curve.step[0] == 1
    first = torch.randperm(
        digits_trainer(digits).n_train, generator=torch.Generator().manual_seed(SHORT.seed)
    )[: SHORT.batch_size]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SHORT.seed)
        model = model_factory("mlp", digits.shape, digits.classes)()
    train = split(digits.train)
    scores = model(normalised(train.x[first], digits))
    expected = [
        functional.cross_entropy(scores, train.y[first], label_smoothing=s).item()
        for s in (0.0, 0.2)
    ]
    assert [plain.curve.train_loss[0], smooth.curve.train_loss[0]] == pytest.approx(expected)
