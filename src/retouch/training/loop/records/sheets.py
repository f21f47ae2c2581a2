"""Sheets of samples: a row for each, with what went in, what was painted, the truth, and the error four times."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage
from torch import Tensor
from torch.nn import functional

from retouch.arrays.types import AnyArray
from retouch.errors import FileError
from retouch.io.atomic import atomic_write
from retouch.io.wording import fault, shown

MOST_ROWS = 8
ERROR_FACTOR = 4
_GAP_PX = 2
_HOLE = (1.0, 0.0, 1.0)
_GIVEN = ("noisy", "damaged", "damaged_frames")
_TRUE = ("image", "frames")


def draw_sheet(tensors: Mapping[str, Tensor], painted: Tensor) -> AnyArray:
    """Return a sheet.

    Parameters
    ----------
    tensors : mapping of str to tensor
        Of a batch.
    painted : (N, C, H, W) float, range [0, 1]

    Returns
    -------
    (rows, columns, 3) uint8
        Of at most 8 samples. Holes are magenta. Where there is no truth of the size of what was painted, its column and
        that of the error are left out.
    """
    shown_rows = painted[:MOST_ROWS]
    columns = [column for column in (_given(tensors, shown_rows), _coloured(shown_rows)) if column is not None]
    truth = _picture(tensors, _TRUE)
    if truth is not None and truth.shape[2:] == painted.shape[2:]:
        true = _coloured(truth[:MOST_ROWS])
        columns += [true, ((_coloured(shown_rows) - true).abs() * ERROR_FACTOR).clamp(0, 1)]
    padded = [functional.pad(column, (0, _GAP_PX, 0, _GAP_PX), value=1.0) for column in columns]
    stacks = [np.concatenate(list(column.permute(0, 2, 3, 1).numpy()), axis=0) for column in padded]
    sheet = np.concatenate(stacks, axis=1)
    pixels: AnyArray = np.rint(sheet[:-_GAP_PX, :-_GAP_PX] * 255).astype(np.uint8)
    return pixels


def write_sheet(path: Path, pixels: AnyArray) -> None:
    """Write a sheet as PNG.

    Raises
    ------
    FileError
        If it cannot be written.
    """
    data = io.BytesIO()
    PillowImage.fromarray(pixels).save(data, "PNG")
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot write {shown(path)}: {fault(error)}; free some space there") from error
    atomic_write(path, data.getvalue())


def _given(tensors: Mapping[str, Tensor], painted: Tensor) -> Tensor | None:
    """Return what a network was shown, its holes in a colour that pictures seldom have."""
    given = _picture(tensors, _GIVEN)
    image = _picture(tensors, _TRUE) if given is None else given
    if image is None or image.shape[2:] != painted.shape[2:]:
        return None
    colours = _coloured(image[:MOST_ROWS])
    mask = tensors.get("mask")
    if mask is None or mask.shape[2:] != image.shape[2:] or given is not None:
        return colours
    holes = colours.new_tensor(_HOLE)[:, None, None].expand_as(colours)
    return holes.where(mask[:MOST_ROWS].cpu() > 0, colours)


def _picture(tensors: Mapping[str, Tensor], names: tuple[str, ...]) -> Tensor | None:
    """Return the first of some tensors that there is as pictures; of clips the middle frame."""
    for name in names:
        if name in tensors:
            tensor = tensors[name]
            return tensor[:, tensor.shape[1] // 2] if tensor.ndim == 5 else tensor  # noqa: PLR2004 - (N, T, C, H, W)
    return None


def _coloured(pictures: Tensor) -> Tensor:
    """Return three channels in main memory, in [0, 1]."""
    plain = pictures.detach().cpu().float().nan_to_num().clamp(0, 1)
    return plain if plain.shape[1] == 3 else plain[:, :1].expand(-1, 3, -1, -1)  # noqa: PLR2004 - of colours
