"""The same training in other people's loops, written as their documentation shows it.

Every function builds its loaders, model and optimizer, trains, and returns the model. SGD with
momentum and weight decay, and the loop's own 1cycle (torch's OneCycleLR; fastai's own).
"""

from __future__ import annotations

import importlib.util
import itertools
import logging
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from task import Case
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import OneCycleLR
from torch.utils.data import DataLoader, Dataset, TensorDataset
from torchvision import transforms

from autosuperconv.training.models.network import set_dropout

Fit = Callable[[Case, int], nn.Module]
MOMENTUM, LOW_MOMENTUM = 0.95, 0.85


class Pictures(Dataset[tuple[Tensor, int]]):
    """uint8 images through PIL and torchvision's transforms, as torchvision's data sets are."""

    def __init__(self, case: Case) -> None:
        data = case.data
        steps: list[Any] = [transforms.ToPILImage()]
        if data.augment == "crop-flip":
            steps += [transforms.RandomCrop(32, padding=4), transforms.RandomHorizontalFlip()]
        steps += [transforms.ToTensor(), transforms.Normalize(data.mean, data.std)]
        self._x, self._y = case.train.x, case.train.y.tolist()
        self._transform = transforms.Compose(steps)

    def __len__(self) -> int:
        return len(self._y)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return self._transform(self._x[index]), self._y[index]


def dataset_of(case: Case) -> Dataset[Any]:
    """Images with transforms; features as a TensorDataset."""
    if case.train.x.dtype == torch.uint8:
        return Pictures(case)
    return TensorDataset(case.train.x, case.train.y)


def sgd(case: Case, model: nn.Module) -> torch.optim.SGD:
    recipe = case.recipe
    return torch.optim.SGD(
        model.parameters(), recipe.max_lr, MOMENTUM, weight_decay=recipe.weight_decay
    )


def one_cycle(case: Case, optimizer: torch.optim.Optimizer) -> OneCycleLR:
    r = case.recipe
    return OneCycleLR(
        optimizer,
        r.max_lr,
        total_steps=case.steps,
        pct_start=r.pct_start,
        anneal_strategy="linear",
        div_factor=r.div_factor,
        base_momentum=LOW_MOMENTUM,
        max_momentum=MOMENTUM,
    )


def plain(case: Case, seed: int, workers: int = 0) -> nn.Module:
    """PyTorch's own tutorial loop."""
    torch.manual_seed(seed)
    loader = DataLoader(dataset_of(case), case.recipe.batch_size, shuffle=True, num_workers=workers)
    model = case.factory()
    set_dropout(model, case.recipe.dropout)
    optimizer = sgd(case, model)
    scheduler = one_cycle(case, optimizer)
    model.train()
    epochs = itertools.chain.from_iterable(itertools.repeat(loader))
    for x, y in itertools.islice(epochs, case.steps):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        scheduler.step()
    return model


def fastai(case: Case, seed: int) -> nn.Module:
    """Learner.fit_one_cycle, its own optimizer and loader; validation left out."""
    from fastai.basics import (
        SGD,
        Callback,
        CancelValidException,
        CrossEntropyLossFlat,
        DataLoaders,
        Learner,
    )
    from fastai.basics import DataLoader as FastaiLoader
    from fastai.callback import schedule  # noqa: F401  gives Learner its fit_one_cycle

    class NoValidation(Callback):
        def before_validate(self) -> None:
            raise CancelValidException

    torch.manual_seed(seed)
    data = dataset_of(case)
    loader = FastaiLoader(data, bs=case.recipe.batch_size, shuffle=True, num_workers=0)
    learner = Learner(
        DataLoaders(loader, loader, device="cpu"),
        case.factory(),
        loss_func=CrossEntropyLossFlat(),
        opt_func=partial(SGD, mom=MOMENTUM, decouple_wd=False),
        wd=case.recipe.weight_decay,
        cbs=[NoValidation()],
    )
    with learner.no_bar(), learner.no_logging():
        learner.fit_one_cycle(
            case.epochs,
            case.recipe.max_lr,
            div=case.recipe.div_factor,
            pct_start=case.recipe.pct_start,
            moms=(MOMENTUM, LOW_MOMENTUM, MOMENTUM),
        )
    model: nn.Module = learner.model
    return model


def lightning(case: Case, seed: int) -> nn.Module:
    """A LightningModule and a Trainer, its pictures and files switched off."""
    import lightning as pl

    class Classifier(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net = case.factory()

        def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
            return functional.cross_entropy(self.net(batch[0]), batch[1])

        def configure_optimizers(self) -> Any:
            optimizer = sgd(case, self.net)
            scheduler = {"scheduler": one_cycle(case, optimizer), "interval": "step"}
            return {"optimizer": optimizer, "lr_scheduler": scheduler}

    torch.manual_seed(seed)
    module = Classifier()
    trainer = pl.Trainer(
        max_epochs=case.epochs,
        accelerator="cpu",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(module, DataLoader(dataset_of(case), case.recipe.batch_size, shuffle=True))
    return module.net


def skorch(case: Case, seed: int) -> nn.Module:
    """NeuralNetClassifier.fit with an LRScheduler stepped every batch."""
    from skorch import NeuralNetClassifier
    from skorch.callbacks import LRScheduler

    torch.manual_seed(seed)
    r = case.recipe
    cycle = LRScheduler(
        policy=OneCycleLR,
        step_every="batch",
        max_lr=r.max_lr,
        total_steps=case.steps + 1,
        pct_start=r.pct_start,
        anneal_strategy="linear",
        div_factor=r.div_factor,
        base_momentum=LOW_MOMENTUM,
        max_momentum=MOMENTUM,
    )
    net = NeuralNetClassifier(
        case.factory(),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.SGD,
        optimizer__momentum=MOMENTUM,
        optimizer__weight_decay=r.weight_decay,
        lr=r.max_lr,
        max_epochs=case.epochs,
        batch_size=r.batch_size,
        iterator_train__shuffle=True,
        train_split=None,
        callbacks=[("cycle", cycle)],
        verbose=0,
    )
    net.fit(dataset_of(case), None)
    model: nn.Module = net.module_
    return model


def available() -> dict[str, Fit]:
    """The loops that are installed here, by name; torch's own always is."""
    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    found: dict[str, Fit] = {"plain torch": plain}
    for name, fit in (("fastai", fastai), ("lightning", lightning), ("skorch", skorch)):
        if importlib.util.find_spec(name):
            found[name] = fit
    return found
