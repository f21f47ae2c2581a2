"""Small files of every kind that is read, made here."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from retouch.io.pictures.picture import Picture
from retouch.io.pictures.writing import encode

HEIGHT, WIDTH = 21, 34


def noise(*channels: int, seed: int = 0) -> np.ndarray:
    """Return (21, 34, ...) uint8: smooth enough to compress, rough enough to tell any two pixels apart."""
    rng = np.random.default_rng(seed)
    ramp = np.linspace(0, 150, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH, *[1] * len(channels))
    return (ramp + rng.uniform(0, 100, (HEIGHT, WIDTH, *channels))).astype(np.uint8)


def saved(image: PillowImage.Image, file_format: str, **options: Any) -> bytes:
    """Return the bytes that Pillow writes."""
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def png_of_bytes(rows: list[bytes], width: int, depth: int, colour_type: int, *, chunks: dict[bytes, bytes]) -> bytes:
    """Write a PNG by hand, without filters."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, len(rows), depth, colour_type, 0, 0, 0)
    parts = {b"IHDR": head, **chunks, b"IDAT": zlib.compress(b"".join(b"\0" + row for row in rows)), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, body) for name, body in parts.items())


def palette_image(**info: Any) -> PillowImage.Image:
    """Return a picture of 7 colours."""
    image = PillowImage.fromarray(noise(3)).quantize(7)
    image.info.update(info)
    return image


@pytest.fixture(scope="session")
def make_noise() -> Callable[..., np.ndarray]:
    return noise


@pytest.fixture(scope="session")
def save_with_pillow() -> Callable[..., bytes]:
    return saved


@pytest.fixture(scope="session")
def write_png() -> Callable[..., bytes]:
    return png_of_bytes


@pytest.fixture(scope="session")
def make_palette_image() -> Callable[..., PillowImage.Image]:
    return palette_image


