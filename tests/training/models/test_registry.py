"""Networks by name: what holds for every one of them."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from autosuperconv.cli.commands import cli
from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import LrMomentum
from autosuperconv.errors import ModelError, UnknownName
from autosuperconv.training.data.arrays import as_task_data
from autosuperconv.training.engine import Engine
from autosuperconv.training.loop.step import Learner
from autosuperconv.training.models import MODELS, default_model, model_factory
from autosuperconv.training.models.check import check_model
from autosuperconv.training.models.network import declares_dropout, set_dropout
from tests.training.samples import images

IMAGE = (3, 32, 32)

NAMES = [*MODELS, "wrn-10-2"]


@pytest.mark.parametrize("name", NAMES)
def test_a_network_returns_logits_on_the_smallest_images(name: str) -> None:
    data = images(1, 8, 8)
    check_model(model_factory(name, data.shape, data.classes), data)


@pytest.mark.parametrize("shape", [(3, 8, 8), (1, 28, 28), (3, 33, 17)])
@pytest.mark.parametrize("name", ["lenet", "mlp", "resnet8", "wrn-10-2"])
def test_each_kind_of_network_takes_other_images_too(name: str, shape: tuple[int, ...]) -> None:
    data = images(*shape)
    check_model(model_factory(name, data.shape, data.classes), data)


@pytest.mark.parametrize("name", NAMES)
def test_a_network_built_in_another_process_takes_a_step_that_changes_every_weight(
    name: str,
) -> None:
    factory = pickle.loads(pickle.dumps(model_factory(name, (1, 8, 8), 3)))
    learner = Learner(Recipe(max_lr=0.1), factory, Engine(threads=1))
    before = [weight.clone() for weight in learner.model.parameters()]
    loss, logits = learner.step(torch.randn(6, 1, 8, 8), torch.arange(6) % 3, LrMomentum(0.1, 0.0))
    assert loss.isfinite()
    assert logits.shape == (6, 3)
    after = learner.model.parameters()
    assert all(not torch.equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_dropout_can_be_set_and_changes_what_a_network_returns_in_training(name: str) -> None:
    model = model_factory(name, (1, 8, 8), 3)()
    x = torch.randn(4, 1, 8, 8)
    assert declares_dropout(model)
    assert torch.equal(model(x), model(x))
    set_dropout(model, 0.5)
    assert not torch.equal(model(x), model(x))


@pytest.mark.parametrize("name", MODELS)
def test_the_help_names_every_network(name: str) -> None:
    assert name in CliRunner().invoke(cli, ["train", "--help"]).output


@pytest.mark.parametrize(
    ("shape", "name"),
    [
        ((30,), "mlp"),
        ((20, 6), "mlp"),
        ((1, 28, 28), "lenet"),
        ((1, 8, 8), "resnet8"),
        ((3, 28, 28), "resnet8"),
        ((3, 32, 32), "resnet8"),
        ((3, 64, 64), "resnet8"),
        ((3, 64, 65), "resnet18"),
        ((1, 224, 224), "resnet18"),
        ((4, 224, 224), "resnet8"),
    ],
)
def test_the_default_network_goes_by_the_shape_of_a_sample(
    shape: tuple[int, ...], name: str
) -> None:
    assert default_model(shape) == name


@pytest.mark.parametrize("shape", [(12,), (5, 7), (1, 28, 28), (2, 3, 3), (3, 65, 80)])
def test_the_default_network_runs_on_its_samples(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(size=(20, *shape)).astype("float32")
    data = as_task_data((x, np.arange(20) % 4))
    assert data.shape == shape
    check_model(model_factory(default_model(shape), shape, 4), data)


def test_the_same_seed_gives_the_same_weights() -> None:
    factory = model_factory("wrn-10-1", IMAGE, 10)
    states = []
    for _ in range(2):
        torch.manual_seed(3)
        states.append(factory().state_dict())
    assert all(torch.equal(a, b) for a, b in zip(*(s.values() for s in states), strict=True))


def test_image_networks_refuse_features() -> None:
    for name in ("lenet", "resnet8", "wrn-10-1", "resnet18"):
        with pytest.raises(ModelError, match=r"images of shape \(C, H, W\).* \(12,\)\. .*mlp"):
            model_factory(name, (12,), 3)()


def test_unknown_names_suggest_the_nearest_of_all_kinds() -> None:
    with pytest.raises(UnknownName, match=r"Unknown model 'resnet21'. Did you mean 'resnet"):
        model_factory("resnet21", IMAGE, 10)
    with pytest.raises(UnknownName, match=r"Did you mean 'densenet121'\?"):
        model_factory("densnet121", IMAGE, 10)
    with pytest.raises(UnknownName, match=r"Known: any other model of torchvision, lenet"):
        model_factory("qqq", IMAGE, 10)


def test_the_registry_is_in_alphabetical_order() -> None:
    assert list(MODELS) == sorted(MODELS)


def test_a_command_without_a_model_says_which_one_it_takes() -> None:
    options = ["--max-lr", "0.1", "--epochs", "0.2", "--device", "cpu"]
    loud = CliRunner().invoke(cli, ["train", *options], catch_exceptions=False)
    quiet = CliRunner().invoke(cli, ["train", "--quiet", *options], catch_exceptions=False)
    named = CliRunner().invoke(cli, ["train", "--model", "mlp", *options], catch_exceptions=False)
    assert "Model: resnet8, the default for samples of shape (1, 8, 8)." in loud.output
    assert "the default" not in quiet.output + named.output
