"""Search for the code whose picture agrees with what is known: semantic inpainting.

Source: R. Yeh, C. Chen, T. Y. Lim, A. Schwing, M. Hasegawa-Johnson, M. Do: "Semantic Image Inpainting with Deep
Generative Models", CVPR 2017, Sec. 3; the losses stand in `retouch.losses.latent`.

Departures
----------
- Several restarts run as one batch and the one of the lowest loss is kept, picture by picture.
- The best code met on the way is kept, not the last one.

Both optimisers are offered: Adam, as in the paper (1,500 steps), and gradient descent with Nesterov's momentum of .9
and steps of .0003, as in the public code (3,000 steps).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.arrays.types import Progress, ignore_progress
from retouch.errors import InputError
from retouch.losses.latent import context_loss, prior_loss, share_weights

PictureLoss = Callable[[Tensor], Tensor]
"""(B, 3, H, W) in [-1, 1] to (B,), one loss for each picture."""


@dataclass(frozen=True)
class SearchSettings:
    """How codes are moved.

    Attributes
    ----------
    n_steps : int
    step_size : float
        .003 for Adam, .0003 for Nesterov.
    optimiser : {"adam", "nesterov"}
    betas : pair of float
        Decay of Adam's two means.
    momentum : float
        Of Nesterov.
    bound : float
        After each step every entry of a code is clipped to [-bound, bound].
    """

    n_steps: int = 1500
    step_size: float = 0.003
    optimiser: Literal["adam", "nesterov"] = "adam"
    betas: tuple[float, float] = (0.5, 0.9)
    momentum: float = 0.9
    bound: float = 1.0


class Found(NamedTuple):
    """What a search found for each picture.

    Attributes
    ----------
    code : (N, Z)
    picture : (N, 3, H, W) in [-1, 1]
    loss : (N,)
    """

    code: Tensor
    picture: Tensor
    loss: Tensor


@dataclass(frozen=True)
class InpaintSettings:
    """What is searched for.

    Attributes
    ----------
    search : SearchSettings
    prior_weight : float
        lambda, of the critic's loss beside the context loss.
    window : int
        Side in pixels of the window that weighs known pixels by the missing ones around them.
    weigh : callable
        `share_weights` or `ratio_weights` of `retouch.losses.latent`: mask and window to weights.
    """

    search: SearchSettings = field(default_factory=SearchSettings)
    prior_weight: float = 0.003
    window: int = 7
    weigh: Callable[[Tensor, int], Tensor] = share_weights


def search_codes(
    generator: nn.Module,
    loss: PictureLoss,
    start: Float[Tensor, "B Z"],
    settings: SearchSettings | None = None,
    *,
    progress: Progress = ignore_progress,
) -> Found:
    """Move each code until its picture's loss is low, and return the best that was met on its way.

    Parameters
    ----------
    generator : nn.Module
        Codes (B, Z) to pictures (B, 3, H, W); in evaluation mode, its weights stay as they are.
    loss : callable
        Pictures (B, 3, H, W) to losses (B,), each of its own picture alone.
    start : (B, Z) float
        Where the search begins; left unchanged.
    settings : SearchSettings, optional
    progress : callable, optional
        Called as progress(done, n_steps).

    Raises
    ------
    InputError
        If the generator is in training mode, in which the codes of a batch would depend on one another.
    """
    settings = settings or SearchSettings()
    if generator.training:
        raise InputError("a search needs a generator in evaluation mode, got one in training; call generator.eval()")
    code = start.detach().clone().requires_grad_()
    optimiser = _optimiser(code, settings)
    best = Found(start, start, start.new_full((len(start),), torch.inf))
    with torch.enable_grad():
        for step in range(settings.n_steps + 1):
            picture = generator(code)
            losses = loss(picture)
            best = _better(best, Found(code.detach().clone(), picture.detach(), losses.detach()))
            if step == settings.n_steps:
                break
            (code.grad,) = torch.autograd.grad(losses.sum(), code)
            optimiser.step()
            with torch.no_grad():
                code.clamp_(-settings.bound, settings.bound)
            progress(step + 1, settings.n_steps)
    return best


def keep_best(found: Found, n_restarts: int) -> Found:
    """Return for each picture the restart of the lowest loss; the restarts of all pictures stand one after another.

    >>> losses = torch.tensor([3.0, 1.0, 2.0, 5.0])
    >>> keep_best(Found(torch.arange(4.0)[:, None], torch.zeros(4, 3, 1, 1), losses), 2).code.flatten().tolist()
    [2.0, 1.0]
    """
    n_pictures = len(found.loss) // n_restarts
    chosen = found.loss.view(n_restarts, n_pictures).argmin(dim=0) * n_pictures
    places = chosen + torch.arange(n_pictures, device=chosen.device)
    return Found(*(values[places] for values in found))


def search_hole(
    generator: nn.Module,
    critic: nn.Module,
    image: Float[Tensor, "N 3 H W"],
    mask: Float[Tensor, "N 1 H W"],
    start: Float[Tensor, "R N Z"],
    settings: InpaintSettings | None = None,
    *,
    progress: Progress = ignore_progress,
) -> Found:
    """Search for pictures that agree with the known pixels near the hole and that the critic takes for real.

    Parameters
    ----------
    generator, critic : nn.Module
        Of one GAN, both in evaluation mode.
    image : (N, 3, H, W) float32, range [0, 1]
        RGB of the generator's size; values under the mask are not read.
    mask : (N, 1, H, W) float32
        1 where a pixel is missing, else 0.
    start : (R, N, Z) float32
        Codes of R restarts, see `retouch.nets.latent.dcgan.draw_codes`.
    settings : InpaintSettings, optional
    progress : callable, optional
        Called as progress(done, n_steps).

    Returns
    -------
    Found
        The best restart of each picture; put its picture into the hole by `paste` or blend it.

    Raises
    ------
    InputError
        If a net is in training mode, or the pictures are not of the generator's size.
    """
    settings = settings or InpaintSettings()
    if critic.training:
        raise InputError("a search needs a critic in evaluation mode, got one in training; call critic.eval()")
    n_restarts = len(start)
    known = (2 * image.where(mask == 0, 0.5) - 1).repeat(n_restarts, 1, 1, 1)  # (R N, 3, H, W), [-1, 1]
    weights = settings.weigh(mask, settings.window).repeat(n_restarts, 1, 1, 1)

    def loss(picture: Tensor) -> Tensor:
        _check_side(picture, known)
        return context_loss(picture, known, weights) + settings.prior_weight * prior_loss(critic(picture))

    found = search_codes(generator, loss, start.flatten(0, 1), settings.search, progress=progress)
    return keep_best(found, n_restarts)


def paste(
    picture: Float[Tensor, "N 3 H W"], image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"]
) -> Float[Tensor, "N 3 H W"]:
    """Return `image`, in [0, 1], with the hole filled from a generated picture in [-1, 1].

    >>> paste(torch.ones(1, 3, 1, 2), torch.zeros(1, 3, 1, 2), torch.tensor([[[[0.0, 1.0]]]]))[0, 0, 0].tolist()
    [0.0, 1.0]
    """
    return image.where(mask == 0, (picture + 1) / 2)


def _check_side(generated: Tensor, image: Tensor) -> None:
    if generated.shape[-2:] != image.shape[-2:]:
        made, given = ("x".join(map(str, x.shape[-2:])) for x in (generated, image))
        raise InputError(f"the generator makes pictures of {made} pixels, got {given}; crop or resize the picture")


def _optimiser(code: Tensor, settings: SearchSettings) -> torch.optim.Optimizer:
    if settings.optimiser == "adam":
        return torch.optim.Adam([code], lr=settings.step_size, betas=settings.betas)
    return torch.optim.SGD([code], lr=settings.step_size, momentum=settings.momentum, nesterov=True)


def _better(best: Found, now: Found) -> Found:
    if torch.isinf(best.loss).all():
        return now
    improved = now.loss < best.loss
    return Found(
        now.code.where(improved[:, None], best.code),
        now.picture.where(improved[:, None, None, None], best.picture),
        now.loss.where(improved, best.loss),
    )
