"""The loss of CBDNet: squared error, an asymmetric error of the noise map, and its total variation.

Source: S. Guo, Z. Yan, K. Zhang, W. Zuo, L. Zhang, "Toward convolutional blind denoising of real photographs", CVPR
2019, Eqs. 3-6. Departures: means stand for the sums over pixels. The public PyTorch port compares the other way round
and so punishes over-estimation, and sums total variation over the batch: `under_weight=0.3` and a `smoothness_weight`
of 0.05 times the batch give its values.
"""

from __future__ import annotations

from jaxtyping import Bool, Float
from torch import Tensor

ASYMMETRIC_WEIGHT = 0.5


def asymmetric_error(
    estimated: Float[Tensor, "N C H W"], true: Float[Tensor, "N C H W"], *, under_weight: float = 0.7
) -> Float[Tensor, " N"]:
    """Return the mean squared error of each noise map, weighted by the side it errs to.

    Parameters
    ----------
    estimated, true : (N, C, H, W)
        Standard deviations of the noise.
    under_weight : float
        Weight of pixels estimated too low, in [0, 1]; those estimated too high weigh 1 - under_weight. The paper's
        alpha is 1 - under_weight. Too low an estimate leaves noise in the picture, too high only smooths.

    >>> import torch
    >>> truth = torch.full((2, 1, 1, 1), 0.5)
    >>> [round(value, 3) for value in asymmetric_error(torch.tensor([0.4, 0.6])[:, None, None, None], truth).tolist()]
    [0.007, 0.003]
    """
    alpha = 1 - under_weight
    weight = (alpha - (estimated < true).to(estimated.dtype)).abs()
    return (weight * (estimated - true).square()).mean(dim=(1, 2, 3))  # Eq. 3


def total_variation(estimated: Float[Tensor, "N C H W"]) -> Float[Tensor, ""]:
    """Return the mean squared difference of vertical neighbours of noise maps, plus that of horizontal ones.

    Both sides must be at least 2 px.

    >>> import torch
    >>> total_variation(torch.tensor([[[[0.0, 3.0], [1.0, 2.0]]]])).item()
    6.0
    """
    down = estimated[..., 1:, :] - estimated[..., :-1, :]
    across = estimated[..., :, 1:] - estimated[..., :, :-1]
    return down.square().mean() + across.square().mean()  # Eq. 4


def cbdnet_loss(
    result: Float[Tensor, "N C H W"],
    clean: Float[Tensor, "N C H W"],
    estimated: Float[Tensor, "N C H W"],
    true: Float[Tensor, "N C H W"],
    noise_is_known: Bool[Tensor, " N"],
    *,
    under_weight: float = 0.7,
    smoothness_weight: float = 0.05,
) -> Float[Tensor, ""]:
    """Return the whole loss of a batch.

    Parameters
    ----------
    result, clean : (N, C, H, W)
        The denoised pictures and the truth.
    estimated, true : (N, C, H, W)
        Noise maps; `true` is used only where it is known.
    noise_is_known : (N,) bool
        False for photographed pairs, whose noise map nobody knows; they count as asymmetric error 0.
    under_weight : float
        See `asymmetric_error`.
    smoothness_weight : float
        Of the total variation of the estimated map.
    """
    reconstruction = (result - clean).square().mean()  # Eq. 5
    errors = asymmetric_error(estimated, true, under_weight=under_weight)
    asymmetry = errors.where(noise_is_known, 0).mean()
    return reconstruction + ASYMMETRIC_WEIGHT * asymmetry + smoothness_weight * total_variation(estimated)  # Eq. 6
