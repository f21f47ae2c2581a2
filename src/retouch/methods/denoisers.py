"""The catalogue of denoisers: one literal table of everything that takes noise away.

Importing it imports no array package: a denoiser's code is loaded when it is first used. The options of a denoiser are
read by `retouch.methods.options`, as those of the filling methods are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from retouch.errors import UsageError, unknown_name
from retouch.methods.catalogue import NET_PREFIX, load_method

FILTER, VARIATIONAL, WAVELET, PATCHES, PRIOR = "filter", "variational", "wavelet", "patches", "prior"


class DenoiserInfo(NamedTuple):
    """One line of the catalogue.

    Attributes
    ----------
    name : str
        What people type.
    kind : str
        "filter" averages or picks among near pixels; "variational" finds the picture of least energy; "wavelet" shrinks
        coefficients; "patches" filters or codes like patches together; "prior" knows what patches of pictures look
        like; "learned" is an exported network.
    summary, paper : str
        One sentence on what it does, and where it is published.
    build : str
        Dotted path "module:function", resolved by `load_denoiser` on use.
    limits : str
        One sentence for people: where it fails.
    bytes_per_value : int
        Working memory at its peak per value of the picture, beside the input, result included; measured at 2000x2000.
    halo_px : int
        How far the result at a pixel looks: pieces of a large picture overlap by it.
    grid_px : int
        Pieces begin at multiples of it: 12 suits steps of 1, 2, 3, 4 and 6 from patch to
        patch, for methods that do not visit each.
    given : tuple of (str, value)
        Keyword arguments that the line fixes, such as the file of a network.
    """

    name: str
    kind: str
    summary: str
    paper: str
    build: str
    limits: str
    bytes_per_value: int
    halo_px: int
    given: tuple[tuple[str, Any], ...] = ()
    grid_px: int = 12


DENOISERS: tuple[DenoiserInfo, ...] = (
    DenoiserInfo(
        name="median",
        kind=FILTER,
        summary="Takes the median of the square around each pixel.",
        paper="Tukey, Exploratory Data Analysis, Addison-Wesley, 1977",
        build="retouch.denoising.filters.median:denoise_median",
        limits="Made for lone outliers: against Gaussian noise it does less than a blur, and it wipes out thin lines.",
        bytes_per_value=8,
        halo_px=16,
    ),
    DenoiserInfo(
        name="gaussian",
        kind=FILTER,
        summary="Blurs with a bell that grows with the noise.",
        paper="baseline",
        build="retouch.denoising.filters.gaussian:denoise_gaussian",
        limits="Blurs edges as much as noise.",
        bytes_per_value=8,
        halo_px=32,
    ),
    DenoiserInfo(
        name="bilateral",
        kind=FILTER,
        summary="Averages near pixels of a like colour.",
        paper="Tomasi and Manduchi, Bilateral filtering for gray and color images, ICCV 1998",
        build="retouch.denoising.filters.bilateral:denoise_bilateral",
        limits="Under strong noise little better than a blur: a noisy pixel says little on which others are like it.",
        bytes_per_value=16,
        halo_px=20,
    ),
    DenoiserInfo(
        name="non_local_means",
        kind=FILTER,
        summary="Averages each patch with the patches like it in a window around it.",
        paper="Buades, Coll and Morel, A review of image denoising algorithms, with a new one, Multiscale Modeling and "
        "Simulation 4(2), 2005",
        build="retouch.denoising.filters.non_local_means:denoise_non_local_means",
        limits="What has no like nearby keeps its noise, and fine grain of low contrast is smoothed away.",
        bytes_per_value=32,
        halo_px=32,
    ),
    DenoiserInfo(
        name="total_variation",
        kind=VARIATIONAL,
        summary="Finds the near picture with the shortest contours: flat areas and sharp edges.",
        paper="Rudin, Osher and Fatemi, Nonlinear total variation based noise removal algorithms, Physica D 60, 1992; "
        "Chambolle, An algorithm for total variation minimization and applications, J. Math. Imaging Vis. 20, 2004",
        build="retouch.denoising.variational.total_variation:denoise_total_variation",
        limits="Turns ramps into stairs, flattens texture and takes contrast from whatever is small.",
        bytes_per_value=36,
        halo_px=64,
    ),
    DenoiserInfo(
        name="perona_malik",
        kind=VARIATIONAL,
        summary="Lets heat flow where the picture is smooth and holds it up at edges.",
        paper="Perona and Malik, Scale-space and edge detection using anisotropic diffusion, IEEE Trans. Pattern "
        "Analysis and Machine Intelligence 12(7), 1990",
        build="retouch.denoising.variational.perona_malik:denoise_perona_malik",
        limits="Strong specks count as edges and stay longest; weak edges and texture flow away.",
        bytes_per_value=44,
        halo_px=64,
    ),
    DenoiserInfo(
        name="bayes_shrink",
        kind=WAVELET,
        summary="Moves wavelet coefficients towards 0, in each band by how much of it is noise.",
        paper="Chang, Yu and Vetterli, Adaptive wavelet thresholding for image denoising and compression, IEEE Trans. "
        "Image Processing 9(9), 2000",
        build="retouch.denoising.wavelets.bayes_shrink:denoise_bayes_shrink",
        limits="Edges ring; thresholds rest on the whole picture, so that one in pieces comes out a little otherwise.",
        bytes_per_value=40,
        halo_px=256,
        grid_px=16,  # two to its four halvings
    ),
    DenoiserInfo(
        name="undecimated_wavelet",
        kind=WAVELET,
        summary="Drops the wavelet coefficients that noise alone could have made, under all shifts of the picture.",
        paper="Coifman and Donoho, Translation-invariant de-noising, Wavelets and Statistics, Springer, 1995",
        build="retouch.denoising.wavelets.undecimated:denoise_undecimated_wavelet",
        limits="Where noise passes a threshold by chance, a faint wavelet is left in a flat place.",
        bytes_per_value=112,
        halo_px=48,
    ),
    DenoiserInfo(
        name="wnnm",
        kind=PATCHES,
        summary="Stacks like patches and keeps what they have in common: shrinks small singular values most.",
        paper="Gu, Zhang, Zuo and Feng, Weighted nuclear norm minimization with application to image denoising, "
        "CVPR 2014",
        build="retouch.denoising.low_rank.wnnm:denoise_wnnm",
        limits="Among the slowest; draws faint strokes in flat areas where the noise is strong.",
        bytes_per_value=120,
        halo_px=64,
    ),
    DenoiserInfo(
        name="weighted_schatten",
        kind=PATCHES,
        summary="As wnnm, with a penalty that spares large singular values more the stronger the noise is.",
        paper="Xie et al., Weighted Schatten p-norm minimization for image denoising and background subtraction, IEEE "
        "Trans. Image Processing 25(10), 2016",
        build="retouch.denoising.low_rank.schatten:denoise_weighted_schatten",
        limits="As wnnm, a little slower.",
        bytes_per_value=120,
        halo_px=64,
    ),
    DenoiserInfo(
        name="mc_wnnm",
        kind=PATCHES,
        summary="As wnnm, for colour whose channels are not equally noisy: the clean ones lead the noisy ones.",
        paper="Xu, Zhang, Zhang and Feng, Multi-channel weighted nuclear norm minimization for real color image "
        "denoising, ICCV 2017",
        build="retouch.denoising.low_rank.multichannel:denoise_mc_wnnm",
        limits="Slow where the channels differ, and behind wnnm where they do not.",
        bytes_per_value=80,
        halo_px=48,
        grid_px=5,
    ),
    DenoiserInfo(
        name="fusion",
        kind=PRIOR,
        summary="Takes flat patches from wnnm and busy ones from epll.",
        paper="Mosseri, Zontak and Irani, Combining the power of internal and external denoising, ICCP 2013",
        build="retouch.denoising.priors.fusion:denoise_fusion",
        limits="Takes the time of both, for a tenth of a decibel where they are equally good.",
        bytes_per_value=140,
        halo_px=64,
    ),
    DenoiserInfo(
        name="bm3d",
        kind=PATCHES,
        summary="Stacks patches that look alike and shrinks what their common transform has little of, twice.",
        paper="Dabov, Foi, Katkovnik and Egiazarian, Image denoising by sparse 3-D transform-domain collaborative "
        "filtering, IEEE Trans. Image Processing 16(8), 2007; in colour their paper at ICIP 2007",
        build="retouch.denoising.block_matching.bm3d:denoise_bm3d",
        limits="Fine texture goes with strong noise; grain of several pixels stays as mottling where its covariance is "
        "not given (blind mode measures it).",
        bytes_per_value=40,
        halo_px=60,
    ),
    DenoiserInfo(
        name="ksvd",
        kind=PATCHES,
        summary="Composes each patch of a few atoms of a dictionary that it learns from the picture itself.",
        paper="Elad and Aharon, Image denoising via sparse and redundant representations over learned dictionaries, "
        "IEEE Trans. Image Processing 15(12), 2006",
        build="retouch.denoising.sparse.ksvd:denoise_ksvd",
        limits="Smooths fine texture; the dictionary is that of the whole picture, so that pieces differ a little.",
        bytes_per_value=120,
        halo_px=8,
    ),
    DenoiserInfo(
        name="ncsr",
        kind=PATCHES,
        summary="Shrinks what sets a patch apart from patches like it, in principal components of its kind.",
        paper="Dong, Zhang, Shi and Li, Nonlocally centralized sparse representation for image restoration, IEEE "
        "Trans. Image Processing 22(4), 2013",
        build="retouch.denoising.sparse.ncsr:denoise_ncsr",
        limits="Patches without their like nearby are smoothed; flat areas can keep faint streaks.",
        bytes_per_value=200,
        halo_px=176,
    ),
    DenoiserInfo(
        name="epll",
        kind=PRIOR,
        summary="Finds the near picture whose patches are likely under a mixture of Gaussians fitted to photographs.",
        paper="Zoran and Weiss, From learning models of natural image patches to whole image restoration, ICCV 2011",
        build="retouch.denoising.priors.epll:denoise_epll",
        limits="Smooths rare texture; makes no use of what repeats in the picture.",
        bytes_per_value=120,
        halo_px=42,
    ),
)


AUTO_DENOISER, AUTO_REASON = "bm3d", "the nearest to the clean picture among the quick denoisers that need no weights"
"""What "auto" takes, and why, for --explain."""


def denoiser_names() -> tuple[str, ...]:
    """Return the names of all denoisers in the order of the catalogue.

    >>> "total_variation" in denoiser_names()
    True
    """
    return tuple(info.name for info in DENOISERS)


def find_denoiser(name: str) -> DenoiserInfo:
    """Return the catalogue's line of that name, or one made for an exported network where it is "net:NAME".

    Raises
    ------
    UsageError
        If there is no such denoiser; the nearest name is suggested.
    WeightsError
        If there is no such network.

    >>> find_denoiser("gaussian").kind
    'filter'
    """
    if name.startswith(NET_PREFIX):
        from retouch.methods.networks import denoiser_of_network  # noqa: PLC0415 - ONNX Runtime, which others do without

        return denoiser_of_network(name)
    for info in DENOISERS:
        if info.name == name:
            return info
    raise UsageError(unknown_name("denoiser", name, denoiser_names()))


def choose_denoiser() -> tuple[str, str]:
    """Return what "auto" takes, and why.

    >>> choose_denoiser()[0]
    'bm3d'
    """
    return AUTO_DENOISER, AUTO_REASON


def load_denoiser(info: DenoiserInfo) -> Callable[..., Any]:
    """Import the module of a denoiser and return its function."""
    return load_method(info)
