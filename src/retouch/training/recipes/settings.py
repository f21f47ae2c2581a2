"""The settings of a run, as frozen dataclasses: what a recipe file may say, with its defaults.

A recipe file has one table for each field of `Recipe`. The table `[loss]` is that of the kind of training: its
dataclass stands beside the step, in `retouch.training.steps`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class NetSettings:
    """A network: name and preset of the catalogue, other arguments for its builder, weights to start from.

    `weights` is a safetensors file or a checkpoint folder; empty starts from the initial weights.
    """

    name: str
    preset: str = "full"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    weights: str = ""


@dataclass(frozen=True)
class DataSettings:
    """Pictures and how they are cut; see `retouch.training.data`.

    Attributes
    ----------
    kind : str
        What a sample is: a picture to be filled, one with a fill to be corrected, one to be cleaned, a damaged and a
        clean one, a map of labels, a clip, a picture with boxes.
    root : str
        Folder, archive or list of pictures; "synthetic:NAME" draws them. The command line's --data replaces it.
    layout : str
        How the folder is arranged; "folder" takes every picture in it.
    size_px : int
        Side of the square that a sample has.
    resize : str
        "none" cuts at native size, "short" scales the shorter side to `short_px` first, "stretch" scales to the square.
    short_px : int
        For "short"; 0 is `size_px`.
    crop : str
        Where the square is cut.
    flip : bool
        Mirror half of the samples left to right.
    channels : int
        3 (RGB) or 1 (grey).
    validation_share : float
        Share of the pictures kept out of training, by the hash of each one's content.
    max_corrupt_share : float
        Unreadable pictures up to this share are skipped and named; beyond it the run stops.
    cache_mb : int
        Memory for decoded pictures.
    workers : int
        Threads that prepare batches ahead.
    options : mapping
        What a kind of data or a synthetic set needs besides.
    """

    kind: Literal["fill", "guesses", "denoise", "pairs", "labels", "things", "clips", "boxes"] = "fill"
    root: str = ""
    layout: str = "folder"
    size_px: int = 256
    resize: Literal["none", "short", "stretch"] = "short"
    short_px: int = 0
    crop: Literal["random", "centre"] = "random"
    flip: bool = True
    channels: int = 3
    validation_share: float = 0.02
    max_corrupt_share: float = 0.05
    cache_mb: int = 1024
    workers: int = 2
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DamageSettings:
    """What is missing or wrong in a sample; see `retouch.training.data.curricula`.

    Attributes
    ----------
    curriculum : str
        "families" draws from the mask families by their shares; "ratio_bins" spreads them evenly over ratio bins (GDN);
        "centre_and_free_form" (thesis); "level_squares" (self-tuned); "quadrant" (L2-GAN); "growing" grows the holes
        over the run; "masks" takes them from a folder; "noise" adds Gaussian noise; "none" damages nothing.
    families : mapping of str to float
        Mask families and their shares.
    bins : tuple of (low, high)
        Ratio bins (low, high].
    root : str
        Folder of masks, white is missing.
    options : mapping
        What the curriculum needs besides.
    """

    curriculum: str = "families"
    families: Mapping[str, float] = field(default_factory=lambda: {"brush": 1.0})
    bins: tuple[tuple[float, float], ...] = ()
    root: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class OptimiserSettings:
    """One optimiser and how its learning rate moves.

    "cosine" falls to `last_lr` at the end of the run, "steps" multiplies by `gamma` at each of `milestones`; both rise
    linearly over `warmup_steps` first.
    """

    method: Literal["adam", "adamw", "sgd", "rmsprop"] = "adam"
    lr: float = 1e-4
    betas: tuple[float, float] = (0.9, 0.999)
    momentum: float = 0.0
    weight_decay: float = 0.0
    schedule: Literal["constant", "cosine", "steps"] = "constant"
    warmup_steps: int = 0
    milestones: tuple[int, ...] = ()
    gamma: float = 0.1
    last_lr: float = 0.0


@dataclass(frozen=True)
class PhaseSettings:
    """A stretch of the run in which only some networks are trained, by their roles."""

    name: str
    steps: int
    trains: tuple[str, ...]


@dataclass(frozen=True)
class RunSettings:
    """How long and how: steps, samples a step, precision, averages, and how often something is said or kept.

    `accumulate` adds the gradients of so many batches before a step. `ema_decay` and `clip_norm` of 0 are off; the norm
    is that of all gradients of a network. `validate_every`, `checkpoint_every`, `sheet_every` and `log_every` count
    steps; 0 is never, save that the last step is always validated and kept. `watch` is the score that tells the best
    weights; those named after errors are better when low.
    """

    steps: int
    batch: int = 8
    accumulate: int = 1
    seed: int = 0
    precision: Literal["fp32", "bf16"] = "fp32"
    channels_last: bool = False
    ema_decay: float = 0.0
    clip_norm: float = 0.0
    validation_pictures: int = 64
    validate_every: int = 1000
    checkpoint_every: int = 1000
    sheet_every: int = 1000
    log_every: int = 20
    watch: str = "psnr"


@dataclass(frozen=True)
class Recipe:
    """A whole run.

    Attributes
    ----------
    name, paper, aim : str
        What it is called, where it comes from, and the table and number it aims at.
    kind : str
        A line of `retouch.training.steps.listing.KINDS`.
    networks, optimisers : mapping by role
        "generator", "critic", "detector", ...
    data, damage, run
        See there.
    phases : tuple of PhaseSettings
        In their order; empty trains everything throughout. After the last one, everything is trained.
    loss
        The dataclass of the kind.
    """

    name: str
    kind: str
    paper: str
    aim: str
    networks: Mapping[str, NetSettings]
    optimisers: Mapping[str, OptimiserSettings]
    data: DataSettings
    damage: DamageSettings
    run: RunSettings
    loss: Any
    phases: tuple[PhaseSettings, ...] = ()
