"""MPSSD: how many feature fusion modules a single-shot detector wants."""

from __future__ import annotations

from benchmarks.evidence.study import Arm, Claim, Column, Published, Study

_MPSSD = "mpssd-toy_shapes-small"
_AP50 = Column("AP50", "held out", "ap50", "%", 1)
_ORDER = "Table 5.5"


def _arm(name: str, n_paths: int, note: str, third: int = 16) -> Arm:
    third_words = f", third={third}" if n_paths > 2 else ""
    return Arm(name, _MPSSD, (f"networks.generator.arguments={{n_classes=4, n_paths={n_paths}{third_words}}}",), note)


MPSSD = Study(
    name="mpssd",
    title="MPSSD: several fused paths before the heads of a detector",
    question="Do feature fusion modules help a single-shot detector, how many of them, and is the third better narrow?",
    paper="doctoral thesis on structure-first inpainting and object removal, Sec. 5.2, Table 5.5.",
    published=Published(
        ("VOC07 test, 300 px", "mAP, %"),
        (
            ("no module (SSD)", "77.5"),
            ("1 module", "79.0"),
            ("2 modules", "79.7"),
            ("3 modules, 128 channels in the third", "80.3"),
            ("3 modules, 256 channels in the third", "79.8"),
            ("4 modules", "80.1"),
        ),
        "VGG16 from ImageNet, VOC 2007 and 2012 trainval, batch 24, 250 epochs.",
    ),
    claims=(
        Claim("one", "none", "AP50", f"{_ORDER}: 1 module above none"),
        Claim("two", "one", "AP50", f"{_ORDER}: 2 modules above 1"),
        Claim("three", "two", "AP50", f"{_ORDER}: 3 modules above 2"),
        Claim("three", "four", "AP50", f"{_ORDER}: 3 modules above 4"),
        Claim("three", "three-wide", "AP50", f"{_ORDER}: 128 channels in the third above 256"),
    ),
    bars=(
        Claim("three", "", "AP50", "AP50 of 70 at least", margin=70.0),
        Claim("three", "none", "AP50", "at most 3 below SSD", margin=-3.0),
    ),
    arms=(
        _arm("none", 0, "SSD"),
        _arm("three", 3, "MPSSD"),
        _arm("one", 1, "FSSD's fusion, and weights of channels"),
        _arm("two", 2, "two modules"),
        _arm("four", 4, "four modules"),
        _arm("three-wide", 3, "the third fuses and carries twice as many channels", third=32),
    ),
    reference="three",
    columns=(
        _AP50,
        Column("AP", "held out", "ap", "%", 1),
        Column("AP75", "held out", "ap75", "%", 1),
        Column("AP50 of single pictures", "all", "ap50", "", 3),
    ),
    curve=Column("AP50 of single pictures", "all", "ap50", "", 3),
    steps=600,
    settings=(
        "run.batch=8",
        "run.validation_pictures=12",
        "data.validation_share=0.065",
        "optimisers.generator.milestones=[450]",
    ),
    probe="benchmarks.evidence.detecting:held_out_precision",
    has_baselines=False,
    notes=(
        (
            "AP50, AP75 and AP (the mean over ten overlaps from 0.50 to 0.95) are COCO's, over 100 held-out pictures "
            "with the last weights. The mean precision of single pictures is what training watches, on 12 of them, "
            "averaged over its last three validations."
        ),
        (
            "An eighth of the widths, 96 px, maps of 12, 6, 3, 2, 1 and 1 cells, one to four drawn discs, squares and "
            "triangles of 13 to 38 px, all weights from scratch, no augmentation but mirroring. Only the first three "
            "maps meet such sizes, so that a fourth module has little to gain here."
        ),
    ),
)
