"""Networks by name.

A name is a key of `MODELS`; "wrn-N-K", a wide residual network; any classification model of
torchvision; or "package.module:factory", the caller's own.
"""

from autosuperconv.training.models.registry import MODELS, ModelFactory, model_factory

__all__ = ["MODELS", "ModelFactory", "model_factory"]
