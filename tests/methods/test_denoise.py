"""The door to the denoisers: what comes back of each kind of picture, on which scale sigma counts, what is refused."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

import retouch
from retouch.arrays.types import AnyArray
from retouch.errors import Cancelled, InputError, LimitError, UsageError
from retouch.io.pictures.picture import Picture
from retouch.methods.catalogue import AUTO
from retouch.methods.denoise import DenoiseRequest, DenoiseResult, denoise_picture
from retouch.methods.denoisers import choose_denoiser, find_denoiser, load_denoiser

SHAPE = (48, 64)
SIGMA = 25 / 255
DTYPES = ["bool", "uint8", "uint16", "float16", "float32", "float64"]
MODES = ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I;16", "I", "F"]


def ramp(n_channels: int = 3) -> AnyArray:
    """Return a ramp from 0.2 to 0.8 along each row, in [0, 1]."""
    row = np.linspace(0.2, 0.8, SHAPE[1])
    return np.broadcast_to(row[None, :, None], (*SHAPE, n_channels)).copy()


def noisy_ramp(n_channels: int = 3) -> AnyArray:
    noise = np.random.default_rng(1).standard_normal((*SHAPE, n_channels))
    return ramp(n_channels) + SIGMA * noise


def values(dtype: str, n_channels: int = 3) -> AnyArray:
    """Return the noisy ramp in a dtype, clipped to its usual range."""
    unit = np.clip(noisy_ramp(n_channels), 0, 1)
    if dtype == "bool":
        return np.asarray(unit > 0.5)
    return (np.rint(unit * np.iinfo(dtype).max) if dtype.startswith("u") else unit).astype(dtype)


def psnr(image: AnyArray, truth: AnyArray) -> float:
    return float(-10 * np.log10(np.mean((image - truth) ** 2)))


def denoise(image: AnyArray, sigma: float = SIGMA, method: str = AUTO, **how: Any) -> DenoiseResult:
    return denoise_picture(Picture.from_array(image), DenoiseRequest(method, sigma, **how))


def as_png(image: AnyArray) -> bytes:
    buffer = io.BytesIO()
    PillowImage.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "float64"])
def test_psnr_of_a_noisy_ramp_rises_by_5_db_at_least(dtype: str) -> None:
    """The noisy ramp has 20 log10(255 / 25) = 20.2 dB."""
    whole = np.iinfo(dtype).max if dtype.startswith("u") else 1
    noisy = values(dtype)
    clean = retouch.denoise(noisy, SIGMA)
    before, after = psnr(noisy / whole, ramp()), psnr(clean / whole, ramp())
    assert before == pytest.approx(20.2, abs=0.2)
    assert after > before + 5


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_array_comes_back_in_its_shape_and_dtype(dtype: str) -> None:
    for n_channels in (1, 2, 3, 4):
        image = values(dtype, n_channels)
        before = image.copy()
        result = retouch.denoise(image, SIGMA)
        assert (result.shape, result.dtype) == (image.shape, image.dtype)
        np.testing.assert_array_equal(image, before)
        assert not np.shares_memory(result, image)


@pytest.mark.parametrize("dtype", DTYPES)
def test_no_noise_is_the_identity(dtype: str) -> None:
    image = values(dtype, 4)
    np.testing.assert_array_equal(retouch.denoise(image, 0), image)


def test_no_noise_gives_back_the_very_picture() -> None:
    picture = Picture.from_array(values("uint8"))
    result = denoise_picture(picture, DenoiseRequest(AUTO, 0.0))
    assert result.picture is picture
    assert result.report.sentences() == ["sigma is 0: the picture was returned as it is"]


@pytest.mark.parametrize("method", ["median", "gaussian", "total_variation"])
@pytest.mark.parametrize("dtype", DTYPES[1:])
def test_a_constant_picture_comes_back(method: str, dtype: str) -> None:
    image = np.full((*SHAPE, 3), 100 if dtype.startswith("u") else 0.25, dtype)
    result = retouch.denoise(image, SIGMA, method=method)
    np.testing.assert_allclose(result.astype(float), image.astype(float), atol=0 if dtype.startswith("u") else 1e-6)


def test_sixteen_bits_are_not_rounded_to_eight() -> None:
    """Whole multiples of 257 are what 8 bits can say: of smooth values in 16 bits nearly none is one."""
    result = retouch.denoise(values("uint16"), SIGMA)
    assert np.mean(result % 257 == 0) < 0.05


@pytest.mark.parametrize("n_channels", [2, 4])
def test_alpha_is_not_denoised(n_channels: int) -> None:
    image = values("uint8", n_channels)
    result = retouch.denoise(image, SIGMA)
    np.testing.assert_array_equal(result[:, :, -1], image[:, :, -1])
    assert (result[:, :, 0] != image[:, :, 0]).any()


@pytest.mark.parametrize("mode", MODES)
def test_a_pillow_image_comes_back_in_its_mode(mode: str) -> None:
    image = PillowImage.fromarray(values("uint8")).convert("L" if mode == "I;16" else mode.replace("LA", "L"))
    image = image.convert(mode) if mode in ("LA", "I;16") else image
    result = retouch.denoise(image, SIGMA)
    assert (result.mode, result.size) == (image.mode, image.size)
    assert result.tobytes() != image.tobytes() or mode == "1"


def test_bytes_come_back_as_bytes_of_the_same_format() -> None:
    result = PillowImage.open(io.BytesIO(retouch.denoise(as_png(values("uint8", 4)), SIGMA)))
    assert (result.format, result.mode) == ("PNG", "RGBA")
    np.testing.assert_array_equal(np.asarray(result), retouch.denoise(values("uint8", 4), SIGMA))


def test_a_path_gives_a_picture_that_saves(tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(as_png(values("uint8")))
    retouch.denoise(tmp_path / "in.png", SIGMA).save(tmp_path / "out.png")
    expected = retouch.denoise(values("uint8"), SIGMA)
    np.testing.assert_array_equal(np.asarray(PillowImage.open(tmp_path / "out.png")), expected)


def test_pixels_of_a_palette_picture_take_colours_of_the_palette() -> None:
    """Greys 0, 64, 128 and 192: a median of them is one of them, so the median of the greys is the result."""
    numbers = np.random.default_rng(2).integers(0, 4, SHAPE, dtype=np.uint8)
    image = PillowImage.fromarray(numbers)
    image.putpalette([level for number in range(4) for level in [64 * number] * 3])
    result = retouch.denoise(image, SIGMA, method="median")
    assert result.mode == "P"
    expected = retouch.denoise(64 * numbers, SIGMA, method="median")
    np.testing.assert_array_equal(np.asarray(result.convert("L")), expected)


def test_transparent_pixels_of_a_palette_picture_stay_transparent() -> None:
    numbers = np.random.default_rng(3).integers(0, 3, SHAPE, dtype=np.uint8)
    image = PillowImage.fromarray(numbers)
    image.putpalette([0, 0, 0, 128, 128, 128, 255, 255, 255])
    image.info["transparency"] = 0
    result = np.asarray(retouch.denoise(image, SIGMA, method="median"))
    np.testing.assert_array_equal(result == 0, numbers == 0)
    assert (result != numbers).any()


def test_values_stay_within_the_range_of_the_picture() -> None:
    """An option may ask for less than the noise: what lies beyond [0, 1] then stays, up to the outermost values."""
    image = noisy_ramp().astype(np.float32) - np.float32(0.2)
    result = retouch.denoise(image, SIGMA, method="total_variation", strength=1e-6)
    assert image.min() < 0
    assert image.min() <= result.min() < 0
    np.testing.assert_allclose(result, image, atol=1e-5)


def test_sigma_of_floats_that_noise_led_out_of_range_counts_as_it_is() -> None:
    """What the denoiser itself returns for them: no range is taken from the noise."""
    image = noisy_ramp().astype(np.float32)
    image[0, 0] = [-0.3, 0.5, 1.4]  # 3 and 4 sigma out of [0, 1]
    expected = load_denoiser(find_denoiser("gaussian"))(image, SIGMA)
    np.testing.assert_allclose(retouch.denoise(image, SIGMA, method="gaussian"), expected, atol=1e-6)


@pytest.mark.parametrize("scale", [255.0, 1e6, -3.0])
def test_sigma_of_floats_of_another_range_is_a_share_of_it(scale: float) -> None:
    image = values("float64")
    image[0, 0], image[0, 1] = 0, 1  # so that the range of one is 0 to 1, and of the other 0 to `scale`
    expected = retouch.denoise(image, SIGMA) * scale
    np.testing.assert_allclose(retouch.denoise(image * scale, SIGMA), expected, atol=1e-4 * abs(scale))


def test_facts_of_the_file_are_kept() -> None:
    picture = Picture.from_array(values("uint8"))
    result = denoise_picture(picture, DenoiseRequest("median", SIGMA)).picture
    assert (result.mode, result.facts, result.limits) == (picture.mode, picture.facts, picture.limits)


def test_a_picture_of_more_rows_than_are_rounded_at_once_is_whole() -> None:
    """The result is the denoiser's own, rounded, in each of 600 rows."""
    image = np.random.default_rng(4).integers(0, 256, (600, 5, 3), dtype=np.uint8)
    unit = load_denoiser(find_denoiser("median"))((image / np.float32(255)).astype(np.float32), SIGMA)
    np.testing.assert_array_equal(retouch.denoise(image, SIGMA, method="median"), np.rint(255 * unit))


