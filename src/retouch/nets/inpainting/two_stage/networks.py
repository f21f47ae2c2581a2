"""The two stages of DeepFill: one network for a coarse picture, one with contextual attention for the refined one.

Source: J. Yu, Z. Lin, J. Yang, X. Shen, X. Lu, T. Huang, "Generative image inpainting with contextual attention", CVPR
2018, Fig. 2 and Sec. 3-4, and the same authors' "Free-form image inpainting with gated convolution", ICCV 2019, Sec.
3.3. The papers differ in the layer, the widths and what the second stage is given; what is here is common to both and
to the networks built on them.
Departures: none.

c        channels at full size; 2c at half, 4c at a quarter of the side
stage 1  (N, 5, H, W) picture, ones, mask -> (N, 3, H, W)
stage 2  (N, 3 or 5, H, W) the coarse picture in the holes of the given one -> (N, 3, H, W)
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.nets.inpainting.two_stage.parts import Decoder, Encoder, LayerStyle, dilate
from retouch.nets.layers.attention.contextual_attention import ContextualAttention, sample_nearest
from retouch.nets.layers.attention.guidance import patches_of_same_label


class DilatedPath(nn.Module):
    """Encoder and dilated layers, with which both stages begin.

    Parameters
    ----------
    encoder : Encoder
    dilated : nn.Module
    residual : nn.Module, optional
        Called with the input and the output of the dilated layers; its result replaces the latter.
    guide : nn.Module, optional
        Called with the encoder's last features and those of another network; its result enters the dilated layers.
    """

    def __init__(
        self,
        encoder: Encoder,
        dilated: nn.Module,
        *,
        residual: nn.Module | None = None,
        guide: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.encoder, self.dilated, self.residual, self.guide = encoder, dilated, residual, guide

    def follow(
        self, x: Float[Tensor, "N C H W"], other: Float[Tensor, "N E a b"] | None = None
    ) -> tuple[list[Tensor], Float[Tensor, "N D h w"]]:
        """Return the features of every layer of the encoder, and those after the dilated layers.

        `other` are the other network's features, read where there is a guide.
        """
        encoded = self.encoder.every(x)
        deepest = encoded[-1] if self.guide is None else self.guide(encoded[-1], other)
        widened: Tensor = self.dilated(deepest)
        return encoded, widened if self.residual is None else self.residual(deepest, widened)


class CoarseNetwork(DilatedPath):
    """First stage: encoder, dilated layers, decoder.

    Parameters
    ----------
    encoder : Encoder
    dilated : nn.Module
    decoder : Decoder
    residual, guide : nn.Module, optional
        As in `DilatedPath`.
    """

    def __init__(
        self,
        encoder: Encoder,
        dilated: nn.Module,
        decoder: nn.Module,
        *,
        residual: nn.Module | None = None,
        guide: nn.Module | None = None,
    ) -> None:
        super().__init__(encoder, dilated, residual=residual, guide=guide)
        self.decoder = decoder

    def forward(
        self, x: Float[Tensor, "N C H W"], other: Float[Tensor, "N E a b"] | None = None
    ) -> Float[Tensor, "N 3 H W"]:
        """Return a picture, range [-1, 1]; `other` as in `follow`."""
        encoded, widened = self.follow(x, other)
        picture: Tensor = self.decoder(widened, encoded)
        return picture


class AttentionPath(nn.Module):
    """Second path of the second stage: encoder, contextual attention on a quarter of the side, two more layers.

    Parameters
    ----------
    encoder : nn.Module
    attention : ContextualAttention
    tail : nn.Module
    """

    def __init__(self, encoder: nn.Module, attention: ContextualAttention, tail: nn.Module) -> None:
        super().__init__()
        self.encoder, self.attention, self.tail = encoder, attention, tail

    def forward(
        self,
        x: Float[Tensor, "N C H W"],
        mask: Float[Tensor, "N 1 H W"],
        labels: Float[Tensor, "N 1 H W"] | None = None,
    ) -> Float[Tensor, "N D h w"]:
        """Return features at a quarter of the side; `labels` guide the attention as in `TwoStageInpainter`."""
        encoded: Tensor = self.encoder(x)
        allowed = None
        if labels is not None:
            settings = self.attention.settings
            at_features = sample_nearest(labels, encoded.shape[2], encoded.shape[3], settings.sampling)
            allowed = patches_of_same_label(at_features, settings)
        features: Tensor = self.tail(self.attention(encoded, mask, allowed))
        return features


class RefineNetwork(DilatedPath):
    """Second stage: a dilated path and an attention path, joined before the decoder.

    Parameters
    ----------
    encoder : Encoder
    dilated : nn.Module
    attention_path : AttentionPath
    decoder : Decoder
        Its skip connections, where it has any, come from the dilated path.
    residual, guide : nn.Module, optional
        As in `DilatedPath`.
    """

    def __init__(
        self,
        encoder: Encoder,
        dilated: nn.Module,
        attention_path: AttentionPath,
        decoder: nn.Module,
        *,
        residual: nn.Module | None = None,
        guide: nn.Module | None = None,
    ) -> None:
        super().__init__(encoder, dilated, residual=residual, guide=guide)
        self.attention_path, self.decoder = attention_path, decoder

    def forward(
        self,
        x: Float[Tensor, "N C H W"],
        mask: Float[Tensor, "N 1 H W"],
        attended: Float[Tensor, "N D H W"] | None = None,
        other: Float[Tensor, "N E a b"] | None = None,
        labels: Float[Tensor, "N 1 H W"] | None = None,
    ) -> Float[Tensor, "N 3 H W"]:
        """Return a picture, range [-1, 1].

        The attention path takes `attended` where that is given, not `x`; `other` as in `follow`, `labels` as in
        `TwoStageInpainter`.
        """
        encoded, widened = self.follow(x, other)
        copied = self.attention_path(x if attended is None else attended, mask, labels)
        picture: Tensor = self.decoder(torch.cat([widened, copied], dim=1), encoded)
        return picture


def coarse_network(channels: int, style: LayerStyle) -> CoarseNetwork:
    """Return the first stage with c = `channels` at full size."""
    c = channels
    return CoarseNetwork(coarse_encoder(5, c, style), dilate(4 * c, style), Decoder(4 * c, c, style))


def coarse_encoder(in_channels: int, channels: int, style: LayerStyle) -> Encoder:
    """Return the encoder of the first stage."""
    c = channels
    return Encoder(in_channels, [c, 2 * c, 2 * c, 4 * c, 4 * c, 4 * c], style)


def refine_encoder(in_channels: int, channels: int, style: LayerStyle) -> Encoder:
    """Return the encoder of the second stage's dilated path."""
    c = channels
    return Encoder(in_channels, [c, c, 2 * c, 2 * c, 4 * c, 4 * c], style)


def attention_encoder(in_channels: int, channels: int, style: LayerStyle) -> Encoder:
    """Return the encoder of the second stage's attention path."""
    c = channels
    widths = [c, c, 2 * c, 4 * c, 4 * c, 4 * c]
    return Encoder(in_channels, widths, style, last_activation=style.before_attention)


def attention_path(in_channels: int, channels: int, style: LayerStyle, attention: ContextualAttention) -> AttentionPath:
    """Return the path of the second stage that copies known features into the holes."""
    tail = dilate(4 * channels, style, (1, 1))
    return AttentionPath(attention_encoder(in_channels, channels, style), attention, tail)


def refine_network(
    in_channels: int, channels: int, style: LayerStyle, *, attention: ContextualAttention
) -> RefineNetwork:
    """Return the second stage with c = `channels` at full size."""
    c = channels
    return RefineNetwork(
        refine_encoder(in_channels, c, style),
        dilate(4 * c, style),
        attention_path(in_channels, c, style, attention),
        Decoder(8 * c, c, style),
    )
