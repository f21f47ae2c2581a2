"""What a report shows: plain values, gathered by the evaluation, so that the page knows nothing of how they came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from retouch.arrays.types import AnyArray, Mask


@dataclass(frozen=True)
class Column:
    """One measure as the tables show it.

    Attributes
    ----------
    name : str
        Unique, such as "psnr" or "psnr_hole".
    sentence : str
        How it was computed: range, colour, region, window.
    unit : str
        Empty for plain numbers.
    better : str
        "higher", "lower" or "" where neither is.
    digits : int
        Decimals to show.
    """

    name: str
    sentence: str
    unit: str
    better: str
    digits: int


@dataclass(frozen=True)
class Cell:
    """One measure of one method under one condition.

    Attributes
    ----------
    mean : float
    low, high : float
        Ends of the 95 % bootstrap interval; NaN for measures of whole sets.
    n : int
        Number of pictures.
    n_capped : int
        How many were infinite and counted as the cap.
    """

    mean: float
    low: float
    high: float
    n: int
    n_capped: int = 0


@dataclass(frozen=True)
class Row:
    """One method under one condition.

    Attributes
    ----------
    method, condition : str
    cells : mapping from column name to Cell
    n_failed : int
    seconds : float
        Median wall time per picture; NaN where the results came from a folder.
    peak_mb : float
        Greatest peak memory of the process; NaN where unknown.
    """

    method: str
    condition: str
    cells: Mapping[str, Cell]
    n_failed: int
    seconds: float
    peak_mb: float


@dataclass(frozen=True)
class Difference:
    """By how much one method differs from another on the same pictures (method minus `against`)."""

    method: str
    against: str
    condition: str
    column: str
    cell: Cell


@dataclass(frozen=True)
class PublishedCell:
    """A figure from a paper's table that was measured under the same protocol."""

    method: str
    condition: str
    column: str
    value: float
    source: str


@dataclass(frozen=True)
class Failure:
    """One picture that one method could not do."""

    method: str
    condition: str
    image: str
    reason: str


@dataclass(frozen=True)
class Summary:
    """Everything but the pictures.

    Attributes
    ----------
    title : str
    facts : mapping
        What a reader must know, in the order to show: protocol, pictures, masks, seed, versions, threads, command.
    warnings : tuple of str
        What limits the figures, such as too few pictures for a measure.
    conditions, methods : tuple of str
        In the order to show.
    ratios : mapping from condition to float
        Mean share of missing pixels, 0 to 1; empty for denoising.
    columns : tuple of Column
    rows : tuple of Row
    differences : tuple of Difference
    published : tuple of PublishedCell
    failures : tuple of Failure
    """

    title: str
    facts: Mapping[str, str]
    warnings: tuple[str, ...]
    conditions: tuple[str, ...]
    methods: tuple[str, ...]
    ratios: Mapping[str, float]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...] = ()
    published: tuple[PublishedCell, ...] = ()
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, eq=False)
class ShownCase:
    """One picture under one condition, with what every method made of it.

    Attributes
    ----------
    image, condition : str
    mask_ratio : float or None
    truth, damaged : (H, W, C) uint8
    mask : (H, W) bool, or None for denoising
    results : mapping from method to (H, W, C) uint8
        Methods that failed are absent.
    scores : mapping from method to a mapping from column name to value
    """

    image: str
    condition: str
    mask_ratio: float | None
    truth: AnyArray
    damaged: AnyArray
    mask: Mask | None
    results: Mapping[str, AnyArray]
    scores: Mapping[str, Mapping[str, float]]
