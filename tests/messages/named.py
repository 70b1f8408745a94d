"""Networks by name, the user's own among them."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from autosuperconv.training.models import model_factory
from tests.messages.models import FLAT, check
from tests.messages.table import Row, call

USER = "training/models/user.py"
MINE = """
import copy
from torch import nn
net = nn.Linear(8, 3)
def make_net(): return copy.deepcopy(net)
class Wide(nn.Linear):
    def __init__(self, width, depth, classes): super().__init__(width, classes)
def make(shape, classes): return Wide(shape[0], 1, classes)
class Two(nn.Linear):
    def __init__(self, n_in, n_out): super().__init__(n_in, n_out)
def two(): return Two(8, 3)
"""


def named(name: str) -> object:
    Path("mine_net.py").write_text(MINE)
    sys.modules.pop("mine_net", None)
    sys.path.insert(0, str(Path.cwd()))
    return check(model_factory(name, FLAT.shape, FLAT.classes))


def built(name: str, *shape: int) -> object:
    return model_factory(name, shape, 3)()


def vit(side: int) -> object:
    with torch.device("meta"):
        return built("vit_b_32", 3, side, side)


ROWS = [
    Row(
        "training/models/registry.py model_name 1",
        call(built, "resnet21", 3, 32, 32),
        "Did you mean",
        call(built, "resnet20", 3, 32, 32),
    ),
    Row(
        "training/models/resnet.py wide_resnet 1",
        call(built, "wrn-11-1", 3, 32, 32),
        "The nearest is wrn-10-1",
        call(built, "wrn-10-1", 3, 32, 32),
    ),
    Row(
        "training/models/resnet.py channels_of 1",
        call(built, "resnet8", 8),
        "mlp for features",
        call(built, "mlp", 8),
    ),
    Row(
        "training/models/small.py build_lenet 1",
        call(built, "lenet", 1, 6, 6),
        "Use mlp",
        call(built, "mlp", 1, 6, 6),
    ),
    Row(
        "training/models/torchvision.py torchvision_net 1",
        call(built, "resnet18", 5, 64, 64),
        "Take resnet8",
        call(built, "resnet8", 5, 64, 64),
    ),
    Row(
        "training/models/torchvision.py _side 1",
        call(built, "vit_b_32", 3, 40, 48),
        "--image-size 32",
        call(vit, 32),
    ),
    Row(
        f"{USER} import_and_build 1",
        call(named, "mine_net:net"),
        "--model mine_net:make_net",
        call(named, "mine_net:make_net"),
    ),
    Row(
        f"{USER} arguments_of 1",
        call(named, "mine_net:Wide"),
        "give --model mine_net:make",
        call(named, "mine_net:make"),
    ),
    Row(
        f"{USER} build 1",
        call(named, "mine_net:Two"),
        "write one that needs no arguments",
        call(named, "mine_net:two"),
    ),
]
