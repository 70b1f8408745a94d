"""Networks by name.

A name is a key of `MODELS`; "wrn-N-K", a wide residual network; any classification model of
torchvision; or "package.module:factory", the caller's own.
"""

from autosuperconv.training.models.registry import (
    DEFAULT_RULE,
    MODELS,
    ModelFactory,
    default_model,
    model_factory,
    model_name,
)

__all__ = ["DEFAULT_RULE", "MODELS", "ModelFactory", "default_model", "model_factory", "model_name"]
