"""Neural patch synthesis: the energy, the choice of patches, the scales, and the Gabor bank it works with offline."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import pi

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import Cancelled, InputError
from retouch.nets.optimised.gabor_bank import GaborBank
from retouch.nets.optimised.neural_patches import Energy, SynthesisSettings, synthesise_patches
from retouch.nets.optimised.patch_matching import feature_patches, match_patches, nearest_rows

torch.set_num_threads(1)
QUICK = SynthesisSettings(n_scales=2, n_steps=8)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def centre_hole(side: int) -> Tensor:
    mask = torch.zeros(1, 1, side, side)
    mask[..., 3 * side // 8 : 5 * side // 8, 3 * side // 8 : 5 * side // 8] = 1
    return mask


def stripes(side: int) -> Tensor:
    rows, columns = torch.meshgrid(torch.arange(side).float(), torch.arange(side).float(), indexing="ij")
    wave = 0.5 + 0.3 * torch.sin((rows + 2 * columns) * 0.45)
    return torch.stack([wave, 0.8 * wave + 0.1, 0.6 * wave + 0.2])[None]


def enlarged(content: Tensor, image: Tensor, mask: Tensor, n_scales: int) -> Tensor:
    """Return what stands in the hole when content is only carried from scale to scale, written out."""
    picture = content
    for halvings in reversed(range(n_scales)):
        size = (mask.shape[2] >> halvings, mask.shape[3] >> halvings)
        known = functional.adaptive_avg_pool2d(image * (1 - mask), size)
        hole = functional.adaptive_max_pool2d(mask, size)
        if tuple(picture.shape[2:]) != size:
            picture = functional.interpolate(picture, size, mode="bilinear", antialias=True)
        picture = picture * hole + known * (1 - hole)
    return picture


@pytest.mark.parametrize("texture_weight", [0.01, 1.0])
def test_the_energy_never_rises_within_a_scale(texture_weight: float) -> None:
    image, mask = stripes(64), centre_hole(64)
    settings = SynthesisSettings(n_scales=3, n_steps=15, texture_weight=texture_weight)
    energies = synthesise_patches(draw(1, 3, 16, 16), image, mask, settings=settings).energies
    assert [len(scale) for scale in energies] == [16, 16, 16]
    for scale in energies:
        assert all(after <= before * (1 + 1e-6) for before, after in pairwise(scale))
    assert energies[-1][-1] < 0.95 * energies[-1][0]


@pytest.mark.parametrize("optimiser", ["lbfgs", "adam"])
def test_only_the_hole_changes_and_values_under_the_mask_are_never_read(optimiser: str) -> None:
    image, mask, content = stripes(48), centre_hole(48), draw(1, 3, 24, 24)
    settings = SynthesisSettings(n_scales=2, n_steps=5, optimiser=optimiser)  # type: ignore[arg-type]
    picture = synthesise_patches(content, image.where(mask == 0, float("nan")), mask, settings=settings).picture
    assert torch.equal(picture.where(mask == 0, 0), image.where(mask == 0, 0))
    assert torch.equal(picture, synthesise_patches(content, image, mask, settings=settings).picture)
    assert 0 <= picture.min() <= picture.max() <= 1
    assert ((picture - image).abs() * mask).max() > 0.01


def test_without_texture_and_variation_the_content_is_only_enlarged() -> None:
    image, mask, content = stripes(64), centre_hole(64), draw(1, 3, 16, 16)
    settings = SynthesisSettings(n_steps=5, texture_weight=0.0, variation_weight=0.0)
    found = synthesise_patches(content, image, mask, settings=settings)
    torch.testing.assert_close(found.picture, image.lerp(enlarged(content, image, mask, 3), mask), atol=1e-6, rtol=0)
    assert found.energies == [[0.0] * 6] * 3


def test_texture_makes_the_hole_more_like_known_patches_than_the_content_was() -> None:
    image, mask = stripes(64), centre_hole(64)
    content = functional.avg_pool2d(image, 9, 1, 4)  # the truth without its stripes
    settings = SynthesisSettings(n_scales=1, n_steps=30)
    picture = synthesise_patches(content, image, mask, settings=settings).picture
    start = content.where(mask == 1, image)

    def unlike(x: Tensor) -> float:
        (features,) = GaborBank()(x)
        matches = match_patches(features, mask)
        patches = feature_patches(features, 3, 2)[matches.missing]
        return float((patches - matches.wanted).square().sum(dim=1).mean())

    assert unlike(picture) < 0.7 * unlike(start)
    spread = [float(x[mask.expand_as(x) == 1].std()) for x in (start, picture)]
    assert spread[1] > 1.1 * spread[0]  # the stripes come back


def test_patches_to_be_copied_touch_no_missing_place() -> None:
    features, mask = draw(1, 5, 16, 16), centre_hole(64)
    matches = match_patches(features, mask)
    holes = functional.adaptive_max_pool2d(mask, 16)
    touched = feature_patches(holes, 3, 2).amax(dim=1)
    assert not touched[matches.nearest].any()
    assert touched[matches.missing].all()
    assert len(matches.missing) == int(touched.sum()) == 9  # places 6 to 9 of 16: centres 6, 8 and 10 both ways


def test_the_nearest_patch_is_that_of_a_search_by_brute_force() -> None:
    features, mask = draw(1, 4, 20, 20), centre_hole(40)
    matches = match_patches(features, mask)
    patches = feature_patches(features, 3, 2)
    known = [i for i in range(len(patches)) if i not in set(matches.missing.tolist())]
    for number, nearest, wanted in zip(*matches, strict=True):
        distances = [float((patches[number] - patches[i]).square().sum()) for i in known]
        assert int(nearest) == known[distances.index(min(distances))]
        assert torch.equal(wanted, patches[nearest])


def test_a_search_in_many_chunks_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, offered = draw(40, 6), draw(30, 6, seed=1)
    expected = torch.cdist(wanted, offered).argmin(dim=1)
    assert torch.equal(nearest_rows(wanted, offered), expected)
    monkeypatch.setattr("retouch.nets.optimised.patch_matching._CHUNK_CELLS", 70)  # two rows at a time
    assert torch.equal(nearest_rows(wanted, offered), expected)


def test_patches_are_matched_once_for_each_scale() -> None:
    image, mask = stripes(48), centre_hole(48)
    energy = Energy(draw(1, 3, 48, 48).where(mask == 1, image), mask, GaborBank(), QUICK)
    before = energy.matches[0].wanted.clone()
    energy(draw(1, 3, 48, 48, seed=2))
    assert torch.equal(energy.matches[0].wanted, before)


def test_the_energy_is_the_sum_that_the_module_states() -> None:
    image, mask, x = stripes(32), centre_hole(32), draw(1, 3, 32, 32, seed=3)
    settings = SynthesisSettings(content_weight=2.0, texture_weight=3.0, variation_weight=5.0)
    start = draw(1, 3, 32, 32).where(mask == 1, image)
    energy = Energy(start, mask, lambda picture: [picture[:, :1]], settings)  # red is the only feature
    whole = x.where(mask == 1, image)
    content = ((whole - start) ** 2).sum() / 64  # the hole has 8 x 8 pixels
    red = functional.unfold(functional.pad(whole[:, :1], (1, 1, 1, 1), mode="replicate"), 3, stride=2)[0].mT
    red = red[energy.matches[0].missing]
    texture = ((red - energy.matches[0].wanted) ** 2).sum() / len(red)
    variation = (whole.diff(dim=2) ** 2).mean() + (whole.diff(dim=3) ** 2).mean()
    torch.testing.assert_close(energy(x), 2 * content + 3 * texture + 5 * variation)


def test_any_module_and_any_number_of_maps_may_give_the_features() -> None:
    class TwoLayers(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.first, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 6, 3, stride=2, padding=1)

        def forward(self, picture: Tensor) -> Sequence[Tensor]:
            first = self.first(picture).relu()
            return [first, self.second(first).relu()]

    features, image, mask = TwoLayers(), stripes(40), centre_hole(40)
    found = synthesise_patches(draw(1, 3, 20, 20), image, mask, features, QUICK)
    assert found.energies[-1][-1] < found.energies[-1][0]
    assert all(parameter.grad is None for parameter in features.parameters())


def test_the_hole_depends_on_the_content_and_on_the_known_pixels() -> None:
    mask = centre_hole(32)
    first, second, third = (
        synthesise_patches(content, image, mask, settings=QUICK).picture * mask
        for content, image in (
            (draw(1, 3, 16, 16), stripes(32)),
            (draw(1, 3, 16, 16, seed=1), stripes(32)),
            (draw(1, 3, 16, 16), 1 - stripes(32).mT),
        )
    )
    assert (first - second).abs().max() > 0.05
    assert (first - third).abs().max() > 0.01


def test_sides_need_not_be_multiples_and_an_empty_mask_changes_nothing() -> None:
    image = draw(1, 3, 37, 50)
    mask = torch.zeros(1, 1, 37, 50)
    content = draw(1, 3, 9, 9)
    assert torch.equal(synthesise_patches(content, image, mask, settings=QUICK).picture, image)
    mask[..., 15:22, 20:30] = 1
    assert synthesise_patches(content, image, mask, settings=QUICK).picture.shape == image.shape


def test_progress_ends_at_the_total_and_can_cancel() -> None:
    seen: list[tuple[int, int]] = []

    def cancel(done: int, total: int) -> None:
        raise Cancelled

    image, mask, content = stripes(32), centre_hole(32), draw(1, 3, 16, 16)
    settings = SynthesisSettings(n_scales=2, n_steps=2)
    synthesise_patches(content, image, mask, settings=settings, progress=lambda *at: seen.append(at))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    with pytest.raises(Cancelled):
        synthesise_patches(content, image, mask, settings=settings, progress=cancel)


def test_where_no_patch_is_known_or_no_pixel_left_it_is_refused() -> None:
    image, mask = stripes(16), torch.ones(1, 1, 16, 16)
    mask[..., :2] = 0
    with pytest.raises(InputError, match="no patch of 4 x 4 features is wholly known"):
        synthesise_patches(image, image, mask, settings=QUICK)
    with pytest.raises(InputError, match="must have a pixel a side, got 0 x 0; take fewer scales"):
        synthesise_patches(image, image, mask, settings=SynthesisSettings(n_scales=6))


def test_flat_areas_give_no_answer_but_their_colour() -> None:
    colour = torch.tensor([0.2, 0.5, 0.9]).reshape(1, 3, 1, 1)
    (features,) = GaborBank()(colour.expand(1, 3, 20, 30))
    assert features.shape == (1, 3 + 6 * 2 * 2, 10, 15)
    torch.testing.assert_close(features[:, :3], colour.expand(1, 3, 10, 15))
    assert features[:, 3:].abs().max() < 1e-5


def test_the_bank_has_filters_of_length_one_and_nothing_to_train() -> None:
    bank = GaborBank()
    assert not list(bank.parameters())
    torch.testing.assert_close(bank.kernels.flatten(1).norm(dim=1), torch.ones(24))


def test_a_grating_is_answered_most_by_the_filter_of_its_direction_and_wavelength() -> None:
    bank = GaborBank(n_directions=4, wavelengths=(4.0, 8.0))
    rows, columns = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    for direction in range(4):
        for number, wavelength in enumerate((4.0, 8.0)):
            angle = torch.tensor(pi * direction / 4)
            wave = torch.sin((columns * angle.cos() + rows * angle.sin()) * 2 * pi / wavelength)
            (features,) = bank((0.5 + 0.4 * wave).expand(1, 3, 64, 64))
            pairs = features[0, 3:, 8:-8, 8:-8].unflatten(0, (8, 2))  # filters, even and odd
            energy = pairs.square().sum(dim=1).mean(dim=(1, 2))
            assert int(energy.argmax()) == 2 * direction + number
