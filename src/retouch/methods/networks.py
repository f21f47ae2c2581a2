"""Exported networks as lines of the catalogues: any of them is a method of fill or denoise.

What a line of a catalogue states by hand, memory and context, comes from the card in the network's file.
"""

from __future__ import annotations

from pathlib import Path

from retouch.learned import correction
from retouch.methods.catalogue import LEARNED, NET_PREFIX, Context, Limits, MethodInfo
from retouch.methods.denoisers import DenoiserInfo
from retouch.nets.catalogue.listing import find_net, net_names
from retouch.runtime import denoising, inpainting
from retouch.runtime.cards import read_card
from retouch.runtime.exported import Exported, find_exported, open_exported
from retouch.runtime.session import open_net

_BYTES_OF_PICTURES = 150  # for each pixel of a crop, beside the network: the picture, its mask, and both made smaller
_UNKNOWN = "a network that retouch does not know"


def method_of_network(name: str) -> MethodInfo:
    """Return the line of an exported network that fills holes.

    Parameters
    ----------
    name : str
        "net:" and a name in the weight store, or the path of an ONNX file.

    Raises
    ------
    WeightsError
        If there is no such network, it is damaged, or it does something else.
    """
    file = name.removeprefix(NET_PREFIX)
    if correction.GUESS in open_net(find_exported(file)).inputs:
        exported, build = correction.open_corrector(file), "retouch.learned.structure:inpaint_learned_structure"
    else:
        exported = open_exported(file, inpainting.TASK, "image", inpainting.OTHER_INPUTS)
        build = "retouch.runtime.inpainting:inpaint_network"
    summary, paper = _words_of(exported)
    return MethodInfo(
        name=name,
        kind=LEARNED,
        summary=summary,
        paper=paper,
        build=build,
        limits=_limits_of(exported),
        context=Context(growth=1.0, least_px=64, most_px=512),
        given=(("net", file),),
    )


def denoiser_of_network(name: str) -> DenoiserInfo:
    """Return the line of an exported network that takes noise away; parameters and errors as of `method_of_network`."""
    file = name.removeprefix(NET_PREFIX)
    exported = denoising.open_denoiser(file)
    summary, paper = _words_of(exported)
    return DenoiserInfo(
        name=name,
        kind=LEARNED,
        summary=summary,
        paper=paper,
        build="retouch.runtime.denoising:denoise_network",
        limits="Knows the noise that it was trained on.",
        bytes_per_value=12,  # the picture padded, its result, and the copy that is cut from it
        halo_px=0,  # it works in tiles of its own, with what the budget leaves
        given=(("net", file),),
    )


def info_of_network(name: str) -> MethodInfo | DenoiserInfo:
    """Return the line of an exported network, by what its card says that it does; errors as of `method_of_network`."""
    file = find_exported(name.removeprefix(NET_PREFIX))
    if read_card(open_net(file).facts, file).task == denoising.TASK:
        return denoiser_of_network(name)
    return method_of_network(name)


def _limits_of(exported: Exported) -> Limits:
    words = "Knows what it was trained on: other kinds of pictures and larger holes come out blurred or odd."
    card, side = exported.card, exported.fixed_px
    if side is not None:
        return Limits(words, _BYTES_OF_PICTURES, 0, bytes_at_all=int(card.bytes_for(side * side)))
    bytes_per_pixel = int(card.bytes_per_pixel) + _BYTES_OF_PICTURES
    return Limits(words, bytes_per_pixel, 0, card.bytes_per_square, multiple=card.multiple, least_px=card.least_px)


def _words_of(exported: Exported) -> tuple[str, str]:
    """Return the sentence and the source of a network; one that is no longer in the catalogue still works."""
    if exported.card.net not in net_names():
        return _UNKNOWN, Path(exported.net.path).name
    info = find_net(exported.card.net)
    return info.summary, info.paper
