"""Pillow images to pictures and back, mode for mode.

Departures: RGBX, RGBa and La are refused, since Pillow cannot give them back unchanged. A CMYK, YCbCr or LAB picture is
worked on in its own channels, which are linear in what they measure, so that untouched pixels stay as they are stored.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
from PIL import Image as PillowImage

from retouch.arrays.types import AnyArray
from retouch.errors import InputError
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.values import Palette
from retouch.io.wording import fault, shown

_STRAIGHT = ("1", "L", "LA", "RGB", "RGBA", "I", "F")
_OTHER_COLOURS = ("CMYK", "YCbCr", "LAB", "HSV")
_PALETTES = ("P", "PA")
_SIXTEEN = ("I;16", "I;16L", "I;16B", "I;16N")
_N_ENTRIES = 256


def picture_of(image: PillowImage.Image) -> Picture:
    """Return the picture of a Pillow image: see `Picture.from_pil`."""
    known = (*_STRAIGHT, *_PALETTES, *_SIXTEEN, *_OTHER_COLOURS)
    if image.mode not in known:
        raise InputError(
            f"a Pillow image of mode {image.mode} cannot be kept exact; convert it to one of {', '.join(known)}"
        )
    if 0 in image.size:
        raise InputError(f"a picture must hold at least one pixel, got {image.width}x{image.height}")
    try:
        image.load()
    except Exception as error:  # a lazily opened file fails here, with anything that a decoder raises
        raise InputError(f"cannot read {shown(getattr(image, 'filename', '') or image)}: {fault(error)}") from error
    if image.mode in _PALETTES:
        return _from_palette(image)
    planes = np.asarray(image)
    planes = planes.reshape(image.height, image.width, -1)
    if image.mode in _OTHER_COLOURS:
        return Picture(_shifted(planes) if image.mode == "LAB" else planes.copy(), mode=image.mode)
    if image.mode == "1":
        planes = planes.astype(np.uint8) * np.uint8(255)
    picture = replace(Picture.from_planes(planes, bilevel=image.mode == "1"), mode=image.mode)
    return _with_key(picture, image.info.get("transparency"))


def image_of(picture: Picture) -> PillowImage.Image:
    """Return the Pillow image of a picture: see `Picture.to_pil`."""
    if picture.palette is not None:
        return _to_palette(picture, picture.palette)
    if picture.colour_key is not None:
        image = _to_plain(picture.mode, keyed_pixels(picture), picture.limits)
        image.info["transparency"] = picture.colour_key if len(picture.colour_key) > 1 else picture.colour_key[0]
        return image
    if picture.alpha is not None:
        return _to_plain(picture.mode, picture.to_array(), picture.limits)
    return _to_plain(picture.mode, picture.pixels, picture.limits)


def _to_plain(mode: str, planes: AnyArray, limits: tuple[float, float]) -> PillowImage.Image:
    grey = planes[:, :, 0]
    if mode in _OTHER_COLOURS:
        return _packed(mode, _shifted(planes) if mode == "LAB" else planes)
    if mode == "1":
        return PillowImage.fromarray(grey).convert("1", dither=PillowImage.Dither.NONE)
    if mode in _SIXTEEN:
        return _packed(mode, grey.astype({"I;16B": ">u2", "I;16N": "=u2"}.get(mode, "<u2")))
    if mode in ("I", "F"):
        return PillowImage.fromarray(grey.astype({"I": np.int32, "F": np.float32}[mode]))
    shallow = planes if planes.dtype == np.uint8 else eight_bits(planes, limits)
    return PillowImage.fromarray(shallow[:, :, 0] if shallow.shape[2] == 1 else shallow)


def eight_bits(values: AnyArray, limits: tuple[float, float]) -> AnyArray:
    """Reduce values of any depth to uint8, rounding; NaN becomes 0."""
    low, high = limits
    unit = (values.astype(np.float64) - low) / ((high - low) or 1.0)
    return np.rint(np.nan_to_num(np.clip(unit, 0, 1)) * 255).astype(np.uint8)


def _from_palette(image: PillowImage.Image) -> Picture:
    planes = np.asarray(image).reshape(image.height, image.width, -1)
    entries = image.getpalette("RGBA") or []
    table = np.zeros((_N_ENTRIES, 4), np.uint8)
    n_colours = min(max(len(entries) // 4, 1), _N_ENTRIES)
    table[:n_colours] = np.array(entries, np.uint8).reshape(-1, 4)[:n_colours] if entries else 0
    palette = Palette(planes[:, :, 0].copy(), table[:, :3].copy(), n_colours, _entry_alpha(image, table[:, 3]))
    colours = palette.colours[palette.indices]
    if image.mode == "PA":
        return Picture(colours, planes[:, :, 1].copy(), "PA", palette=replace(palette, alpha=None))
    alpha = None if palette.alpha is None else palette.alpha[palette.indices]
    return Picture(colours, alpha, "P", palette=palette)


def _entry_alpha(image: PillowImage.Image, own: AnyArray) -> AnyArray | None:
    """Return the opacity of the 256 entries: from an RGBA palette, or from what the file calls transparent."""
    transparency = image.info.get("transparency")
    if image.palette is not None and image.palette.mode == "RGBA":
        return own.copy()
    alpha = np.full(_N_ENTRIES, 255, np.uint8)
    if isinstance(transparency, int) and 0 <= transparency < _N_ENTRIES:
        alpha[transparency] = 0
    elif isinstance(transparency, bytes):
        given = np.frombuffer(transparency[:_N_ENTRIES], np.uint8)
        alpha[: given.size] = given
    else:
        return None
    return alpha


def _to_palette(picture: Picture, palette: Palette) -> PillowImage.Image:
    if picture.mode == "PA" and picture.alpha is not None:
        image = _packed("PA", np.stack([palette.indices, picture.alpha], axis=2))
    else:
        image = PillowImage.fromarray(palette.indices)
    image.putpalette(palette.colours[: palette.n_colours].tobytes())
    if palette.alpha is not None:
        clear = palette.clear_entry
        image.info["transparency"] = palette.alpha[: palette.n_colours].tobytes() if clear is None else clear
    return image


def _with_key(picture: Picture, transparency: object) -> Picture:
    """Take the one colour that a file calls transparent for what it is: alpha 0 wherever it stands."""
    key = transparency if isinstance(transparency, tuple) else (transparency,)
    n_channels = picture.pixels.shape[2]
    if picture.alpha is not None or len(key) != n_channels or not all(isinstance(value, int) for value in key):
        return picture
    return with_colour_key(picture, cast("tuple[int, ...]", key))


def with_colour_key(picture: Picture, key: tuple[int, ...]) -> Picture:
    """Return a picture of integers whose alpha is 0 where its colour is `key`, and full elsewhere."""
    clear = (picture.pixels == np.array(key)).all(axis=2)
    full = np.iinfo(picture.pixels.dtype).max
    alpha = np.where(clear, 0, full).astype(picture.pixels.dtype)
    return replace(picture, alpha=alpha, colour_key=key)


def keyed_pixels(picture: Picture) -> AnyArray:
    """Return pixels that say by their colour alone what is transparent: the key there, and nowhere else.

    An opaque pixel that happens to have the key's colour moves by one level in its last channel (a 1-bit one flips).
    Pixels that were not filled are consistent already, so they stay.
    """
    if picture.colour_key is None or picture.alpha is None:
        return picture.pixels
    key = np.array(picture.colour_key).astype(picture.pixels.dtype)
    clear = picture.alpha == 0
    beside = key.copy()
    step = 255 if picture.mode == "1" else 1
    beside[-1] = key[-1] - step if key[-1] >= step else key[-1] + step
    clash = (picture.pixels == key).all(axis=2) & ~clear
    pixels = picture.pixels.copy()
    pixels[clear] = key
    pixels[clash] = beside
    return pixels


def _shifted(lab: AnyArray) -> AnyArray:
    """Turn a and b from signed bytes, in which grey is torn apart at 0 and 255, to bytes around 128, or back."""
    return lab ^ np.array([0, 128, 128], np.uint8)


def _packed(mode: str, planes: AnyArray) -> PillowImage.Image:
    return PillowImage.frombytes(mode, (planes.shape[1], planes.shape[0]), np.ascontiguousarray(planes).tobytes())
