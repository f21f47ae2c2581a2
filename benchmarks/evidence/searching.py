"""The latent search and its refinement on six patterns of holes: Table 1 of the refinement GAN.

Source: D. Malesevic, C. Mayer, S. Gu, R. Timofte: "Photo-Realistic and Robust Inpainting of Faces Using Refinement
GANs": patterns, mu and the equal budget of its text; MAE and MSE on the scale of 0 to 255.

Departures
----------
- Searches of 300 steps of .015 instead of 1,500 of .003: a code can move as far.
- The share of the stripes is not printed; each is a third of the side, 56 % together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.evidence.probes import Found, last_networks, validation_batches
from retouch.arrays.types import Mask
from retouch.losses.latent import ratio_weights
from retouch.metrics.structure.ssim import mssim
from retouch.nets.latent.blending import blend_by_kernel
from retouch.nets.latent.dcgan import draw_codes
from retouch.nets.latent.latent_search import InpaintSettings, SearchSettings, search_hole
from retouch.nets.latent.refinement_gan import CONFIDENCES, RefinementSettings, refine_hole
from retouch.training.batch import Batch
from retouch.training.data.seeds import seeded
from retouch.training.recipes.settings import Recipe

N_PICTURES, N_STEPS, STEP_SIZE = 32, 300, 0.015
_EQUAL_BUDGET = "centre"


def search_six(folder: Path, recipe: Recipe) -> Found:
    """Return the scores before and after the refinement for each pattern, and those of a search of twice the length."""
    networks = last_networks(folder, recipe)
    generator, critic = networks["generator"], networks["critic"]
    for net in networks.values():
        net.requires_grad_(requires_grad=False)
    n_steps = min(N_STEPS, recipe.run.steps)
    found: Found = {}
    for batch in six_patterns(recipe, N_PICTURES if n_steps == N_STEPS else 2):
        pattern, start = batch.groups[0], _start(len(batch), recipe.run.seed)
        refined = refine_hole(generator, critic, batch.image, batch.mask, start, _settings(pattern, n_steps))
        found[f"{pattern}, before"] = scores(refined.first, batch.image)
        found[f"{pattern}, after"] = scores(refined.result, batch.image)
        gained = found[f"{pattern}, before"]["mae"] - found[f"{pattern}, after"]["mae"]
        found[f"{pattern}, gain"] = {"mae": gained}
        if pattern == _EQUAL_BUDGET:
            longer = _search_alone((generator, critic), batch, start, 2 * n_steps)
            found[f"{pattern}, twice as long"] = scores(longer, batch.image)
            lead = found[f"{pattern}, twice as long"]["mae"] - found[f"{pattern}, after"]["mae"]
            found[f"{pattern}, equal budget"] = {"mae": lead}
    return found


def six_patterns(recipe: Recipe, n_pictures: int = N_PICTURES) -> Iterator[Batch]:
    """Go through the six patterns, each a batch of the same validation pictures."""
    batches = list(validation_batches(recipe))
    images = torch.cat([batch.image for batch in batches])[:n_pictures]
    names = tuple(name for batch in batches for name in batch.names)[:n_pictures]
    side = images.shape[-1]
    for pattern, draw in PATTERNS.items():
        masks = [draw(side, seeded("six patterns", pattern, number)) for number in range(len(images))]
        mask = torch.from_numpy(np.stack(masks))[:, None].float()
        yield Batch({"image": images, "mask": mask}, names, (pattern,) * len(images))


def scores(result: Tensor, image: Tensor) -> dict[str, float]:
    """Return the means of MAE and MSE (0 to 255), PSNR and MSSIM over pictures in [0, 1], all pixels counted.

    >>> found = scores(torch.full((1, 3, 16, 16), 0.6), torch.full((1, 3, 16, 16), 0.5))
    >>> round(found["mae"], 2), round(found["psnr"], 2)  # 25.5; 10 log10(1 / 0.01)
    (25.5, 20.0)
    """
    error = 255 * (result - image).flatten(1).double()
    mse = error.square().mean(dim=1).clamp(min=1e-6)
    pairs = zip(*(x.permute(0, 2, 3, 1).double().numpy() for x in (image, result)), strict=True)
    return {
        "mae": error.abs().mean().item(),
        "mse": mse.mean().item(),
        "psnr": (10 * (255**2 / mse).log10()).mean().item(),
        "mssim": float(np.mean([mssim(truth, made, data_range=1.0) for truth, made in pairs])),
    }


def _start(n_pictures: int, seed: int) -> Tensor:
    return draw_codes((1, n_pictures, 100), torch.Generator().manual_seed(seed))


def _settings(pattern: str, n_steps: int) -> RefinementSettings:
    search = SearchSettings(n_steps=n_steps, step_size=STEP_SIZE)
    return RefinementSettings(InpaintSettings(search, weigh=ratio_weights), search, confidence=CONFIDENCES[pattern])


def _search_alone(nets: tuple[nn.Module, nn.Module], batch: Batch, start: Tensor, n_steps: int) -> Tensor:
    """Return what the first search alone finds, blended."""
    settings = InpaintSettings(SearchSettings(n_steps=n_steps, step_size=STEP_SIZE), weigh=ratio_weights)
    found = search_hole(*nets, batch.image, batch.mask, start, settings)
    return blend_by_kernel((found.picture + 1) / 2, batch.image, batch.mask)


def _square(share: float) -> Callable[[int, np.random.Generator], Mask]:
    def draw(side: int, rng: np.random.Generator) -> Mask:
        hole = round(side * share**0.5)
        top, left = rng.integers(side - hole + 1, size=2)
        mask = np.zeros((side, side), np.bool_)
        mask[top : top + hole, left : left + hole] = True
        return mask

    return draw


def _stripes(side: int, rng: np.random.Generator) -> Mask:
    mask = np.zeros((side, side), np.bool_)
    width = round(side / 3)
    top, left = rng.integers(side - width + 1, size=2)
    mask[top : top + width] = True
    mask[:, left : left + width] = True
    return mask


def _left(side: int, rng: np.random.Generator) -> Mask:
    return np.broadcast_to(np.arange(side) < side // 2, (side, side)).copy()


def _centre(side: int, rng: np.random.Generator) -> Mask:
    mask = np.zeros((side, side), np.bool_)
    mask[side // 4 : side // 4 + side // 2, side // 4 : side // 4 + side // 2] = True
    return mask


def _pixels(side: int, rng: np.random.Generator) -> Mask:
    return rng.random((side, side)) < 0.7


PATTERNS: dict[str, Callable[[int, np.random.Generator], Mask]] = {
    "square": _square(0.25),
    "big-square": _square(0.5),
    "stripes": _stripes,
    "left": _left,
    "centre": _centre,
    "pixels": _pixels,
}
"""In the paper's order, under the names of `CONFIDENCES`."""
