"""GDN: what the detector adds to the generator's error."""

from __future__ import annotations

from benchmarks.evidence.study import Arm, Claim, Column, Published, Study

FACES = (
    "data.root=synthetic:toy_faces",
    "data.size_px=64",
    "data.validation_share=0.04",
    "damage.curriculum=centre_and_free_form",
    "damage.options={centre_share=0.3, with_box=false}",
    "run.batch=8",
    "run.ema_decay=0.995",
    "run.validation_pictures=64",
)
"""Drawn faces of 64 px, 30 % centred squares of a quarter of the picture, 70 % strokes."""
CENTRE = Column("centre", "centre")
STROKES = Column("strokes", "free_form")
OF_FACES = (
    "Figures are PSNR in the hole; of the whole picture it is 6.02 dB more in the column centre, a quarter of it."
)

_GDN = "gdn-toy_faces-small"

GDN = Study(
    name="gdn",
    title="GDN: a detector weighs the generator's error",
    question="Does weighing the error by a detector of artefacts help, and do its loss, its mapping to weights and the "
    "gradient through it matter?",
    paper="Zhang et al., Pixel-wise dense detector for image inpainting, Computer Graphics Forum 2020, Table 2 (loss "
    "of the detector); the comparison of frameworks and of weights is a figure there.",
    published=Published(
        ("CelebA-HQ, PSNR", "1-10 %", "10-20 %", "20-30 %", "30-40 %", "40-50 %", "50-60 %"),
        (
            ("CE", "35.88", "31.77", "28.90", "26.56", "24.64", "21.49"),
            ("BCE", "36.29", "31.88", "28.95", "26.60", "24.67", "21.49"),
            ("focal", "36.37", "32.02", "29.13", "26.81", "24.89", "21.79"),
        ),
        "PSNR of the whole picture at 256 px, irregular masks by the share that is missing, 27,000 training pictures, "
        "100 epochs.",
    ),
    claims=(
        Claim("detector", "bce", "strokes", "Table 2: focal above BCE"),
        Claim("bce", "ce", "strokes", "Table 2: BCE above CE"),
        Claim("detector", "ce", "strokes", "Table 2: focal above CE"),
    ),
    bars=(
        Claim("detector", "l1", "centre", "at most 0.5 dB below the plain error", margin=-0.5),
        Claim("detector", "l1", "strokes", "at most 0.5 dB below the plain error", margin=-0.5),
        Claim("detector", "harmonic", "centre", "0.5 dB above harmonic filling", margin=0.5),
        Claim("detector-last", "", "AUC", "the detector tells holes apart: 0.8", margin=0.8),
    ),
    arms=(
        Arm("detector", _GDN, note="GDN: focal loss, weight 10^V, the gradient passes through the weight"),
        Arm("l1", "gdn_l1-toy_faces-small", note="plain error"),
        Arm("hard", "gdn_l1-toy_faces-small", ("loss.arm=hard", "loss.hole_weight=6"), "hole 6, known pixels 1"),
        Arm("adversarial", "gdn_adversarial-toy_faces-small", note="plain error and a critic of patches"),
        Arm("detached", _GDN, ("loss.detach_weight=true",), "no gradient through the weight"),
        Arm("ce", _GDN, ("loss.detector_loss=ce",), "detector learns by cross entropy"),
        Arm("bce", _GDN, ("loss.detector_loss=bce",), "balanced cross entropy"),
        Arm("linear", _GDN, ("loss.weight=linear",), "weight 1 + V"),
        Arm("e", _GDN, ("loss.base=2.718281828",), "weight e^V"),
        Arm("slow-detector", _GDN, ("optimisers.detector.lr=1e-4",), "a tenth of the rate, as in the authors' code"),
        Arm(
            "detector-last",
            _GDN,
            (
                (
                    'phases=[{name="both", steps=1, trains=["generator", "detector"]}, '
                    '{name="detector", steps=2, trains=["detector"]}]'
                ),
            ),
            "the last two thirds train the detector only",
        ),
        Arm("ce-linear", _GDN, ("loss.detector_loss=ce", "loss.weight=linear"), on_request=True),
        Arm("ce-e", _GDN, ("loss.detector_loss=ce", "loss.base=2.718281828"), on_request=True),
        Arm("bce-linear", _GDN, ("loss.detector_loss=bce", "loss.weight=linear"), on_request=True),
        Arm("bce-e", _GDN, ("loss.detector_loss=bce", "loss.base=2.718281828"), on_request=True),
    ),
    reference="l1",
    columns=(
        CENTRE,
        STROKES,
        Column("l1", "all", "l1", "", 4),
        Column("AUC", "all", "detector_auc", "", 3),
        Column("gap", "all", "detector_gap", "", 3),
        Column("AUC on true pictures", "truth", "detector_auc", "", 3),
    ),
    curve=CENTRE,
    steps=1500,
    settings=FACES,
    probe="benchmarks.evidence.probes:detector_on_truth",
    notes=(
        OF_FACES,
        (
            "AUC is the chance that the detector answers higher at a missing than at a known pixel of the painted "
            "picture, the gap the difference of its mean answers; on true pictures, where nothing was painted, an AUC "
            "of 0.5 is right."
        ),
    ),
)
