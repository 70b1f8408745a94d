import os

import pytest
import torch

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.trace import Job
from autosuperconv.errors import ModelError
from autosuperconv.training.engine import Engine, isolated, only_deterministic
from autosuperconv.training.loop.trainer import TorchTrainer
from autosuperconv.training.models import model_factory
from tests.training.made import dots

State = tuple[bool, bool, bool, bool]


def state() -> State:
    cudnn = torch.backends.cudnn
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        cudnn.deterministic,
        cudnn.benchmark,
    )


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")


def test_only_deterministic_algorithms_inside_and_everything_as_it_was_outside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    before = state()
    with only_deterministic():
        assert state() == (True, False, True, False)
        assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"  # the user's own is kept
    assert state() == before
    with pytest.raises(ZeroDivisionError), only_deterministic():
        raise ZeroDivisionError
    assert state() == before


def test_a_layer_without_such_an_algorithm_is_named() -> None:
    told = pytest.raises(ModelError, match=r"odd_pool_cuda does not .* Leave out --deterministic")
    with told, only_deterministic():
        raise RuntimeError("odd_pool_cuda does not have a deterministic implementation.")
    with pytest.raises(RuntimeError, match=r"^other$"), only_deterministic():
        raise RuntimeError("other")


def test_a_cpu_is_left_as_it_is() -> None:
    before = state()
    with isolated(Engine(deterministic=True)):
        assert state() == before


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_two_runs_on_a_gpu_are_the_same_bit_for_bit() -> None:
    data = dots(augment=True)
    job = Job(Recipe(max_lr=0.3, epochs=3.0, batch_size=16), phases=(0.25, 0.5, 1.0))
    factory = model_factory("resnet8", data.shape, data.classes)
    for precision in ("float32", "bfloat16"):
        engine = Engine("cuda", precision=precision, deterministic=True)  # type: ignore[arg-type]
        one, two = (TorchTrainer(data, factory, engine)(job) for _ in range(2))
        assert one.curve == two.curve
        assert one.loss == two.loss
