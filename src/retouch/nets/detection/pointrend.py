"""PointRend: a coarse map of logits made sharp by asking again only where it is undecided.

Source: A. Kirillov, Y. Wu, K. He, R. Girshick, "PointRend: Image Segmentation as Rendering", CVPR 2020, sections 3.1
(choice of points, in use and in training), 3.2 (features of a point) and 3.3 (the head).
Departures: `subdivide` takes any function of points, so that it sharpens other things than a Mask R-CNN's output.

Points are (x, y) in [0, 1], as published: a pixel's centre is (column + 0.5) / W, (row + 0.5) / H.

N   pictures or instances        P   points        K   classes
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import InputError

Uncertainty: TypeAlias = Callable[[Tensor], Tensor]
"""From logits (N, K, ...) to (N, 1, ...), the larger the less decided."""

PointLogits: TypeAlias = Callable[[Tensor], Tensor]
"""From points (N, P, 2) to logits (N, K, P)."""


def sample_points(
    features: Float[Tensor, "N C H W"], points: Float[Tensor, "N P 2"], *, align_corners: bool = False
) -> Float[Tensor, "N C P"]:
    """Read a map bilinearly at points.

    Parameters
    ----------
    features : (N, C, H, W)
    points : (N, P, 2)
        Beyond the outermost pixel centres zeros are mixed in.
    align_corners : bool
        False, as PointRend does: 0 and 1 are the picture's edges. True: they are the outermost pixel centres.

    Examples
    --------
    >>> row = torch.tensor([[[[10.0, 20.0]]]])
    >>> sample_points(row, torch.tensor([[[0.25, 0.5], [0.5, 0.5]]])).tolist()
    [[[10.0, 15.0]]]
    """
    grid = 2.0 * points[:, :, None] - 1.0  # (N, P, 1, 2)
    return functional.grid_sample(features, grid, align_corners=align_corners).squeeze(3)


def pixel_centres(height: int, width: int, *, like: Tensor | None = None) -> Float[Tensor, "P 2"]:
    """Return the centres of all pixels, row after row.

    >>> pixel_centres(1, 2).tolist()
    [[0.25, 0.5], [0.75, 0.5]]
    """
    place = torch.device("cpu") if like is None else like.device
    return index_to_points(torch.arange(height * width, device=place), height, width)


def index_to_points(index: Int[Tensor, "*batch P"], height: int, width: int) -> Float[Tensor, "*batch P 2"]:
    """Return the centres of pixels given by their place in reading order."""
    x = (index % width + 0.5) / width
    y = (index // width + 0.5) / height
    return torch.stack([x, y], dim=-1)


def class_uncertainty(logits: Float[Tensor, "N K *size"]) -> Float[Tensor, "N 1 *size"]:
    """Return minus the distance of the two highest logits: for maps with one class a pixel.

    >>> class_uncertainty(torch.tensor([[1.0, 5.0, 3.0]])[:, :, None]).item()
    -2.0
    """
    best = logits.topk(2, dim=1).values
    return best[:, 1:] - best[:, :1]


def binary_uncertainty(logits: Float[Tensor, "N 1 *size"]) -> Float[Tensor, "N 1 *size"]:
    """Return minus the distance of a logit from 0: for maps of yes and no."""
    return -logits.abs()


def pick_class(logits: Float[Tensor, "N K *size"], classes: Int[Tensor, " N"]) -> Float[Tensor, "N 1 *size"]:
    """Return each instance's logits of its own class."""
    rows = torch.arange(len(logits), device=logits.device)
    return logits[rows, classes].unsqueeze(1)


def most_uncertain(
    uncertainty: Float[Tensor, "N 1 H W"], count: int
) -> tuple[Int[Tensor, "N P"], Float[Tensor, "N P 2"]]:
    """Return the pixels that are least decided, worst first.

    Parameters
    ----------
    uncertainty : (N, 1, H, W)
    count : int
        All of them, where there are fewer.

    Returns
    -------
    index : (N, P)
        In reading order.
    points : (N, P, 2)
    """
    height, width = uncertainty.shape[2:]
    flat = uncertainty.flatten(1)  # (N, H*W)
    index = flat.topk(min(count, flat.shape[1]), dim=1).indices
    return index, index_to_points(index, height, width).to(uncertainty.dtype)


def subdivide(
    coarse: Float[Tensor, "N K H W"],
    logits_at: PointLogits,
    *,
    steps: int = 5,
    most: int = 784,
    uncertainty: Uncertainty = binary_uncertainty,
) -> Float[Tensor, "N K H2 W2"]:
    """Sharpen a coarse map: double it and ask again at its least decided pixels, several times.

    Parameters
    ----------
    coarse : (N, K, H, W)
        Logits.
    logits_at : callable
        The exact logits at points; asked for at most `most` points a step.
    steps : int
        Doublings; 5 lead from 7 to 224.
    most : int
        28 squared in the paper.
    uncertainty : callable
        `binary_uncertainty` or `class_uncertainty`.

    Returns
    -------
    (N, K, H * 2**steps, W * 2**steps)
        A thing that no step sees undecided, such as a dot far from any border in the coarse map, stays lost.

    Raises
    ------
    InputError
        If `steps` is below 0 or `most` below 1.
    """
    if steps < 0 or most < 1:
        raise InputError(f"steps must be 0 or more and most 1 or more, got {steps} and {most}")
    for _ in range(steps):
        coarse = functional.interpolate(coarse, scale_factor=2.0, mode="bilinear", align_corners=False)
        index, points = most_uncertain(uncertainty(coarse), most)
        exact = logits_at(points)  # (N, K, P)
        places = index[:, None].expand_as(exact)
        coarse = coarse.flatten(2).scatter(2, places, exact).reshape(coarse.shape)
    return coarse