def test_options_reach_the_denoiser() -> None:
    image = values("uint8")
    narrow, broad = (retouch.denoise(image, SIGMA, method="gaussian", radius_px=radius) for radius in (0.5, 4.0))
    assert broad.std() < narrow.std()


def test_progress_rises_to_its_total() -> None:
    for sigma in (0.0, SIGMA):
        seen: list[tuple[int, int]] = []
        retouch.denoise(values("uint8"), sigma, progress=lambda done, total, seen=seen: seen.append((done, total)))
        assert seen == sorted(seen)
        assert seen[-1][0] == seen[-1][1]


def test_cancelling_stops_the_work() -> None:
    def cancel(done: int, total: int) -> None:
        raise Cancelled(f"stopped at {done} of {total}")

    with pytest.raises(Cancelled):
        retouch.denoise(values("uint8"), SIGMA, progress=cancel)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("sigma", [0.0, SIGMA])
def test_a_value_that_is_no_number_is_refused_and_its_pixels_are_counted(bad: float, sigma: float) -> None:
    image = values("float32")
    image[3, :2, 1] = bad
    with pytest.raises(InputError, match="2 of them are NaN or infinite"):
        retouch.denoise(image, sigma)


@pytest.mark.parametrize("sigma", [25, 1.01, -0.1, np.nan, np.inf])
def test_a_sigma_of_another_scale_is_refused_and_the_scale_explained(sigma: float) -> None:
    with pytest.raises(UsageError, match=r"sigma must be 0 to 1 .* divide a level of 0 to 255 by 255"):
        retouch.denoise(values("uint8"), sigma)


