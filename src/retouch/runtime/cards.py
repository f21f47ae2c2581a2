"""What an exported network says about itself: a card inside its ONNX file, read without running anything."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from retouch.errors import WeightsError
from retouch.io.wording import shown

FIELD = "retouch"
"""The entry of the file's metadata that holds the card."""

_WORD = re.compile(r"[\w.-]{1,64}")
_MOST_SIDE_PX = 1 << 16
_MOST_AMOUNT = 1e9


@dataclass(frozen=True)
class Card:
    """Facts about an exported network.

    Attributes
    ----------
    net, preset, task : str
        Its line in the catalogue of networks.
    multiple, least_px : int
        Sides that it was made for are multiples of the one and not below the other.
    radius_px : int or None
        How far the input reaches that a pixel depends on; None if that is the whole picture.
    bytes_per_pixel, bytes_per_square : float
        Memory of one call, measured: so many bytes for each pixel, and for the square of the number of pixels.
    storage : str
        "float32" or "float16": how the weights are stored. The work is done in float32.
    difference : float
        The largest difference from torch that was found when it was exported, before weights were halved.
    storage_difference : float
        The largest difference that halving the weights makes.
    weights_sha256 : str
        Of the checkpoint.
    licence, source : str
        Of the weights.
    """

    net: str
    preset: str
    task: str
    multiple: int = 1
    least_px: int = 1
    radius_px: int | None = None
    bytes_per_pixel: float = 4096.0
    bytes_per_square: float = 0.0
    storage: str = "float32"
    difference: float = 0.0
    storage_difference: float = 0.0
    weights_sha256: str = ""
    licence: str = ""
    source: str = ""

    def to_json(self) -> str:
        """Return the card as it stands in the file."""
        return json.dumps(asdict(self))

    def bytes_for(self, n_pixels: int) -> float:
        """Return the memory of one call on a picture."""
        return self.bytes_per_pixel * n_pixels + self.bytes_per_square * n_pixels**2


def read_card(facts: dict[str, str], path: Path) -> Card:
    """Return the card among the metadata of an ONNX file.

    Raises
    ------
    WeightsError
        If there is none or it is damaged.
    """
    if FIELD not in facts:
        raise WeightsError(
            f"the network {shown(path)} has no card, so nobody knows what it takes; export it with 'retouch export'"
        )
    try:
        values = json.loads(facts[FIELD])
        return _checked(Card(**{field.name: values[field.name] for field in fields(Card)}))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise WeightsError(f"the card of the network {shown(path)} is damaged; export it again") from error


def _checked(card: Card) -> Card:
    """Return the card, or raise ValueError: its numbers go into sizes and memory, its words into messages."""
    if not all(_is_word(word) for word in (card.net, card.preset, card.task, card.storage)):
        raise ValueError("words")
    if not all(isinstance(text, str) for text in (card.weights_sha256, card.licence, card.source)):
        raise ValueError("texts")
    sides = (card.multiple, card.least_px, 0 if card.radius_px is None else card.radius_px)
    if not all(type(side) is int and 0 <= side <= _MOST_SIDE_PX for side in sides) or 0 in sides[:2]:
        raise ValueError("sides")
    amounts = (card.bytes_per_pixel, card.bytes_per_square, card.difference, card.storage_difference)
    if not all(_is_amount(amount) for amount in amounts) or card.bytes_per_pixel == 0:
        raise ValueError("amounts")
    return card


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and _WORD.fullmatch(value) is not None


def _is_amount(value: Any) -> bool:
    """Tell whether it is a number that sizes can be reckoned with; NaN is none."""
    return type(value) in (int, float) and 0 <= value <= _MOST_AMOUNT
