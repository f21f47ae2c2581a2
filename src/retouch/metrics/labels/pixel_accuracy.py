"""Accuracy of label maps: rightly labelled pixels in the hole, confusion matrix, recall of each class, mean IoU.

Source: L. Berlincioni et al., "Road Layout Understanding by Generative Adversarial Inpainting", in Inpainting and
Denoising Challenges, Springer 2019 (accuracy inside the mask of each picture, averaged over pictures; matrix rows true,
columns predicted, counted over the hole pixels of all pictures); mean IoU as in M. Everingham et al., "The PASCAL
Visual Object Classes Challenge: A Retrospective", IJCV 111(1), 2015.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int, Integer

from retouch.arrays.types import AnyArray, Mask
from retouch.errors import InputError


class MeanAccuracy(NamedTuple):
    """Accuracy averaged over pictures.

    Attributes
    ----------
    mean : float
        Mean of the pictures' accuracies, 0 to 1.
    n : int
        How many pictures it is the mean of.
    n_skipped : int
        How many had no pixel to count and were left out.
    """

    mean: float
    n: int
    n_skipped: int


def pixel_accuracy(
    truth: AnyArray, predicted: AnyArray, *, mask: Mask | None = None, ignore: int | None = None
) -> float:
    """Return the share of pixels that carry the right label.

    Parameters
    ----------
    truth, predicted : (H, W) integers
        Label maps.
    mask : (H, W) bool or None
        The pixels that count (True): the hole. None counts all.
    ignore : int or None
        True label of pixels that do not count.

    Returns
    -------
    float, 0 to 1

    Raises
    ------
    InputError
        If a shape or a dtype is not as above, or no pixel counts.

    Examples
    --------
    >>> pixel_accuracy(np.array([[0, 1, 1, 2]]), np.array([[0, 1, 2, 0]]))
    0.5
    """
    counted = _counted(truth, predicted, mask, ignore)
    if not counted.any():
        raise InputError("no pixel is left to count; measure pictures with a hole only, or use mean_pixel_accuracy")
    return float(np.mean(truth[counted] == predicted[counted]))


def mean_pixel_accuracy(
    triples: Iterable[tuple[AnyArray, AnyArray, Mask]], *, ignore: int | None = None
) -> MeanAccuracy:
    """Return the accuracy inside the hole of each picture, averaged over the pictures.

    Parameters
    ----------
    triples : iterable of (truth, predicted, mask)
        As `pixel_accuracy` takes them; one at a time is held.
    ignore : int or None
        True label of pixels that do not count.

    Returns
    -------
    MeanAccuracy
        Each picture weighs the same, however large its hole. Pictures without a pixel to count are skipped and counted.

    Raises
    ------
    InputError
        If an array is not as `pixel_accuracy` needs it, or every picture was skipped.

    Examples
    --------
    Right in 1 of 1 and in 1 of 2 pixels: 0.75, where the pixels together would give 2/3.

    >>> zeros, one_wrong = np.zeros((1, 2), int), np.array([[0, 1]])
    >>> first, both, none = np.array([[True, False]]), np.array([[True, True]]), np.array([[False, False]])
    >>> mean_pixel_accuracy([(zeros, one_wrong, first), (zeros, one_wrong, both), (zeros, one_wrong, none)])
    MeanAccuracy(mean=0.75, n=2, n_skipped=1)
    """
    accuracies, n_skipped = [], 0
    for truth, predicted, mask in triples:
        if _counted(truth, predicted, mask, ignore).any():
            accuracies.append(pixel_accuracy(truth, predicted, mask=mask, ignore=ignore))
        else:
            n_skipped += 1
    if not accuracies:
        raise InputError(f"at least one picture must have a pixel to count, got none in {n_skipped}")
    return MeanAccuracy(float(np.mean(accuracies)), len(accuracies), n_skipped)


def confusion_matrix(
    truth: AnyArray, predicted: AnyArray, n_classes: int, *, mask: Mask | None = None, ignore: int | None = None
) -> Int[np.ndarray, "n n"]:
    """Count how often each true label was given each label.

    Parameters
    ----------
    truth, predicted : (H, W) integers, 0 to n_classes - 1 where they count
        Label maps.
    n_classes : int
        Number of labels, 1 and up.
    mask : (H, W) bool or None
        The pixels that count (True): the hole. None counts all.
    ignore : int or None
        True label of pixels that do not count; it may lie outside 0 to n_classes - 1.

    Returns
    -------
    (n, n) int64
        Rows true, columns predicted. Matrices of several pictures may be added.

    Raises
    ------
    InputError
        If a shape, a dtype or a label is not as above.

    Examples
    --------
    >>> confusion_matrix(np.array([[0, 0, 1]]), np.array([[0, 1, 1]]), 2)
    array([[1, 1],
           [0, 1]])
    """
    counted = _counted(truth, predicted, mask, ignore)
    pair = [labels[counted].astype(np.int64) for labels in (truth, predicted)]
    for labels in pair:
        if labels.size and not (labels.min() >= 0 and labels.max() < n_classes):
            given = f"{labels.min()} to {labels.max()}"
            raise InputError(f"labels must be 0 to {n_classes - 1}, got {given}; give ignore or more classes")
    return np.bincount(pair[0] * n_classes + pair[1], minlength=n_classes**2).reshape(n_classes, n_classes)


def normalised_rows(matrix: Integer[np.ndarray, "n n"]) -> Float64[np.ndarray, "n n"]:
    """Return for each true class how its pixels were labelled: rows that sum to 1; NaN in the rows of absent classes.

    >>> normalised_rows(np.array([[3, 1], [0, 0]]))
    array([[0.75, 0.25],
           [ nan,  nan]])
    """
    totals = matrix.sum(axis=1, keepdims=True)
    return np.where(totals > 0, matrix / np.maximum(totals, 1), np.nan)


def class_recall(matrix: Integer[np.ndarray, "n n"]) -> Float64[np.ndarray, " n"]:
    """Return the share of each true class's pixels that were labelled rightly; NaN for classes that are absent.

    Its mean over the classes that are there (`np.nanmean`) is the mean class accuracy.

    >>> class_recall(np.array([[3, 1, 0], [0, 2, 0], [0, 0, 0]]))
    array([0.75, 1.  ,  nan])
    """
    return np.diagonal(normalised_rows(matrix)).copy()


def mean_iou(matrix: Integer[np.ndarray, "n n"]) -> float:
    """Return the mean over classes of intersection over union, 0 to 1.

    Classes that occur neither in the truth nor in the prediction are left out; one that was predicted but is not there
    counts as 0.

    Raises
    ------
    InputError
        If nothing was counted.

    Examples
    --------
    3 of 4 and 2 of 3; the third class does not occur:

    >>> round(mean_iou(np.array([[3, 1, 0], [0, 2, 0], [0, 0, 0]])), 6)
    0.708333
    """
    hits = np.diagonal(matrix)
    unions = matrix.sum(axis=0) + matrix.sum(axis=1) - hits
    if not unions.any():
        raise InputError("a confusion matrix must count at least one pixel to have a mean IoU, got zeros only")
    return float(np.mean(hits[unions > 0] / unions[unions > 0]))


def _counted(truth: AnyArray, predicted: AnyArray, mask: Mask | None, ignore: int | None) -> Bool[np.ndarray, "H W"]:
    """Return the pixels that count, after the gate of every measure here."""
    if truth.ndim != 2 or truth.shape != predicted.shape:  # noqa: PLR2004 - rows and columns
        raise InputError(f"label maps must be (H, W) and of one shape, got {truth.shape} and {predicted.shape}")
    if truth.dtype.kind not in "iu" or predicted.dtype.kind not in "iu":
        raise InputError(f"label maps must hold integers, got {truth.dtype} and {predicted.dtype}")
    if mask is not None and (mask.shape != truth.shape or mask.dtype != np.bool_):
        raise InputError(f"mask must be {truth.shape} bool, got {mask.dtype} of shape {mask.shape}")
    counted = np.ones(truth.shape, bool) if mask is None else mask
    return counted if ignore is None else counted & (truth != ignore)
