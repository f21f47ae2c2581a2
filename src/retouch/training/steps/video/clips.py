"""What steps of clips take from a batch: clean and damaged frames, and where they differ."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from retouch.errors import InputError
from retouch.nets.captions.joint_caption import caption_truth
from retouch.training.batch import Batch


def caption_masks(batch: Batch) -> Float[Tensor, "N T 1 H W"]:
    """Return where frames are damaged: "frame_masks" of the batch, else where the two clips differ visibly."""
    if "frame_masks" in batch.tensors:
        return batch.tensors["frame_masks"]
    frames, damaged = batch.tensors["frames"], batch.tensors["damaged_frames"]
    masks = caption_truth(damaged.flatten(0, 1), frames.flatten(0, 1))
    return masks.reshape(*frames.shape[:2], 1, *frames.shape[3:])


def centre_frames(clip: Float[Tensor, "N T C H W"], count: int) -> Float[Tensor, "N {count} C H W"]:
    """Return so many frames around the middle one.

    Raises
    ------
    InputError
        If there are fewer.

    >>> centre_frames(torch.arange(7.0).reshape(1, 7, 1, 1, 1), 3).flatten().tolist()
    [2.0, 3.0, 4.0]
    """
    n_frames = clip.shape[1]
    if n_frames < count:
        raise InputError(f"clips must have {count} frames or more, got {n_frames}; raise the number in data.options")
    start = n_frames // 2 - count // 2
    return clip[:, start : start + count]


def drawn_frames(
    clips: list[Float[Tensor, "N T C H W"]], per_clip: int, rng: torch.Generator
) -> list[Float[Tensor, "M C H W"]]:
    """Return the same random frames of several clips, `per_clip` of each sample (all, where there are fewer)."""
    n_clips, n_frames = clips[0].shape[:2]
    chance = torch.rand(n_clips, n_frames, generator=rng, device=clips[0].device)
    chosen = chance.argsort(dim=1)[:, :per_clip]  # (N, per_clip)
    rows = torch.arange(n_clips, device=clips[0].device)[:, None]
    return [clip[rows, chosen].flatten(0, 1) for clip in clips]


def single_pictures(batch: Batch) -> tuple[Float[Tensor, "N C H W"], Float[Tensor, "N D H W"]]:
    """Return damaged and clean pictures: those of a batch of pairs, or the middle frames of a batch of clips."""
    if "frames" in batch.tensors:
        middle = batch.tensors["frames"].shape[1] // 2
        return batch.tensors["damaged_frames"][:, middle], batch.tensors["frames"][:, middle]
    return batch.tensors["damaged"], batch.image


def pictures_to_learn(
    batch: Batch, frames_per_clip: int, rng: torch.Generator
) -> tuple[Float[Tensor, "N C H W"], Float[Tensor, "N D H W"]]:
    """Return damaged and clean pictures of a batch of pairs, or random frames of a batch of clips."""
    if "frames" not in batch.tensors:
        return batch.tensors["damaged"], batch.image
    damaged, clean = drawn_frames([batch.tensors["damaged_frames"], batch.tensors["frames"]], frames_per_clip, rng)
    return damaged, clean
