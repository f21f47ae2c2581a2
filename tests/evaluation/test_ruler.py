"""Protocols fix what their sources fixed; columns name measures; published figures match exactly or not at all."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from skimage import data
from skimage.color import rgb2gray
from skimage.metrics import structural_similarity

from retouch.errors import UsageError, WeightsError
from retouch.evaluation.ruler.measures import Measure, read_column
from retouch.evaluation.ruler.protocols import PROTOCOLS, choose_measures, find_protocol, protocol_names
from retouch.evaluation.ruler.published import find_published, published_figures
from retouch.evaluation.ruler.scoring import check_weights, score
from retouch.metrics.catalogue import METRICS, load_metric

CHELSEA = data.chelsea()[:120, :160]
NOISY = np.clip(CHELSEA.astype(int) + np.random.default_rng(0).integers(-30, 31, CHELSEA.shape), 0, 255).astype(
    np.uint8
)


def scores_of(protocol: str, truth: np.ndarray, result: np.ndarray) -> dict[str, float]:
    """Return the scores of a protocol's measures of whole pictures."""
    measures = choose_measures(find_protocol(protocol), (), with_masks=False)
    return score(measures, truth, result).values


def test_the_protocols_that_the_field_uses_are_there() -> None:
    wanted = {"standard", "gdn", "edgeconnect", "pen", "lama", "chalearn", "thesis"}
    assert wanted <= set(protocol_names())


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
def test_every_measure_of_a_protocol_exists_and_has_a_column_of_its_own(protocol: object) -> None:
    measures = (*protocol.measures, *protocol.optional)  # type: ignore[attr-defined]
    assert len({measure.column for measure in measures}) == len(measures)
    assert all(measure.info and measure.sentence() for measure in measures)


@pytest.mark.parametrize("info", METRICS, ids=lambda info: info.name)
def test_every_metric_of_the_catalogue_can_be_loaded(info: object) -> None:
    assert callable(load_metric(info))  # type: ignore[arg-type]


def test_the_odd_measure_of_edgeconnect_is_not_a_mean_error() -> None:
    """From the sheet: for a = 1, b = 0 both are 1; for a = 0.5, b = 0.25 it is 0.25 / 0.75 = 1/3 against 0.25."""
    shape = (64, 64, 3)
    for a, b, odd, usual in ((255, 0, 1.0, 1.0), (128, 64, 1 / 3, 64 / 255)):
        truth, result = np.full(shape, a, np.uint8), np.full(shape, b, np.uint8)
        assert scores_of("edgeconnect", truth, result)["mae_ratio"] == pytest.approx(odd, abs=1e-6)
        assert scores_of("standard", truth, result)["mae"] == pytest.approx(usual)


def test_edgeconnect_judges_grey_pictures_with_a_wide_uniform_window() -> None:
    grey, noisy = rgb2gray(CHELSEA), rgb2gray(NOISY)
    found = scores_of("edgeconnect", CHELSEA, NOISY)
    assert found["ssim"] == pytest.approx(structural_similarity(grey, noisy, data_range=1, win_size=51), abs=1e-6)
    assert found["psnr"] == pytest.approx(-10 * math.log10(np.mean((grey - noisy) ** 2)), abs=1e-6)
    assert found["mae_ratio"] == pytest.approx(np.abs(grey - noisy).sum() / (grey + noisy).sum(), abs=1e-6)


@pytest.mark.parametrize(("protocol", "window"), [("gdn", 51), ("pen", 51), ("aot", 7), ("chalearn", 7)])
def test_a_protocol_has_the_window_of_its_source(protocol: str, window: int) -> None:
    wanted = structural_similarity(CHELSEA, NOISY, win_size=window, channel_axis=2, data_range=255)
    assert scores_of(protocol, CHELSEA, NOISY)["ssim"] == pytest.approx(wanted, abs=1e-6)


def test_gdn_gives_the_mean_error_in_percent() -> None:
    wanted = 100 * np.abs(CHELSEA / 255.0 - NOISY / 255.0).mean()
    assert scores_of("gdn", CHELSEA, NOISY)["l1_percent"] == pytest.approx(wanted)


