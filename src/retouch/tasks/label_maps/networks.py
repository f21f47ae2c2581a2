"""Exported networks of label maps: one-hot planes and mask in, scores of the static classes out.

Channels are in the order of the networks of `retouch.nets.semantic.semantic_map_gan`: static classes first, then those
that move, each in the order of the class list.
"""

from __future__ import annotations

import numpy as np

from retouch.errors import WeightsError
from retouch.io.wording import shown
from retouch.runtime.cards import read_card
from retouch.runtime.exported import find_exported
from retouch.runtime.session import Net, open_net
from retouch.tasks.label_maps.spreading import Guess, LabelHole

NET_PREFIX = "net:"
_TASK = "semantic"


def fill_by_network(name: str, hole: LabelHole) -> Guess:
    """Give each pixel the allowed class that an exported network is surest of.

    Raises
    ------
    WeightsError
        If the file is missing, its card is of another task, or its channels are not those of the classes.
    """
    path = find_exported(name)
    net = open_net(path)
    card = read_card(net.facts, path)
    order = (*hole.classes.static_ids, *(one.id for one in hole.classes.classes if one.moves))
    if card.task != _TASK or set(net.inputs) != {"labels", "mask"} or net.inputs["labels"][1] != len(order):
        raise WeightsError(
            f"a network of label maps must take a mask and labels of {len(order)} channels for {hole.classes.name}, "
            f"but {shown(path)} does '{card.task}' and takes {dict(net.inputs)}; train one with these classes"
        )
    scores = _scores(net, hole, np.array(order, np.uint8), max(card.multiple, 1))
    static = np.array(hole.classes.static_ids)
    if scores.shape[0] < len(static) or not np.isfinite(scores).all():
        raise WeightsError(f"{shown(path)} must give finite scores of {len(static)} static classes, and did not")
    usable = np.isin(static, hole.allowed)
    chances = np.exp(scores[: len(static)][usable] - scores[: len(static)][usable].max(axis=0))
    chances /= chances.sum(axis=0)
    return Guess(static[usable].astype(np.uint8)[chances.argmax(axis=0)], chances.max(axis=0).astype(np.float32))


def _scores(net: Net, hole: LabelHole, order: np.ndarray, multiple: int) -> np.ndarray:
    """Run the network on the map, mirrored to sides that it takes; return its last output, (C, H, W)."""
    height, width = hole.labels.shape
    more = [(0, -side % multiple) for side in (height, width)]
    unknown = np.pad(hole.unknown, more, mode="symmetric")
    planes = (np.pad(hole.labels, more, mode="symmetric") == order[:, None, None]) & ~unknown
    feeds = {"labels": planes[None].astype(np.float32), "mask": unknown[None, None].astype(np.float32)}
    return list(net.run(**feeds).values())[-1][0, :, :height, :width]
