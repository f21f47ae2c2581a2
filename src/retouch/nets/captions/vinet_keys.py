"""The authors' names of VINet's layers and ours.

Source: the keys of the weights published with D. Kim, S. Woo, J.-Y. Lee, I. S. Kweon, "Deep Video Inpainting", CVPR
2019.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

_GATES = ("input_gate", "forget_gate", "output_gate", "candidate")
_N_DIMENSIONS_OVER_FRAMES = 5
_LAYERS = {
    "ec0": "levels.0.0",
    "ec1": "levels.1.0",
    "ec2": "levels.1.1",
    "ec3_1": "levels.2.0",
    "ec3_2": "levels.2.1",
    "ec4_1": "levels.3.0",
    "ec4": "levels.3.1",
    "ec5": "levels.3.2",
    "dc0": "at_eighth.0",
    "dc1": "at_eighth.1",
    "dc1_1": "to_quarter",
    "dc2_1": "at_quarter.0",
    "dc2_bt1": "at_quarter.1",
    "dc2_bt2": "at_quarter.2",
    "dc2_bt3": "at_quarter.3",
    "dc2_2": "to_half",
    "dc3_1": "at_half.0",
    "dc3_2": "at_half.1",
    "dc4": "to_full",
    "dc5": "at_full.0",
    "dc6": "at_full.1",
    **{f"bt{place}": str(place) for place in range(4)},
}
_ROOMS = {
    "encoder1": "reference_encoder",
    "encoder2": "other_encoder",
    "bottleneck": "bottleneck",
    "decoder": "decoder",
}
_LEVELS = {"": "levels.0.", "_64": "levels.1.", "_128": "levels.2.", "_256": "last_"}
_PARTS = {"flownet": "flow", "masknet": "occlusion", "st_agg": "aggregate"}


def convert_vinet(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the authors' weights under our names; a leading "module." is dropped.

    Convolutions over frames become flat ones that take the frames as channels, and the four gates of the recurrent
    layer, which the authors keep in one convolution, are taken apart.
    """
    renamed: dict[str, Tensor] = {}
    for key, value in state.items():
        name = key.removeprefix("module.")
        if name.startswith("convlstm."):
            parts = zip(_GATES, value.chunk(len(_GATES)), strict=True)
            renamed |= {f"memory.{gate}.0.{name.rsplit('.', 1)[1]}": part for gate, part in parts}
        else:
            flat = value.flatten(1, 2) if value.dim() == _N_DIMENSIONS_OVER_FRAMES else value
            renamed[_our_name(name)] = flat
    return renamed


def _our_name(key: str) -> str:
    """Turn, for instance, decoder.dc1_1.conv.1.weight into decoder.to_quarter.conv.weight."""
    room, _, rest = key.partition(".")
    if room in _ROOMS:
        layer, _, rest = rest.partition(".")
        return f"{_ROOMS[room]}.{_LAYERS[layer]}.{rest.replace('conv.1.', 'conv.')}"
    found = re.fullmatch(r"(flownet|masknet|st_agg)(_\d+)?", room)
    if found is None:
        return key
    level = _LEVELS[found[2] or ""]
    part = "share" if level == "last_" and found[1] == "masknet" else _PARTS[found[1]]
    rest = rest.removeprefix("flow_estimator.").removeprefix("stAgg.")
    rest = rest.replace("convs_fine.convs.", "refine.").replace("conv1.", "coarse.")
    rest = rest.replace("convs.", "layers." if found[1] == "masknet" else "estimate.")
    return f"{level}{part}.{rest}"
