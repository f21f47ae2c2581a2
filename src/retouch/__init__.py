"""Fill what is missing and restore what is damaged in images.

    import retouch
    picture = retouch.fill("photo.jpg", "mask.png")
    picture.save("repaired.jpg")
    retouch.denoise("photo.jpg", sigma=25 / 255).save("clean.jpg")

Names are loaded when they are first used, so that `import retouch` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_PLACES = {
    "fill": "retouch.methods.door",
    "denoise": "retouch.methods.denoise_door",
    "batch": "retouch.jobs.door",  # not under TYPE_CHECKING: rooms below it read the version from here
    "inspect_artefacts": "retouch.tasks.inspecting.door",
    "evaluate": "retouch.evaluation.door",
    "compare": "retouch.evaluation.door",
    "Picture": "retouch.io.pictures.picture",
    "open_image": "retouch.io.pictures.reading",
    "fill_labels": "retouch.tasks.label_maps.filling",
    "find_mask": "retouch.tasks.door",
    "remove": "retouch.tasks.door",
    "restore_photo": "retouch.tasks.door",
    "Target": "retouch.tasks.targeting.target",
    "blend_poisson": "retouch.arrays.poisson",
    "clone": "retouch.arrays.cloning",
    "method_names": "retouch.methods.catalogue",
    "denoiser_names": "retouch.methods.denoisers",
    "RetouchError": "retouch.errors",
    "InputError": "retouch.errors",
    "UsageError": "retouch.errors",
    "FileError": "retouch.errors",
    "LimitError": "retouch.errors",
    "Cancelled": "retouch.errors",
}
__all__ = [
    "Cancelled",
    "FileError",
    "InputError",
    "LimitError",
    "Picture",
    "RetouchError",
    "Target",
    "UsageError",
    "__version__",
    "batch",
    "blend_poisson",
    "clone",
    "compare",
    "denoise",
    "denoiser_names",
    "evaluate",
    "fill",
    "fill_labels",
    "find_mask",
    "inspect_artefacts",
    "method_names",
    "metrics",
    "open_image",
    "remove",
    "restore_photo",
]

if TYPE_CHECKING:
    from retouch import metrics
    from retouch.arrays.cloning import clone
    from retouch.arrays.poisson import blend_poisson
    from retouch.errors import Cancelled, FileError, InputError, LimitError, RetouchError, UsageError
    from retouch.evaluation.door import compare, evaluate
    from retouch.io.pictures.picture import Picture
    from retouch.io.pictures.reading import open_image
    from retouch.methods.catalogue import method_names
    from retouch.methods.denoise_door import denoise
    from retouch.methods.denoisers import denoiser_names
    from retouch.methods.door import fill
    from retouch.tasks.door import find_mask, remove, restore_photo
    from retouch.tasks.inspecting.door import inspect_artefacts
    from retouch.tasks.label_maps.filling import fill_labels
    from retouch.tasks.targeting.target import Target


def __getattr__(name: str) -> Any:
    if name == "metrics":
        return importlib.import_module("retouch.metrics")
    if name not in _PLACES:
        raise AttributeError(f"module 'retouch' has no attribute '{name}'")
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
