"""The table of the tasks' kinds: every line leads to something, and every network of these tasks has a kind."""

from __future__ import annotations

import dataclasses

import pytest
from tests.training.steps.task_context import tiny

from retouch.nets.catalogue.entries import DENOISE, DETECT, RESTORE, SEMANTIC, VIDEO
from retouch.nets.catalogue.listing import NETS
from retouch.training.steps.contract import Kind
from retouch.training.steps.listing import KINDS, find_kind, load_named
from retouch.training.steps.task_listing import TASK_KINDS


@pytest.mark.parametrize("kind", TASK_KINDS, ids=[kind.name for kind in TASK_KINDS])
def test_a_line_leads_to_a_training_and_its_frozen_settings(kind: Kind) -> None:
    training, settings = load_named(kind.build), load_named(kind.settings)
    assert all(hasattr(training, name) for name in ("step", "paint", "validate"))
    chosen = settings()  # everything has a default
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(chosen, next((field.name for field in dataclasses.fields(settings)), "anything"), None)


def test_the_tasks_are_in_the_table_of_all_kinds() -> None:
    assert set(TASK_KINDS) <= set(KINDS)


def test_no_name_is_given_twice() -> None:
    names = [kind.name for kind in KINDS]
    assert len(set(names)) == len(names)


TRAINED_BY = {
    "dncnn": "denoise",
    "dncnn_blind": "denoise",
    "fdncnn": "denoise",
    "ircnn": "denoise",
    "ffdnet": "denoise",
    "drunet": "denoise",
    "cbdnet": "cbdnet",
    "mlp": "denoise_patches",
    "csf": "denoise_stages",
    "tnrd": "denoise_stages",
    "red": "denoise",
    "memnet": "memnet",
    "fdnet": "denoise",
    "colour_net": "colour_net",
    "deblurgan": "deblurgan",
    "didmdn": "didmdn",
    "rain_density": "rain_density",
    "prenet": "prenet",
    "fingerprint_unet": "pairs",
    "fpd_m_net": "pairs",
    "u_finger": "pairs",
    "fingerprint_baseline": "pairs",
    "iterative_fingerprints": "iterated",
    "spg_net": "spg_net",
    "sg_net": "sg_net",
    "sge_net": "sg_net",
    "semantic_map_gan": "semantic_map_gan",
    "icnet": "icnet",
    "two_stage_icnet": "icnet",
    "caption_generator": "caption_generator",
    "mask_unet": "caption_masks",
    "frame_autoencoder": "pairs",
    "refining_autoencoder": "pairs",
    "iterative_autoencoder": "iterated",
    "patch_autoencoder": "patch_autoencoder",
    "dilated_unet": "pairs",
    "joint_caption": "joint_caption",
    "vinet": "vinet",
    "ssd": "multibox",
    "fssd": "multibox",
    "mpssd": "multibox",
    "gdn_detector": "artefacts",
    "mobile_sam": "clicked_masks",
    "prompted_unet": "prompted_masks",
    "point_head": "pointrend",
    "coarse_head": "pointrend",
}


def test_every_network_of_these_tasks_has_a_kind() -> None:
    names = {info.name for info in NETS if info.task in (DENOISE, RESTORE, SEMANTIC, VIDEO, DETECT)}
    assert names == set(TRAINED_BY)
    assert set(TRAINED_BY.values()) == {kind.name for kind in TASK_KINDS}


@pytest.mark.parametrize("name", [name for name in TRAINED_BY if TRAINED_BY[name] != "pointrend"])
def test_the_kind_takes_the_network(name: str) -> None:
    kind = find_kind(TRAINED_BY[name])
    networks = dict.fromkeys(kind.roles[1:], tiny("deblurgan_critic")) | {"generator": tiny(name)}
    assert load_named(kind.build)(networks, load_named(kind.settings)()).networks["generator"] is networks["generator"]
