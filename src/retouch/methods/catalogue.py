"""The catalogue: one literal table of everything that can fill a hole.

The command line's help, the docs and the law tests are generated from it. Importing it imports no array package: a
method's code is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, NamedTuple, Protocol, runtime_checkable

from retouch.errors import UsageError, unknown_name

AUTO = "auto"
"""Not a method but the choice among them, made for each hole by its geometry (retouch.methods.planning.auto)."""

NET_PREFIX = "net:"
"""Begins the name of an exported network: "net:lama" in the weight store, or "net:folder/lama.onnx"."""

INTERPOLATION, EXEMPLAR, LEARNED = "interpolation", "exemplar", "learned"


@runtime_checkable  # the test run checks annotations
class Entry(Hashable, Protocol):
    """What a line of any catalogue has: enough to load its function and to read the options."""

    @property
    def name(self) -> str:
        """What people type."""

    @property
    def build(self) -> str:
        """Dotted path "module:function"."""

    @property
    def given(self) -> tuple[tuple[str, Any], ...]:
        """Keyword arguments that the line fixes."""


class Limits(NamedTuple):
    """What a method costs and where it fails.

    Attributes
    ----------
    words : str
        One sentence for people: where the method fails.
    bytes_per_pixel, bytes_per_missing : int
        Working memory at its peak per pixel of a three-channel crop, and on top of that per missing pixel.
    bytes_per_square : float
        The same for the square of the number of pixels: attention compares each place with each.
    bytes_at_all : int
        Whatever the size of the crop.
    multiple, least_px : int
        A crop counts as large as it is made inside: its sides up to multiples of the one, and not below the other.
    """

    words: str
    bytes_per_pixel: int
    bytes_per_missing: int
    bytes_per_square: float = 0.0
    bytes_at_all: int = 0
    multiple: int = 1
    least_px: int = 1


class Context(NamedTuple):
    """How much of the picture around a hole a method is shown: `growth` times the hole's longer side, in bounds.

    Attributes
    ----------
    growth : float
        0 where only the border counts; about 1 where texture is borrowed from the surroundings.
    least_px, most_px : int
        Bounds of the margin on each side.
    """

    growth: float
    least_px: int
    most_px: int


class MethodInfo(NamedTuple):
    """One line of the catalogue.

    Attributes
    ----------
    name : str
        What people type.
    kind : str
        "interpolation" continues values from the border inwards; "exemplar" borrows patches from elsewhere; "learned"
        is a network, or steps with one among them.
    summary, paper : str
        One sentence on what it does, and where it is published.
    build : str
        Dotted path "module:function", resolved by `load_method` on use.
    limits : Limits
    context : Context
    given : tuple of (str, value)
        Keyword arguments that the line fixes, such as the file of a network.
    """

    name: str
    kind: str
    summary: str
    paper: str
    build: str
    limits: Limits
    context: Context
    given: tuple[tuple[str, Any], ...] = ()


_NET_BYTES = 170 << 20
"""Of the network that comes with the package: 134 MB at the largest picture that it is shown, and its session."""

_BORDER = Context(growth=0.0, least_px=16, most_px=16)

CATALOGUE: tuple[MethodInfo, ...] = (
    MethodInfo(
        name="nearest",
        kind=INTERPOLATION,
        summary="Copies the nearest known pixel.",
        paper="baseline",
        build="retouch.classical.nearest:inpaint_nearest",
        limits=Limits("Leaves visible streaks in anything wider than a few pixels.", 60, 0),
        context=_BORDER,
    ),
    MethodInfo(
        name="harmonic",
        kind=INTERPOLATION,
        summary="Stretches a smooth membrane over the hole (Laplace equation).",
        paper="Chan and Shen, Mathematical models for local nontexture inpaintings, SIAM J. Appl. Math. 62(3), 2002",
        build="retouch.classical.diffusion.harmonic:inpaint_harmonic",
        limits=Limits("Blurs edges and textures.", 60, 300),
        context=_BORDER,
    ),
    MethodInfo(
        name="biharmonic",
        kind=INTERPOLATION,
        summary="Bends a thin plate over the hole, so that slopes continue too (bi-Laplace equation).",
        paper="Damelin and Hoang, On surface completion and image inpainting by biharmonic functions, Int. J. Math. "
        "Math. Sci., 2018",
        build="retouch.classical.diffusion.biharmonic:inpaint_biharmonic",
        limits=Limits("Overshoots in broad holes and knows no texture.", 60, 400),
        context=_BORDER,
    ),
    MethodInfo(
        name="total_variation",
        kind=INTERPOLATION,
        summary="Continues edges straight and keeps areas flat (least total variation).",
        paper="Chan and Shen, Mathematical models for local nontexture inpaintings, SIAM J. Appl. Math. 62(3), 2002",
        build="retouch.classical.diffusion.total_variation:inpaint_total_variation",
        limits=Limits("Cuts corners where the hole is wider than the edge is long, and flattens texture.", 60, 400),
        context=_BORDER,
    ),
    MethodInfo(
        name="telea",
        kind=INTERPOLATION,
        summary="Marches from the border inwards with weighted first-order extrapolation (OpenCV).",
        paper="Telea, An image inpainting technique based on the fast marching method, J. Graphics Tools 9(1), 2004",
        build="retouch.classical.diffusion.telea:inpaint_telea",
        limits=Limits("Streaks in broad holes.", 60, 0),
        context=_BORDER,
    ),
    MethodInfo(
        name="navier_stokes",
        kind=INTERPOLATION,
        summary="Marches from the border inwards along lines of equal brightness (OpenCV's weighting).",
        paper="after Bertalmio, Bertozzi and Sapiro, Navier-Stokes, fluid dynamics, and image and video inpainting, "
        "CVPR 2001",
        build="retouch.classical.diffusion.navier_stokes:inpaint_navier_stokes",
        limits=Limits("Streaks in broad holes.", 60, 0),
        context=_BORDER,
    ),
    MethodInfo(
        name="kriging",
        kind=INTERPOLATION,
        summary="Predicts each missing pixel from the statistics of its surroundings (best linear prediction).",
        paper="Matheron, Principles of geostatistics, Economic Geology 58, 1963",
        build="retouch.classical.sparse.kriging:inpaint_kriging",
        limits=Limits("Drifts to the local mean in broad holes and brings no texture.", 120, 400),
        context=Context(growth=0.0, least_px=32, most_px=32),
    ),
    MethodInfo(
        name="blended",
        kind=INTERPOLATION,
        summary="Kriging near the border, a membrane deeper inside.",
        paper="this project",
        build="retouch.classical.sparse.blended:inpaint_blended",
        limits=Limits("Blurs what is far from the border and brings no texture.", 120, 700),
        context=Context(growth=0.0, least_px=32, most_px=32),
    ),
    MethodInfo(
        name="patchmatch",
        kind=EXEMPLAR,
        summary="Composes the hole, coarse to fine, from patches of the rest of the picture.",
        paper="Barnes et al., PatchMatch, SIGGRAPH 2009; Wexler, Shechtman and Irani, Space-time completion of video, "
        "PAMI 29(3), 2007",
        build="retouch.classical.exemplar.patchmatch:inpaint_patchmatch",
        limits=Limits("Can only repeat what the picture shows elsewhere; no faces or unique objects.", 120, 100),
        context=Context(growth=1.0, least_px=64, most_px=512),
    ),
    MethodInfo(
        name="guided_patchmatch",
        kind=EXEMPLAR,
        summary="Composes the hole of known patches along an interpolation: structure first, detail next.",
        paper="this project, with the patches of Barnes et al., PatchMatch, SIGGRAPH 2009",
        build="retouch.classical.exemplar.guided:inpaint_guided_patchmatch",
        limits=Limits("Can only repeat what the picture shows elsewhere; no faces or unique objects.", 160, 400),
        context=Context(growth=1.0, least_px=64, most_px=512),
    ),
    MethodInfo(
        name="learned_structure",
        kind=LEARNED,
        summary="Interpolates, and lets a small network that comes with the package correct the result.",
        paper="this project",
        build="retouch.learned.structure:inpaint_learned_structure",
        limits=Limits("Smooth: least error, but no texture in broad holes.", 160, 700, bytes_at_all=_NET_BYTES),
        context=Context(growth=1.0, least_px=64, most_px=512),
    ),
    MethodInfo(
        name="learned_detail",
        kind=LEARNED,
        summary="Composes the hole of known patches along the structure that a small network sees.",
        paper="this project, with the patches of Barnes et al., PatchMatch, SIGGRAPH 2009",
        build="retouch.learned.detail:inpaint_learned_detail",
        limits=Limits(
            "Can only repeat what the picture shows elsewhere; no faces or unique objects.",
            160,
            400,
            bytes_at_all=_NET_BYTES,
        ),
        context=Context(growth=1.0, least_px=64, most_px=512),
    ),
)


def method_names() -> tuple[str, ...]:
    """Return the names of all methods in the order of the catalogue (without "auto").

    >>> "harmonic" in method_names()
    True
    """
    return tuple(info.name for info in CATALOGUE)


def find_method(name: str) -> MethodInfo:
    """Return the catalogue's line of that name, or one made for an exported network where it is "net:NAME".

    Raises
    ------
    UsageError
        If there is no such method; the nearest name is suggested.
    WeightsError
        If there is no such network.

    >>> find_method("harmonic").kind
    'interpolation'
    """
    if name.startswith(NET_PREFIX):
        from retouch.methods.networks import method_of_network  # noqa: PLC0415 - ONNX Runtime, which others do without

        return method_of_network(name)
    for info in CATALOGUE:
        if info.name == name:
            return info
    raise UsageError(unknown_name("method", name, (AUTO, *method_names())))


def load_method(info: Entry) -> Callable[..., Any]:
    """Import the module that a line of a catalogue names and return its function, with what the line fixes."""
    module, function = info.build.split(":")
    loaded: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return partial(loaded, **dict(info.given)) if info.given else loaded