@pytest.fixture(scope="session")
def lossless_files() -> dict[str, bytes]:
    """One file for each lossless kind: those of deep colour by our own writers, all others by Pillow's."""
    rng = np.random.default_rng(1)
    grey, colour, with_alpha = noise(), noise(3), noise(4)
    deep = rng.integers(0, 65536, (HEIGHT, WIDTH, 4)).astype(np.uint16)
    floats = rng.random((HEIGHT, WIDTH, 4)).astype(np.float32)
    bilevel = PillowImage.fromarray(grey > 128)
    cmyk = PillowImage.frombytes("CMYK", (WIDTH, HEIGHT), with_alpha.tobytes())
    lab = PillowImage.frombytes("LAB", (WIDTH, HEIGHT), colour.tobytes())
    return {
        "1 png": saved(bilevel, "PNG"),
        "1 tiff group4": saved(bilevel, "TIFF", compression="group4"),
        "1 tiff group3": saved(bilevel, "TIFF", compression="group3"),
        "1 bmp": saved(bilevel, "BMP"),
        "L png": saved(PillowImage.fromarray(grey), "PNG"),
        "L tiff lzw": saved(PillowImage.fromarray(grey), "TIFF", compression="tiff_lzw"),
        "L gif": saved(PillowImage.fromarray(grey), "GIF"),
        "L bmp": saved(PillowImage.fromarray(grey), "BMP"),
        "L+key png": saved(PillowImage.fromarray(grey), "PNG", transparency=int(grey[3, 3])),
        "RGB+key png": saved(PillowImage.fromarray(colour), "PNG", transparency=tuple(map(int, colour[3, 3]))),
        "LA png": saved(PillowImage.fromarray(noise(2)), "PNG"),
        "LA tiff": saved(PillowImage.fromarray(noise(2)), "TIFF"),
        "P png": saved(palette_image(), "PNG"),
        "P+clear png": saved(palette_image(transparency=2), "PNG"),
        "P+alpha png": saved(palette_image(transparency=bytes([0, 100, 255, 255, 255, 200, 255])), "PNG"),
        "P gif": saved(palette_image(), "GIF"),
        "P+clear gif": saved(palette_image(transparency=2), "GIF"),
        "P tiff": saved(palette_image(), "TIFF"),
        "P bmp": saved(palette_image(), "BMP"),
        "RGB png": saved(PillowImage.fromarray(colour), "PNG"),
        "RGB tiff packbits": saved(PillowImage.fromarray(colour), "TIFF", compression="packbits"),
        "RGB bmp": saved(PillowImage.fromarray(colour), "BMP"),
        "RGB webp": saved(PillowImage.fromarray(colour), "WEBP", lossless=True),
        "RGBA png": saved(PillowImage.fromarray(with_alpha), "PNG"),
        "RGBA tiff": saved(PillowImage.fromarray(with_alpha), "TIFF", compression="tiff_adobe_deflate"),
        "RGBA webp": saved(PillowImage.fromarray(with_alpha), "WEBP", lossless=True, exact=True),
        "RGBA bmp": encode(Picture.from_array(with_alpha), "BMP"),
        "CMYK tiff": saved(cmyk, "TIFF", compression="tiff_lzw"),
        "LAB tiff": saved(lab, "TIFF"),
        "YCbCr tiff": saved(PillowImage.fromarray(colour).convert("YCbCr"), "TIFF"),
        "I;16 png": saved(PillowImage.fromarray(deep[:, :, 0]), "PNG"),
        "I;16 tiff": saved(PillowImage.fromarray(deep[:, :, 0]), "TIFF", compression="tiff_lzw"),
        "I tiff": saved(PillowImage.fromarray(deep[:, :, 0].astype(np.int32) * 70000), "TIFF"),
        "F tiff": saved(PillowImage.fromarray(floats[:, :, 0] * 9 - 4), "TIFF"),
        **{f"{n} channels of 16 bits png": encode(Picture.from_array(deep[:, :, :n]), "PNG") for n in (2, 3, 4)},
        **{f"{n} channels of 16 bits tiff": encode(Picture.from_array(deep[:, :, :n]), "TIFF") for n in (3, 4)},
        **{f"{n} channels of floats tiff": encode(Picture.from_array(floats[:, :, :n]), "TIFF") for n in (3, 4)},
        "doubles tiff": encode(Picture.from_array(floats[:, :, :3].astype(np.float64) / 3), "TIFF"),
        "grey doubles tiff": encode(Picture.from_array(floats[:, :, 0].astype(np.float64) / 3), "TIFF"),
    }


@pytest.fixture(scope="session")
def valid_files(lossless_files: dict[str, bytes]) -> dict[str, bytes]:
    """All kinds of file, the lossy and the animated ones too."""
    colour = PillowImage.fromarray(noise(3))
    frames = [PillowImage.fromarray(noise(3, seed=seed)) for seed in (5, 6)]
    return {
        **lossless_files,
        "jpeg": saved(colour, "JPEG"),
        "progressive jpeg": saved(colour, "JPEG", progressive=True, exif=_exif()),
        "grey jpeg": saved(colour.convert("L"), "JPEG"),
        "cmyk jpeg": saved(colour.convert("CMYK"), "JPEG"),
        "lossy webp": saved(PillowImage.fromarray(noise(4)), "WEBP", quality=70),
        "animated gif": saved(colour, "GIF", save_all=True, append_images=frames),
        "animated webp": saved(colour, "WEBP", save_all=True, append_images=frames),
        "animated png": saved(colour, "PNG", save_all=True, append_images=frames),
        "paged tiff": saved(colour, "TIFF", save_all=True, append_images=frames),
        "mpo": saved(colour, "MPO", save_all=True, append_images=frames),
        "avif": saved(colour, "AVIF"),
    }


def _exif() -> bytes:
    exif = PillowImage.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6
    return exif.tobytes()
