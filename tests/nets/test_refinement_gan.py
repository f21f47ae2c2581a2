"""Refinement GAN: blending by a kernel, and the second search."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.losses.latent import ratio_weights
from retouch.nets.latent.blending import blend_by_kernel
from retouch.nets.latent.dcgan import dcgan_critic_tiny, dcgan_tiny, draw_codes
from retouch.nets.latent.latent_search import InpaintSettings, SearchSettings
from retouch.nets.latent.refinement_gan import CONFIDENCES, RefinementSettings, refine_hole

torch.set_num_threads(1)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=seeded(seed))


def square_hole(n: int, side: int) -> Tensor:
    mask = torch.zeros(n, 1, side, side)
    mask[:, :, side // 4 : side - side // 4, side // 4 : side - side // 4] = 1
    return mask


def waves(n: int, side: int) -> Tensor:
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    plane = 0.5 + 0.1 * torch.sin(rows / 5) + 0.1 * torch.cos(columns / 7)
    return plane.expand(n, 3, side, side).clone()


class Toy(nn.Module):
    """tanh(U z): 64 smooth patterns of 16 x 16 pixels, more than the rim of a hole tells."""

    def __init__(self) -> None:
        super().__init__()
        coarse = torch.randn(64, 3, 6, 6, generator=seeded(8))
        fine = nn.functional.interpolate(coarse, size=(16, 16), mode="bicubic")
        self.patterns = nn.Parameter(0.15 * fine.flatten(1))

    def forward(self, code: Tensor) -> Tensor:
        """Return pictures of 64 numbers."""
        return torch.tanh(code @ self.patterns).view(-1, 3, 16, 16)


class Indifferent(nn.Module):
    """A critic that finds all pictures alike."""

    def forward(self, picture: Tensor) -> Tensor:
        """Return score 0."""
        return 0 * picture.sum(dim=(1, 2, 3))


def test_the_laplacian_does_not_see_a_constant_offset() -> None:
    """Twenty grey levels too many on a smooth picture; less than one level is left."""
    image, mask = waves(2, 32), square_hole(2, 32)
    blended = blend_by_kernel(image + 20 / 255, image, mask, centre=-8.0)
    assert (blended - image).abs().max() < 1 / 255


def test_the_other_kernel_keeps_part_of_an_offset_in_the_middle() -> None:
    """Its rows sum to -1: far from the border of a large hole the generated level wins."""
    image, mask = waves(1, 48), torch.zeros(1, 1, 48, 48)
    mask[:, :, 4:44, 4:44] = 1
    offset = (blend_by_kernel(image + 20 / 255, image, mask) - image)[0, 0] * 255
    assert offset[24, 24].item() == pytest.approx(20, abs=0.5)
    assert offset[4, 24] < 6


@pytest.mark.parametrize("centre", [-9.0, -8.0])
def test_known_pixels_are_kept_bit_for_bit_and_the_hole_is_not_read(centre: float) -> None:
    image, generated, mask = draw(2, 3, 12, 10), draw(2, 3, 12, 10, seed=1), torch.zeros(2, 1, 12, 10)
    mask[:, :, 3:8, 2:10] = 1
    blended = blend_by_kernel(generated, image.where(mask == 0, float("nan")), mask, centre=centre)
    assert torch.equal(blended.where(mask == 0, 0), image.where(mask == 0, 0))
    assert torch.isfinite(blended).all()
    assert 0 <= blended.min() <= blended.max() <= 1


@pytest.mark.parametrize("centre", [-9.0, -8.0])
def test_the_blend_is_the_least_squares_solution(centre: float) -> None:
    """D as a full matrix, its columns of the hole alone, solved by numpy."""
    side, mask = 8, torch.zeros(1, 1, 8, 8)
    mask[:, :, 2:6, 3:8] = 1
    image, generated = 0.4 + 0.2 * draw(1, 1, side, side), 0.4 + 0.2 * draw(1, 1, side, side, seed=1)
    matrix = np.zeros((side**2, side**2))
    for row in range(side):
        for column in range(side):
            for r in range(max(0, row - 1), min(side, row + 2)):
                for c in range(max(0, column - 1), min(side, column + 2)):
                    matrix[row * side + column, r * side + c] = 1
            matrix[row * side + column, row * side + column] = centre
    hole = mask.flatten().numpy() == 1
    start = np.where(hole, 0, image.flatten().double().numpy())
    wanted = matrix @ (generated.flatten().double().numpy() - start)
    expected = np.linalg.lstsq(matrix[:, hole], wanted, rcond=None)[0]
    blended = blend_by_kernel(generated, image, mask, centre=centre)
    np.testing.assert_allclose(blended.flatten().numpy()[hole], expected, atol=1e-5)


def test_without_a_hole_the_picture_comes_back() -> None:
    image = draw(1, 3, 8, 8)
    assert torch.equal(blend_by_kernel(draw(1, 3, 8, 8, seed=1), image, torch.zeros(1, 1, 8, 8)), image)


def test_refinement_brings_the_result_nearer_to_the_truth() -> None:
    """The first search sees the hole's rim alone, the second all known pixels: the error falls by a fifth or more."""
    toy = Toy().eval()
    with torch.no_grad():
        truth = ((toy(draw_codes((12, 64), seeded(3))) + 1) / 2 + 0.1 * (draw(12, 3, 16, 16) - 0.5)).clamp(0, 1)
    search = SearchSettings(150, 0.03)
    settings = RefinementSettings(
        InpaintSettings(search, window=3, weigh=ratio_weights), search, confidence=CONFIDENCES["centre"]
    )
    refined = refine_hole(
        toy, Indifferent().eval(), truth, square_hole(12, 16), draw_codes((1, 12, 64), seeded(4)), settings
    )
    before, after = ((picture - truth).abs().mean().item() for picture in (refined.first, refined.result))
    assert after < 0.8 * before


def test_known_pixels_and_inputs_stay_as_they_were() -> None:
    generator, critic = dcgan_tiny(seeded()).eval(), dcgan_critic_tiny(seeded()).eval()
    image, mask, start = draw(2, 3, 64, 64), square_hole(2, 64), draw_codes((2, 2, 100), seeded())
    settings = RefinementSettings(InpaintSettings(SearchSettings(2)), SearchSettings(2))
    kept = [tensor.clone() for tensor in (image, mask, start)]
    seen: list[tuple[int, int]] = []
    refined = refine_hole(
        generator,
        critic,
        image.where(mask == 0, float("nan")),
        mask,
        start,
        settings,
        progress=lambda done, total: seen.append((done, total)),
    )
    for picture in (refined.first, refined.result):
        assert torch.equal(picture.where(mask == 0, 0), image.where(mask == 0, 0))
        assert torch.isfinite(picture).all()
    assert all(torch.equal(a, b) for a, b in zip(kept, (image, mask, start), strict=True))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_nets_in_training_mode_are_refused() -> None:
    image, mask, start = draw(1, 3, 64, 64), square_hole(1, 64), draw_codes((1, 1, 100), seeded())
    with pytest.raises(InputError, match=r"critic\.eval"):
        refine_hole(dcgan_tiny().eval(), dcgan_critic_tiny(), image, mask, start)
