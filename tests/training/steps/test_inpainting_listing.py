"""The table of trainings that fill holes or make pictures: every line leads somewhere."""

from __future__ import annotations

import dataclasses

import pytest
from tests.training.steps.task_context import tiny

from retouch.errors import UsageError
from retouch.training.steps.contract import Kind, Training
from retouch.training.steps.inpainting_listing import INPAINTING_KINDS
from retouch.training.steps.listing import find_kind, load_named


@pytest.mark.parametrize("kind", INPAINTING_KINDS, ids=[kind.name for kind in INPAINTING_KINDS])
def test_a_line_leads_to_a_training_and_its_frozen_settings(kind: Kind) -> None:
    training, settings = load_named(kind.build), load_named(kind.settings)
    assert all(hasattr(training, name) for name in ("step", "paint", "validate"))
    chosen = settings()  # everything has a default
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(chosen, dataclasses.fields(settings)[0].name, None)


def test_a_training_is_built_from_networks_and_settings() -> None:
    kind = find_kind("reconstruction")
    training = load_named(kind.build)({"generator": tiny("gdn")}, load_named(kind.settings)())
    assert isinstance(training, Training)


def test_a_wrong_name_gets_the_nearest_one() -> None:
    with pytest.raises(UsageError, match="did you mean 'deepfill_v2'"):
        find_kind("deepfil_v2")
