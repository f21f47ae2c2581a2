"""The three ways to a map without moving things, with a segmenter that reads the palette, and exported networks."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from onnx import helper
from tests.tiny_graphs import card_of, write_net

from retouch.arrays.types import AnyArray
from retouch.errors import WeightsError
from retouch.tasks.label_maps.classes import STREETS
from retouch.tasks.label_maps.files import colours_of
from retouch.tasks.label_maps.filling import fill_labels
from retouch.tasks.label_maps.pipelines import from_filled_colours, from_predicted_labels, from_true_labels

ROAD, BUILDING, CAR = 0, 2, 8


def street() -> AnyArray:
    labels = np.full((24, 32), BUILDING, np.uint8)
    labels[12:], labels[14:20, 10:18] = ROAD, CAR
    return labels


def segment(colours: AnyArray) -> AnyArray:
    """Give each pixel the class of the nearest colour."""
    table = np.array([one.colour for one in STREETS.classes])
    gaps = ((colours[:, :, None].astype(int) - table) ** 2).sum(axis=3)
    nearest: AnyArray = gaps.argmin(axis=2)
    return nearest


def test_predicted_labels_give_what_true_ones_do_where_the_segmenter_is_right() -> None:
    picture = colours_of(street(), STREETS)
    true, predicted = from_true_labels(street(), STREETS), from_predicted_labels(picture, segment, STREETS)
    np.testing.assert_array_equal(true.labels, predicted.labels)
    assert (true.labels[14:20, 10:18] == ROAD).all()


def test_a_car_amid_the_road_is_road_after_its_colours_are_filled() -> None:
    found = from_filled_colours(colours_of(street(), STREETS), segment, STREETS, method="harmonic")
    assert (found[14:20, 10:18] == ROAD).all()


def net(path: Path, task: str, channels: int) -> Path:
    """Write a network whose scores are the planes it was given: zero in the hole, so that the first class wins."""
    node = helper.make_node("Relu", ["labels"], ["picture"])
    inputs: dict[str, tuple[int | str, ...]] = {"labels": (1, channels, "h", "w"), "mask": (1, 1, "h", "w")}
    return write_net(path, [node], inputs, json.dumps(asdict(card_of(task, multiple=5))))


def test_a_network_gives_the_class_it_is_surest_of(tmp_path: Path) -> None:
    """Both allowed classes score 0 in the hole: the first of them, the road, at a chance of 1/2."""
    path = net(tmp_path / "map.onnx", "semantic", len(STREETS.ids))
    filled = fill_labels(street(), STREETS, method=f"net:{path}")
    assert (filled.labels[filled.mask] == ROAD).all()
    np.testing.assert_allclose(filled.confidence[filled.mask], 0.5, atol=1e-6)


@pytest.mark.parametrize(("task", "channels"), [("inpainting", 9), ("semantic", 5)])
def test_a_network_of_another_kind_is_refused(task: str, channels: int, tmp_path: Path) -> None:
    path = net(tmp_path / "map.onnx", task, channels)
    with pytest.raises(WeightsError, match="9 channels"):
        fill_labels(street(), STREETS, method=f"net:{path}")