def test_lama_counts_the_border_too_and_leaves_out_large_holes() -> None:
    """Zeros outside make the border alike, so the padded value is higher than that of the valid region."""
    assert scores_of("lama", CHELSEA, NOISY)["ssim"] > scores_of("standard", CHELSEA, NOISY)["ssim"]
    assert find_protocol("lama").most_missing == 0.5


def test_a_float_result_is_judged_unrounded() -> None:
    """An error of 0.2 levels is lost by rounding and gives 20 log10(255 / 0.2) without it."""
    truth = np.full((32, 32, 1), 100, np.uint8)
    found = score([Measure("psnr")], truth, np.full((32, 32, 1), 100.2 / 255)).values["psnr"]
    assert found == pytest.approx(20 * math.log10(255 / 0.2), abs=1e-3)


def test_a_measure_of_the_hole_looks_there_only() -> None:
    mask = np.zeros((64, 64), bool)
    mask[16:48, 16:48] = True
    truth = np.zeros((64, 64, 1), np.uint8)
    result = np.where(mask[:, :, None], np.uint8(51), np.uint8(0))
    found = score([read_column("psnr"), read_column("psnr_hole")], truth, result, mask).values
    assert found["psnr_hole"] == pytest.approx(20 * math.log10(5))
    assert found["psnr"] == pytest.approx(found["psnr_hole"] - 10 * math.log10(mask.mean()), abs=1e-9)


def test_a_picture_too_small_for_a_measure_is_a_reason_and_the_others_are_taken() -> None:
    small = np.zeros((64, 64, 3), np.uint8)
    found = score([read_column("psnr"), read_column("ms_ssim")], small, small + np.uint8(1))
    assert set(found.values) == {"psnr"}
    assert "160" in found.unscored["ms_ssim"] or "161" in found.unscored["ms_ssim"]


def test_asked_for_columns_take_the_settings_of_the_protocol() -> None:
    chosen = choose_measures(find_protocol("gdn"), ["ssim", "vif", "ssim_hole"], with_masks=True)
    assert chosen[0].options["window_size"] == 51
    assert chosen[1] == Measure("vif")
    assert chosen[2] == Measure("ssim", "hole")


def test_measures_of_the_hole_are_dropped_or_refused_where_there_is_none() -> None:
    standard = find_protocol("standard")
    assert all(measure.region == "full" for measure in choose_measures(standard, (), with_masks=False))
    with pytest.raises(UsageError, match="needs masks"):
        choose_measures(standard, ["psnr_hole"], with_masks=False)


@pytest.mark.parametrize(
    ("column", "message"),
    [("psmr", "did you mean 'psnr'"), ("vif_hole", "whole pictures only"), ("wnjd", "not pictures")],
)
def test_columns_that_cannot_be_measured_are_refused(column: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_column(column)


def test_a_column_asked_for_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="twice"):
        choose_measures(find_protocol("standard"), ["psnr", "psnr"], with_masks=True)


@pytest.mark.parametrize("metric", ["lpips", "fid", "kid"])
def test_a_metric_without_its_weights_stops_before_any_work_and_names_the_flag(metric: str) -> None:
    with pytest.raises(WeightsError, match=f"--weights {metric}="):
        check_weights([Measure(metric)], {})


def test_weights_that_do_not_exist_are_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"gone\.pth"):
        check_weights([Measure("lpips")], {"lpips": tmp_path / "gone.pth"})


def test_a_published_figure_needs_the_same_data_protocol_and_damage() -> None:
    """From the table: GDN has 26.81 dB on CelebA-HQ in the bin (0.3, 0.4]."""
    found = find_published("CelebA-HQ", "gdn", "gdn256", ["nvidia 0.3-0.4"], ["psnr"])
    assert {cell.method: cell.value for cell in found}["GDN"] == 26.81
    assert find_published("celeba-hq", "standard", "gdn256", ["nvidia 0.3-0.4"], ["psnr"]) == ()
    assert find_published("celeba-hq", "gdn", "as-is", ["nvidia 0.3-0.4"], ["psnr"]) == ()
    assert find_published("celeba-hq", "gdn", "gdn256", ["brush 0.3-0.4"], ["psnr"]) == ()


def test_published_denoising_figures_are_those_of_the_table() -> None:
    found = find_published("bsd68", "standard", "as-is", ["awgn 25"], ["psnr"])
    assert {cell.method: cell.value for cell in found}["BM3D"] == 28.57
    assert len(list(published_figures())) > 300
