"""autosuperconv: can this network, on this data, be trained several times faster with one large
learning-rate cycle, at no loss of accuracy, and which regularization must give way for it?"""

from autosuperconv.core.recipe import Recipe

__version__ = "0.1.0"
__all__ = ["Recipe"]
