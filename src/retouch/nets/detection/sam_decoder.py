"""Prompts and masks of Segment Anything: clicks, boxes and rough masks in, three masks and their likely quality out.

Source: A. Kirillov, E. Mintun, N. Ravi et al., "Segment Anything", ICCV 2023, section 3 and appendix A (prompt encoder,
lightweight mask decoder); positions by random Fourier features, M. Tancik et al., NeurIPS 2020, Eq. 5.
Departures: none.

Attribute names are those of the released weights. N pictures, P points, T tokens, C channels, h x w cells of 16 px.
"""

from __future__ import annotations

from itertools import pairwise
from math import pi

import torch
from jaxtyping import Float
from torch import Tensor, nn

from retouch.nets.layers.attention.scaled_product import scaled_product_attention
from retouch.nets.layers.norms.channel_norm import ChannelNorm

N_MASKS = 4
"""One for a clear prompt, three for an ambiguous one."""

_N_KINDS = 4  # of points: outside, inside, upper left and lower right corner of a box


class PositionEncoding(nn.Module):
    """Random Fourier features of positions.

    Parameters
    ----------
    channels : int
        Even.
    """

    positional_encoding_gaussian_matrix: Tensor

    def __init__(self, channels: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        frequencies = torch.randn(2, channels // 2, generator=generator)
        self.register_buffer("positional_encoding_gaussian_matrix", frequencies)

    def forward(self, points: Float[Tensor, "*batch 2"]) -> Float[Tensor, "*batch C"]:
        """Return the features of points (x, y) in [0, 1]."""
        phase = 2.0 * pi * ((2.0 * points - 1.0) @ self.positional_encoding_gaussian_matrix)  # Eq. 5
        return torch.cat([phase.sin(), phase.cos()], dim=-1)

    def grid(self, cells: int) -> Float[Tensor, "C h w"]:
        """Return the features of the centres of cells."""
        line = (torch.arange(cells, device=self.positional_encoding_gaussian_matrix.device) + 0.5) / cells
        y, x = torch.meshgrid(line, line, indexing="ij")
        features: Tensor = self(torch.stack([x, y], dim=-1))
        return features.permute(2, 0, 1)


class PromptEncoder(nn.Module):
    """Turn clicks, boxes and a rough mask into tokens and a map.

    Parameters
    ----------
    channels : int
    side : int
        Of the padded picture, px.
    mask_channels : int
        Of the rough mask on its way down; 16.
    """

    def __init__(self, channels: int, side: int, *, mask_channels: int = 16) -> None:
        super().__init__()
        self.side = side
        self.cells = side // 16
        self.pe_layer = PositionEncoding(channels)
        self.point_embeddings = nn.ModuleList(nn.Embedding(1, channels) for _ in range(_N_KINDS))
        self.not_a_point_embed = nn.Embedding(1, channels)
        self.no_mask_embed = nn.Embedding(1, channels)
        narrow = mask_channels // 4
        self.mask_downscaling = nn.Sequential(
            nn.Conv2d(1, narrow, 2, stride=2),
            ChannelNorm(narrow),
            nn.GELU(),
            nn.Conv2d(narrow, mask_channels, 2, stride=2),
            ChannelNorm(mask_channels),
            nn.GELU(),
            nn.Conv2d(mask_channels, channels, 1),
        )

    def embed_points(
        self, points: Float[Tensor, "N P 2"], labels: Float[Tensor, "N P"], *, alone: bool
    ) -> Float[Tensor, "N T C"]:
        """Return tokens of clicks.

        Parameters
        ----------
        points : (N, P, 2)
            (x, y) in pixels of the resized picture.
        labels : (N, P)
            1 inside, 0 outside, -1 no point.
        alone : bool
            True adds a token that is no point, as there is no box.
        """
        points = points + 0.5  # centres of pixels
        if alone:
            points = torch.cat([points, points.new_zeros(len(points), 1, 2)], dim=1)
            labels = torch.cat([labels, -labels.new_ones(len(labels), 1)], dim=1)
        kind = labels[:, :, None]
        tokens = self.pe_layer(points / self.side)
        tokens = torch.where(kind == -1, self.not_a_point_embed.weight, tokens)
        for number, shift in enumerate(self._kinds()[:2]):
            tokens = torch.where(kind == number, tokens + shift, tokens)
        return tokens

    def embed_boxes(self, boxes: Float[Tensor, "N 4"]) -> Float[Tensor, "N 2 C"]:
        """Return two tokens for each box (x1, y1, x2, y2), in pixels of the resized picture."""
        corners = self.pe_layer((boxes + 0.5).reshape(-1, 2, 2) / self.side)
        tokens: Tensor = corners + self._kinds()[2:]
        return tokens

    def _kinds(self) -> Float[Tensor, "K C"]:
        """Return what is added to a point for being outside, inside, an upper left or a lower right corner."""
        return torch.cat(list(self.point_embeddings.parameters()))

    def embed_masks(self, masks: Float[Tensor, "N 1 H W"] | None) -> Float[Tensor, "N C h w"]:
        """Return the map of a rough mask (logits, a quarter of the picture's side), or of none."""
        if masks is None:
            nothing: Tensor = self.no_mask_embed.weight.reshape(1, -1, 1, 1)
            return nothing.expand(-1, -1, self.cells, self.cells)
        features: Tensor = self.mask_downscaling(masks)
        return features


class MaskDecoder(nn.Module):
    """Turn features and prompts into masks.

    Parameters
    ----------
    channels : int
    heads, hidden : int
        Of the transformer: attention heads, width of its small networks.
    quality_hidden : int
        Width of the network that guesses the quality.
    """

    def __init__(self, channels: int = 256, *, heads: int = 8, hidden: int = 2048, quality_hidden: int = 256) -> None:
        super().__init__()
        self.transformer = TwoWayTransformer(channels, heads, hidden)
        self.iou_token = nn.Embedding(1, channels)
        self.mask_tokens = nn.Embedding(N_MASKS, channels)
        self.output_upscaling = nn.Sequential(
            nn.ConvTranspose2d(channels, channels // 4, 2, stride=2),
            ChannelNorm(channels // 4),
            nn.GELU(),
            nn.ConvTranspose2d(channels // 4, channels // 8, 2, stride=2),
            nn.GELU(),
        )
        sizes = (channels, channels, channels, channels // 8)
        self.output_hypernetworks_mlps = nn.ModuleList(Perceptron(sizes) for _ in range(N_MASKS))
        self.iou_prediction_head = Perceptron((channels, quality_hidden, quality_hidden, N_MASKS))

    def forward(
        self,
        features: Float[Tensor, "N C h w"],
        positions: Float[Tensor, "C h w"],
        sparse: Float[Tensor, "N T C"],
        dense: Float[Tensor, "M C h w"],
    ) -> tuple[Float[Tensor, "N K H W"], Float[Tensor, "N K"]]:
        """Return logits of all four masks at four times the features' size, and their likely overlap with the truth."""
        own = torch.cat([self.iou_token.weight, self.mask_tokens.weight])  # (5, C)
        tokens = torch.cat([own.expand(len(sparse), -1, -1), sparse], dim=1)
        cells = (features + dense).flatten(2).transpose(1, 2)  # (N, h*w, C)
        tokens, cells = self.transformer(cells, positions.flatten(1).T[None], tokens)
        maps = self.output_upscaling(cells.transpose(1, 2).reshape(features.shape))  # (N, C/8, 4h, 4w)
        weights = [mlp(tokens[:, 1 + mask]) for mask, mlp in enumerate(self.output_hypernetworks_mlps)]
        masks = torch.stack(weights, dim=1) @ maps.flatten(2)  # (N, 4, 16*h*w)
        return masks.reshape(len(masks), N_MASKS, *maps.shape[2:]), self.iou_prediction_head(tokens[:, 0])


class TwoWayTransformer(nn.Module):
    """Two blocks in which tokens look at cells and cells at tokens, and a last look of the tokens.

    Parameters
    ----------
    channels, heads, hidden : int
    """

    def __init__(self, channels: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(TwoWayBlock(channels, heads, hidden) for _ in range(2))
        self.final_attn_token_to_image = Attention(channels, channels // 2, heads)
        self.norm_final_attn = nn.LayerNorm(channels)

    def forward(
        self, cells: Float[Tensor, "N L C"], positions: Float[Tensor, "1 L C"], prompts: Float[Tensor, "N T C"]
    ) -> tuple[Float[Tensor, "N T C"], Float[Tensor, "N L C"]]:
        """Return tokens and cells; the prompts stand in for positions of the tokens."""
        tokens = prompts
        for number, layer in enumerate(self.layers):
            tokens, cells = layer(tokens, cells, prompts, positions, first=number == 0)
        found = self.final_attn_token_to_image(tokens + prompts, cells + positions, cells)
        return self.norm_final_attn(tokens + found), cells


class TwoWayBlock(nn.Module):
    """Tokens look at one another, then at the cells, think, and are looked at by the cells.

    Parameters
    ----------
    channels, heads, hidden : int
    """

    def __init__(self, channels: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.self_attn = Attention(channels, channels, heads)
        self.norm1 = nn.LayerNorm(channels)
        self.cross_attn_token_to_image = Attention(channels, channels // 2, heads)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = nn.ModuleDict({"lin1": nn.Linear(channels, hidden), "lin2": nn.Linear(hidden, channels)})
        self.norm3 = nn.LayerNorm(channels)
        self.norm4 = nn.LayerNorm(channels)
        self.cross_attn_image_to_token = Attention(channels, channels // 2, heads)

    def forward(
        self, tokens: Tensor, cells: Tensor, prompts: Tensor, positions: Tensor, *, first: bool
    ) -> tuple[Tensor, Tensor]:
        """Return tokens (N, T, C) and cells (N, L, C); the first block has neither positions nor a sum at the start."""
        if first:
            tokens = self.self_attn(tokens, tokens, tokens)
        else:
            placed = tokens + prompts
            tokens = tokens + self.self_attn(placed, placed, tokens)
        tokens = self.norm1(tokens)
        found = self.cross_attn_token_to_image(tokens + prompts, cells + positions, cells)
        tokens = self.norm2(tokens + found)
        tokens = self.norm3(tokens + self.mlp["lin2"](self.mlp["lin1"](tokens).relu()))
        found = self.cross_attn_image_to_token(cells + positions, tokens + prompts, tokens)
        return tokens, self.norm4(cells + found)


class Attention(nn.Module):
    """Multi-head attention whose inside may be narrower than its outside.

    Parameters
    ----------
    channels, inside, heads : int
    """

    def __init__(self, channels: int, inside: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(channels, inside)
        self.k_proj = nn.Linear(channels, inside)
        self.v_proj = nn.Linear(channels, inside)
        self.out_proj = nn.Linear(inside, channels)

    def forward(
        self, query: Float[Tensor, "N A C"], key: Float[Tensor, "N B C"], value: Float[Tensor, "N B C"]
    ) -> Float[Tensor, "N A C"]:
        """Return what the queries find."""
        parts = (self.q_proj(query), self.k_proj(key), self.v_proj(value))
        split = [part.reshape(*part.shape[:2], self.heads, -1).transpose(1, 2) for part in parts]
        found = scaled_product_attention(split[0], split[1], split[2]).transpose(1, 2)
        mixed: Tensor = self.out_proj(found.flatten(2))
        return mixed


class Perceptron(nn.Module):
    """Linear layers with ReLU between them.

    Parameters
    ----------
    sizes : sequence of int
        From the input's to the output's.
    """

    def __init__(self, sizes: tuple[int, ...]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(sizes))

    def forward(self, x: Float[Tensor, "N C"]) -> Float[Tensor, "N D"]:
        """Return the answer."""
        for layer in self.layers[:-1]:
            x = layer(x).relu()
        answer: Tensor = self.layers[-1](x)
        return answer
