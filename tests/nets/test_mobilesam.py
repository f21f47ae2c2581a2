"""MobileSAM: shapes, prompts, official keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from retouch.errors import InputError
from retouch.nets.detection.mobilesam import MobileSAM, Prompts, mobile_sam_full, mobile_sam_tiny, segment
from retouch.nets.detection.sam_decoder import PositionEncoding
from retouch.nets.detection.tiny_vit import WindowAttention
from retouch.nets.layers.norms.channel_norm import ChannelNorm

PARITY = Path(__file__).parents[3] / "shared" / "data" / "parity"


def _click(x: float, y: float) -> Prompts:
    return Prompts(points=torch.tensor([[[x, y]]]), labels=torch.ones(1, 1))


@pytest.fixture
def net() -> MobileSAM:
    """Return a small net with the same weights in every run."""
    torch.manual_seed(0)
    return mobile_sam_tiny().eval()


def _picture(height: int, width: int) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("height", "width"), [(64, 64), (37, 101), (90, 20)])
def test_a_click_gives_a_mask_of_the_pictures_size(net: MobileSAM, height: int, width: int) -> None:
    mask = segment(net, _picture(height, width), torch.tensor([[[10.0, 12.0]]]))
    assert mask.shape == (1, 1, height, width)
    assert mask.isfinite().all()


def test_four_masks_with_their_qualities_come_at_a_quarter_of_the_size(net: MobileSAM) -> None:
    masks, quality = net(net.preprocess(255 * _picture(64, 48)), _click(20.0, 20.0))
    assert masks.shape == (1, 4, 16, 16)
    assert quality.shape == (1, 4)


def test_the_place_of_a_click_matters(net: MobileSAM) -> None:
    picture = net.preprocess(255 * _picture(64, 64))
    first, second = (net(picture, _click(*place))[0] for place in ((10.0, 10.0), (50.0, 40.0)))
    assert not torch.allclose(first, second)


def test_boxes_points_and_rough_masks_can_be_joined(net: MobileSAM) -> None:
    prompts = Prompts(
        points=torch.tensor([[[5.0, 6.0]]]),
        labels=torch.zeros(1, 1),
        boxes=torch.tensor([[4.0, 4.0, 40.0, 50.0]]),
        masks=torch.zeros(1, 1, 16, 16),
    )
    assert net.embed_sparse(prompts).shape == (1, 3, 32)
    assert net(net.preprocess(255 * _picture(64, 64)), prompts)[0].shape == (1, 4, 16, 16)


def test_a_click_alone_is_joined_by_a_token_that_is_no_point(net: MobileSAM) -> None:
    tokens = net.embed_sparse(_click(5.0, 6.0))
    assert tokens.shape == (1, 2, 32)
    torch.testing.assert_close(tokens[0, 1], net.prompt_encoder.not_a_point_embed.weight[0])


def test_the_mean_colour_becomes_zero_and_so_does_the_filling(net: MobileSAM) -> None:
    mean = torch.tensor([123.675, 116.28, 103.53]).reshape(1, 3, 1, 1).expand(1, 3, 64, 30)
    prepared = net.preprocess(mean)
    assert prepared.shape == (1, 3, 64, 64)
    assert prepared.abs().max() < 1e-5


def test_position_features_have_unit_pairs() -> None:
    # Each frequency gives a sine and a cosine, so squares add up to half the channels.
    features = PositionEncoding(16, torch.Generator().manual_seed(0))(torch.rand(5, 2))
    torch.testing.assert_close(features.square().sum(dim=1), torch.full((5,), 8.0))


def test_window_attention_agrees_with_the_written_out_one() -> None:
    torch.manual_seed(1)
    layer = WindowAttention(8, 2, 3).eval()
    torch.nn.init.normal_(layer.attention_biases)
    tokens = torch.randn(2, 9, 8)
    query, key, value = layer.qkv(layer.norm(tokens)).reshape(2, 9, 2, 12).split(4, dim=3)
    found = torch.zeros(2, 9, 2, 4)
    for head in range(2):
        scores = query[:, :, head] @ key[:, :, head].transpose(1, 2) / 2.0 + layer.attention_biases[head][layer.places]
        found[:, :, head] = scores.softmax(dim=2) @ value[:, :, head]
    torch.testing.assert_close(layer(tokens), layer.proj(found.reshape(2, 9, 8)))


def test_channel_norm_agrees_with_torch_on_the_last_axis() -> None:
    features = torch.randn(2, 6, 3, 4, generator=torch.Generator().manual_seed(2))
    expected = functional.layer_norm(features.permute(0, 2, 3, 1), (6,), eps=1e-6).permute(0, 3, 1, 2)
    torch.testing.assert_close(ChannelNorm(6)(features), expected)


def test_gradients_reach_every_weight(net: MobileSAM) -> None:
    net.train()
    prompts = Prompts(
        points=torch.tensor([[[5.0, 6.0], [9.0, 9.0]]]),
        labels=torch.tensor([[0.0, 1.0]]),
        boxes=torch.tensor([[4.0, 4.0, 40.0, 50.0]]),
    )
    picture = net.preprocess(255 * _picture(64, 64)).expand(2, -1, -1, -1)
    features = net.image_encoder(picture)[:1]
    answers = [*net.decode(features, prompts)]
    answers += net.decode(
        features, Prompts(points=prompts.points, labels=prompts.labels, masks=torch.rand(1, 1, 16, 16))
    )
    total: torch.Tensor = torch.stack([answer.square().mean() for answer in answers]).sum()
    torch.autograd.backward(total)
    for name, weight in net.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name


def test_the_tiny_net_stays_below_a_million_parameters(net: MobileSAM) -> None:
    assert sum(weight.numel() for weight in net.parameters()) <= 1_000_000


@pytest.mark.shared
def test_a_released_checkpoint_fits_key_by_key() -> None:
    listed = PARITY / "mobilesam-small" / "keys.json"
    if not listed.exists():
        pytest.skip("../shared/data/parity is absent")
    with torch.device("meta"):
        net = mobile_sam_full()
        official = {key: torch.empty(shape) for key, shape in json.loads(listed.read_text())}
    net.load_state_dict(net.convert_official(official), strict=True, assign=True)


def test_what_cannot_be_used_is_refused(net: MobileSAM) -> None:
    with pytest.raises(InputError, match="points with labels, or boxes"):
        net.embed_sparse(Prompts())
    with pytest.raises(InputError, match="64 px at most, got 65x10"):
        net.preprocess(torch.zeros(1, 3, 65, 10))
