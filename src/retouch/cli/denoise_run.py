"""`retouch denoise`: open, take the noise away, write."""

from __future__ import annotations

from dataclasses import dataclass

from retouch.cli.outputs import check_not_input, check_writable
from retouch.cli.picture_files import open_input, tell, write_picture
from retouch.cli.progress_bar import progress_bar
from retouch.errors import UsageError
from retouch.methods.catalogue import AUTO
from retouch.methods.denoise import DenoiseRequest, DenoiseResult, denoise_picture
from retouch.methods.denoisers import choose_denoiser, find_denoiser, load_denoiser
from retouch.methods.options import parse_pairs, read_options
from retouch.methods.planning.memory import parse_memory

_LEVELS = 255.0


@dataclass(frozen=True)
class DenoiseOrder:
    """What was typed; `sigma` on the scale 0 to 255, None to tell it from the picture."""

    image: str
    out: str
    sigma: float | None
    blind: bool
    method: str
    options: tuple[str, ...]
    max_memory: str
    max_pixels: int
    quality: int | None
    keep_metadata: bool
    overwrite: bool
    explain: bool
    json: bool


def run_denoise(order: DenoiseOrder) -> None:
    """Carry out the command; what can be refused without reading a pixel is refused first."""
    request = _read_request(order)
    if not order.overwrite:
        check_not_input(order.out, [order.image])
    check_writable(order.out)
    picture = open_input(order.image, order.out, order.max_pixels)
    with progress_bar("denoising") as progress:
        result = denoise_picture(picture, request, progress)
    write_picture(result.picture, order.out, quality=order.quality, keep_metadata=order.keep_metadata)
    _tell(order, result)


def _read_request(order: DenoiseOrder) -> DenoiseRequest:
    if order.sigma is not None and order.blind:
        raise UsageError("--sigma says how strong the noise is and --blind tells it from the picture; give one of them")
    if order.sigma is not None and not 0 <= order.sigma <= _LEVELS:
        raise UsageError(f"--sigma must be 0 to 255, in levels of an 8-bit picture, got {order.sigma:g}")
    sigma = None if order.sigma is None else order.sigma / _LEVELS
    info = find_denoiser(choose_denoiser()[0] if order.method == AUTO else order.method)
    options = parse_pairs(read_options(load_denoiser(info)), order.options, f"method '{info.name}'")
    return DenoiseRequest(order.method, sigma, options, parse_memory(order.max_memory))


def _tell(order: DenoiseOrder, result: DenoiseResult) -> None:
    notes, report = result.picture.notes, result.report
    facts = {"image": order.image, "out": order.out, "notes": list(notes), **report.to_dict()}
    tell(order.out, (*notes, *report.sentences()) if order.explain else (), facts if order.json else None)
