"""The three ways from a street to its map without moving things: true labels, predicted labels, or colours first.

Source: L. Berlincioni et al., "Road Layout Understanding by Generative Adversarial Inpainting", in Inpainting and
Denoising Challenges, Springer 2019: rows of its table 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.errors import InputError
from retouch.io.pictures.reading import open_image
from retouch.io.wording import shown
from retouch.methods.door import fill
from retouch.runtime.session import open_net
from retouch.tasks.label_maps.classes import ClassList, class_list
from retouch.tasks.label_maps.files import Labels, checked_ids
from retouch.tasks.label_maps.filling import FilledLabels, fill_labels

Segmenter: TypeAlias = Callable[[AnyArray], AnyArray]
"""Takes (H, W, 3) uint8 colours, gives (H, W) ids."""


def from_true_labels(
    labels: AnyArray, classes: str | ClassList, *, remove: Iterable[str] | None = None, **how: Any
) -> FilledLabels:
    """Fill a true map; `how` is as in `fill_labels`."""
    return fill_labels(labels, classes, remove=remove, **how)


def from_predicted_labels(
    image: Any, segment: Segmenter, classes: str | ClassList, *, remove: Iterable[str] | None = None, **how: Any
) -> FilledLabels:
    """Segment a picture, and fill the map."""
    return fill_labels(segment(_colours(image)), classes, remove=remove, **how)


def from_filled_colours(
    image: Any, segment: Segmenter, classes: str | ClassList, *, remove: Iterable[str] | None = None, **how: Any
) -> Labels:
    """Segment a picture, fill its colours where something goes (`how` is as in `retouch.fill`), and segment that.

    Returns
    -------
    (H, W) uint8
        The second map. Nothing keeps the segmenter from seeing a removed class again: that is this way's weakness.
    """
    listed, colours = class_list(classes), _colours(image)
    removed = listed.ids_of(remove) if remove is not None else _moving(listed)
    mask = np.isin(checked_ids(segment(colours), listed), removed)
    return checked_ids(segment(fill(colours, mask, **how)), listed)


def onnx_segmenter(path: str, ids: Iterable[int]) -> Segmenter:
    """Return a segmenter from an ONNX file with one input, (1, 3, H, W) in [0, 1], and scores (1, C, H, W) out.

    Parameters
    ----------
    path : str
    ids : iterable of int
        The id that each of its channels stands for.

    Raises
    ------
    WeightsError
        If the file cannot be opened. What it gives is judged when it runs (InputError).
    """
    net, table = open_net(path), np.array(list(ids))

    def segment(colours: AnyArray) -> AnyArray:
        feed = (colours.transpose(2, 0, 1)[None] / np.float32(255)).astype(np.float32)
        scores = next(iter(net.run(**{next(iter(net.inputs)): feed}).values()))
        if scores.shape != (1, len(table), *colours.shape[:2]):
            raise InputError(f"a segmenter must give {len(table)} planes of the picture's size, got {scores.shape}")
        ids: AnyArray = table[scores[0].argmax(axis=0)]
        return ids

    return segment


def _moving(classes: ClassList) -> tuple[int, ...]:
    return tuple(one.id for one in classes.classes if one.moves)


def _colours(image: Any) -> AnyArray:
    """Return a picture as (H, W, 3) uint8."""
    pixels = image if isinstance(image, np.ndarray) else open_image(image).pixels
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:  # noqa: PLR2004 - rows, columns, RGB
        raise InputError(f"a picture to segment must be (H, W, 3) uint8, got {shown(image)}; convert it")
    return pixels
