"""Figures from the tables of papers, each with the protocol under which it was measured.

They are printed beside ours only where data set, protocol, preparation, damage and measure are all the same. What data
set the pictures are is said by the user (`--dataset`); nobody can tell it from the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from retouch.masks.sampler import NVIDIA_BINS


class Published(NamedTuple):
    """One cell of a table.

    Attributes
    ----------
    dataset, protocols, prepare, condition, column : str
        What must be the same; `protocols` are those with the same measure.
    method : str
    value : float
    n_pictures : int
        Over how many; 0 where it is not stated.
    source : str
    """

    dataset: str
    protocols: tuple[str, ...]
    prepare: str
    condition: str
    column: str
    method: str
    value: float
    n_pictures: int
    source: str


_GDN_SOURCE = "Zhang et al., Pixel-wise dense detector for image inpainting, 2020, Table 1"
_GDN_PICTURES = 3000
_GDN: tuple[tuple[str, str, str, tuple[float, ...]], ...] = (
    ("celeba-hq", "l1_percent", "PConv", (0.84, 2.05, 3.57, 5.43, 7.59, 12.0)),
    ("celeba-hq", "l1_percent", "PEN", (0.8, 2.15, 3.88, 5.83, 8.02, 11.77)),
    ("celeba-hq", "l1_percent", "GConv", (0.65, 1.81, 3.41, 5.33, 7.53, 12.05)),
    ("celeba-hq", "l1_percent", "GDN", (0.69, 1.62, 2.82, 4.28, 6.06, 10.05)),
    ("celeba-hq", "psnr", "PConv", (34.88, 30.0, 27.2, 24.95, 23.12, 20.33)),
    ("celeba-hq", "psnr", "PEN", (35.34, 29.76, 26.79, 24.7, 23.06, 20.85)),
    ("celeba-hq", "psnr", "GConv", (37.14, 31.02, 27.57, 25.03, 23.1, 20.22)),
    ("celeba-hq", "psnr", "GDN", (36.37, 32.02, 29.13, 26.81, 24.89, 21.79)),
    ("celeba-hq", "ssim", "PConv", (0.983, 0.963, 0.936, 0.898, 0.851, 0.744)),
    ("celeba-hq", "ssim", "PEN", (0.988, 0.965, 0.933, 0.894, 0.849, 0.764)),
    ("celeba-hq", "ssim", "GConv", (0.991, 0.971, 0.941, 0.902, 0.856, 0.75)),
    ("celeba-hq", "ssim", "GDN", (0.99, 0.977, 0.958, 0.93, 0.894, 0.793)),
    ("celeba-hq", "fid", "PConv", (2.79, 4.42, 5.6, 7.73, 11.02, 15.16)),
    ("celeba-hq", "fid", "PEN", (1.41, 4.19, 8.38, 12.68, 18.73, 23.38)),
    ("celeba-hq", "fid", "GConv", (0.78, 2.05, 3.93, 5.86, 8.64, 12.75)),
    ("celeba-hq", "fid", "GDN", (1.08, 1.86, 3.34, 5.16, 7.84, 15.34)),
    ("places2", "l1_percent", "PConv", (1.27, 3.07, 5.16, 7.37, 9.94, 14.14)),
    ("places2", "l1_percent", "PEN", (1.11, 2.96, 5.25, 7.59, 10.19, 13.95)),
    ("places2", "l1_percent", "GConv", (1.0, 2.71, 4.98, 7.44, 10.22, 14.97)),
    ("places2", "l1_percent", "GDN", (1.0, 2.36, 4.09, 5.98, 8.18, 12.1)),
    ("places2", "psnr", "PConv", (31.99, 27.27, 24.79, 23.07, 21.58, 19.56)),
    ("places2", "psnr", "PEN", (33.24, 27.72, 24.85, 23.04, 21.58, 19.84)),
    ("places2", "psnr", "GConv", (34.05, 28.26, 25.0, 22.84, 21.16, 18.88)),
    ("places2", "psnr", "GDN", (33.51, 29.43, 26.64, 24.68, 23.04, 20.74)),
    ("places2", "ssim", "PConv", (0.961, 0.917, 0.866, 0.809, 0.738, 0.615)),
    ("places2", "ssim", "PEN", (0.975, 0.929, 0.867, 0.801, 0.723, 0.605)),
    ("places2", "ssim", "GConv", (0.978, 0.936, 0.876, 0.808, 0.73, 0.594)),
    ("places2", "ssim", "GDN", (0.977, 0.949, 0.907, 0.856, 0.792, 0.665)),
    ("places2", "fid", "PConv", (4.44, 8.38, 12.7, 17.46, 24.3, 32.75)),
    ("places2", "fid", "PEN", (3.1, 8.76, 17.31, 29.84, 47.05, 66.7)),
    ("places2", "fid", "GConv", (2.27, 6.02, 11.02, 16.39, 22.75, 33.17)),
    ("places2", "fid", "GDN", (2.82, 5.78, 10.38, 16.18, 23.89, 37.18)),
)

_THESIS = "thesis, Table"
_THESIS_COLUMNS = ("ssim", "psnr", "mae")
# data set, preparation, condition, table, {method: (SSIM, PSNR, L1)}
_THESIS_TABLES: tuple[tuple[str, str, str, str, Mapping[str, tuple[float, float, float]]], ...] = (
    (
        "places2",
        "thesis512",
        "brush 0.1-0.2",
        "3.1",
        {
            "EdgeConnect": (0.9464, 26.96, 0.0336),
            "PEN": (0.9168, 25.70, 0.0172),
            "GConv": (0.9025, 24.91, 0.0123),
            "GConv at 512": (0.9506, 28.54, 0.0219),
            "HiFill": (0.9049, 25.04, 0.0219),
            "pyramid generator": (0.9541, 28.96, 0.0123),
        },
    ),
    (
        "places2",
        "thesis512",
        "brush 0.2-0.3",
        "3.1",
        {
            "EdgeConnect": (0.8748, 23.22, 0.0483),
            "PEN": (0.8390, 22.47, 0.0333),
            "GConv": (0.8884, 23.78, 0.0235),
            "GConv at 512": (0.8971, 24.82, 0.0242),
            "HiFill": (0.8261, 22.09, 0.0384),
            "pyramid generator": (0.9036, 25.25, 0.0233),
        },
    ),
    (
        "places2",
        "thesis512",
        "brush 0.3-0.4",
        "3.1",
        {
            "EdgeConnect": (0.8167, 22.07, 0.0544),
            "PEN": (0.7596, 20.70, 0.0492),
            "GConv": (0.8434, 22.46, 0.0362),
            "GConv at 512": (0.8363, 22.54, 0.0368),
            "HiFill": (0.7488, 20.39, 0.0543),
            "pyramid generator": (0.8460, 22.96, 0.0353),
        },
    ),
    (
        "div2k",
        "thesis512",
        "center_square",
        "3.2",
        {
            "EdgeConnect": (0.7734, 20.33, 0.0663),
            "PEN": (0.7541, 19.36, 0.0563),
            "GConv": (0.7668, 19.23, 0.0535),
            "GConv at 512": (0.7656, 18.88, 0.0544),
            "HiFill": (0.7394, 19.52, 0.0563),
            "pyramid generator": (0.7808, 20.88, 0.0459),
        },
    ),
    (
        "div2k",
        "thesis512",
        "brush",
        "3.2",
        {
            "EdgeConnect": (0.6706, 18.00, 0.0937),
            "PEN": (0.7185, 19.66, 0.0642),
            "GConv": (0.7235, 18.45, 0.0715),
            "GConv at 512": (0.7323, 19.62, 0.0633),
            "HiFill": (0.6917, 18.38, 0.0763),
            "pyramid generator": (0.7403, 20.07, 0.0611),
        },
    ),
    (
        "places2",
        "thesis_eval256",
        "brush 0.2-0.3",
        "4.1",
        {
            "contextual attention": (0.8299, 20.54, 0.0461),
            "EdgeConnect": (0.9021, 24.05, 0.0382),
            "GConv": (0.9124, 24.23, 0.0270),
            "HiFill": (0.8561, 21.86, 0.0409),
            "attention feature fusion": (0.9137, 24.36, 0.0270),
        },
    ),
    (
        "places2",
        "thesis_eval256",
        "center_square",
        "4.1",
        {
            "contextual attention": (0.7399, 19.47, 0.0505),
            "EdgeConnect": (0.7505, 20.53, 0.0546),
            "GConv": (0.7357, 19.17, 0.0519),
            "HiFill": (0.7008, 19.06, 0.0553),
            "attention feature fusion": (0.7469, 20.10, 0.0476),
        },
    ),
)

_SIGMAS = (15, 25, 50)
_DNCNN_PAPER = "Zhang et al., Beyond a Gaussian denoiser, IEEE TIP 26(7), 2017"
# data set, pictures, {method: PSNR at sigma 15, 25, 50}; None where the table has no figure
_DENOISING: tuple[tuple[str, int, Mapping[str, tuple[float | None, float | None, float | None]]], ...] = (
    (
        "bsd68",
        68,
        {
            "BM3D": (31.07, 28.57, 25.62),
            "WNNM": (31.37, 28.83, 25.87),
            "EPLL": (31.21, 28.68, 25.67),
            "MLP": (None, 28.96, 26.03),
            "CSF": (31.24, 28.74, None),
            "TNRD": (31.42, 28.92, 25.97),
            "DnCNN-S": (31.73, 29.23, 26.23),
            "DnCNN-B": (31.61, 29.16, 26.23),
        },
    ),
    (
        "set12",
        12,
        {
            "BM3D": (32.37, 29.97, 26.72),
            "WNNM": (32.70, 30.26, 27.05),
            "EPLL": (32.14, 29.69, 26.47),
            "TNRD": (32.50, 30.06, 26.81),
            "DnCNN-S": (32.86, 30.43, 27.18),
            "DnCNN-B": (32.68, 30.36, 27.21),
        },
    ),
    ("cbsd68", 68, {"CBM3D": (33.52, 30.71, 27.38), "CDnCNN-B": (33.89, 31.23, 27.92)}),
)


_CHALEARN_SOURCE = "ChaLearn Looking at People inpainting challenge, 2018, track 1, final table"
# {team: (MSE, PSNR, DSSIM)} over the test set, masks given with the pictures
_CHALEARN_PEOPLE: Mapping[str, tuple[float, float, float]] = {
    "UNLU": (0.0158, 21.8712, 0.2088),
    "Inception": (0.0158, 21.5118, 0.2048),
}


def published_figures() -> Iterator[Published]:
    """Yield every cell."""
    for dataset, column, method, values in _GDN:
        for (low, high), value in zip(NVIDIA_BINS, values, strict=True):
            condition = f"nvidia {low:g}-{high:g}"
            yield Published(dataset, ("gdn",), "gdn256", condition, column, method, value, _GDN_PICTURES, _GDN_SOURCE)
    for dataset, prepare, condition, table, rows in _THESIS_TABLES:
        for method, values in rows.items():
            for column, value in zip(_THESIS_COLUMNS, values, strict=True):
                source = f"{_THESIS} {table}"
                yield Published(dataset, ("thesis",), prepare, condition, column, method, value, 0, source)
    for team, scores in _CHALEARN_PEOPLE.items():
        for column, value in zip(("mse", "psnr", "dssim"), scores, strict=True):
            yield Published(
                "chalearn-people", ("chalearn",), "as-is", "pairs", column, team, value, 0, _CHALEARN_SOURCE
            )
    for dataset, n_pictures, strengths in _DENOISING:
        for method, figures in strengths.items():
            for sigma, figure in zip(_SIGMAS, figures, strict=True):
                if figure is not None:
                    protocols, condition = ("standard", "standard_float"), f"awgn {sigma}"
                    yield Published(
                        dataset, protocols, "as-is", condition, "psnr", method, figure, n_pictures, _DNCNN_PAPER
                    )


def find_published(
    dataset: str, protocol: str, prepare: str, conditions: Iterable[str], columns: Iterable[str]
) -> tuple[Published, ...]:
    """Return the cells that were measured on this data set, in this way."""
    wanted_conditions, wanted_columns = set(conditions), set(columns)
    return tuple(
        cell
        for cell in published_figures()
        if cell.dataset == dataset.lower()
        and protocol in cell.protocols
        and cell.prepare == prepare
        and cell.condition in wanted_conditions
        and cell.column in wanted_columns
    )
