"""`Learner`: a model with its optimizer, one update at a time."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from autosuperconv.core.recipe import Recipe
from autosuperconv.core.schedule import LrMomentum
from autosuperconv.training.engine import Engine, autocast
from autosuperconv.training.engine.channels_last import keep_gradient_layout
from autosuperconv.training.engine.isolation import seed_all
from autosuperconv.training.loop.optimizer import make_optimizer, set_lr_momentum
from autosuperconv.training.models import ModelFactory
from autosuperconv.training.models.network import set_dropout


class Learner:
    """A newly built model in the engine's memory layout, with the recipe's optimizer.

    Args:
        recipe: its seed determines the first weights.
        factory: builds the model.
        engine: where and how the model is trained.
    """

    def __init__(self, recipe: Recipe, factory: ModelFactory, engine: Engine) -> None:
        seed_all(recipe.seed, engine.device)
        self.engine = engine
        self.model = factory().to(engine.device)
        if engine.memory_format == "channels_last":
            self.model.to(memory_format=torch.channels_last)
            keep_gradient_layout(self.model)
        set_dropout(self.model, recipe.dropout)
        self.optimizer = make_optimizer(recipe, self.model)
        self._smoothing = recipe.label_smoothing

    def step(self, x: Tensor, y: Tensor, now: LrMomentum) -> tuple[Tensor, Tensor]:
        """One update of a model in training mode.

        Args:
            x: (B, ...) float32, normalised. y: (B,) int64.

        Returns:
            The batch's mean loss and the logits (B, classes), both on the device, so that nothing
            waits for a GPU.
        """
        set_lr_momentum(self.optimizer, now)
        with autocast(self.engine):
            scores = self.model(x)
        loss = functional.cross_entropy(scores.float(), y, label_smoothing=self._smoothing)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.detach(), scores.detach()
