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
    fits_levels : bool
        Whether it fits the level of what it copies to the border itself, so that the seam step would do it twice.
    """

    name: str
    kind: str
    summary: str
    paper: str
    build: str
    limits: Limits
    context: Context
    given: tuple[tuple[str, Any], ...] = ()
    fits_levels: bool = False


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
        name="curvature_driven",
        kind=INTERPOLATION,
        summary="Continues edges straight over wide gaps (diffusion driven by the curvature of contours).",
        paper="Chan and Shen, Nontexture inpainting by curvature-driven diffusions, J. Visual Communication and Image "
        "Representation 12(4), 2001",
        build="retouch.classical.diffusion.curvature_driven:inpaint_curvature_driven",
        limits=Limits("Makes stairs of ramps and may join edges that do not belong together.", 100, 420),
        context=_BORDER,
    ),
    MethodInfo(
        name="edge_enhancing",
        kind=INTERPOLATION,
        summary="Lets values flow along edges and hardly across them (edge-enhancing diffusion).",
        paper="Galic et al., Image compression with anisotropic diffusion, J. Math. Imaging and Vision 31, 2008",
        build="retouch.classical.diffusion.edge_enhancing:inpaint_edge_enhancing",
        limits=Limits("Loses lines thinner than the hole is wide and knows no texture.", 80, 300),
        context=_BORDER,
    ),
    MethodInfo(
        name="fractional",
        kind=INTERPOLATION,
        summary="Keeps derivatives of a fractional order small: between a membrane and a thin plate.",
        paper="Bai and Feng, Fractional-order anisotropic diffusion for image denoising, IEEE Trans. Image Processing "
        "16(10), 2007",
        build="retouch.classical.diffusion.fractional:inpaint_fractional",
        limits=Limits("The order must be set by hand; blurs edges and knows no texture.", 220, 400),
        context=_BORDER,
    ),
    MethodInfo(
        name="bertalmio",
        kind=INTERPOLATION,
        summary="Carries smoothness into the hole along lines of equal brightness.",
        paper="Bertalmio, Sapiro, Caselles and Ballester, Image inpainting, SIGGRAPH 2000",
        build="retouch.classical.transport.bertalmio:inpaint_bertalmio",
        limits=Limits("Joins edges over a few pixels only and blurs broad holes and texture.", 60, 300),
        context=_BORDER,
    ),
    MethodInfo(
        name="vorticity",
        kind=INTERPOLATION,
        summary="Carries vorticity into the hole: the picture as the stream function of a fluid (Navier-Stokes).",
        paper="Bertalmio, Bertozzi and Sapiro, Navier-Stokes, fluid dynamics, and image and video inpainting, CVPR "
        "2001",
        build="retouch.classical.transport.vorticity:inpaint_vorticity",
        limits=Limits("Joins edges over a few pixels only; texture at the border makes blots in the hole.", 270, 300),
        context=_BORDER,
    ),
    MethodInfo(
        name="tv_stokes",
        kind=INTERPOLATION,
        summary="Continues slopes and bent contours with the least change of direction (TV-Stokes).",
        paper="Tai, Osher and Holm, Image inpainting using a TV-Stokes equation, in Image Processing Based on Partial "
        "Differential Equations, Springer, 2007",
        build="retouch.classical.transport.tv_stokes:inpaint_tv_stokes",
        limits=Limits("Overshoots in broad holes amid texture, and does not join bars over wide gaps.", 60, 3800),
        context=_BORDER,
    ),
    MethodInfo(
        name="curvature_preserving",
        kind=INTERPOLATION,
        summary="Averages colours along curved lines of structure (line integral convolution).",
        paper="Tschumperle, Fast anisotropic smoothing of multi-valued images using curvature-preserving PDE's, "
        "Int. J. Computer Vision 68(1), 2006",
        build="retouch.classical.transport.curvature_preserving:inpaint_curvature_preserving",
        limits=Limits("Blurs the middle of broad holes, where no structure is seen, and knows no texture.", 140, 300),
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
        name="group_kriging",
        kind=INTERPOLATION,
        summary="Predicts missing pixels of a patch from its known ones by the statistics of patches like it.",
        paper="Yu, Sapiro and Mallat, Solving inverse problems with piecewise linear estimators, IEEE Trans. Image "
        "Processing 21(5), 2012",
        build="retouch.classical.sparse.group_kriging:inpaint_group_kriging",
        limits=Limits("For scattered and thin damage: farther than 6 pixels from a border it is kriging.", 200, 500),
        context=Context(growth=0.0, least_px=32, most_px=32),
    ),
    MethodInfo(
        name="low_rank",
        kind=INTERPOLATION,
        summary="Completes groups of like patches so that few singular values are left (weighted nuclear norm).",
        paper="Gu et al., Weighted nuclear norm minimization and its applications to low level vision, IJCV 121, 2017",
        build="retouch.classical.sparse.low_rank:inpaint_low_rank",
        limits=Limits("For scattered damage: slow, and farther than 6 pixels from a border it is kriging.", 200, 500),
        context=Context(growth=0.0, least_px=32, most_px=32),
    ),
    MethodInfo(
        name="sparse_coding",
        kind=INTERPOLATION,
        summary="Composes patches of few atoms of a dictionary that is learned from the picture (K-SVD).",
        paper="Elad et al., Simultaneous cartoon and texture image inpainting using morphological component analysis, "
        "Applied and Computational Harmonic Analysis 19, 2005",
        build="retouch.classical.sparse.sparse_coding:inpaint_sparse_coding",
        limits=Limits("For scattered damage: no better than kriging where half is known; smooth in holes.", 200, 500),
        context=Context(growth=0.0, least_px=32, most_px=32),
    ),
    MethodInfo(
        name="plug_and_play",
        kind=INTERPOLATION,
        summary="Denoises the guess by BM3D and puts back what is known, in turn.",
        paper="Tirer and Giryes, Image restoration by iterative denoising and backward projections, IEEE Trans. Image "
        "Processing 28(3), 2019",
        build="retouch.classical.sparse.plug_and_play:inpaint_plug_and_play",
        limits=Limits("For scattered damage: smooths holes wider than a few pixels.", 200, 500),
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
        name="efros_leung",
        kind=EXEMPLAR,
        summary="Grows the texture around the hole into it, pixel by pixel.",
        paper="Efros and Leung, Texture synthesis by non-parametric sampling, ICCV 1999",
        build="retouch.classical.greedy.efros_leung:inpaint_efros_leung",
        limits=Limits("Made for one texture: slips from one into another, and grows garbage in large holes.", 50, 0),
        context=Context(growth=1.0, least_px=64, most_px=512),
    ),
    MethodInfo(
        name="criminisi",
        kind=EXEMPLAR,
        summary="Fills patch by patch from the border, first where an edge runs into the hole.",
        paper="Criminisi, Perez and Toyama, Region filling and object removal by exemplar-based image inpainting, IEEE "
        "Trans. Image Processing 13(9), 2004",
        build="retouch.classical.greedy.criminisi:inpaint_criminisi",
        limits=Limits("Never takes back a patch: a wrong one grows to garbage, and curves go on straight.", 100, 0),
        context=Context(growth=1.0, least_px=64, most_px=512),
    ),
    MethodInfo(
        name="offset_statistics",
        kind=EXEMPLAR,
        summary="Fills with whole shifted copies of the picture, by the shifts that occur most in it (graph cuts).",
        paper="He and Sun, Image completion approaches using the statistics of similar patches, PAMI 36(12), 2014",
        build="retouch.classical.labelling.offset_statistics:inpaint_offset_statistics",
        limits=Limits(
            "Copies are only shifted: perspective and curves get pieces that do not fit.",
            130,
            500,
            bytes_at_all=16 << 20,
        ),
        context=Context(growth=1.0, least_px=64, most_px=512),
        fits_levels=True,
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
