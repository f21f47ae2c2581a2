"""Protocols: the conventions of published tables, each a named preset. Figures are comparable only inside one.

Source: the evaluation code and papers of the methods named; where a paper does not state a setting, `note` says what is
assumed. In all of them the result is rounded to 8 bits first, as files are, but for `standard_float`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from retouch.errors import UsageError, unknown_name
from retouch.evaluation.ruler.measures import GREY_709, HOLE, Measure, read_column

PSNR_CAP_DB = 100.0
"""What an infinite PSNR counts as in averages; how many did is stated."""

_DEFAULT_WINDOW = {"window": "uniform", "window_size": 7, "sample_covariance": True}
_WIDE_WINDOW = {**_DEFAULT_WINDOW, "window_size": 51}
_WIDE_WORDS = "SSIM with a uniform window of 51 px and the sample covariance"
_NARROW_WORDS = "SSIM with a uniform window of 7 px and the sample covariance (scikit-image's default)"


@dataclass(frozen=True)
class Protocol:
    """One convention.

    Attributes
    ----------
    name, source : str
    measures : tuple of Measure
        Those measured unless others are asked for.
    optional : tuple of Measure
        Settings of measures that the convention has too, but that need weights.
    in_8_bits : bool
        Whether results are rounded to 8 bits before they are judged.
    most_missing : float
        Pictures with a larger share of missing pixels are left out, and counted.
    prepare : str
        The preparation of pictures that the convention goes with; empty for none.
    note : str
        What is assumed.
    """

    name: str
    source: str
    measures: tuple[Measure, ...]
    optional: tuple[Measure, ...] = ()
    in_8_bits: bool = True
    most_missing: float = 1.0
    prepare: str = ""
    note: str = ""


_STANDARD = (
    Measure("psnr"),
    Measure("psnr", HOLE),
    Measure("ssim"),
    Measure("mae"),
    Measure("edge_f1", HOLE),
    Measure("texture_gap", HOLE),
)
_PERCEPTUAL = (Measure("lpips"), Measure("fid"), Measure("kid"))

PROTOCOLS: tuple[Protocol, ...] = (
    Protocol("standard", "this project", _STANDARD, _PERCEPTUAL, note="SSIM as in Wang et al., 2004"),
    Protocol(
        "standard_float",
        "this project",
        _STANDARD,
        _PERCEPTUAL,
        in_8_bits=False,
        note="as standard, but results are not rounded to 8 bits, only clipped to [0, 1]",
    ),
    Protocol(
        "gdn",
        "Zhang et al., Pixel-wise dense detector for image inpainting (GDN), 2020; its evaluation code",
        (
            Measure("l1_percent"),
            Measure("psnr"),
            Measure("ssim", options=_WIDE_WINDOW, words=_WIDE_WORDS),
        ),
        (Measure("fid"),),
        prepare="gdn256",
        note="masks of the NVIDIA test set, bins by share of missing pixels",
    ),
    Protocol(
        "edgeconnect",
        "Nazeri et al., EdgeConnect, ICCV workshops 2019; its evaluation code",
        (
            Measure("mae_ratio", colour=GREY_709),
            Measure("psnr", colour=GREY_709),
            Measure("ssim", colour=GREY_709, options=_WIDE_WINDOW, words=_WIDE_WORDS),
        ),
        (Measure("fid"),),
        prepare="edgeconnect256",
        note="everything on grey pictures",
    ),
    Protocol(
        "pen",
        "Zeng et al., Learning pyramid-context encoder network (PEN-Net), CVPR 2019; its evaluation code",
        (Measure("mae_ratio"), Measure("psnr"), Measure("ssim", options=_WIDE_WINDOW, words=_WIDE_WORDS)),
        (Measure("fid"),),
    ),
    Protocol(
        "aot",
        "Zeng et al., Aggregated contextual transformations (AOT-GAN), TVCG 2022; its evaluation code",
        (Measure("mae_ratio"), Measure("psnr"), Measure("ssim", options=_DEFAULT_WINDOW, words=_NARROW_WORDS)),
        (Measure("fid"),),
    ),
    Protocol(
        "lama",
        "Suvorov et al., Resolution-robust large mask inpainting (LaMa), WACV 2022; its evaluation code",
        (Measure("ssim", options={"padding": "zero"}, words="SSIM with a Gaussian window of 11 px, zeros outside"),),
        (Measure("lpips"), Measure("fid")),
        most_missing=0.5,
    ),
    Protocol(
        "chalearn",
        "ChaLearn Looking at People inpainting and denoising challenge, 2018",
        (
            Measure("mse"),
            Measure("psnr"),
            Measure("ssim", options=_DEFAULT_WINDOW, words=_NARROW_WORDS),
            Measure("dssim", options=_DEFAULT_WINDOW, words="(1 - SSIM) / 2, uniform window of 7 px"),
        ),
        note="the window is not stated; scikit-image's default is assumed",
    ),
    Protocol(
        "thesis",
        "the thesis on high-resolution and user-oriented inpainting (pyramid generator, attention feature fusion)",
        (
            Measure("mae"),
            Measure("psnr"),
            Measure("ssim"),
            Measure("mae", HOLE),
            Measure("psnr", HOLE),
            Measure("ssim", HOLE),
        ),
        note="it speaks of the hole, but its values fit whole pictures: both are given; the window is not stated",
    ),
)


def protocol_names() -> tuple[str, ...]:
    """Return the names of all protocols."""
    return tuple(protocol.name for protocol in PROTOCOLS)


def find_protocol(name: str) -> Protocol:
    """Return the protocol of that name.

    Raises
    ------
    UsageError
        If there is none; the nearest name is suggested.

    >>> find_protocol("lama").most_missing
    0.5
    """
    for protocol in PROTOCOLS:
        if protocol.name == name:
            return protocol
    raise UsageError(unknown_name("protocol", name, protocol_names()))


def choose_measures(protocol: Protocol, columns: Iterable[str], *, with_masks: bool) -> tuple[Measure, ...]:
    """Return the measures asked for, with the protocol's settings where it has any.

    Parameters
    ----------
    protocol : Protocol
    columns : iterable of str
        Names such as "psnr" or "ssim_hole"; none takes the protocol's own.
    with_masks : bool
        Whether there are holes; without them the protocol's own measures of holes are left out.

    Raises
    ------
    UsageError
        If a name is unknown, asked for twice, or speaks of a hole where there is none.
    """
    wanted = list(columns)
    if not wanted:
        return tuple(m for m in protocol.measures if with_masks or m.region != HOLE)
    settings = {measure.column: measure for measure in (*protocol.measures, *protocol.optional)}
    for column in wanted:
        if wanted.count(column) > 1:
            raise UsageError(f"metric '{column}' is asked for twice; name it once")
    chosen = tuple(settings.get(column) or read_column(column) for column in wanted)
    for measure in chosen:
        if measure.region == HOLE and not with_masks:
            raise UsageError(
                f"metric '{measure.column}' needs masks, and this task has none; ask for '{measure.metric}'"
            )
    return chosen
