"""The artefact map: how likely each pixel of a picture was filled in, by a small network that needs no reference.

Source: R. Zhang, W. Quan, B. Wu, Z. Li, D.-M. Yan: "Pixel-wise Dense Detector for Image Inpainting", Computer Graphics
Forum (Pacific Graphics) 2020: the detector, whose answer is V. The network that ships was trained by the recipe
`gdn_detector-photos-128` against the fills of retouch's own methods; its card in words lies beside its file.

Departures: the paper shows the detector whole pictures of a generator; here it is shown finished composites.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float32

from retouch.arrays.types import AnyArray, Image, Progress, ignore_progress
from retouch.errors import InputError, WeightsError
from retouch.runtime.cards import Card, read_card
from retouch.runtime.exported import to_batch
from retouch.runtime.session import Net, Shapes, open_net
from retouch.runtime.tiling import Needs, apply_tiled, plan_tiling

SHIPPED = Path(__file__).parent / "weights" / "artefacts.onnx"
"""The network that comes with the package."""

BUDGET_BYTES = 256 << 20
"""What one tile may use."""

_INPUTS: Shapes = {"picture": (1, 3, None, None)}
_OUTPUTS: Shapes = {"logits": (1, 2, None, None)}
_BYTES_OF_TILE = 64  # for each of its pixels, beside the network: copies of a tile and of its result


class Detector(NamedTuple):
    """A detector of fills ready to run."""

    net: Net
    card: Card


def open_detector(path: str | Path = SHIPPED) -> Detector:
    """Open a detector of fills.

    Parameters
    ----------
    path : path
        An ONNX file that `retouch export gdn_detector` wrote; by default the one that comes with the package.

    Raises
    ------
    WeightsError
        If the file is missing, damaged, or another network.
    """
    if path == SHIPPED and not SHIPPED.is_file():
        raise WeightsError("the network that comes with retouch is missing; install retouch again")
    net = open_net(path, _INPUTS, _OUTPUTS)
    return Detector(net, read_card(net.facts, Path(path)))


def detect_artefacts(
    image: Image,
    detector: Detector | None = None,
    *,
    budget_bytes: int = BUDGET_BYTES,
    progress: Progress = ignore_progress,
) -> Float32[np.ndarray, "H W"]:
    """Return V, the probability of each pixel to be filled in, if filled and known ones were equally many.

    Parameters
    ----------
    image : (H, W, C) float32, range [0, 1]
        Grey or RGB, finite.
    detector : Detector, optional
        By default the one that comes with the package.
    budget_bytes : int
        What one tile of the network may use; the picture is held twice beside it.
    progress : callable, optional
        Called as progress(done, total) in tiles.

    Returns
    -------
    (H, W) float32, range [0, 1]
        Tiles overlap by what the network sees, so that the result is that of the whole picture but for rounding.

    Raises
    ------
    InputError
        If the picture is not grey or RGB, or not finite.
    LimitError
        If not even one tile fits the budget.
    WeightsError
        If the network is missing or damaged.

    Examples
    --------
    >>> detect_artefacts(np.full((5, 7, 1), 0.5, np.float32)).shape
    (5, 7)
    """
    if image.ndim != 3 or image.shape[2] not in (1, 3) or not np.isfinite(image).all():  # noqa: PLR2004
        raise InputError(f"a picture to inspect must be finite, (H, W, 1) or (H, W, 3), got shape {image.shape}")
    net, card = detector or open_detector()
    needs = Needs(card.radius_px, card.bytes_per_pixel + _BYTES_OF_TILE, card.multiple, card.least_px)
    tiling = plan_tiling((image.shape[0], image.shape[1]), needs, budget_bytes)
    rgb = image if image.shape[2] == 3 else np.repeat(image, 3, axis=2)  # noqa: PLR2004
    heat: AnyArray = apply_tiled(lambda tile: _probability(net, tile), rgb, tiling, progress)[:, :, 0]
    return np.ascontiguousarray(heat.clip(0, 1))


def _probability(net: Net, tile: Image) -> Float32[np.ndarray, "h w 1"]:
    logits = net.run(picture=to_batch(tile))["logits"][0]
    with np.errstate(over="ignore"):  # exp of a large number is infinite, and 1 / infinity the 0 that is meant
        heat: Float32[np.ndarray, "1 h w"] = 1 / (1 + np.exp(logits[:1] - logits[1:]))  # softmax of two
    return heat.transpose(1, 2, 0)
