"""The laws of the methods, seen through retouch.fill: for every kind of picture that can be handed in."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

import retouch
from retouch.arrays.types import AnyArray, Mask
from retouch.errors import Cancelled, InputError, UsageError
from retouch.methods.catalogue import method_names

SHAPE = (37, 45)
DTYPES = ["bool", "uint8", "uint16", "float16", "float32", "float64"]
MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I;16", "I", "F"]


@pytest.fixture(params=["auto", *method_names(), "net"])
def method(request: pytest.FixtureRequest, net_filler: str) -> str:
    """Return the name of each method in turn, the last of them a network in a file."""
    return net_filler if request.param == "net" else str(request.param)


def values(dtype: str, n_channels: int | None = 3) -> AnyArray:
    """Return a picture of the dtype; grey of two axes where n_channels is None."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    waves = 0.5 + 0.4 * np.sin(rows / 5)[:, :, None] * np.cos(columns / 7 + 0.0)[:, :, None]
    unit = np.clip(waves + 0.05 * np.random.default_rng(1).standard_normal((*SHAPE, n_channels or 1)), 0, 1)
    unit = unit[:, :, 0] if n_channels is None else unit
    if dtype == "bool":
        return np.asarray(unit > 0.5)
    return np.asarray((unit * np.iinfo(dtype).max if dtype.startswith("u") else unit).astype(dtype))


def damage() -> Mask:
    """Return a scratch and a hole of 12 pixels."""
    mask = np.zeros(SHAPE, bool)
    mask[5:7, 3:40] = True
    mask[14:26, 20:32] = True
    return mask


def test_an_array_comes_back_with_its_known_values_shape_and_dtype(method: str) -> None:
    for dtype in DTYPES:
        image, mask = values(dtype), damage()
        before = image.copy()
        result = retouch.fill(image, mask, method=method)
        assert (result.shape, result.dtype) == (image.shape, image.dtype)
        np.testing.assert_array_equal(result[~mask], image[~mask])
        np.testing.assert_array_equal(image, before)
        assert not np.shares_memory(result, image)


@pytest.mark.parametrize("n_channels", [None, 1, 2, 3, 4])
def test_arrays_of_every_usual_shape_are_filled(n_channels: int | None) -> None:
    image, mask = values("uint8", n_channels), damage()
    result = retouch.fill(image, mask)
    assert result.shape == image.shape
    np.testing.assert_array_equal(result[~mask], image[~mask])


@pytest.mark.parametrize("n_channels", [2, 4])
def test_the_alpha_of_an_array_is_kept_under_the_mask_too(n_channels: int) -> None:
    image = values("uint8", n_channels)
    np.testing.assert_array_equal(retouch.fill(image, damage())[:, :, -1], image[:, :, -1])


@pytest.mark.parametrize("scale", [255.0, 1e6, -3.0])
def test_floats_of_another_range_are_taken_as_they_are(scale: float) -> None:
    image, mask = values("float64") * scale, damage()
    expected = retouch.fill(values("float64"), mask, method="harmonic") * scale
    result = retouch.fill(image, mask, method="harmonic")
    np.testing.assert_array_equal(result[~mask], image[~mask])
    np.testing.assert_allclose(result[mask], expected[mask], atol=2e-5 * abs(scale))


@pytest.mark.parametrize("mode", MODES)
def test_a_pillow_image_comes_back_in_its_mode_with_its_known_values(mode: str) -> None:
    image = PillowImage.fromarray(values("uint8")).convert("L" if mode == "I;16" else mode.replace("LA", "L"))
    image = image.convert(mode) if mode in ("LA", "I;16") else image
    result = retouch.fill(image, damage(), method="harmonic")
    assert (result.mode, result.size) == (image.mode, image.size)
    np.testing.assert_array_equal(np.asarray(result)[~damage()], np.asarray(image)[~damage()])


def png(array: AnyArray, **how: Any) -> bytes:
    buffer = io.BytesIO()
    PillowImage.fromarray(array).save(buffer, "PNG", **how)
    return buffer.getvalue()


def test_bytes_come_back_as_bytes_of_the_same_format() -> None:
    image, mask = values("uint8", 4), damage()
    result = PillowImage.open(io.BytesIO(retouch.fill(png(image), png(mask))))
    assert (result.format, result.mode) == ("PNG", "RGBA")
    np.testing.assert_array_equal(np.asarray(result)[~mask], image[~mask])


def test_a_path_gives_a_picture_that_numpy_reads_and_that_saves(tmp_path: Path) -> None:
    image, mask = values("uint8"), damage()
    (tmp_path / "in.png").write_bytes(png(image))
    (tmp_path / "mask.png").write_bytes(png(mask))
    picture = retouch.fill(tmp_path / "in.png", str(tmp_path / "mask.png"))
    np.testing.assert_array_equal(np.asarray(picture)[~mask], image[~mask])
    picture.save(tmp_path / "out.png")
    np.testing.assert_array_equal(np.asarray(PillowImage.open(tmp_path / "out.png")), np.asarray(picture))


