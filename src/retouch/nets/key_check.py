"""Converted weights held against the network they are said to belong to, key by key and shape by shape."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from retouch.arrays.types import AnyArray
from retouch.nets.checkpoints.fixture import Config
from retouch.nets.official import build, load_official


def check_keys(name: str, state: Mapping[str, AnyArray], config: Config) -> None:
    """Refuse a state dict that is not that of a published network.

    Parameters
    ----------
    name : str
        Of the network, as `retouch.nets.official.build` knows it.
    state : mapping of str to array
        As `retouch.io.weights.state_dicts.read_state_dict` gives it.
    config : mapping
        What `build` takes; constructor arguments stand under "ctor".

    Raises
    ------
    UsageError
        If there is no such network.
    WeightsError
        If a key is missing or left over, or a shape is another.

    Notes
    -----
    Costs building the network and one copy of the weights.
    """
    tensors = {key: torch.from_numpy(np.array(array)) for key, array in state.items()}
    load_official(build(name, config), tensors)
