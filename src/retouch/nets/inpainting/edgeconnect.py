"""EdgeConnect: edges are completed first, then the picture is painted along them.

Source: K. Nazeri, E. Ng, T. Joseph, F. Qureshi, M. Ebrahimi: "EdgeConnect: Generative Image Inpainting with Adversarial
Edge Learning", ICCV Workshops 2019, Sec. 3. The critic stands in
`retouch.nets.critics.spectral_patchgan`, losses in `retouch.losses.adversarial` and `retouch.losses.style`.

Departures
----------
- The edges of the known part come from the caller: the authors take Canny's with sigma 2, in tests with the hole's
  border masked out, so that it gives no edges itself.

I_gray  (N, 1, H, W) grey picture, 1 in the hole
C_gt    (N, 1, H, W) edges in {0, 1} of the known part
C_pred  (N, 1, H, W) edges that the first generator sees everywhere
C_comp  C_gt where known, C_pred in the hole
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from retouch.nets.layers.initial import initialise_convs
from retouch.nets.layers.mirroring import pad_to_multiple
from retouch.nets.layers.residual import ConvStyle, ResidualGenerator
from retouch.nets.layers.spectral import rename_spectral_keys

LUMA = (0.299, 0.587, 0.114)
"""Grey of RGB after BT.601, as in `retouch.arrays.colour`."""


class EdgeGenerator(ResidualGenerator):
    """Edges from grey picture, known edges and mask; the official weights belong here.

    Parameters
    ----------
    width : int
        Channels of the first layer; 64 in the paper.
    n_blocks : int
        Residual blocks, 8 in the paper.
    spectral : bool
        Spectral normalisation of all convolutions but the last; those in the blocks then have no bias.
    generator : torch.Generator, optional
        For the initial weights, N(0, 0.02).
    """

    def __init__(
        self,
        *,
        width: int = 64,
        n_blocks: int = 8,
        spectral: bool = True,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__(3, 1, width=width, n_blocks=n_blocks, style=ConvStyle(block_bias=not spectral))
        initialise_convs(self, partial(nn.init.normal_, std=0.02, generator=generator))
        if spectral:
            hidden = [part for stage in (self.entry, self.down, self.blocks, self.up) for part in stage.modules()]
            for part in hidden:
                if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
                    spectral_norm(part)

    def forward(self, x: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 1 H W"]:
        """Return C_pred in [0, 1].

        `x` is I_gray in [0, 1], C_gt and the mask (1 = missing); H and W multiples of four.
        """
        return super().forward(x).sigmoid()

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the authors' weights under our names."""
        return rename_spectral_keys({_our_name(key): value for key, value in state.items()})


class ImageGenerator(ResidualGenerator):
    """Picture from picture and edges; the official weights belong here.

    Parameters
    ----------
    width : int
        Channels of the first layer; 64 in the paper.
    n_blocks : int
        Residual blocks, 8 in the paper.
    generator : torch.Generator, optional
        For the initial weights, N(0, 0.02).
    """

    def __init__(self, *, width: int = 64, n_blocks: int = 8, generator: torch.Generator | None = None) -> None:
        super().__init__(4, 3, width=width, n_blocks=n_blocks, style=ConvStyle())
        initialise_convs(self, partial(nn.init.normal_, std=0.02, generator=generator))

    def forward(self, x: Float[Tensor, "N 4 H W"]) -> Float[Tensor, "N 3 H W"]:
        """Return RGB in [0, 1].

        `x` is RGB in [0, 1] that is 1 in the hole, and C_comp; H and W multiples of four.
        """
        return (torch.tanh(super().forward(x)) + 1) / 2

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the authors' weights under our names."""
        return {_our_name(key): value for key, value in state.items()}


