"""Names are taken however they are spelt, and kept as the registries have them."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from autosuperconv.core.options import SearchOptions
from autosuperconv.core.recipe import OPTIMIZERS, Recipe
from autosuperconv.core.schedule import SCHEDULES, tabulate
from autosuperconv.errors import UnknownName, known_name, name_key
from autosuperconv.training.data import DATASETS, load_dataset
from autosuperconv.training.data.normalise import kind_of
from autosuperconv.training.engine import resolve_device
from autosuperconv.training.models import MODELS, model_factory, model_name
from autosuperconv.tuning.samplers import SAMPLERS, sampler_name
from autosuperconv.tuning.steps.pruner import PRUNERS, pruner_name

SPELT = [
    ("AdamW", OPTIMIZERS, "adamw"),
    ("SGD", OPTIMIZERS, "sgd"),
    ("OneCycle", SCHEDULES, "1cycle"),
    ("one-cycle", SCHEDULES, "1cycle"),
    ("OneCycle Torch", SCHEDULES, "onecycle_torch"),
    ("warmup-cosine", SCHEDULES, "warmup_cosine"),
    ("MNIST", DATASETS, "mnist"),
    ("CIFAR-10", DATASETS, "cifar10"),
    ("FashionMNIST", DATASETS, "fashion-mnist"),
    ("ResNet20", MODELS, "resnet20"),
    ("TPE", SAMPLERS, "tpe"),
    ("cost_aware", SAMPLERS, "cost-aware"),
    ("Median", PRUNERS, "median"),
]


@pytest.mark.parametrize(("name", "known", "taken"), SPELT)
def test_case_hyphens_underscores_and_spaces_do_not_count(
    name: str, known: list[str], taken: str
) -> None:
    assert known_name(name, known) == taken


@pytest.mark.parametrize("names", [DATASETS, MODELS, OPTIMIZERS, PRUNERS, SAMPLERS, SCHEDULES])
def test_no_two_names_of_a_registry_are_the_same_name_spelt_otherwise(names: list[str]) -> None:
    assert len({name_key(name) for name in names}) == len(names)


def test_a_name_that_could_be_two_is_not_taken() -> None:
    assert known_name("A-B", ["ab", "a_b"]) is None
    assert known_name("a_b", ["ab", "a_b"]) == "a_b"


def test_digits_that_are_apart_stay_apart() -> None:
    assert model_name("RegNet X 1_6gf") == "regnet_x_1_6gf"
    assert model_name("RegNet X 16GF") == "regnet_x_16gf"


def test_a_recipe_keeps_the_canonical_names() -> None:
    recipe = Recipe(max_lr=1.0, optimizer="AdamW", schedule="One-Cycle")
    assert (recipe.optimizer, recipe.schedule) == ("adamw", "1cycle")
    assert recipe == Recipe(max_lr=1.0, optimizer="adamw")
    assert tabulate(recipe, 10) == tabulate(Recipe(max_lr=1.0, optimizer="adamw"), 10)


def test_options_keep_the_canonical_names() -> None:
    options = SearchOptions(precision="BFloat16", memory_format="channels-last", sweep="Linear")  # type: ignore[arg-type]
    assert options.precision == "bfloat16"
    assert options.memory_format == "channels_last"
    assert options.sweep == "linear"


def test_data_models_and_devices_are_taken_as_they_are_spelt() -> None:
    data = load_dataset("Digits", Path("nowhere"), n_train=50, augment="None", normalise="Channel")
    assert (data.name, data.augment, data.normalise) == ("digits", "none", "channel")
    assert [model_name(name) for name in ("ResNet-18", "WRN-16-4", "wrn_16_4", "ViT-B-16")] == [
        *("resnet18", "wrn-16-4", "wrn-16-4", "vit_b_16")
    ]
    assert model_factory("ResNet8", data.shape, data.classes)().training
    assert resolve_device("CPU") == "cpu"
    assert sampler_name("Cost Aware") == "cost-aware"
    assert pruner_name("NONE") == "none"
    assert kind_of("Feature", data.shape, data.train.x.dtype) == "feature"  # type: ignore[union-attr]


def test_a_file_of_the_users_own_keeps_its_case() -> None:
    assert Recipe(max_lr=1.0, schedule="My_Module:Half").schedule == "My_Module:Half"
    assert model_name("My_Module:Net") == "My_Module:Net"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("ADAMWW", r"Did you mean 'adamw'\?"),
        ("Nestrov", r"Did you mean 'nesterov'\?"),
        ("lion", r"Known: adam, adamw, nesterov, sgd\."),
        (None, r"Unknown optimizer None\. Known"),
        (3, "Unknown optimizer 3"),
    ],
)
def test_other_names_are_refused_with_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(UnknownName, match=hint) as refusal:
        Recipe(max_lr=1.0, optimizer=name)
    assert str(pickle.loads(pickle.dumps(refusal.value))) == str(refusal.value)
