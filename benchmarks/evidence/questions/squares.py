"""Encoder-decoders: the self-tuned one, L2-GAN, and the two that everything is compared with."""

from __future__ import annotations

from benchmarks.evidence.questions.gdn import CENTRE, FACES, OF_FACES, STROKES
from benchmarks.evidence.study import Arm, Claim, Column, Published, Study

_ON_DEMAND = "on_demand-toy_faces-small"
_SELF_TUNED = "self_tuned-toy_faces-small"
_L2GAN = "l2gan-toy_faces-small"
_LEVELS = tuple(Column(f"level {i}", f"level_{i}") for i in range(1, 6))
_TABLE_1 = Published(
    ("Paris StreetView", "mean L2 loss", "loss of the critic"),
    (
        ("Context Encoder (centre)", "1.96 %", ""),
        ("On-Demand Learning", "2 %", ""),
        ("High-resolution (centre)", "2.21 %", ""),
        ("self-tuned", "0.79 %", ""),
        ("L2-GAN", "3.19 %", "1.96 %"),
    ),
    "Not comparable as stated: holes of the self-tuned net cover at most 5.5 % of the picture, those of the others "
    "about 25 %, and the paper does not say over which pixels its mean is.",
)

SELF_TUNED = Study(
    name="self-tuned",
    title="Self-tuned encoder-decoder: what is still bad gets more samples",
    question="Does giving the samples of a batch to the levels that go badly help the hardest level?",
    paper="The self-tuned encoder-decoder, Table I and Fig. 4, after Gao and Grauman, On-demand learning for deep "
    "image restoration, ICCV 2017.",
    published=_TABLE_1,
    claims=(Claim("on-demand", "uniform", "level 5", "Fig. 4: hard levels gain by more samples"),),
    bars=(
        Claim("on-demand", "uniform", "level 5", "at most 0.1 dB below", margin=-0.1),
        Claim("on-demand", "", "share of level 5", "more than a fifth of the batch", margin=20.0),
        *(Claim("on-demand", "mean", column.label, "3 dB above the mean colour", 3.0) for column in _LEVELS),
    ),
    arms=(
        Arm("uniform", _ON_DEMAND, ("damage.options.alloc=uniform",), "four samples of twenty for each level"),
        Arm("on-demand", _ON_DEMAND, note="by the inverse of each level's PSNR"),
        Arm("by-error", _ON_DEMAND, ("damage.options.alloc=prop_mse",), "in proportion to each level's error"),
        Arm("deeper-uniform", _SELF_TUNED, ("damage.options.alloc=uniform",), "six halvings, as in the paper"),
        Arm("deeper-on-demand", _SELF_TUNED, note="the same, by the inverse of PSNR"),
    ),
    reference="uniform",
    columns=(*_LEVELS, Column("share of level 5", "level_5", "share", "%", 0)),
    curve=_LEVELS[-1],
    steps=3000,
    settings=(
        "data.root=synthetic:toy_faces",
        "data.size_px=64",
        "data.validation_share=0.04",
        "run.batch=20",
        "run.validation_pictures=80",
    ),
    probe="benchmarks.evidence.probes:level_shares",
    notes=(
        (
            "Figures are PSNR of whole pictures with known pixels pasted back, by the level of the square: sides of "
            "1-6, 7-12, 13-18, 19-24 and 25-30 of 64 px."
        ),
    ),
)

L2GAN = Study(
    name="l2gan",
    title="L2-GAN: squared error first, a game next",
    question="What do two phases give against squared errors alone, and against a game from the start?",
    paper="The L2-GAN of the same paper, Table I, after Pathak et al., Context encoders, CVPR 2016.",
    published=_TABLE_1,
    claims=(),
    bars=(Claim("two-phases", "mean", "corner", "3 dB above the mean colour", margin=3.0),),
    arms=(
        Arm("two-phases", _L2GAN, note="half of the steps each"),
        Arm(
            "squares-only",
            _L2GAN,
            ('phases=[{name="squares", steps=1, trains=["generator"]}]',),
            "the first phase throughout",
        ),
        Arm("game-throughout", _L2GAN, ("phases=[]",), "the second phase throughout"),
    ),
    reference="two-phases",
    columns=(
        Column("corner", "all"),
        Column("squared error", "all", "mse", "", 4),
        Column("critic's loss", "training", "critic", "", 3),
    ),
    curve=Column("corner", "all"),
    steps=3000,
    settings=("data.root=synthetic:toy_faces", "run.batch=8", "run.validation_pictures=64"),
    probe="benchmarks.evidence.probes:critic_loss",
    notes=("Figures are of the hole, the upper left quarter of the picture; errors in [0, 1]. No order is published.",),
)

BASELINES = Study(
    name="baselines",
    title="Context encoder and global-and-local completion as baselines",
    question="Where do the classical encoder-decoders stand on the samples that the other studies use?",
    paper="Pathak et al., Context encoders, CVPR 2016; Iizuka et al., Globally and locally consistent image "
    "completion, SIGGRAPH 2017; Yu et al., Free-form image inpainting with gated convolution, ICCV 2019.",
    published=Published(
        ("Paris StreetView, centre, as quoted by the self-tuned paper", "mean L2 loss"),
        (("Context Encoder", "1.96 %"),),
        "For these holes no figures of the others are known to us.",
    ),
    claims=(),
    bars=(Claim("context-encoder", "harmonic", "centre", "1 dB above harmonic filling", margin=1.0),),
    arms=(
        Arm("context-encoder", "context_encoder-toy_faces-small", note="bottleneck of one pixel, critic of patches"),
        Arm("global-and-local", "glcic-toy_faces-small", note="three phases: generator, critic, both"),
        Arm("gated", "deepfill_v2_l1-toy_faces-small", note="DeepFill v2 without a critic"),
        Arm("residual", "gdn_l1-toy_faces-small", note="GDN's generator by the plain error"),
    ),
    reference="residual",
    columns=(CENTRE, STROKES, Column("l1", "all", "l1", "", 4)),
    curve=CENTRE,
    steps=1500,
    settings=FACES,
    notes=(OF_FACES,),
)
