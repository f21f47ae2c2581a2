"""OpenCV's Telea and "Navier-Stokes" behind our door."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from skimage import data

from retouch.classical.diffusion.navier_stokes import inpaint_navier_stokes
from retouch.classical.diffusion.telea import inpaint_telea
from retouch.errors import InputError

BOTH = pytest.mark.parametrize(
    ("fill", "flag"),
    [(inpaint_telea, cv2.INPAINT_TELEA), (inpaint_navier_stokes, cv2.INPAINT_NS)],
    ids=["telea", "navier_stokes"],
)
Fill = Callable[..., np.ndarray]


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return np.ascontiguousarray(data.astronaut()[::4, ::4])


@pytest.fixture(scope="module")
def scratches() -> np.ndarray:
    mask = np.zeros((128, 128), np.uint8)
    for k in range(8):
        cv2.line(mask, (10 + 14 * k, 0), (90 - 10 * k, 127), 1, 2)
    return mask > 0


def psnr(filled: np.ndarray, image: np.ndarray, mask: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((filled[mask] - image[mask]) ** 2)))


@BOTH
def test_result_is_not_worse_than_a_plain_8_bit_call(
    fill: Fill, flag: int, photo: np.ndarray, scratches: np.ndarray
) -> None:
    truth = photo.astype(np.float32) / 255
    plain = cv2.inpaint(photo, scratches.astype(np.uint8), 3, flag).astype(np.float32) / 255
    assert psnr(fill(truth, scratches), truth, scratches) > psnr(plain, truth, scratches) - 0.05


@BOTH
def test_working_on_the_box_around_the_holes_changes_nothing(fill: Fill, flag: int, photo: np.ndarray) -> None:
    image = photo.astype(np.float32) / 255
    mask = np.zeros((128, 128), bool)
    mask[50:70, 40:44] = mask[62:65, 20:80] = True
    enlarged = np.float32(2.0**30)
    whole = cv2.inpaint(image[:, :, 1] * enlarged, mask.astype(np.uint8), 5, flag) / enlarged
    np.testing.assert_allclose(fill(image, mask, radius_px=5)[:, :, 1], whole, atol=1e-6)


@BOTH
def test_channels_are_filled_independently(fill: Fill, flag: int, photo: np.ndarray, scratches: np.ndarray) -> None:
    del flag
    image = photo.astype(np.float32) / 255
    five = np.concatenate([image, image[:, :, :2]], axis=2)
    filled = fill(five, scratches)
    assert np.array_equal(filled[:, :, :3], fill(image, scratches))
    assert np.array_equal(filled[:, :, 3:], filled[:, :, :2])


@BOTH
@pytest.mark.parametrize("radius_px", [0, 101])
def test_a_radius_that_opencv_would_change_silently_is_refused(fill: Fill, flag: int, radius_px: int) -> None:
    del flag
    with pytest.raises(InputError, match="1 to 100"):
        fill(np.zeros((4, 4, 1), np.float32), np.eye(4, dtype=bool), radius_px=radius_px)
