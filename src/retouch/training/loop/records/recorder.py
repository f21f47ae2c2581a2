"""Everything that a run writes down, by one process alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from retouch.arrays.types import AnyArray
from retouch.training.loop.judging import ALL, Scores
from retouch.training.loop.parts import Parts, gather
from retouch.training.loop.records.board import Board
from retouch.training.loop.records.checkpoints import Checkpoint, CheckpointFolder
from retouch.training.loop.records.journal import Journal, plain
from retouch.training.loop.records.places import Places
from retouch.training.loop.records.sheets import draw_sheet, write_sheet
from retouch.training.loop.records.weights import weights_bytes, write_weights


class Recorder:
    """Writes journal, board, sheets, checkpoints and weights.

    Parameters
    ----------
    parts : Parts
    places : Places
    facts : mapping
        What every checkpoint and file of weights says about itself: recipe, hashes, commit.
    step : int
        Where the run goes on.
    """

    def __init__(self, parts: Parts, places: Places, facts: Mapping[str, Any], step: int) -> None:
        self._parts = parts
        self._places = places
        self._facts = facts
        self._checkpoints = CheckpointFolder(places.checkpoints)
        self._journal = Journal(places.metrics, step)
        self._board = Board(places.board, step)
        self.notes = (self._board.absence,) if self._board.absence else ()

    def report(self, step: int, values: Mapping[str, float], phase: str) -> None:
        """Write what the training says of itself."""
        self._journal.write({"step": step, "kind": "training", "phase": phase, **values})
        self._board.scalars(step, {f"training/{name}": value for name, value in values.items()})

    def scores(self, step: int, scores: Scores, seconds: float) -> None:
        """Write the means of a validation."""
        self._journal.write({"step": step, "kind": "validation", "scores": scores, "seconds": round(seconds, 3)})
        for group, values in scores.items():
            place = "validation" if group == ALL else f"validation_{group}"
            self._board.scalars(step, {f"{place}/{name}": value for name, value in values.items()})

    def sheet(self, step: int, tensors: Mapping[str, Tensor], painted: Tensor) -> None:
        """Write a sheet of samples."""
        pixels: AnyArray = draw_sheet(tensors, painted)
        write_sheet(self._places.sheet(step), pixels)
        self._board.picture(step, "sheet", pixels)

    def checkpoint(self, step: int, state: Mapping[str, Any], best: int | None) -> None:
        """Keep everything that the run needs to go on."""
        tensors, numbers = gather(self._parts)
        whole = plain({**self._facts, **numbers, **state})
        self._checkpoints.save(Checkpoint(step, tensors, whole), best=best)

    def weights(self, step: int, scores: Scores, *, when: str) -> None:
        """Write the weights of every trained network; `when` is "best" or "last"."""
        for place, role in enumerate(self._parts.optimisers):
            average = self._parts.averages.tensors.get(role, {})
            data = weights_bytes(self._parts.networks[role], average, self._weights_facts(role, step, scores))
            write_weights(self._places.weights_of(role, when), data)
            if place == 0 and (when == "best" or not self._places.weights_of(role, "best").exists()):
                write_weights(self._places.weights, data)

    def close(self) -> None:
        """Bring everything to the disk."""
        self._board.close()

    def _weights_facts(self, role: str, step: int, scores: Scores) -> dict[str, str]:
        net = self._parts.recipe.networks[role]
        facts = {name: str(self._facts[name]) for name in ("recipe_name", "recipe_sha256", "data_sha256", "commit")}
        return facts | {
            "net": net.name,
            "preset": net.preset,
            "arguments": json.dumps(plain(net.arguments)),
            "role": role,
            "step": str(step),
            "averaged": str(role in self._parts.averages.tensors),
            "scores": json.dumps(plain(scores.get(ALL, {}))),
        }