class EdgeConnect(nn.Module):
    """Both generators in a row.

    Parameters
    ----------
    edge_generator : EdgeGenerator
    image_generator : ImageGenerator
    """

    def __init__(self, edge_generator: EdgeGenerator, image_generator: ImageGenerator) -> None:
        super().__init__()
        self.edge_generator = edge_generator
        self.image_generator = image_generator

    def forward(
        self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"], edges: Float[Tensor, "N 1 H W"]
    ) -> Float[Tensor, "N 3 H W"]:
        """Return the whole picture as the second generator paints it along the completed edges.

        Parameters
        ----------
        image : (N, 3, H, W) float32, range [0, 1]
            RGB of any size; values under the mask are not read.
        mask : (N, 1, H, W) float32
            1 where a pixel is missing, else 0.
        edges : (N, 1, H, W) float32
            1 on edges of the known part, else 0; values under the mask are not read.

        Returns
        -------
        (N, 3, H, W) float32, range [0, 1]
        """
        return self.paint(image, mask, self.complete_edges(image, mask, edges))

    def complete_edges(
        self,
        image: Float[Tensor, "N 3 H W"],
        mask: Float[Tensor, "N 1 H W"],
        edges: Float[Tensor, "N 1 H W"],
        *,
        threshold: float | None = None,
    ) -> Float[Tensor, "N 1 H W"]:
        """Return C_comp: the given edges where known, in the hole the probability of an edge.

        With a `threshold` in (0, 1) the hole's edges are made 0 or 1 (the authors' tests may use .5); they then
        carry no gradient.
        """
        height, width = image.shape[-2:]
        grey = (image * image.new_tensor(LUMA)[:, None, None]).sum(dim=1, keepdim=True)
        known_edges = edges.where(mask == 0, 0)
        x = torch.cat([grey.where(mask == 0, 1), known_edges, mask], dim=1)  # (N, 3, H, W)
        predicted: Tensor = self.edge_generator(_padded(x, self.edge_generator))[:, :, :height, :width]
        if threshold is not None:
            predicted = (predicted > threshold).to(predicted.dtype)
        return known_edges + predicted * mask

    def paint(
        self, image: Float[Tensor, "N 3 H W"], mask: Float[Tensor, "N 1 H W"], edges: Float[Tensor, "N 1 H W"]
    ) -> Float[Tensor, "N 3 H W"]:
        """Return the picture along edges that are complete already: predicted, Canny's of the truth, or drawn."""
        height, width = image.shape[-2:]
        x = torch.cat([image.where(mask == 0, 1), edges], dim=1)  # (N, 4, H, W)
        painted: Tensor = self.image_generator(_padded(x, self.image_generator))
        return painted[:, :, :height, :width]


def edgeconnect_full(generator: torch.Generator | None = None) -> EdgeConnect:
    """Return the published widths: 10,761,089 parameters for edges and 10,774,595 for the picture."""
    return EdgeConnect(EdgeGenerator(generator=generator), ImageGenerator(generator=generator))


def edgeconnect_tiny(generator: torch.Generator | None = None) -> EdgeConnect:
    """Return a quarter of the width and three blocks, for 64 px."""
    return EdgeConnect(
        EdgeGenerator(width=16, n_blocks=3, generator=generator),
        ImageGenerator(width=16, n_blocks=3, generator=generator),
    )


def _padded(x: Tensor, generator: ResidualGenerator) -> Tensor:
    return pad_to_multiple(x, generator.stride, least=generator.smallest)


_PLACES = {
    "encoder.1": "entry.0",
    "encoder.4": "down.0.0",
    "encoder.7": "down.1.0",
    "decoder.0": "up.0.0",
    "decoder.3": "up.1.0",
    "decoder.7": "head",
}
"""Places in the authors' sequences, which count paddings, norms and activations too."""


def _our_name(key: str) -> str:
    place, _, leaf = key.rpartition(".")
    block = re.fullmatch(r"middle\.(\d+)\.conv_block\.([15])", place)
    if block:
        return f"blocks.{block[1]}.conv{1 if block[2] == '1' else 2}.{leaf}"
    return f"{_PLACES.get(place, place)}.{leaf}"
