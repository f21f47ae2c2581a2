"""Latent search and its refinement."""

from __future__ import annotations

from benchmarks.evidence.study import Arm, Claim, Column, Published, Study

_DCGAN = "dcgan-toy_faces-small"
_FACES = "../shared/data/faces-128/synthetic"
_PHOTOGRAPHS = (f"data.root={_FACES}", "data.resize=stretch")
_FULL = ("networks.generator.preset=full", "networks.critic.preset=full", "run.batch=64")
_PATTERNS = ("square", "big-square", "stripes", "left", "centre", "pixels")
_ERRORS = tuple(
    Column(f"{pattern}, {when}", f"{pattern}, {when}", "mae", "", 2)
    for pattern in _PATTERNS
    for when in ("before", "after", "gain")
)
_PSNR = tuple(
    Column(f"PSNR, {pattern}, {when}", f"{pattern}, {when}") for pattern in _PATTERNS for when in ("before", "after")
)

LATENT = Study(
    name="latent",
    title="Latent search, and the refinement that sees every pixel",
    question="Does a second search over all pixels mend what the first one, which sees the rim of the hole, found?",
    paper="Malesevic et al., Photo-realistic and robust inpainting of faces using refinement GANs, Table 1.",
    published=Published(
        ("CelebA, before and after", *_PATTERNS),
        (
            ("MAE", "16.20, 14.04", "35.60, 32.75", "39.43, 35.01", "34.87, 31.62", "15.18, 13.68", "16.08, 16.08"),
            ("PSNR", "19.23, 20.16", "15.45, 16.09", "15.45, 16.07", "15.16, 15.97", "19.65, 20.57", "23.03, 23.03"),
            (
                "MSSIM",
                "0.8760, 0.8921",
                "0.7411, 0.7624",
                "0.707, 0.740",
                "0.7601, 0.7823",
                "0.8716, 0.8840",
                "0.8908, 0.8908",
            ),
        ),
        "2,000 faces of 64 px. Equal budget in the centre, MAE: 1,500 steps 15.18, 3,000 steps 15.03, 1,500 and 1,500 "
        "of refinement 13.68.",
    ),
    claims=tuple(
        Claim(arm, "", column, source)
        for arm in ("drawn", "photographs")
        for column, source in (
            *((f"{pattern}, gain", "Table 1: refinement lowers the error") for pattern in _PATTERNS[:-1]),
            ("centre, refined ahead by", "text: refinement is better than a search of twice the length"),
        )
    ),
    bars=(Claim("drawn", "", "diversity", "made pictures differ at least half as much as true ones", margin=0.5),),
    arms=(
        Arm("drawn", _DCGAN, note="drawn faces, a quarter of DCGAN's width"),
        Arm("photographs", _DCGAN, _PHOTOGRAPHS, "685 pictures of faces made by StyleGAN2", needs=_FACES),
        Arm("drawn-full", _DCGAN, _FULL, "DCGAN as published", on_request=True),
        Arm("photographs-full", _DCGAN, (*_PHOTOGRAPHS, *_FULL), "DCGAN as published", _FACES, on_request=True),
    ),
    reference="",
    columns=(
        Column("diversity", "all", "diversity", "", 2),
        *_ERRORS,
        Column("centre, twice as long", "centre, twice as long", "mae", "", 2),
        Column("centre, refined ahead by", "centre, equal budget", "mae", "", 2),
        *_PSNR,
    ),
    curve=Column("diversity", "all", "diversity", "", 2),
    steps=3000,
    settings=("data.size_px=64", "data.validation_share=0.05", "run.batch=32", "run.validation_pictures=64"),
    probe="benchmarks.evidence.searching:search_six",
    has_baselines=False,
    notes=(
        (
            "Errors are MAE of whole pictures from 0 to 255, on 32 pictures that training did not see; the gain is "
            "before less after; twice as long is the first search alone with the steps of both. Searches take 300 "
            "steps of .015, where the paper takes 1,500 of .003."
        ),
        (
            "With 70 % of the pixels missing all known ones are the rim, so that nothing is left to refine: the paper "
            "finds no change there."
        ),
        "Arms are trained on different pictures; they are not to be compared with each other.",
    ),
)
