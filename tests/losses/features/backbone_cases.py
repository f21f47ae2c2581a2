"""State dicts of thin networks in the forms that makers publish."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

State = dict[str, np.ndarray]

_VGG_PLACES = {
    "VGG16": [(0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28)],
    "VGG19": [(0, 2), (5, 7), (10, 12, 14, 16), (19, 21, 23, 25), (28, 30, 32, 34)],
}


def thin_vgg(name: str = "VGG16", width: int = 2, prefix: str = "features") -> State:
    """Return weights as torchvision names them, with a classifier that nobody reads; or as LPIPS does."""
    rng = np.random.default_rng(0)
    state: State = {"classifier.0.weight": np.zeros((3, 2), np.float32)}
    n_in = 3
    for block, places in enumerate(_VGG_PLACES[name], start=1):
        for place in places:
            key = f"features.{place}" if prefix == "features" else f"net.slice{block}.{place}"
            state |= _convolution(rng, key, width, n_in, 3)
            n_in = width
    return state


def thin_keras(width: int = 2) -> State:
    """Return weights as the edge detector's file names them: (height, width, in, out)."""
    state: State = {}
    n_in, rng = 3, np.random.default_rng(0)
    for block, places in enumerate(_VGG_PLACES["VGG16"], start=1):
        for i in range(len(places)):
            key = f"block{block}/layers/conv2d{f'_{i}' if i else ''}/vars/"
            state[f"{key}0"] = rng.normal(0, 0.3, (3, 3, n_in, width)).astype(np.float32)
            state[f"{key}1"] = rng.normal(0, 0.1, width).astype(np.float32)
            n_in = width
    return state


def thin_resnet(*, deep_stem: bool, width: int = 2) -> State:
    """Return weights of a ResNet-50 whose first stage filters `width` channels."""
    rng = np.random.default_rng(0)
    state = dict(_stem(rng, width, deep_stem=deep_stem))
    n_in = width
    for stage, (depth, planes) in enumerate(zip((3, 4, 6, 3), (1, 2, 4, 8), strict=True), start=1):
        for i in range(depth):
            key, inner = f"layer{stage}.{i}", planes * width
            for number, (n_out, n_from, side) in enumerate(
                [(inner, n_in, 1), (inner, inner, 3), (4 * inner, inner, 1)], start=1
            ):
                state |= _convolution(rng, f"{key}.conv{number}", n_out, n_from, side, norm=f"{key}.bn{number}")
            if i == 0:
                state |= _convolution(rng, f"{key}.downsample.0", 4 * inner, n_in, 1, norm=f"{key}.downsample.1")
            n_in = 4 * inner
    return state


def _stem(rng: np.random.Generator, width: int, *, deep_stem: bool) -> Iterator[tuple[str, np.ndarray]]:
    if not deep_stem:
        yield from _convolution(rng, "conv1", width, 3, 7, norm="bn1").items()
        return
    for number, n_in in enumerate((3, width, width), start=1):
        yield from _convolution(rng, f"conv{number}", width, n_in, 3, norm=f"bn{number}").items()


def _convolution(rng: np.random.Generator, key: str, n_out: int, n_in: int, side: int, norm: str = "") -> State:
    state: State = {f"{key}.weight": rng.normal(0, (2 / (n_in * side**2)) ** 0.5, (n_out, n_in, side, side))}
    if norm:
        state |= {f"{norm}.{part}": rng.uniform(0.5, 1.5, n_out) for part in ("weight", "running_var")}
        state |= {f"{norm}.{part}": rng.normal(0, 0.1, n_out) for part in ("bias", "running_mean")}
    else:
        state[f"{key}.bias"] = rng.normal(0, 0.1, n_out)
    return {name: array.astype(np.float32) for name, array in state.items()}
