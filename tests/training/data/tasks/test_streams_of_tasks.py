"""Every kind of data through the stream itself: what a step is given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tests.training.data.tasks.recipes import Kind, noise, recipe_of, save

from retouch.training.data.stream import open_stream

torch.set_num_threads(1)
CASES: list[tuple[Kind, str, dict[str, Any], dict[str, tuple[int, ...]]]] = [
    ("pairs", "toy_rain", {}, {"image": (2, 3, 16, 16), "damaged": (2, 3, 16, 16), "density": (2,)}),
    ("pairs", "toy_prints", {}, {"image": (2, 3, 16, 16), "damaged": (2, 3, 16, 16)}),
    (
        "labels",
        "toy_scenes",
        {"holes": "moving"},
        {"image": (2, 3, 16, 16), "labels": (2, 16, 16), "mask": (2, 1, 16, 16)},
    ),
    (
        "clips",
        "toy_clips",
        {"frames": 3},
        {
            "frames": (2, 3, 3, 16, 16),
            "damaged_frames": (2, 3, 3, 16, 16),
            "frame_masks": (2, 3, 1, 16, 16),
            "image": (2, 3, 16, 16),
            "damaged": (2, 3, 16, 16),
            "mask": (2, 1, 16, 16),
        },
    ),
    ("boxes", "toy_shapes", {"boxes": 5}, {"image": (2, 3, 16, 16), "boxes": (2, 5, 4), "classes": (2, 5)}),
]


@pytest.mark.parametrize(("kind", "name", "options", "shapes"), CASES, ids=lambda value: str(value)[:10])
def test_batches_hold_what_the_contract_names(
    kind: Kind, name: str, options: dict[str, Any], shapes: dict[str, tuple[int, ...]]
) -> None:
    stream = open_stream(recipe_of(kind, f"synthetic:{name}", {"pictures": 40, **options}))
    try:
        batch, validation = stream.batch(0), next(iter(stream.validation()))
    finally:
        stream.close()
    assert {key: tuple(tensor.shape) for key, tensor in batch.tensors.items()} == shapes
    assert set(validation.tensors) == set(shapes)
    for key, tensor in batch.tensors.items():
        wanted = torch.int64 if key in ("labels", "classes", "density") else torch.float32
        assert tensor.dtype == wanted, key
        if wanted == torch.float32:
            assert tensor.min() >= 0
            assert tensor.max() <= 1


def test_a_corrupt_pair_is_named_and_another_one_taken(tmp_path: Path) -> None:
    for number in range(30):
        save(tmp_path / "clean" / f"{number:02}.png", noise(16, 16, number))
        save(tmp_path / "damaged" / f"{number:02}.png", noise(16, 16, number + 50))
    (tmp_path / "clean" / "07.png").unlink()
    stream = open_stream(recipe_of("pairs", tmp_path, max_corrupt_share=0.1))
    try:
        names = [name for number in range(20) for name in stream.batch(number).names]
        assert set(stream.skipped) == {"damaged/07.png"}
    finally:
        stream.close()
    assert "no clean partner" in stream.skipped["damaged/07.png"]
    assert "damaged/07.png" not in names
