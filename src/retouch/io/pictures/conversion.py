"""Fitting a picture to what a file format can hold, one loss at a time and each with a note.

A picture that the format can hold comes back as it is. Otherwise, in this order: colours that are neither grey nor RGB
become RGB; palettes and transparent colours are spelled out; depth is reduced; transparent parts are laid on white;
grey becomes RGB; and for GIF the colours are reduced to 256.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.errors import InputError
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.pillow_images import eight_bits, picture_of
from retouch.io.pictures.values import Palette

_OTHER_COLOURS = ("CMYK", "YCbCr", "LAB", "HSV")
_PNG = "1 L LA RGB RGBA P P+clear P+alpha L;16 LA;16 RGB;16 RGBA;16 1+key L+key RGB+key L;16+key RGB;16+key"
_TIFF = "1 L LA RGB RGBA P CMYK YCbCr LAB L;16 RGB;16 RGBA;16 L;I L;F RGB;F RGBA;F"
CAN_HOLD: dict[str, frozenset[str]] = {
    "PNG": frozenset(_PNG.split()),
    "JPEG": frozenset(["L", "RGB", "CMYK"]),
    "WEBP": frozenset(["RGB", "RGBA"]),
    "TIFF": frozenset(_TIFF.split()),
    "GIF": frozenset(["1", "L", "P", "P+clear", "L+key"]),
    "BMP": frozenset(["1", "L", "P", "RGB", "RGBA"]),
    "AVIF": frozenset(["RGB", "RGBA"]),
}
"""What each format holds: kinds as `kind_of` names them."""


def kind_of(picture: Picture) -> str:
    """Name what a picture needs from a format, such as "1", "LA", "RGB;16", "P+clear" (one entry is transparent)."""
    if picture.palette is not None:
        if picture.mode == "PA":
            return "PA"
        palette = picture.palette
        return "P" + ("" if palette.alpha is None else "+alpha" if palette.clear_entry is None else "+clear")
    named = picture.mode in (*_OTHER_COLOURS, "1")
    letters = picture.mode if named else "L" if picture.pixels.shape[2] == 1 else "RGB"
    depth = {"u1": "", "u2": ";16", "i4": ";I"}.get(picture.pixels.dtype.str[1:], ";F")
    if picture.alpha is None:
        return letters + depth
    return letters + depth + "+key" if picture.colour_key is not None else letters + "A" + depth


def fit_to_format(picture: Picture, file_format: str) -> Picture:
    """Return the picture as a format can hold it, with a note for everything that is lost on the way.

    Parameters
    ----------
    file_format : str
        A key of `CAN_HOLD`.
    """
    kinds = CAN_HOLD[file_format]
    for step in (_in_rgb, _without_palette, _shallower, _on_white, _with_three_channels, _with_palette):
        if kind_of(picture) in kinds:
            return picture
        picture = step(picture, kinds)
    if kind_of(picture) in kinds:
        return picture
    raise InputError(f"{file_format} cannot hold a picture of kind {kind_of(picture)}; choose PNG or TIFF")


def in_rgb(picture: Picture) -> Picture:
    """Return a CMYK, YCbCr, LAB or HSV picture in 8-bit RGB; its profile no longer fits and is dropped."""
    if picture.mode not in _OTHER_COLOURS:
        return picture
    rgb = picture_of(picture.to_pil().convert("RGB"))
    facts = replace(picture.facts, icc_profile=None, jpeg=None)
    note = f"colours were converted from {picture.mode} to RGB"
    return replace(picture, pixels=rgb.pixels, mode="RGB", facts=facts, notes=(*picture.notes, note))


def _in_rgb(picture: Picture, _: frozenset[str]) -> Picture:
    return in_rgb(picture)


def _without_palette(picture: Picture, kinds: frozenset[str]) -> Picture:
    """Spell out palette colours and a transparent colour; nothing is lost."""
    if picture.palette is not None and not kinds & {"RGB", "RGBA"}:
        return picture  # only GIF, which makes its own palette below
    letters = "L" if picture.pixels.shape[2] == 1 else "RGB"
    mode = picture.mode if picture.alpha is None and picture.palette is None else letters
    return replace(picture, palette=None, colour_key=None, mode=mode + ("A" if picture.alpha is not None else ""))


def _shallower(picture: Picture, kinds: frozenset[str]) -> Picture:
    """Reduce floats and 32-bit integers to 16 bits where the format has them, anything else to 8."""
    if picture.mode == "1":
        return replace(picture, mode="L")
    depth = kind_of(picture).partition(";")[2]
    if not depth or f"RGB;{depth}" in kinds:
        return picture
    sixteen = "RGB;16" in kinds
    kept = picture.pixels.dtype == np.int32 and picture.limits == (0.0, 65535.0) and sixteen
    pixels = _requantised(picture.pixels, picture.limits, sixteen)
    alpha = None if picture.alpha is None else _requantised(picture.alpha, (0.0, picture.opaque), sixteen)
    reduced = Picture.from_planes(pixels if alpha is None else np.concatenate([pixels, alpha[:, :, None]], axis=2))
    notes = picture.notes if kept else (*picture.notes, f"pixel values were reduced to {16 if sixteen else 8} bits")
    return replace(reduced, format=picture.format, facts=picture.facts, notes=notes)


def _requantised(values: AnyArray, limits: tuple[float, float], sixteen: bool) -> AnyArray:
    if not sixteen:
        return eight_bits(values, limits)
    low, high = limits
    unit = np.nan_to_num(np.clip((values.astype(np.float64) - low) / ((high - low) or 1.0), 0, 1))
    return np.rint(unit * 65535).astype(np.uint16)


def _on_white(picture: Picture, kinds: frozenset[str]) -> Picture:
    """Lay transparent parts on white where the format has no alpha at all."""
    if picture.alpha is None or kinds & {"RGBA", "P+clear"}:
        return picture
    opacity = picture.alpha[:, :, None].astype(np.float64) / picture.opaque
    pixels = np.rint(picture.pixels * opacity + 255 * (1 - opacity)).astype(np.uint8)
    mode = "L" if pixels.shape[2] == 1 else "RGB"
    notes = () if bool((picture.alpha == picture.opaque).all()) else ("transparent parts were laid on white",)
    return replace(picture, pixels=pixels, alpha=None, mode=mode, notes=(*picture.notes, *notes))


def _with_three_channels(picture: Picture, _: frozenset[str]) -> Picture:
    """Write grey as RGB with equal channels; nothing is lost."""
    if picture.pixels.shape[2] != 1:
        return picture
    facts = replace(picture.facts, icc_profile=None)  # a profile for grey does not fit RGB
    mode = picture.mode.replace("L", "RGB", 1)
    return replace(picture, pixels=np.repeat(picture.pixels, 3, axis=2), mode=mode, facts=facts)


def _with_palette(picture: Picture, _: frozenset[str]) -> Picture:
    """Reduce colours to 256, or to 255 and a transparent one; alpha is kept as all or nothing."""
    from PIL import Image as PillowImage  # noqa: PLC0415 - only for GIF

    clear = None if picture.alpha is None else picture.alpha < 128  # noqa: PLR2004 - less than half opaque
    n_most = 256 if clear is None else 255
    reduced = PillowImage.fromarray(picture.pixels).quantize(n_most, dither=PillowImage.Dither.NONE)
    table = np.zeros((256, 3), np.uint8)
    entries = np.array(reduced.getpalette() or [0, 0, 0], np.uint8).reshape(-1, 3)[:n_most]
    table[: len(entries)] = entries
    indices, alpha, n_colours = np.array(reduced), None, len(entries)
    if clear is not None:
        alpha = np.full(256, 255, np.uint8)
        alpha[n_colours] = 0
        indices[clear] = n_colours
        n_colours += 1
    palette = Palette(indices, table, n_colours, alpha)
    notes = (*picture.notes, "colours were reduced to a palette of 256")
    plane = None if alpha is None else alpha[indices]
    return replace(picture, pixels=table[indices], alpha=plane, mode="P", palette=palette, colour_key=None, notes=notes)
