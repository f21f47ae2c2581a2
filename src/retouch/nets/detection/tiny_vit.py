"""TinyViT: the small image encoder of MobileSAM.

Source: K. Wu, J. Zhang, H. Peng, M. Liu, B. Xiao, J. Fu, L. Yuan, "TinyViT: Fast Pretraining Distillation for Small
Vision Transformers", ECCV 2022, section 3.3; C. Zhang et al., "Faster Segment Anything: Towards Lightweight SAM for
Mobile Applications", arXiv:2306.14289, 2023 (last stage at the resolution of the third, neck of SAM).
Departures: no stochastic depth, and no classifier, which the released files carry without using it.

Attribute names are those of the released weights. Stages 1-3 carry tokens (N, H*W, C) in reading order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.nn import functional

from retouch.nets.layers.attention.scaled_product import scaled_product_attention
from retouch.nets.layers.norms.channel_norm import ChannelNorm

_EXPANSION = 4


@dataclass(frozen=True)
class TinyViTSizes:
    """Sizes of a TinyViT.

    Attributes
    ----------
    side : int
        Of the square picture, px; a multiple of 16.
    widths, depths, heads, windows : tuple of four int
        Channels, blocks, attention heads and window sides of the stages; the first stage has no attention.
    out : int
        Channels of the answer.
    """

    side: int = 1024
    widths: tuple[int, ...] = (64, 128, 160, 320)
    depths: tuple[int, ...] = (2, 2, 6, 2)
    heads: tuple[int, ...] = (2, 4, 5, 10)
    windows: tuple[int, ...] = (7, 7, 14, 7)
    out: int = 256


class TinyViT(nn.Module):
    """Encode a picture to a map of a sixteenth of its size.

    Parameters
    ----------
    sizes : TinyViTSizes
    """

    def __init__(self, sizes: TinyViTSizes) -> None:
        super().__init__()
        self.cells = sizes.side // 16
        width = sizes.widths[0]
        self.patch_embed = PatchEmbedding(width)
        self.layers = nn.ModuleList(_stage(sizes, number) for number in range(len(sizes.widths)))
        self.neck = nn.Sequential(
            nn.Conv2d(sizes.widths[-1], sizes.out, 1, bias=False),
            ChannelNorm(sizes.out),
            nn.Conv2d(sizes.out, sizes.out, 3, padding=1, bias=False),
            ChannelNorm(sizes.out),
        )

    def forward(self, picture: Float[Tensor, "N 3 S S"]) -> Float[Tensor, "N C h w"]:
        """Return the features of a normalised square picture."""
        features = self.patch_embed(picture)  # (N, C, S/4, S/4)
        for layer in self.layers:
            features = layer(features)
        maps = features.transpose(1, 2).reshape(len(picture), -1, self.cells, self.cells)
        embedding: Tensor = self.neck(maps)
        return embedding


class NormedConv(nn.Module):
    """Convolution without bias, then batch norm.

    Parameters
    ----------
    sizes : pair of int
        Channels in and out.
    kernel, stride, groups : int
    """

    def __init__(self, sizes: tuple[int, int], kernel: int = 1, *, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.c = nn.Conv2d(*sizes, kernel, stride, padding=kernel // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(sizes[1])

    def forward(self, features: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D h w"]:
        """Return the normalised answer."""
        normed: Tensor = self.bn(self.c(features))
        return normed


class PatchEmbedding(nn.Module):
    """Two convolutions of stride 2.

    Parameters
    ----------
    width : int
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        first, second = NormedConv((3, width // 2), 3, stride=2), NormedConv((width // 2, width), 3, stride=2)
        self.seq = nn.Sequential(first, nn.GELU(), second)

    def forward(self, picture: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N C h w"]:
        """Return features of a quarter of the size."""
        features: Tensor = self.seq(picture)
        return features


class InvertedBottleneck(nn.Module):
    """MBConv: widen, convolve each channel, narrow, add.

    Parameters
    ----------
    width : int
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        wide = _EXPANSION * width
        self.conv1 = NormedConv((width, wide))
        self.conv2 = NormedConv((wide, wide), 3, groups=wide)
        self.conv3 = NormedConv((wide, width))

    def forward(self, features: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Return the changed features."""
        changed = functional.gelu(self.conv2(functional.gelu(self.conv1(features))))
        return functional.gelu(features + self.conv3(changed))


class PatchMerging(nn.Module):
    """Change the width, and halve the size unless the stride is 1.

    Parameters
    ----------
    sizes : pair of int
        Channels in and out.
    cells : int
        Side of the map that comes in, if as tokens.
    stride : int
    """

    def __init__(self, sizes: tuple[int, int], cells: int, stride: int) -> None:
        super().__init__()
        self.cells = cells
        self.conv1 = NormedConv(sizes)
        self.conv2 = NormedConv((sizes[1], sizes[1]), 3, stride=stride, groups=sizes[1])
        self.conv3 = NormedConv((sizes[1], sizes[1]))

    def forward(self, features: Float[Tensor, "N *shape W"]) -> Float[Tensor, "N L D"]:
        """Return tokens, from a map or tokens."""
        is_map = features.dim() == 4  # noqa: PLR2004 - (N, C, H, W)
        maps = features if is_map else _to_map(features, self.cells)
        narrow = functional.gelu(self.conv2(functional.gelu(self.conv1(maps))))
        return _to_tokens(self.conv3(narrow))


class Stage(nn.Module):
    """Blocks, then a merging unless it is the last stage.

    Parameters
    ----------
    blocks : sequence of modules
    downsample : nn.Module, optional
    """

    def __init__(self, blocks: Sequence[nn.Module], downsample: nn.Module | None) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.downsample = downsample

    def forward(self, features: Float[Tensor, "N *shape W"]) -> Float[Tensor, "N *out D"]:
        """Return the stage's answer."""
        for block in self.blocks:
            features = block(features)
        if self.downsample is not None:
            features = self.downsample(features)
        return features


class WindowBlock(nn.Module):
    """Attention inside windows, a convolution of each channel, a small network for each token.

    Parameters
    ----------
    width, heads, window : int
    cells : int
        Side of the map.
    """

    def __init__(self, width: int, heads: int, window: int, cells: int) -> None:
        super().__init__()
        self.cells, self.window = cells, window
        self.attn = WindowAttention(width, heads, window)
        self.local_conv = NormedConv((width, width), 3, groups=width)
        self.mlp = TokenNetwork(width)

    def forward(self, tokens: Float[Tensor, "N L C"]) -> Float[Tensor, "N L C"]:
        """Return the changed tokens."""
        tokens = tokens + self._attend(tokens)
        tokens = _to_tokens(self.local_conv(_to_map(tokens, self.cells)))
        changed: Tensor = tokens + self.mlp(tokens)
        return changed

    def _attend(self, tokens: Tensor) -> Tensor:
        """Attend window by window; a map that is no multiple of the window is filled up with zeros."""
        n_pictures, _, width = tokens.shape
        side, fill = self.window, -self.cells % self.window
        maps = functional.pad(tokens.reshape(-1, self.cells, self.cells, width), (0, 0, 0, fill, 0, fill))
        rows = (self.cells + fill) // side
        parts = maps.reshape(n_pictures, rows, side, rows, side, width).transpose(2, 3)
        parts = self.attn(parts.reshape(-1, side * side, width))
        maps = parts.reshape(n_pictures, rows, rows, side, side, width).transpose(2, 3)
        maps = maps.reshape(n_pictures, rows * side, rows * side, width)
        attended: Tensor = maps[:, : self.cells, : self.cells].reshape(tokens.shape)
        return attended


class WindowAttention(nn.Module):
    """Multi-head attention with a learned bias for each distance in rows and columns.

    Parameters
    ----------
    width, heads, window : int
    """

    places: Tensor

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.attention_biases = nn.Parameter(torch.zeros(heads, window * window))
        self.register_buffer("places", _distance_index(window), persistent=False)

    def forward(self, tokens: Float[Tensor, "M L C"]) -> Float[Tensor, "M L C"]:
        """Return what each token of a window takes from the others."""
        n_windows, length, width = tokens.shape
        parts = self.qkv(self.norm(tokens)).reshape(n_windows, length, self.heads, 3, -1)
        query, key, value = parts.permute(3, 0, 2, 1, 4)  # (M, heads, L, C/heads) each
        bias = self.attention_biases[:, self.places]  # (heads, L, L)
        found = scaled_product_attention(query, key, value, bias)
        mixed: Tensor = self.proj(found.transpose(1, 2).reshape(n_windows, length, width))
        return mixed


class TokenNetwork(nn.Module):
    """Normalise, widen fourfold, narrow.

    Parameters
    ----------
    width : int
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, _EXPANSION * width)
        self.fc2 = nn.Linear(_EXPANSION * width, width)

    def forward(self, tokens: Float[Tensor, "N L C"]) -> Float[Tensor, "N L C"]:
        """Return what is to be added to the tokens."""
        added: Tensor = self.fc2(functional.gelu(self.fc1(self.norm(tokens))))
        return added


def _stage(sizes: TinyViTSizes, number: int) -> Stage:
    last = len(sizes.widths) - 1
    cells = sizes.side // (4 * 2 ** min(number, last - 1))
    width, depth = sizes.widths[number], sizes.depths[number]
    if number == 0:
        blocks: list[nn.Module] = [InvertedBottleneck(width) for _ in range(depth)]
    else:
        blocks = [WindowBlock(width, sizes.heads[number], sizes.windows[number], cells) for _ in range(depth)]
    if number == last:
        return Stage(blocks, None)
    stride = 1 if number == last - 1 else 2  # MobileSAM: the last stage keeps the third one's resolution
    return Stage(blocks, PatchMerging((width, sizes.widths[number + 1]), cells, stride))


def _distance_index(window: int) -> Int64[Tensor, "L L"]:
    """Return a number for each pair of cells, by rows and columns apart, counted as they are first met."""
    cells = list(product(range(window), repeat=2))
    known: dict[tuple[int, int], int] = {}
    index = [[known.setdefault((abs(a - c), abs(b - d)), len(known)) for c, d in cells] for a, b in cells]
    return torch.tensor(index)


def _to_map(tokens: Float[Tensor, "N L C"], cells: int) -> Float[Tensor, "N C h w"]:
    return tokens.transpose(1, 2).reshape(len(tokens), -1, cells, cells)


def _to_tokens(maps: Float[Tensor, "N C h w"]) -> Float[Tensor, "N L C"]:
    return maps.flatten(2).transpose(1, 2)
