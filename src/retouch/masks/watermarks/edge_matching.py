"""How well the edges of a mark lie on edges of a picture, and the search for the place where they lie best.

Source: C. Steger, "Similarity measures for occlusion, clutter, and illumination invariant object recognition", DAGM
2001: the mean cosine between the directions of the gradients. It does not depend on opacity or contrast.
Departures: directions of the picture are weighed down where its gradient is weak (below the noise of 8 bit); the search
goes over scales and turns by products in the Fourier domain (OpenCV's template matching) on a small copy, and then by
the simplex method of Nelder and Mead over shift, scale and turn.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from jaxtyping import Float32, Float64
from scipy import optimize

_WEAK = 0.012  # of a gradient in [0, 1] per pixel
_MOST_POINTS = 1500
_SMALL_SIDE = 288
_SCALES = np.geomspace(0.35, 2.4, 23)
_TURNS_DEG = np.arange(-24, 25, 4)
_N_STARTS = 8


class EdgePoints(NamedTuple):
    """Points of a mark, (n, 2) x and y, and the direction and strength of its gradient there, (n, 2)."""

    at: Float64[np.ndarray, "n 2"]
    gradient: Float64[np.ndarray, "n 2"]


def directions(grey: Float32[np.ndarray, "H W"], sigma_px: float = 1.0) -> Float32[np.ndarray, "H W 2"]:
    """Return the gradient (x, y) of each pixel at about unit length, shorter where it is weak."""
    gradient = _gradient(grey, sigma_px)
    length = np.linalg.norm(gradient, axis=2, keepdims=True)
    unit: Float32[np.ndarray, "H W 2"] = gradient / (length + _WEAK)
    return unit


def edge_points(grey: Float32[np.ndarray, "h w"]) -> EdgePoints:
    """Return the points of a mark where its gradient is strongest."""
    gradient = _gradient(grey, 1.0)
    length = np.linalg.norm(gradient, axis=2)
    strong = np.flatnonzero(length > 0.25 * length.max())
    strong = strong[:: max(1, math.ceil(len(strong) / _MOST_POINTS))]
    rows, columns = np.divmod(strong, grey.shape[1])
    return EdgePoints(np.stack([columns, rows], axis=1).astype(np.float64), gradient[rows, columns].astype(np.float64))


def agreement(points: EdgePoints, field: Float32[np.ndarray, "H W 2"], homography: Float64[np.ndarray, "3 3"]) -> float:
    """Return the mean cosine between the edges of the moved mark and those of a picture, -1 to 1; 1 is a perfect fit.

    Examples
    --------
    >>> step = np.repeat([[0.0] * 8 + [1.0] * 8], 16, axis=0).astype(np.float32)
    >>> agreement(edge_points(step), directions(step), np.eye(3)) > 0.9
    True
    """
    there = moved(homography, points.at)
    direction = moved(homography, points.at + 0.5 * _unit(points.gradient)) - there
    weight = np.linalg.norm(points.gradient, axis=1)
    sampled = cv2.remap(
        field, there[:, None, 0].astype(np.float32), there[:, None, 1].astype(np.float32), cv2.INTER_LINEAR
    )[:, 0]
    cosine = (sampled * _unit(direction)).sum(axis=1)
    return float((cosine * weight).sum() / weight.sum()) if len(weight) else 0.0


def moved(homography: Float64[np.ndarray, "3 3"], points: Float64[np.ndarray, "n 2"]) -> Float64[np.ndarray, "n 2"]:
    """Return points (x, y) after a homography."""
    ahead = points @ homography[:, :2].T + homography[:, 2]
    there: Float64[np.ndarray, "n 2"] = ahead[:, :2] / ahead[:, 2:]
    return there


def search_edges(
    mark: Float32[np.ndarray, "h w"], picture: Float32[np.ndarray, "H W"], field: Float32[np.ndarray, "H W 2"]
) -> Float64[np.ndarray, "3 3"]:
    """Return the shift, scale and turn, as a homography, under which a mark agrees best with a picture.

    `picture` gives the small copy that is searched, `field` the directions at full size.
    """
    points = edge_points(mark)
    starts = _coarse_places(mark, picture)
    refined = [_polished(points, picture, field, mark.shape, start) for start in starts]
    return max(refined, key=lambda h: agreement(points, field, h))


def similarity(parameters: Float64[np.ndarray, " 4"], shape: tuple[int, ...]) -> Float64[np.ndarray, "3 3"]:
    """Return the homography that puts the middle of a mark of `shape` at (x, y), scaled by e^s and turned by t rad."""
    x, y, log_scale, turn = parameters
    a, b = math.exp(log_scale) * math.cos(turn), math.exp(log_scale) * math.sin(turn)
    middle_x, middle_y = (shape[1] - 1) / 2, (shape[0] - 1) / 2
    return np.array([[a, -b, x - a * middle_x + b * middle_y], [b, a, y - b * middle_x - a * middle_y], [0, 0, 1]])


def _coarse_places(
    mark: Float32[np.ndarray, "h w"], picture: Float32[np.ndarray, "H W"]
) -> list[Float64[np.ndarray, " 4"]]:
    """Return the best few places on a small copy of the picture, as parameters of a similarity at full size."""
    shrink = min(1.0, _SMALL_SIDE / max(picture.shape))
    small = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    field = cv2.GaussianBlur(directions(small), (0, 0), 1.0)
    places: list[tuple[float, Float64[np.ndarray, " 4"]]] = []
    for scale in _SCALES:
        for turn in np.deg2rad(_TURNS_DEG):
            turned = _turned(mark, scale * shrink, turn)
            if min(turned.shape) < 8 or (np.array(turned.shape) > 1.1 * np.array(small.shape)).any():  # noqa: PLR2004
                continue
            gradient = _gradient(turned, 1.0)
            length = np.linalg.norm(gradient, axis=2).sum()
            pad_y, pad_x = turned.shape[0] // 3, turned.shape[1] // 3
            padded = cv2.copyMakeBorder(field, pad_y, pad_y, pad_x, pad_x, cv2.BORDER_CONSTANT)
            score = cv2.matchTemplate(padded, gradient, cv2.TM_CCORR) / (length + 1e-9)
            _, best, _, (x, y) = cv2.minMaxLoc(np.nan_to_num(score))
            middle = np.array([x - pad_x + (turned.shape[1] - 1) / 2, y - pad_y + (turned.shape[0] - 1) / 2])
            full = (middle + 0.5) / shrink - 0.5
            places.append((best, np.array([full[0], full[1], math.log(scale), turn])))
    places.sort(key=lambda place: -place[0])
    return [place for _, place in places[:_N_STARTS]] or [np.array([picture.shape[1] / 2, picture.shape[0] / 2, 0, 0])]


def _turned(mark: Float32[np.ndarray, "h w"], scale: float, turn: float) -> Float32[np.ndarray, "h2 w2"]:
    """Return a mark scaled and turned on a ground of its border's level, just large enough."""
    height, width = mark.shape
    wide = scale * (abs(width * math.cos(turn)) + abs(height * math.sin(turn)))
    high = scale * (abs(height * math.cos(turn)) + abs(width * math.sin(turn)))
    size = (max(1, math.ceil(wide)), max(1, math.ceil(high)))
    matrix = similarity(np.array([(size[0] - 1) / 2, (size[1] - 1) / 2, math.log(scale), turn]), mark.shape)
    softened = cv2.GaussianBlur(mark, (0, 0), 0.45 / scale) if scale < 0.8 else mark  # noqa: PLR2004 - else aliased
    result: Float32[np.ndarray, "h2 w2"] = cv2.warpAffine(
        softened, matrix[:2], size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return result


def _polished(
    points: EdgePoints,
    picture: Float32[np.ndarray, "H W"],
    field: Float32[np.ndarray, "H W 2"],
    shape: tuple[int, ...],
    start: Float64[np.ndarray, " 4"],
) -> Float64[np.ndarray, "3 3"]:
    """Return the place nearby of the best agreement, first with a soft field, then with the sharp one."""
    soft = cv2.GaussianBlur(field, (0, 0), 2.0)
    best = start
    for step, level in ((1.0, soft), (0.3, field)):
        simplex = best + np.vstack([np.zeros(4), np.diag([3.0 * step, 3.0 * step, 0.05 * step, 0.05 * step])])
        best = optimize.minimize(
            lambda p, level=level: -agreement(points, level, similarity(p, shape)),
            best,
            method="Nelder-Mead",
            options={"initial_simplex": simplex, "maxfev": 150, "xatol": 1e-3, "fatol": 1e-5},
        ).x
    return similarity(best, shape)


def _gradient(grey: Float32[np.ndarray, "H W"], sigma_px: float) -> Float32[np.ndarray, "H W 2"]:
    smooth = cv2.GaussianBlur(np.ascontiguousarray(grey, np.float32), (0, 0), sigma_px)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    down = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    return np.stack([across, down], axis=2)


def _unit(vectors: Float64[np.ndarray, "n 2"]) -> Float64[np.ndarray, "n 2"]:
    unit: Float64[np.ndarray, "n 2"] = vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-12)
    return unit
