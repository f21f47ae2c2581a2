"""All studies in one table."""

from __future__ import annotations

from benchmarks.evidence.questions.gdn import GDN
from benchmarks.evidence.questions.latent import LATENT
from benchmarks.evidence.questions.mpssd import MPSSD
from benchmarks.evidence.questions.squares import BASELINES, L2GAN, SELF_TUNED
from benchmarks.evidence.questions.thesis import ATTENTION_FUSION, PYRAMID
from benchmarks.evidence.study import Study

STUDIES: tuple[Study, ...] = (GDN, PYRAMID, ATTENTION_FUSION, SELF_TUNED, L2GAN, BASELINES, LATENT, MPSSD)


def find_study(name: str) -> Study:
    """Return the study of that name.

    Raises
    ------
    KeyError
        If there is none.
    """
    return {study.name: study for study in STUDIES}[name]
