"""Networks by name and the check of a network against its data."""

from __future__ import annotations

import pickle

import pytest
import torch
from torch import nn

from autosuperconv.errors import ModelError, UnknownName
from autosuperconv.training.models import MODELS, model_factory
from autosuperconv.training.models.check import check_model
from autosuperconv.training.models.network import declares_dropout, network_fingerprint, set_dropout
from tests.training.samples import images

IMAGE = (3, 32, 32)


def parameters(name: str, shape: tuple[int, ...] = IMAGE, classes: int = 10) -> int:
    with torch.device("meta"):
        return sum(p.numel() for p in model_factory(name, shape, classes)().parameters())


# He et al. 2015, table 6, in millions
@pytest.mark.parametrize(
    ("depth", "millions"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7)]
)
def test_the_cifar_resnets_have_the_papers_size(depth: int, millions: float) -> None:
    digits = 1 if depth == 110 else 2
    assert round(parameters(f"resnet{depth}") / 1e6, digits) == millions


# Zagoruyko & Komodakis 2016, table 4 and 5, in millions
@pytest.mark.parametrize(
    ("name", "millions"),
    [("wrn-40-4", 8.9), ("wrn-16-8", 11.0), ("wrn-28-10", 36.5)],
)
def test_wide_resnets_have_the_papers_size(name: str, millions: float) -> None:
    assert parameters(name) / 1e6 == pytest.approx(millions, rel=0.01)


def test_lenet_on_mnist_has_caffes_size() -> None:
    by_hand = (25 * 20 + 20) + (20 * 25 * 50 + 50) + (800 * 500 + 500) + (500 * 10 + 10)
    assert parameters("lenet", (1, 28, 28)) == by_hand == 431_080


def test_the_perceptron_has_two_hidden_layers_of_256() -> None:
    assert parameters("mlp", (12,), 3) == (12 * 256 + 256) + (256 * 256 + 256) + (256 * 3 + 3)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 8, 8), (1, 28, 28), (3, 33, 17)])
@pytest.mark.parametrize("name", [*MODELS, "wrn-10-2"])
def test_every_registered_network_runs_on_images_from_8_pixels(
    name: str, shape: tuple[int, ...]
) -> None:
    data = images(*shape)
    check_model(model_factory(name, data.shape, data.classes), data)


@pytest.mark.parametrize("name", [*MODELS, "wrn-10-2"])
def test_every_registered_network_learns_pickles_and_takes_dropout(name: str) -> None:
    factory = pickle.loads(pickle.dumps(model_factory(name, (1, 8, 8), 3)))
    model = factory()
    assert declares_dropout(model)
    model(torch.randn(4, 1, 8, 8)).square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


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


def test_the_shortcut_takes_every_second_pixel_and_pads_channels_with_zeros() -> None:
    from autosuperconv.training.models.resnet import BasicBlock

    x = torch.arange(2 * 4 * 4.0).view(1, 2, 4, 4)
    out = BasicBlock(2, 4).shortcut(x)
    assert out.shape == (1, 4, 2, 2)
    assert out[0, :, 0, 0].tolist() == [0.0, 0.0, 16.0, 0.0]
    assert out[0, 1].flatten().tolist() == [0.0, 2.0, 8.0, 10.0]


def test_weights_start_with_he_variance() -> None:
    torch.manual_seed(0)
    convolutions = [
        m for m in model_factory("resnet56", IMAGE, 10)().modules() if isinstance(m, nn.Conv2d)
    ]
    last = convolutions[-1].weight  # fan-in 64 x 9
    assert last.std().item() == pytest.approx((2 / 576) ** 0.5, rel=0.02)


def test_the_same_seed_gives_the_same_weights() -> None:
    factory = model_factory("wrn-10-1", IMAGE, 10)
    states = []
    for _ in range(2):
        torch.manual_seed(3)
        states.append(factory().state_dict())
    assert all(torch.equal(a, b) for a, b in zip(*(s.values() for s in states), strict=True))


def test_torchvision_networks_come_by_name_and_take_gray_images() -> None:
    data = images(1, 64, 64)
    check_model(model_factory("mobilenet_v3_small", data.shape, data.classes), data)


def test_torchvision_networks_with_auxiliary_outputs_return_one_tensor() -> None:
    data = images(3, 32, 32)
    check_model(model_factory("googlenet", data.shape, data.classes), data)


def test_a_vision_transformer_is_made_for_the_images_at_hand() -> None:
    assert parameters("vit_b_16", IMAGE) > 80e6
    with pytest.raises(ModelError, match="multiple of 16 pixels, but got 8 x 8"):
        model_factory("vit_b_16", (1, 8, 8), 10)()


def test_a_torchvision_network_unfit_for_small_images_says_so() -> None:
    data = images(1, 8, 8)
    with pytest.raises(ModelError, match=r"shape \(1, 8, 8\): RuntimeError.* too small.*resnet20"):
        check_model(model_factory("alexnet", data.shape, data.classes), data)


def test_image_networks_refuse_features() -> None:
    for name in ("lenet", "resnet8", "wrn-10-1", "resnet18"):
        with pytest.raises(ModelError, match=r"images of shape \(C, H, W\).* \(12,\)\. Use mlp"):
            model_factory(name, (12,), 3)()


def test_lenet_refuses_tiny_images_and_torchvision_five_channels() -> None:
    with pytest.raises(ModelError, match="at least 8 x 8, but got 7 x 9"):
        model_factory("lenet", (1, 7, 9), 3)()
    with pytest.raises(ModelError, match="1 or 3 channels, but got 5"):
        model_factory("resnet18", (5, 32, 32), 3)()


@pytest.mark.parametrize("name", ["wrn-15-2", "wrn-4-1", "wrn-16-0"])
def test_impossible_wide_resnets_are_refused(name: str) -> None:
    with pytest.raises(ModelError, match=rf"other 6n \+ 4.*but got {name}\."):
        model_factory(name, IMAGE, 10)()


def test_unknown_names_suggest_the_nearest_of_all_kinds() -> None:
    with pytest.raises(UnknownName, match=r"Unknown model 'resnet21'. Did you mean 'resnet"):
        model_factory("resnet21", IMAGE, 10)
    with pytest.raises(UnknownName, match=r"Did you mean 'densenet121'\?"):
        model_factory("densnet121", IMAGE, 10)
    with pytest.raises(UnknownName, match=r"Known: any classification model of torchvision, lenet"):
        model_factory("qqq", IMAGE, 10)


def test_the_registry_is_in_alphabetical_order() -> None:
    assert list(MODELS) == sorted(MODELS)


def test_the_fingerprint_knows_layers_sizes_and_what_is_trained() -> None:
    def net(width: int = 8, p: float = 0.0, frozen: bool = False) -> nn.Module:
        first = nn.Linear(4, width).requires_grad_(not frozen)
        return nn.Sequential(first, nn.ReLU(), nn.Dropout(p), nn.Linear(width, 2))

    same = {network_fingerprint(net(p=p)) for p in (0.0, 0.5)}
    others = {network_fingerprint(net(9)), network_fingerprint(net(frozen=True))}
    assert len(same) == 1
    assert len(same | others) == 3
