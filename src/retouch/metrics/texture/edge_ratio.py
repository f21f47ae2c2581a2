"""Edge ratio: how many per cent of the pixels are Canny edges.

Source: R. Zhang, W. Quan, B. Wu, Z. Li, D.-M. Yan, "Pixel-wise Dense Detector for Image Inpainting", Computer
Graphics Forum 39(7), 2020, figure 3 (Canny with sigma 1; its one example has 10.14 % in the photograph and 8.61 to
9.39 % in three results). It states no thresholds and no grey: here those are 0.1 and 0.2 of the range, the defaults of
scikit-image, and BT.601 luma.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from retouch.arrays.colour import to_grey
from retouch.arrays.edges import canny
from retouch.arrays.types import AnyArray, Mask
from retouch.metrics.pairs import check_pair

_PERCENT = 100.0


def edge_ratio(picture: AnyArray, *, mask: Mask | None = None, data_range: float | None = None) -> float:
    """Return the share of edge pixels in per cent.

    Parameters
    ----------
    picture : (H, W) or (H, W, C), C = 1 or 3
        uint8, uint16 or float.
    mask : (H, W) bool or None
        Where to count (True); edges are found in the whole picture first.
    data_range : float or None
        What white is; None takes it from the dtype.

    Returns
    -------
    float, 0 to 100
        A measure of the amount of detail, not of its rightness: noise has many edges.

    Raises
    ------
    InputError
        If the picture or the mask cannot be measured (see `retouch.metrics.pairs.check_pair`).

    Examples
    --------
    A step has two lines of edges; the outermost pixels have none, so 2 x 8 of 10 x 10 pixels count:

    >>> edge_ratio(np.repeat([[0] * 5 + [255] * 5], 10, axis=0).astype(np.uint8))
    16.0
    """
    pair = check_pair(picture, picture, data_range=data_range, mask=mask)
    return _percentage(edge_map(pair.reference, pair.data_range), pair.mask)


def edge_ratio_gap(
    reference: AnyArray, result: AnyArray, *, mask: Mask | None = None, data_range: float | None = None
) -> float:
    """Return by how many percentage points the edge ratios of two pictures differ.

    Parameters
    ----------
    reference, result : (H, W) or (H, W, C), C = 1 or 3
        uint8, uint16 or float; of one shape and dtype.
    mask : (H, W) bool or None
        Where to count (True); edges are found in the whole pictures first.
    data_range : float or None
        What white is; None takes it from the dtype.

    Returns
    -------
    float, 0 to 100
        Lower is better. 0 means as many edges, not the same ones: see `retouch.metrics.texture.edge_f1`.

    Raises
    ------
    InputError
        If the pictures cannot be compared (see `retouch.metrics.pairs.check_pair`).

    Examples
    --------
    >>> step = np.repeat([[0] * 5 + [255] * 5], 10, axis=0).astype(np.uint8)
    >>> edge_ratio_gap(step, np.zeros_like(step))
    16.0
    """
    pair = check_pair(reference, result, data_range=data_range, mask=mask)
    ratios = [_percentage(edge_map(planes, pair.data_range), pair.mask) for planes in (pair.reference, pair.result)]
    return abs(ratios[1] - ratios[0])


def edge_map(planes: Float[np.ndarray, "H W C"], data_range: float) -> Mask:
    """Return the Canny edges of a picture's luma at the settings that the measures of this folder share."""
    return canny(to_grey(planes)[:, :, 0] / data_range, sigma=1.0, low=0.1, high=0.2)


def _percentage(edges: Mask, mask: Mask | None) -> float:
    return _PERCENT * float(np.mean(edges if mask is None else edges[mask]))