@pytest.mark.parametrize("sigma", ["25", True, 1j])
def test_a_sigma_that_is_no_number_is_refused(sigma: Any) -> None:
    with pytest.raises(UsageError, match="sigma must be a number of 0 to 1"):
        retouch.denoise(values("uint8"), sigma)


def test_a_sigma_of_numpy_is_a_number() -> None:
    image = values("uint8")
    sigma: Any = np.float32(0.125)
    np.testing.assert_array_equal(retouch.denoise(image, sigma), retouch.denoise(image, 0.125))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"method": "gausian"}, "unknown denoiser 'gausian'; did you mean 'gaussian'"),
        ({"method": "median", "size": 5}, "'median': unknown option 'size'; did you mean 'size_px'"),
        ({"method": "median", "size_px": 5.5}, "'size_px' of method 'median' must be a whole number"),
        ({"max_memory": "lots"}, "such as 2G"),
    ],
)
def test_what_does_not_exist_is_refused_with_the_nearest_name(how: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        retouch.denoise(values("uint8"), SIGMA, **how)


def test_an_option_out_of_range_is_refused() -> None:
    with pytest.raises(InputError, match="size_px must be an odd number"):
        retouch.denoise(values("uint8"), SIGMA, method="median", size_px=4)


@pytest.mark.parametrize("image", [None, [[1, 2]], np.zeros(SHAPE, complex), b"no picture"])
def test_what_is_no_picture_is_refused(image: Any) -> None:
    with pytest.raises(InputError, match=r"picture|image"):
        retouch.denoise(image, SIGMA)


def test_a_budget_that_the_picture_alone_would_pass_is_refused() -> None:
    """3 M values of 1 byte, twice, and of 4 as floats make 17.2 M; 200 M are the process."""
    image = np.zeros((1000, 1000, 3), np.uint8)
    with pytest.raises(LimitError, match=r"denoising must stay .* 210.0M, but .* about 217.2M; raise --max-memory"):
        denoise(image, max_memory_bytes=210 << 20)


def test_a_budget_below_one_piece_is_refused() -> None:
    """Total variation takes 36 bytes a value, and its halo of 64 px asks for pieces of 256x256: 6.8 M in colour."""
    image = np.zeros((1000, 1000, 3), np.uint8)
    with pytest.raises(LimitError, match=r"'total_variation' must stay .* needs about 6.8M and .* raise --max-memory"):
        denoise(image, method="total_variation", max_memory_bytes=230 << 20)


def test_auto_says_what_it_took_and_why() -> None:
    report = denoise(values("uint8")).report
    name, reason = choose_denoiser()
    assert report.method == name
    assert report.sentences()[0] == f"auto took {name}: {reason}"
    np.testing.assert_array_equal(
        retouch.denoise(values("uint8"), SIGMA), retouch.denoise(values("uint8"), SIGMA, method=name)
    )


def test_the_report_says_what_was_done() -> None:
    report = denoise(values("uint8"), method="gaussian").report
    facts = report.to_dict()
    assert (facts["method"], facts["sigma_255"], facts["width"], facts["height"]) == ("gaussian", 25.0, 64, 48)
    (sentence,) = report.sentences()
    assert sentence.startswith("gaussian: noise of sigma 25 (of 255) was taken from 64x48 pixels in ")
