"""All curricula in one table, found by name."""

from __future__ import annotations

import importlib
from typing import NamedTuple

from retouch.errors import UsageError, unknown_name
from retouch.training.data.curricula.contract import Curriculum
from retouch.training.recipes.settings import DamageSettings


class CurriculumLine(NamedTuple):
    """A line of the table: `build` is "module:function", called with the damage, the seed and the side of a sample."""

    name: str
    summary: str
    build: str


_ROOM = "retouch.training.data.curricula"

CURRICULA: tuple[CurriculumLine, ...] = (
    CurriculumLine("families", "mask families by their shares", f"{_ROOM}.families:build_families"),
    CurriculumLine("thin", "scratches, text and thin strokes", f"{_ROOM}.families:build_thin"),
    CurriculumLine("random_pixels", "single pixels", f"{_ROOM}.families:build_random_pixels"),
    CurriculumLine(
        "ratio_bins", "mask families spread evenly over ratio bins (GDN)", f"{_ROOM}.ratios:build_ratio_bins"
    ),
    CurriculumLine("growing", "holes that grow over the run", f"{_ROOM}.ratios:build_growing"),
    CurriculumLine(
        "centre_and_free_form",
        "the centred square, or strokes with a box (thesis)",
        f"{_ROOM}.places:build_centre_and_free_form",
    ),
    CurriculumLine("quadrant", "one fixed corner (L2-GAN)", f"{_ROOM}.places:build_quadrant"),
    CurriculumLine(
        "level_squares", "squares of five levels, the worse the more (self-tuned)", f"{_ROOM}.levels:build_levels"
    ),
    CurriculumLine("masks", "masks from a folder", f"{_ROOM}.mask_files:build_mask_files"),
    CurriculumLine("noise", "Gaussian noise", f"{_ROOM}.intact:build_noise"),
    CurriculumLine("none", "no damage", f"{_ROOM}.intact:build_none"),
)


def curriculum_names() -> tuple[str, ...]:
    """Return the names of all curricula in the order of the table.

    >>> curriculum_names()[0]
    'families'
    """
    return tuple(line.name for line in CURRICULA)


def build_curriculum(damage: DamageSettings, seed: int, size_px: int) -> Curriculum:
    """Return the curriculum that the settings ask for.

    Parameters
    ----------
    damage : DamageSettings
    seed : int
        Of the run.
    size_px : int
        Side of a sample.

    Raises
    ------
    UsageError
        If there is no such curriculum, or an option is unknown or wrong.
    """
    for line in CURRICULA:
        if line.name == damage.curriculum:
            module, _, name = line.build.partition(":")
            curriculum: Curriculum = getattr(importlib.import_module(module), name)(damage, seed, size_px)
            return curriculum
    raise UsageError(unknown_name("curriculum", damage.curriculum, curriculum_names()))
