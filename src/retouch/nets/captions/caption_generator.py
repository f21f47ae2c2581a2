"""Frame-attention generator: fills the captions of a clip's middle frame with what its other frames show.

Source: the public project "Linya-lab/Video_Decaptioning" (no paper; its released weights fix the form). Attention over
patches of several sizes after Y. Zeng, J. Fu, H. Chao, "Learning Joint Spatial-Temporal Transformations for Video
Inpainting", ECCV 2020, section 3.2, Eqs. 2-4; gated convolutions after J. Yu et al., ICCV 2019.
Departures: a clip of one frame attends to that frame itself. As in the released net, attention never looks at the mask,
which only enters as a fourth channel.

The body is a part: its forward takes RGB in [-1, 1], sides multiples of 64; `fill_captions` takes and gives [0, 1].

N   clips        T   frames, odd in number        P   patch side in cells of an eighth of the frame
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from retouch.errors import InputError
from retouch.nets.layers.gated import GatedConv
from retouch.nets.layers.mirroring import pad_to_multiple

MULTIPLE = 64
"""The largest patch has 8 cells of 8 px."""

_PATCH_SIDES = (1, 2, 4, 8)
_N_ATTENTIONS = 4


def _leaky(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, 0.2)


class CaptionGenerator(nn.Module):
    """The middle frame of a clip without its captions.

    Parameters
    ----------
    width : int
        Channels at full size; 64 as published.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        deep = 4 * width
        sizes = [(4, width, 1), (width, 2 * width, 2), (2 * width, deep, 2), (deep, deep, 2)]
        self.encoder = nn.ModuleList(_gated(before, after, stride) for before, after, stride in sizes)
        self.attention = nn.ModuleList(FrameAttention(deep) for _ in range(_N_ATTENTIONS))
        joined = [(2 * deep, deep), (2 * deep, deep), (4 * width, 2 * width), (2 * width, width)]
        self.join = nn.ModuleList(_gated(before, after) for before, after in joined)
        enlarged = [(deep, deep), (deep, 2 * width), (2 * width, width)]
        self.enlarge = nn.ModuleList(_gated(before, after) for before, after in enlarged)
        self.leave = nn.Conv2d(width, 3, 3, padding=1)

    def forward(
        self, frames: Float[Tensor, "N T 3 H W"], masks: Float[Tensor, "N T 1 H W"]
    ) -> Float[Tensor, "N 3 H W"]:
        """Return the middle frame.

        Parameters
        ----------
        frames : (N, T, 3, H, W)
            RGB in [-1, 1].
        masks : (N, T, 1, H, W)
            1 = caption.

        Returns
        -------
        (N, 3, H, W)
            RGB in [-1, 1], every pixel of it the net's.

        Raises
        ------
        InputError
            If T is even, or a side is no multiple of 64.
        """
        _check_clip(frames)
        n_clips, n_frames = frames.shape[:2]
        middle = n_frames // 2
        features = torch.cat([frames, masks], dim=2).flatten(0, 1)  # (N*T, 4, H, W)
        skips = []
        for layer in self.encoder:
            features = layer(features)
            skips.append(features[middle::n_frames])
        clip = features.reshape(n_clips, n_frames, *features.shape[1:])  # (N, T, C, H/8, W/8)
        others = torch.cat([clip[:, :middle], clip[:, middle + 1 :]], dim=1) if n_frames > 1 else clip
        filled = skips[-1]
        for layer in self.attention:
            filled = layer(filled, others)
        return self._decode(filled, skips)

    def _decode(self, features: Tensor, skips: list[Tensor]) -> Tensor:
        for level, join in enumerate(self.join):
            features = join(torch.cat([features, skips[-1 - level]], dim=1))
            if level < len(self.enlarge):
                features = self.enlarge[level](functional.interpolate(features, scale_factor=2.0))
        frame: Tensor = self.leave(features).clamp(-1.0, 1.0)
        return frame

    @staticmethod
    def convert_official(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Rename Linya's weights and put each gate behind its features."""
        renamed: dict[str, Tensor] = {}
        for key, value in state.items():
            if ".gatingConv." in key:
                continue
            gate = state[key.replace("featureConv", "gatingConv")] if ".featureConv." in key else None
            renamed[_our_name(key)] = value if gate is None else torch.cat([value, gate])
        return renamed


class FrameAttention(nn.Module):
    """Let a frame's features look at those of other frames, in patches of 1, 2, 4 and 8 cells.

    Parameters
    ----------
    channels : int
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(len(_PATCH_SIDES) * channels, channels, 3, padding=1)
        self.join = _gated(2 * channels, channels)

    def forward(self, frame: Float[Tensor, "N C h w"], others: Float[Tensor, "N T C h w"]) -> Float[Tensor, "N C h w"]:
        """Return the frame's features with what was found."""
        found = [_attend(frame, others, side) for side in _PATCH_SIDES]
        mixed = _leaky(self.mix(torch.cat(found, dim=1)))
        joined: Tensor = self.join(torch.cat([frame, mixed], dim=1))
        return joined


def fill_captions(
    net: CaptionGenerator, frames: Float[Tensor, "N T 3 H W"], masks: Float[Tensor, "N T 1 H W"]
) -> Float[Tensor, "N 3 H W"]:
    """Return the middle frame of clips of any size, RGB in [0, 1]; pixels outside its mask come back as they were."""
    n_clips, n_frames, _, height, width = frames.shape
    clip = torch.cat([2.0 * frames - 1.0, masks], dim=2).flatten(0, 1)  # to [-1, 1]
    clip = pad_to_multiple(clip, MULTIPLE)
    clip = clip.reshape(n_clips, n_frames, *clip.shape[1:])
    drawn = (net(clip[:, :, :3], clip[:, :, 3:])[..., :height, :width] + 1.0) / 2.0  # back to [0, 1]
    middle = n_frames // 2
    return torch.where(masks[:, middle] > 0, drawn, frames[:, middle])


def caption_generator_full() -> CaptionGenerator:
    """Return the published width: 64 channels at full size."""
    return CaptionGenerator()


def caption_generator_tiny() -> CaptionGenerator:
    """Return an eighth of the published width."""
    return CaptionGenerator(width=8)


def _attend(frame: Tensor, others: Tensor, side: int) -> Tensor:
    query, key = _to_patches(frame[:, None], side), _to_patches(others, side)
    scores = query @ key.transpose(1, 2) / query.shape[2] ** 0.5  # Eq. 2
    return _from_patches(scores.softmax(dim=2) @ key, side, frame)  # Eqs. 3-4


def _to_patches(frames: Float[Tensor, "N T C h w"], side: int) -> Float[Tensor, "N P D"]:
    n_clips, n_frames, channels, height, width = frames.shape
    parts = frames.reshape(n_clips, n_frames, channels, height // side, side, width // side, side)
    return parts.permute(0, 1, 3, 5, 2, 4, 6).reshape(n_clips, -1, channels * side * side)


def _from_patches(patches: Float[Tensor, "N P D"], side: int, like: Tensor) -> Float[Tensor, "N C h w"]:
    channels, height, width = like.shape[1:]
    parts = patches.reshape(-1, height // side, width // side, channels, side, side)
    return parts.permute(0, 3, 1, 4, 2, 5).reshape(like.shape)


def _gated(in_channels: int, out_channels: int, stride: int = 1) -> GatedConv:
    return GatedConv(in_channels, out_channels, stride=stride, padding="zeros", activation=_leaky)


def _check_clip(frames: Tensor) -> None:
    n_frames, _, height, width = frames.shape[1:]
    if n_frames % 2 == 0:
        raise InputError(f"a clip must have an odd number of frames to have a middle one, got {n_frames}")
    if height % MULTIPLE or width % MULTIPLE:
        raise InputError(f"sides must be multiples of {MULTIPLE}, got {height}x{width}; use fill_captions")


def _our_name(key: str) -> str:
    """Turn, for instance, deconv2.1.conv.featureConv.bias into enlarge.1.conv.bias."""
    key = key.replace("deconv4.1.", "leave.").replace("featureConv", "conv")
    key = re.sub(r"^convg(\d)", lambda found: f"encoder.{int(found[1]) - 1}", key)
    key = re.sub(r"^deconv(\d)\.0", lambda found: f"join.{int(found[1]) - 1}", key)
    key = re.sub(r"^deconv(\d)\.1\.conv", lambda found: f"enlarge.{int(found[1]) - 1}", key)
    key = re.sub(r"^frames_atten\.(\d)\.linear\.0", r"attention.\1.mix", key)
    return re.sub(r"^frames_atten\.(\d)\.convg", r"attention.\1.join", key)
