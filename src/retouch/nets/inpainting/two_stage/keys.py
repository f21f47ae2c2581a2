"""Names of the layers of DeepFill's networks in the two public codes.

Source: the variable and key lists of `deepfillv2-official-generator` and `mmagic-deepfillv1`, `-deepfillv2`. The
first paper's TensorFlow code is taken to have the scopes of the second's: no list of its variables is at hand.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from retouch.errors import WeightsError

_DILATED = {7, 8, 9, 10}


def convert_two_stage(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return official TensorFlow variables, or the mmagic port's weights, under our names.

    The port keeps the diagonal over which its attention sums as a weight; it is no parameter and is left out.
    """
    if any(key.startswith("inpaint_net/") for key in state):
        return rename_layers(state, tensorflow_names())
    weights = {
        key.replace(".conv.conv.", ".conv.").replace(".conv.weight", ".weight").replace(".conv.bias", ".bias"): value
        for key, value in state.items()
        if not key.endswith(".fuse_kernel")
    }
    return rename_layers(weights, port_names())


def rename_layers(state: Mapping[str, Tensor], names: Mapping[str, str]) -> dict[str, Tensor]:
    """Return the authors' weights under our names; TensorFlow's kernels are turned into PyTorch's.

    Parameters
    ----------
    state : mapping
        Keys end in ".weight" and ".bias", or, from TensorFlow, "/kernel" (height, width, in, out) and "/bias".
    names : mapping
        The authors' path of each layer to ours.

    Raises
    ------
    WeightsError
        If a key belongs to no layer.
    """
    renamed = {}
    for key, value in state.items():
        cut = max(key.rfind("."), key.rfind("/"))
        path, last = key[:cut], key[cut + 1 :]
        if path not in names:
            raise WeightsError(f"no layer of this network is called {path!r}; are these weights of another one?")
        is_kernel = last == "kernel"
        renamed[f"{names[path]}.conv.{'weight' if is_kernel else last}"] = (
            value.permute(3, 2, 0, 1).contiguous() if is_kernel else value
        )
    return renamed


def tensorflow_names() -> dict[str, str]:
    """Return the variable scopes of both official TensorFlow networks, to our layers."""
    ours = _layer_paths()
    scopes = [
        *(_scope("", number) for number in range(1, 18)),
        *(_scope("x", number) for number in range(1, 11)),
        *(_scope("pm", number) for number in (*range(1, 7), 9, 10)),
        *(_scope("all", number) for number in range(11, 18)),
    ]
    return {f"inpaint_net/{scope}": path for scope, path in zip(scopes, ours, strict=True)}


def port_names() -> dict[str, str]:
    """Return the layers of the mmagic port, to ours; the part of the key before ".conv.weight"."""
    neck = "stage2.contextual_attention_neck.conv"
    theirs = [
        *(f"stage1.encoder.enc{i}" for i in range(1, 7)),
        *(f"stage1.dilation_neck.dilation_convs.{i}" for i in range(4)),
        *(f"stage1.decoder.dec{i}" for i in range(1, 8)),
        *(f"stage2.encoder_conv.enc{i}" for i in range(1, 7)),
        *(f"stage2.dilation_neck.dilation_convs.{i}" for i in range(4)),
        *(f"stage2.encoder_attention.enc{i}" for i in range(1, 7)),
        *(f"{neck}{i}" for i in (1, 2)),
        *(f"stage2.decoder.dec{i}" for i in range(1, 8)),
    ]
    return dict(zip(theirs, _layer_paths(), strict=True))


def _layer_paths() -> list[str]:
    return [
        *(f"coarse.encoder.{i}" for i in range(6)),
        *(f"coarse.dilated.{i}" for i in range(4)),
        *(f"coarse.decoder.layers.{i}" for i in range(7)),
        *(f"refine.encoder.{i}" for i in range(6)),
        *(f"refine.dilated.{i}" for i in range(4)),
        *(f"refine.attention_path.encoder.{i}" for i in range(6)),
        *(f"refine.attention_path.tail.{i}" for i in range(2)),
        *(f"refine.decoder.layers.{i}" for i in range(7)),
    ]


def _scope(path: str, number: int) -> str:
    name = f"{path}conv{number}"
    if number in {2, 4}:
        return f"{name}_downsample"
    if number in {13, 15}:
        return f"{name}_upsample/{name}_upsample_conv"
    return f"{name}_atrous" if path != "pm" and number in _DILATED else name
