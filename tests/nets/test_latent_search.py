"""Search in latent space: optimisers, bounds, restarts, and whether holes are filled with what belongs there."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from retouch.errors import InputError
from retouch.losses.latent import context_loss, share_weights
from retouch.nets.latent.dcgan import dcgan_critic_tiny, dcgan_tiny, draw_codes
from retouch.nets.latent.latent_search import (
    InpaintSettings,
    SearchSettings,
    paste,
    search_codes,
    search_hole,
)

torch.set_num_threads(1)


class Toy(nn.Module):
    """tanh(mean + U z): four patterns of 8 x 8 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.patterns = nn.Parameter(torch.randn(4, 3 * 64, generator=seeded()))

    def forward(self, code: Tensor) -> Tensor:
        """Return pictures of four numbers."""
        return torch.tanh(0.5 * code @ self.patterns).view(-1, 3, 8, 8)


class Indifferent(nn.Module):
    """A critic that finds all pictures alike."""

    def forward(self, picture: Tensor) -> Tensor:
        """Return score 0."""
        return 0 * picture.sum(dim=(1, 2, 3))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def left_half(n: int, side: int) -> Tensor:
    mask = torch.zeros(n, 1, side, side)
    mask[:, :, :, : side // 2] = 1
    return mask


def test_nesterov_takes_the_steps_of_the_public_code() -> None:
    """By hand: v <- m v - h g;  z <- clip(z - m v_before + (1 + m) v), with h = .01 and m = .9."""
    toy, start = Toy().eval(), draw_codes((1, 4), seeded(1))

    def loss(picture: Tensor) -> Tensor:
        return picture.sum(dim=(1, 2, 3))

    z, v = start.clone(), torch.zeros(1, 4)
    values = []
    for _ in range(5):
        z.requires_grad_()
        value = loss(toy(z))
        values.append(value.item())
        (gradient,) = torch.autograd.grad(value.sum(), z)
        before, v = v, 0.9 * v - 0.01 * gradient
        z = (z.detach() - 0.9 * before + 1.9 * v).clamp(-1, 1)
    assert values == sorted(values, reverse=True)  # so that the best code is the last one
    found = search_codes(toy, loss, start, SearchSettings(5, 0.01, "nesterov"))
    torch.testing.assert_close(found.code, z)


def test_adams_first_step_has_the_size_of_the_step_in_every_entry() -> None:
    toy, start = Toy().eval(), torch.zeros(2, 4)
    found = search_codes(toy, lambda picture: picture.sum(dim=(1, 2, 3)), start, SearchSettings(1, 0.25))
    torch.testing.assert_close(found.code.abs(), torch.full((2, 4), 0.25))


@pytest.mark.parametrize("settings", [SearchSettings(30, 0.5), SearchSettings(30, 0.5, "nesterov")])
def test_codes_stay_in_bounds(settings: SearchSettings) -> None:
    toy, start = Toy().eval(), draw_codes((3, 4), seeded())
    found = search_codes(toy, lambda picture: picture.sum(dim=(1, 2, 3)), start, settings)
    assert found.code.abs().max() == 1


def test_the_code_behind_a_picture_is_found_again() -> None:
    toy = Toy().eval()
    with torch.no_grad():
        code = 0.8 * draw_codes((2, 4), seeded(3))
        target = toy(code)
    found = search_codes(
        toy,
        lambda picture: (picture - target).square().sum(dim=(1, 2, 3)),
        torch.zeros(2, 4),
        SearchSettings(300, 0.02),
    )
    torch.testing.assert_close(found.code, code, atol=1e-3, rtol=0)
    assert found.loss.max() < 1e-3


def test_the_best_code_is_kept_even_if_the_search_leaves_it() -> None:
    """Steps of 1 jump from -1 to 1 and back over the optimum at 0, where the search began."""
    toy = Toy().eval()
    found = search_codes(
        toy, lambda picture: picture.square().sum(dim=(1, 2, 3)), torch.zeros(1, 4), SearchSettings(4, 1.0)
    )
    assert found.loss.item() == 0
    assert torch.equal(found.code, torch.zeros(1, 4))


def test_more_restarts_never_give_a_higher_loss() -> None:
    generator, critic = dcgan_tiny(seeded()).eval(), dcgan_critic_tiny(seeded()).eval()
    image, mask = torch.rand(2, 3, 64, 64, generator=seeded(5)), left_half(2, 64)
    starts = draw_codes((3, 2, 100), seeded(7))
    settings = InpaintSettings(SearchSettings(3, 0.01))
    alone = [search_hole(generator, critic, image, mask, starts[[i]], settings).loss for i in range(3)]
    together = search_hole(generator, critic, image, mask, starts, settings).loss
    torch.testing.assert_close(together, torch.stack(alone).amin(dim=0))


def test_the_hole_gets_what_the_known_half_implies() -> None:
    """The known half of 8 x 8 x 3 numbers fixes four; W of a window of 15 sees all of that half."""
    toy = Toy().eval()
    with torch.no_grad():
        truth = (toy(0.8 * draw_codes((2, 4), seeded(3))) + 1) / 2
    mask = left_half(2, 8)
    broken = truth.where(mask == 0, float("nan"))
    settings = InpaintSettings(SearchSettings(400, 0.02), window=15)
    found = search_hole(toy, Indifferent().eval(), broken, mask, torch.zeros(1, 2, 4), settings)
    filled = paste(found.picture, broken, mask)
    assert torch.equal(filled.where(mask == 0, 0), truth.where(mask == 0, 0))
    assert (filled - truth).abs().max() < 0.02


def test_the_reported_loss_is_that_of_the_reported_picture() -> None:
    generator, critic = dcgan_tiny(seeded()).eval(), dcgan_critic_tiny(seeded()).eval()
    image, mask = torch.rand(1, 3, 64, 64, generator=seeded(5)), left_half(1, 64)
    settings = InpaintSettings(SearchSettings(4, 0.05), prior_weight=0.0)
    found = search_hole(generator, critic, image, mask, draw_codes((2, 1, 100), seeded()), settings)
    with torch.no_grad():
        torch.testing.assert_close(generator(found.code), found.picture)
    torch.testing.assert_close(context_loss(found.picture, 2 * image - 1, share_weights(mask)), found.loss)


def test_the_nets_start_and_picture_are_left_as_they_were() -> None:
    generator, critic = dcgan_tiny(seeded()).eval(), dcgan_critic_tiny(seeded()).eval()
    image, mask, start = torch.rand(1, 3, 64, 64), left_half(1, 64), draw_codes((1, 1, 100), seeded())
    before = [tensor.clone() for tensor in (*generator.state_dict().values(), image, mask, start)]
    search_hole(generator, critic, image, mask, start, InpaintSettings(SearchSettings(2)))
    after = [*generator.state_dict().values(), image, mask, start]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert all(parameter.grad is None for parameter in (*generator.parameters(), *critic.parameters()))


def test_progress_ends_at_the_number_of_steps() -> None:
    seen = []
    search_codes(
        Toy().eval(),
        lambda picture: picture.sum(dim=(1, 2, 3)),
        torch.zeros(1, 4),
        SearchSettings(3),
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_nets_in_training_mode_are_refused() -> None:
    generator, critic = dcgan_tiny(seeded()), dcgan_critic_tiny(seeded())
    image, mask, start = torch.rand(1, 3, 64, 64), left_half(1, 64), draw_codes((1, 1, 100), seeded())
    with pytest.raises(InputError, match=r"critic\.eval"):
        search_hole(generator.eval(), critic, image, mask, start)
    with pytest.raises(InputError, match=r"generator\.eval"):
        search_hole(generator.train(), critic.eval(), image, mask, start)


def test_pictures_of_another_size_are_refused() -> None:
    generator, critic = dcgan_tiny(seeded()).eval(), dcgan_critic_tiny(seeded()).eval()
    image, mask = torch.rand(2, 3, 32, 48), torch.zeros(2, 1, 32, 48)
    with pytest.raises(InputError, match="makes pictures of 64x64 pixels, got 32x48"):
        search_hole(generator, critic, image, mask, draw_codes((1, 2, 100), seeded()))