@pytest.mark.parametrize("as_kind", [np.uint8, np.int64, np.float32, PillowImage.fromarray, png])
def test_a_mask_may_be_of_any_kind(as_kind: Any) -> None:
    image, mask = values("uint8"), damage()
    expected = retouch.fill(image, mask, method="harmonic")
    np.testing.assert_array_equal(retouch.fill(image, as_kind(mask), method="harmonic"), expected)


def test_an_inverted_mask_fills_what_is_black() -> None:
    image, mask = values("uint8"), damage()
    expected = retouch.fill(image, mask, method="harmonic")
    np.testing.assert_array_equal(retouch.fill(image, ~mask, method="harmonic", invert_mask=True), expected)


def test_garbage_under_the_mask_changes_nothing(method: str) -> None:
    image, mask = values("float32"), damage()
    expected = retouch.fill(image, mask, method=method)
    for garbage in (np.nan, np.inf, -1e30):
        spoilt = image.copy()
        spoilt[mask] = garbage
        np.testing.assert_array_equal(retouch.fill(spoilt, mask, method=method), expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_empty_mask_gives_back_the_picture(dtype: str) -> None:
    image = values(dtype)
    np.testing.assert_array_equal(retouch.fill(image, np.zeros(SHAPE, bool)), image)


def test_a_full_mask_is_refused(method: str) -> None:
    with pytest.raises(InputError, match="covers the whole picture"):
        retouch.fill(values("uint8"), np.ones(SHAPE, bool), method=method)


@pytest.mark.parametrize("dtype", DTYPES[1:])
def test_a_constant_picture_stays_constant(method: str, dtype: str) -> None:
    image = np.full((*SHAPE, 3), 100 if dtype.startswith("u") else 0.25, dtype)
    level = 1 if dtype == "uint8" else 257 if dtype == "uint16" else 1 / 255  # one level of 8 bits
    result = retouch.fill(image, damage(), method=method)
    np.testing.assert_allclose(result.astype(float), image.astype(float), atol=level)


def test_the_same_seed_gives_the_same_bytes(method: str) -> None:
    image, mask = values("uint8"), damage()
    first, second = (retouch.fill(image, mask, method=method, seed=3, grain=True) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("shape", [(1, 2), (1, 23), (19, 1), (2, 2), (3, 5), (7, 7), (31, 37)], ids=str)
def test_any_size_is_filled(method: str, shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    mask = np.ones(shape, bool)
    mask[0, : (shape[1] + 1) // 2] = False
    result = retouch.fill(image, mask, method=method)
    np.testing.assert_array_equal(result[~mask], image[~mask])


def test_a_picture_of_one_pixel_with_nothing_missing_comes_back() -> None:
    image = np.array([[[1, 2, 3]]], np.uint8)
    np.testing.assert_array_equal(retouch.fill(image, np.zeros((1, 1), bool)), image)


def test_progress_rises_from_nothing_to_the_number_of_missing_pixels(method: str) -> None:
    seen: list[tuple[int, int]] = []
    mask = damage()
    retouch.fill(values("uint8"), mask, method=method, progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    n_missing = int(mask.sum())
    assert (seen[0], seen[-1]) == ((0, n_missing), (n_missing, n_missing))


def test_cancelling_stops_the_work(method: str) -> None:
    def cancel(done: int, total: int) -> None:
        if done:
            raise Cancelled(f"stopped at {done} of {total}")

    with pytest.raises(Cancelled):
        retouch.fill(values("uint8"), damage(), method=method, progress=cancel)


def test_a_mask_of_another_size_is_refused() -> None:
    with pytest.raises(InputError, match="image 45x37 and mask 44x37"):
        retouch.fill(values("uint8"), damage()[:, 1:])


def test_a_known_nan_is_refused_and_counted() -> None:
    image = values("float32")
    image[0, :3, 1] = np.nan
    with pytest.raises(InputError, match="3 of them are NaN"):
        retouch.fill(image, damage())


@pytest.mark.parametrize(
    ("image", "mask", "message"),
    [
        (None, np.zeros(SHAPE), "an image must be a path"),
        (values("uint8"), None, "a mask must be a path"),
        (np.zeros(SHAPE, complex), np.zeros(SHAPE), "complex128"),
        (np.zeros((3, 4, 5, 6), np.uint8), np.zeros(SHAPE), "3, 4, 5, 6"),
        (b"no picture", np.zeros(SHAPE), "picture"),
    ],
)
def test_what_is_no_picture_is_refused(image: Any, mask: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        retouch.fill(image, mask)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"method": "patchmach"}, "did you mean 'patchmatch'"),
        ({"method": "telea", "radius": 3}, "did you mean 'radius_px'"),
        ({"radius_px": 3}, "method 'auto' takes no options, got 'radius_px'"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"max_memory": "lots"}, "such as 2G"),
    ],
)
def test_what_does_not_exist_is_refused_with_the_nearest_name(how: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        retouch.fill(values("uint8"), damage(), **how)