def draw_training_points(
    logits: Float[Tensor, "N K H W"],
    count: int,
    *,
    uncertainty: Uncertainty = binary_uncertainty,
    oversample: int = 3,
    share: float = 0.75,
    generator: torch.Generator | None = None,
) -> Float[Tensor, "N {count} 2"]:
    """Draw points to train on, many of them where the map is undecided.

    Parameters
    ----------
    logits : (N, K, H, W)
    count : int
        Points for each picture, 14 squared in the paper.
    uncertainty : callable
    oversample : int
        k of the paper: so many times the count are drawn evenly to choose from.
    share : float
        beta of the paper: the part that is chosen for its uncertainty; the rest is drawn evenly.
    generator : torch.Generator, optional

    Raises
    ------
    InputError
        If `oversample` is below 1 or `share` outside [0, 1].
    """
    if oversample < 1 or not 0.0 <= share <= 1.0:
        raise InputError(f"oversample must be 1 or more and share in [0, 1], got {oversample} and {share}")
    n_chosen = int(share * count)
    shape = (len(logits), oversample * count + count - n_chosen, 2)
    drawn = torch.rand(shape, generator=generator, dtype=logits.dtype, device=logits.device)
    candidates, even = drawn[:, : oversample * count], drawn[:, oversample * count :]
    doubt = uncertainty(sample_points(logits, candidates)).flatten(1)  # (N, oversample * count)
    best = doubt.topk(n_chosen, dim=1).indices
    chosen = candidates.gather(1, best[:, :, None].expand(-1, -1, 2))
    return torch.cat([chosen, even], dim=1)


class PointHead(nn.Module):
    """Give logits to single points from fine features and the coarse map's logits.

    Parameters
    ----------
    fine : int
        Channels of the fine features, 256.
    n_classes : int
        Channels of the coarse logits, 80 for COCO.
    width : int
        Of each hidden layer.
    depth : int
        Number of hidden layers; the coarse logits enter each of them anew.
    """

    def __init__(self, fine: int, n_classes: int, *, width: int = 256, depth: int = 3) -> None:
        super().__init__()
        sizes = [fine, *[width] * depth]
        self.hidden = nn.ModuleList(nn.Conv1d(size + n_classes, width, 1) for size in sizes[:-1])
        self.predictor = nn.Conv1d(sizes[-1] + n_classes, n_classes, 1)

    def forward(self, fine: Float[Tensor, "N C P"], coarse: Float[Tensor, "N K P"]) -> Float[Tensor, "N K P"]:
        """Return the logits of the points."""
        features = torch.cat([fine, coarse], dim=1)
        for layer in self.hidden:
            features = torch.cat([layer(features).relu(), coarse], dim=1)
        logits: Tensor = self.predictor(features)
        return logits


class CoarseHead(nn.Module):
    """Give a coarse map of logits from the features of one region.

    Parameters
    ----------
    channels : int
        Of the features, 256.
    side : int
        Of the square features, px; 14.
    n_classes : int
    width : int
        Of the convolution after the reduction; 256.
    hidden : int
        Of the two fully connected layers; 1024.
    out_side : int
        Of the coarse map; 7.
    """

    def __init__(
        self, channels: int, side: int, n_classes: int, *, width: int = 256, hidden: int = 1024, out_side: int = 7
    ) -> None:
        super().__init__()
        self.shape = (n_classes, out_side, out_side)
        self.features = nn.Sequential(
            nn.Conv2d(channels, width, 1),
            nn.ReLU(),
            nn.Conv2d(width, width, 2, stride=2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(width * (side // 2) ** 2, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, n_classes * out_side**2),
        )

    def forward(self, region: Float[Tensor, "N C S S"]) -> Float[Tensor, "N K A A"]:
        """Return the coarse logits."""
        logits: Tensor = self.features(region).reshape(-1, *self.shape)
        return logits


def point_head_full() -> PointHead:
    """Return the published head: 256 fine channels, 80 classes of COCO."""
    return PointHead(256, 80)


def point_head_tiny() -> PointHead:
    """Return a head for one class and 32 fine channels, those of the tiny MobileSAM."""
    return PointHead(32, 1, width=32, depth=2)


def coarse_head_full() -> CoarseHead:
    """Return the published coarse head: 14x14 features of 256 channels to 7x7 logits of 80 classes."""
    return CoarseHead(256, 14, 80)


def coarse_head_tiny() -> CoarseHead:
    """Return a coarse head for one class and 32 channels, those of the tiny MobileSAM."""
    return CoarseHead(32, 14, 1, width=16, hidden=64)
