"""MobileSAM: a mask for whatever is clicked on, boxed, or roughly painted.

Source: C. Zhang, D. Han, Y. Qiao, J. U. Kim, S.-H. Bae, S. Lee, C. S. Hong, "Faster Segment Anything: Towards
Lightweight SAM for Mobile Applications", arXiv:2306.14289, 2023; A. Kirillov et al., "Segment Anything", ICCV 2023.
Departures: none. `segment` takes RGB in [0, 1] of any size; the parts take the authors' 0-255 and pixels of the resized
picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import InputError
from retouch.nets.detection.sam_decoder import MaskDecoder, PromptEncoder
from retouch.nets.detection.tiny_vit import TinyViT, TinyViTSizes

_MEAN = (123.675, 116.28, 103.53)
_SPREAD = (58.395, 57.12, 57.375)
_UNUSED = ("image_encoder.norm_head.", "image_encoder.head.")


@dataclass(frozen=True)
class Prompts:
    """What points at the thing wanted, in pixels of the resized picture; at least one of points and boxes.

    Attributes
    ----------
    points : (N, P, 2), optional
        (x, y).
    labels : (N, P), optional
        1 inside the thing, 0 outside.
    boxes : (N, 4), optional
        x1, y1, x2, y2.
    masks : (N, 1, side / 4, side / 4), optional
        Logits of a rough mask.
    """

    points: Tensor | None = None
    labels: Tensor | None = None
    boxes: Tensor | None = None
    masks: Tensor | None = None


class MobileSAM(nn.Module):
    """Segmenter of finished parts.

    Parameters
    ----------
    image_encoder : TinyViT
    prompt_encoder : PromptEncoder
    mask_decoder : MaskDecoder
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, image_encoder: TinyViT, prompt_encoder: PromptEncoder, mask_decoder: MaskDecoder) -> None:
        super().__init__()
        self.image_encoder = image_encoder
        self.prompt_encoder = prompt_encoder
        self.mask_decoder = mask_decoder
        self.register_buffer("mean", torch.tensor(_MEAN)[:, None, None], persistent=False)
        self.register_buffer("spread", torch.tensor(_SPREAD)[:, None, None], persistent=False)

    @property
    def side(self) -> int:
        """The side of the padded picture, px."""
        return self.prompt_encoder.side

    def preprocess(self, picture: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 3 S S"]:
        """Normalise RGB 0-255 and fill it up with zeros, below and on the right."""
        normal = (picture - self.mean) / self.spread
        height, width = picture.shape[2:]
        if max(height, width) > self.side:
            raise InputError(f"the longer side must be {self.side} px at most, got {height}x{width}; use segment")
        return functional.pad(normal, (0, self.side - width, 0, self.side - height))

    def forward(
        self, picture: Float[Tensor, "N 3 S S"], prompts: Prompts
    ) -> tuple[Float[Tensor, "N 4 Q Q"], Float[Tensor, "N 4"]]:
        """Return logits of four masks at a quarter of the size and their likely overlap with the truth.

        Parameters
        ----------
        picture : (N, 3, side, side)
            Of `preprocess`.
        prompts : Prompts

        Returns
        -------
        masks : (N, 4, side / 4, side / 4)
            The first for a clear prompt, three for an ambiguous one.
        quality : (N, 4)
        """
        return self.decode(self.image_encoder(picture), prompts)

    def decode(
        self, features: Float[Tensor, "N C h w"], prompts: Prompts
    ) -> tuple[Float[Tensor, "N 4 Q Q"], Float[Tensor, "N 4"]]:
        """Return what `forward` does, from the features of `image_encoder`: one pass, many prompts."""
        masks, quality = self.mask_decoder(
            features,
            self.prompt_encoder.pe_layer.grid(self.prompt_encoder.cells),
            self.embed_sparse(prompts),
            self.prompt_encoder.embed_masks(prompts.masks),
        )
        return masks, quality

    def embed_sparse(self, prompts: Prompts) -> Float[Tensor, "N T C"]:
        """Return the tokens of points and boxes.

        Raises
        ------
        InputError
            If there are neither points with labels nor boxes.
        """
        encoder, tokens = self.prompt_encoder, []
        if prompts.points is not None and prompts.labels is not None:
            tokens.append(encoder.embed_points(prompts.points, prompts.labels, alone=prompts.boxes is None))
        if prompts.boxes is not None:
            tokens.append(encoder.embed_boxes(prompts.boxes))
        if not tokens:
            raise InputError("prompts must have points with labels, or boxes; got neither")
        return torch.cat(tokens, dim=1)

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the released weights without those of TinyViT's classifier, which no mask depends on."""
        return {key: value for key, value in state.items() if not key.startswith(_UNUSED)}


def segment(
    net: MobileSAM, picture: Float[Tensor, "N 3 H W"], points: Float[Tensor, "N P 2"]
) -> Float[Tensor, "N 1 H W"]:
    """Return logits of the thing that is clicked on: above 0 = inside.

    Parameters
    ----------
    net : MobileSAM
    picture : (N, 3, H, W)
        RGB in [0, 1].
    points : (N, P, 2)
        (x, y) in pixels of the picture, all inside the thing.
    """
    height, width = picture.shape[2:]
    scale = net.side / max(height, width)
    size = (int(height * scale + 0.5), int(width * scale + 0.5))
    resized = functional.interpolate(picture, size, mode="bilinear", align_corners=False, antialias=True)
    stretch = points.new_tensor([size[1] / width, size[0] / height])
    labels = points.new_ones(points.shape[:2])
    masks, _ = net(net.preprocess(255.0 * resized), Prompts(points=points * stretch, labels=labels))
    full = functional.interpolate(masks[:, :1], (net.side, net.side), mode="bilinear", align_corners=False)
    cut = full[..., : size[0], : size[1]]
    return functional.interpolate(cut, (height, width), mode="bilinear", align_corners=False)


def mobile_sam(sizes: TinyViTSizes, *, heads: int = 8, hidden: int = 2048, quality_hidden: int = 256) -> MobileSAM:
    """Return a MobileSAM; the prompt encoder and the decoder are as wide as the encoder's answer."""
    decoder = MaskDecoder(sizes.out, heads=heads, hidden=hidden, quality_hidden=quality_hidden)
    return MobileSAM(TinyViT(sizes), PromptEncoder(sizes.out, sizes.side), decoder)


def mobile_sam_full() -> MobileSAM:
    """Return the published sizes: pictures of 1,024 px."""
    return mobile_sam(TinyViTSizes())


def mobile_sam_tiny() -> MobileSAM:
    """Return a small net for pictures of 64 px."""
    sizes = TinyViTSizes(64, (16, 24, 32, 40), (1, 1, 1, 1), (2, 2, 2, 2), (7, 7, 7, 7), 32)
    return mobile_sam(sizes, heads=4, hidden=64, quality_hidden=32)
