"""Cards: what an exported network says of itself comes back as it was written, or is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.tiny_graphs import altered, card_of

from retouch.errors import WeightsError
from retouch.runtime.cards import FIELD, Card, read_card

PATH = Path("folder/net.onnx")


def test_a_card_comes_back_as_it_was_written() -> None:
    card = card_of(
        "denoise", multiple=8, least_px=16, radius_px=35, bytes_per_square=0.02, licence="MIT", source="ours"
    )
    assert read_card({FIELD: card.to_json(), "other": "entry"}, PATH) == card


def test_memory_grows_with_the_pixels_and_their_square() -> None:
    card = card_of("denoise", bytes_per_pixel=100.0, bytes_per_square=0.5)
    assert card.bytes_for(1000) == 100 * 1000 + 0.5 * 1000**2


def test_a_file_without_a_card_is_refused() -> None:
    with pytest.raises(WeightsError, match=r"folder/net\.onnx has no card.*'retouch export'") as caught:
        read_card({}, PATH)
    assert caught.value.exit_code == 7


def test_entries_that_a_later_version_adds_are_passed_over() -> None:
    assert read_card({FIELD: altered(card_of("inpaint"), later=1)}, PATH) == card_of("inpaint")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", '"words"', "{}", "[" * 100_000, '{"net": "a"}'])
def test_what_is_no_card_is_refused(text: str) -> None:
    with pytest.raises(WeightsError, match=r"the card of the network .*net\.onnx is damaged; export it again"):
        read_card({FIELD: text}, PATH)


@pytest.mark.parametrize("name", ["net", "task", "multiple", "bytes_per_pixel", "licence"])
def test_a_missing_entry_is_refused(name: str) -> None:
    values: dict[str, Any] = json.loads(card_of("inpaint").to_json())
    del values[name]
    with pytest.raises(WeightsError, match="damaged"):
        read_card({FIELD: json.dumps(values)}, PATH)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in ("net", "preset", "task", "storage") for value in (1, None, "", "a b", "x" * 65)),
        ("net", "two\nlines"),
        ("net", "\x1b[31m"),
        *(
            (name, value)
            for name in ("multiple", "least_px")
            for value in (0, -1, 1 << 17, 10**400, 1.5, "8", True, None)
        ),
        *(("radius_px", value) for value in (-1, 1 << 17, 1.5, "8", True)),
        *(("bytes_per_pixel", value) for value in (0, -1, 1e10, 10**400, float("nan"), float("inf"), "8", None, True)),
        *(("bytes_per_square", value) for value in (-1, 1e10, float("nan"), [1])),
        *((name, value) for name in ("difference", "storage_difference") for value in (-1, float("nan"), "small")),
        *((name, value) for name in ("licence", "source", "weights_sha256") for value in (1, None, {"a": "b"})),
    ],
)
def test_hostile_entries_are_refused(name: str, value: Any) -> None:
    with pytest.raises(WeightsError, match="damaged"):
        read_card({FIELD: altered(card_of("inpaint"), **{name: value})}, PATH)


def test_a_card_without_a_radius_stands_for_the_whole_picture() -> None:
    assert read_card({FIELD: card_of("inpaint").to_json()}, PATH).radius_px is None
    assert Card("a", "b", "inpaint").multiple == 1
