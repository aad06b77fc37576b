"""Say a part or an action, get where it is on a 3D shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Segmentation", "Segmenter", "Shape", "__version__"]

if TYPE_CHECKING:
    from partwise.predict import Segmenter
    from partwise.segmentation import Segmentation
    from partwise.shape import Shape

_HOME = {"Segmenter": "predict", "Segmentation": "segmentation", "Shape": "shape"}


def __getattr__(name: str) -> Any:
    """The three names above, imported when first used: `import partwise` alone does not load torch."""
    if name not in _HOME:
        raise AttributeError(f"module 'partwise' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"partwise.{_HOME[name]}"), name)
