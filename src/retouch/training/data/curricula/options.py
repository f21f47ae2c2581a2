"""Reading the options of a curriculum: unknown names and wrong types are refused when a run begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from retouch.errors import UsageError, unknown_name
from retouch.training.recipes.settings import DamageSettings


class Options:
    """The options of one curriculum.

    Parameters
    ----------
    damage : DamageSettings
    known : sequence of str
        The names that the curriculum has.

    Raises
    ------
    UsageError
        If another name is given.
    """

    def __init__(self, damage: DamageSettings, known: Sequence[str]) -> None:
        self._given = damage.options
        self._curriculum = damage.curriculum
        for name in damage.options:
            if name not in known:
                raise UsageError(
                    unknown_name(f"option of the curriculum '{self._curriculum}'", name, known or ("none",))
                )

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """Return a number within [low, high]."""
        value = self._given.get(name, default)
        if not _is_number(value) or not low <= value <= high:
            raise self._wrong(name, f"a number from {low:g} to {high:g}", value)
        return float(value)

    def count(self, name: str, default: int, least: int = 0) -> int:
        """Return a whole number of at least `least`."""
        value = self._given.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self._wrong(name, f"a whole number of {least} or more", value)
        return value

    def word(self, name: str, default: str, known: Sequence[str]) -> str:
        """Return one of some words."""
        value = self._given.get(name, default)
        if value not in known:
            raise UsageError(unknown_name(f"{name} of the curriculum '{self._curriculum}'", str(value), known))
        return str(value)

    def switch(self, name: str, default: bool) -> bool:
        """Return true or false."""
        value = self._given.get(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false", value)
        return value

    def pair(self, name: str, default: tuple[float, float], low: float, high: float) -> tuple[float, float]:
        """Return two numbers, low <= first <= second <= high."""
        return self._pair(name, self._given.get(name, default), low, high)

    def pairs(
        self, name: str, default: Sequence[tuple[float, float]], low: float, high: float
    ) -> list[tuple[float, float]]:
        """Return a list of such pairs, at least one."""
        value = self._given.get(name, default)
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise self._wrong(name, "a list of pairs (low, high)", value)
        return [self._pair(name, pair, low, high) for pair in value]

    def numbers(self, name: str, default: Sequence[float], low: float, high: float) -> list[float]:
        """Return a list of numbers within [low, high], at least one."""
        value = self._given.get(name, default)
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            raise self._wrong(name, "a list of numbers", value)
        if not all(_is_number(number) and low <= number <= high for number in value):
            raise self._wrong(name, f"a list of numbers from {low:g} to {high:g}", value)
        return [float(number) for number in value]

    def table(self, name: str) -> Mapping[str, Any]:
        """Return a table, {} if it is not given."""
        value = self._given.get(name, {})
        if not isinstance(value, Mapping):
            raise self._wrong(name, "a table", value)
        return value

    def has(self, name: str) -> bool:
        """Return whether an option is given."""
        return name in self._given

    def _pair(self, name: str, value: Any, low: float, high: float) -> tuple[float, float]:
        good = isinstance(value, Sequence) and len(value) == 2 and all(_is_number(v) for v in value)  # noqa: PLR2004
        if not good or not low <= value[0] <= value[1] <= high:
            raise self._wrong(name, f"two rising numbers from {low:g} to {high:g}", value)
        return float(value[0]), float(value[1])

    def _wrong(self, name: str, wanted: str, value: Any) -> UsageError:
        return UsageError(f"option {name} of the curriculum '{self._curriculum}' must be {wanted}, got {value!r}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
