"""SSD and FSSD: priors, boxes, shapes, counts, official keys."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from retouch.errors import InputError
from retouch.nets.detection.boxes import decode, detect, encode, match, overlap, suppress_doubles, to_corners
from retouch.nets.detection.fssd import FSSD, fssd_full, fssd_tiny
from retouch.nets.detection.priors import COCO_300, FSSD_VOC_300, TINY_96, VOC_300
from retouch.nets.detection.ssd import SSD, centre_picture, make_priors, ssd_full, ssd_tiny
from retouch.nets.layers.norms.l2norm import L2Norm

PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity"


def _random_corners(count: int, seed: int) -> torch.Tensor:
    centres = torch.rand(count, 4, generator=torch.Generator().manual_seed(seed)) * 0.4 + 0.1
    return to_corners(centres)


def _overlap_of_two(first: np.ndarray, second: np.ndarray) -> float:
    """Return the overlap of two boxes, written out."""
    width = min(first[2], second[2]) - max(first[0], second[0])
    height = min(first[3], second[3]) - max(first[1], second[1])
    shared = max(width, 0.0) * max(height, 0.0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (first, second)]
    return float(shared / (sum(areas) - shared))


def test_ssd300_has_8732_priors_and_fssd300_11620() -> None:
    assert len(make_priors(VOC_300)) == len(make_priors(COCO_300)) == 8732
    assert len(make_priors(FSSD_VOC_300)) == 11620


def test_the_first_prior_is_the_smallest_square_in_the_first_cell() -> None:
    # Step 8 px: centre (4, 4) px of 300; side 30 px.
    expected = torch.tensor([4 / 300, 4 / 300, 0.1, 0.1])
    torch.testing.assert_close(make_priors(VOC_300)[0], expected)


def test_overlap_agrees_with_the_written_out_one() -> None:
    first, second = _random_corners(6, 0), _random_corners(7, 1)
    table = overlap(first, second)
    for row in range(6):
        for column in range(7):
            expected = _overlap_of_two(first[row].double().numpy(), second[column].double().numpy())
            assert table[row, column].item() == pytest.approx(expected, abs=1e-6)


def test_a_box_without_area_overlaps_nothing_not_even_itself() -> None:
    point = torch.tensor([[0.5, 0.5, 0.5, 0.5]])
    assert overlap(point, point).item() == 0.0


def test_decoding_undoes_encoding() -> None:
    boxes, priors = _random_corners(50, 2), make_priors(TINY_96)[:50]
    torch.testing.assert_close(decode(encode(boxes, priors), priors), boxes, atol=1e-5, rtol=0)


def test_each_true_box_keeps_its_best_prior_however_bad() -> None:
    priors = torch.tensor([[0.2, 0.2, 0.2, 0.2], [0.8, 0.8, 0.2, 0.2]])
    truths = torch.tensor([[0.1, 0.1, 0.3, 0.3], [0.85, 0.85, 0.99, 0.99]])  # the second overlaps by 0.0025/0.0571
    _, classes = match(truths, torch.tensor([4, 6]), priors)
    assert classes.tolist() == [5, 7]


def test_a_picture_without_objects_is_all_background() -> None:
    _, classes = match(torch.zeros(0, 4), torch.zeros(0, dtype=torch.long), make_priors(TINY_96))
    assert not classes.any()


def test_suppression_agrees_with_brute_force() -> None:
    boxes = _random_corners(40, 3)
    scores = torch.rand(40, generator=torch.Generator().manual_seed(4))
    kept: list[int] = []
    for candidate in scores.argsort(descending=True).tolist():
        if all(_overlap_of_two(boxes[candidate].numpy(), boxes[other].numpy()) <= 0.3 for other in kept):
            kept.append(candidate)
    assert suppress_doubles(boxes, scores, threshold=0.3).tolist() == kept


def test_a_certain_prior_is_found_and_the_background_never() -> None:
    priors = make_priors(TINY_96)
    chances = torch.zeros(1, len(priors), 3)
    chances[..., 0] = 1.0
    chances[0, 10] = torch.tensor([0.1, 0.0, 0.9])
    found = detect(torch.zeros(1, len(priors), 4), chances, priors, most=5)
    assert found.shape == (1, 3, 5, 5)
    torch.testing.assert_close(found[0, 2, 0], torch.cat([torch.tensor([0.9]), to_corners(priors)[10]]))
    assert found.count_nonzero() == 5


def test_l2norm_gives_every_pixel_the_length_of_the_scale() -> None:
    features = torch.randn(2, 8, 3, 5, generator=torch.Generator().manual_seed(5))
    torch.testing.assert_close(L2Norm(8, 20.0)(features).norm(dim=1), torch.full((2, 3, 5), 20.0))


def test_l2norm_of_zero_is_zero() -> None:
    assert not L2Norm(4)(torch.zeros(1, 4, 2, 2)).any()


def test_the_published_ssd300_has_26285486_parameters() -> None:
    with torch.device("meta"):
        assert sum(weight.numel() for weight in ssd_full().parameters()) == 26_285_486


@pytest.mark.parametrize("make", [ssd_tiny, fssd_tiny])
def test_the_tiny_detectors_stay_below_a_million_parameters(make: Callable[[], SSD | FSSD]) -> None:
    assert sum(weight.numel() for weight in make().parameters()) <= 1_000_000


@pytest.mark.shared
@pytest.mark.parametrize(("name", "make"), [("ssd300", ssd_full), ("fssd300", fssd_full)])
def test_a_released_checkpoint_fits_key_by_key(name: str, make: Callable[[], SSD | FSSD]) -> None:
    listed = PARITY / name / "keys.json"
    if not listed.exists():
        pytest.skip("../shared/data/parity is absent")
    with torch.device("meta"):
        net = make()
        official = {key: torch.empty(shape) for key, shape in json.loads(listed.read_text())}
    net.load_state_dict(net.convert_official(official), strict=True, assign=True)


def test_the_tiny_detector_gives_offsets_and_logits_for_every_prior() -> None:
    net = ssd_tiny(generator=torch.Generator().manual_seed(0)).eval()
    picture = torch.rand(2, 3, 70, 113, generator=torch.Generator().manual_seed(1))
    offsets, logits = net(centre_picture(picture, net.side))
    assert offsets.shape == (2, len(net.priors), 4)
    assert logits.shape == (2, len(net.priors), 4)


def test_gradients_reach_every_weight_of_the_tiny_detector() -> None:
    net = ssd_tiny(generator=torch.Generator().manual_seed(0))
    offsets, logits = net(centre_picture(torch.rand(1, 3, 96, 96), 96))
    (offsets.square().mean() + logits.square().mean()).backward()
    for name, weight in net.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name


def test_the_same_generator_draws_the_same_heads() -> None:
    first, second = (ssd_tiny(generator=torch.Generator().manual_seed(7)).heads for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_the_mean_colour_becomes_zero() -> None:
    mean = torch.tensor([123.0, 117.0, 104.0]).reshape(1, 3, 1, 1) / 255
    assert centre_picture(mean.expand(1, 3, 8, 9), 16).abs().max() < 1e-4


def test_another_size_is_refused_with_advice() -> None:
    with pytest.raises(InputError, match="96x96 px, got 64x96"):
        ssd_tiny()(torch.zeros(1, 3, 64, 96))
