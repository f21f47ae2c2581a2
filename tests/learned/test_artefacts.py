"""The detector of fills: the network that ships, tiles that change nothing, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.tasks.inspecting.textures import hole, textured
from tests.tiny_graphs import denoiser

from retouch.classical.diffusion.harmonic import inpaint_harmonic
from retouch.errors import InputError, LimitError, WeightsError
from retouch.learned import artefacts
from retouch.learned.artefacts import SHIPPED, detect_artefacts, open_detector

MB = 1 << 20


def test_the_shipped_network_is_the_detector_and_at_most_a_megabyte() -> None:
    card = open_detector().card
    assert (card.net, card.preset, card.task, card.storage) == ("gdn_detector", "context", "detect", "float16")
    assert SHIPPED.stat().st_size <= 1_000_000
    assert SHIPPED.with_suffix(".md").is_file()  # says what it was trained on


def test_its_reach_is_what_the_layers_say() -> None:
    """At a quarter of the size 2 + 4 + 8 pixels of dilation are 56; the strided and transposed layers add 20 to 24."""
    assert 76 <= (open_detector().card.radius_px or 0) <= 80


def test_a_blurred_bar_in_texture_is_hotter_than_the_texture() -> None:
    image, mask = textured(), hole()
    heat = detect_artefacts(inpaint_harmonic(image, mask))
    left = np.arange(96)[None, :] < 48
    assert heat[mask & left].mean() > heat[~mask & left].mean() + 0.2


def test_the_map_is_of_the_pictures_size_and_a_probability() -> None:
    for height, width in ((1, 1), (1, 9), (7, 5), (97, 41)):
        heat = detect_artefacts(np.random.default_rng(0).random((height, width, 3), np.float32))
        assert heat.shape == (height, width)
        assert heat.dtype == np.float32
        assert 0 <= heat.min() <= heat.max() <= 1


def test_grey_is_judged_as_three_equal_channels() -> None:
    image = textured()
    np.testing.assert_array_equal(detect_artefacts(image[:, :, :1]), detect_artefacts(image))


def test_tiles_give_the_map_of_the_whole_within_a_level() -> None:
    """Each tile may use 60 MB, at some 480 bytes a pixel 360 px square: four, overlapping by twice the reach."""
    image = np.random.default_rng(1).random((401, 470, 3), np.float32)
    image[:, 200:] *= 0.3
    tiles: list[int] = []
    whole = detect_artefacts(image, budget_bytes=1024 * MB)
    tiled = detect_artefacts(image, budget_bytes=60 * MB, progress=lambda done, total: tiles.append(total))
    assert tiles[-1] >= 4
    np.testing.assert_allclose(tiled, whole, atol=1 / 255)


def test_a_budget_below_one_tile_is_refused() -> None:
    with pytest.raises(LimitError, match="must stay within"):
        detect_artefacts(np.zeros((400, 400, 3), np.float32), budget_bytes=MB)


def test_the_same_picture_gives_the_same_bytes() -> None:
    image = textured(3)
    assert detect_artefacts(image).tobytes() == detect_artefacts(image).tobytes()


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 2), (4, 4, 4)])
def test_other_channels_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="must be finite"):
        detect_artefacts(np.zeros(shape, np.float32))


def test_a_value_that_is_no_number_is_refused() -> None:
    image = textured()
    image[3, 4, 0] = np.nan
    with pytest.raises(InputError, match="must be finite"):
        detect_artefacts(image)


def test_another_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="takes"):
        open_detector(denoiser(tmp_path / "other.onnx"))


def test_a_missing_network_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    missing = tmp_path / "gone.onnx"
    monkeypatch.setattr(artefacts, "SHIPPED", missing)
    with pytest.raises(WeightsError, match="install retouch again"):
        open_detector(missing)
