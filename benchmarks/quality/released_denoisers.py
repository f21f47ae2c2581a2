"""Denoising networks with the weights that their authors released, beside the figures that these published.

The weights and pictures may not be published, so only scores are kept; `scratch/released-denoisers` holds the pages
with pictures.
"""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import retouch
from benchmarks.measuring import ROOT, Bench
from benchmarks.quality.by_bin import SHARED, plain_row
from benchmarks.records import Record
from retouch.evaluation.ruler.published import find_published
from retouch.methods.catalogue import NET_PREFIX
from retouch.runtime.exporting import ExportOrder, export_net

MODELS = SHARED / "models"
SCRATCH = ROOT / "scratch" / "released-denoisers"
PROTOCOL = """Released weights exported by `retouch export` and run in ONNX Runtime; white Gaussian noise that is
neither clipped nor rounded, picture i with noise i of seed 0; networks that take the noise level are told the true one;
results rounded to 8 bits. Means over pictures. Published figures are those that the papers print, with other draws of
the noise. Networks for one level are judged at that level, grey ones on BSD68 and Set12, those for colour on CBSD68."""

NEEDED = ("torch", "onnx", "onnxscript", "h5py")
COLUMNS = ("psnr", "ssim")
ONE_LEVEL, LEVELS = (25,), (15, 25, 50)


class Released(NamedTuple):
    """Weights that authors released.

    Attributes
    ----------
    label : str
        What tables call them.
    network, preset : str
        Of the catalogue of networks.
    file : str
        Under `MODELS`.
    published_as : str
        What tables of published figures call them.
    sigmas : tuple of int
        Levels that they are for, of 255.
    colour : bool
    """

    label: str
    network: str
    preset: str
    file: str
    published_as: str
    sigmas: tuple[int, ...] = LEVELS
    colour: bool = False


class Dataset(NamedTuple):
    """A folder of pictures under the data that is shared."""

    label: str
    folder: str
    colour: bool = False


RELEASED = (
    Released("DnCNN-S, KAIR", "dncnn", "released", "dncnn/dncnn_25.pth", "DnCNN-S", ONE_LEVEL),
    Released("DnCNN-S, MatConvNet", "dncnn", "released", "dncnn/DnCNN_sigma25.mat", "DnCNN-S", ONE_LEVEL),
    Released("DnCNN-B", "dncnn_blind", "released", "dncnn/GD_Gray_Blind.mat", "DnCNN-B"),
    Released("FFDNet", "ffdnet", "full", "ffdnet/FFDNet_gray.mat", "FFDNet"),
    Released("CDnCNN-B", "dncnn_blind", "released-colour", "dncnn/GD_Color_Blind.mat", "CDnCNN-B", colour=True),
    Released("FFDNet, colour", "ffdnet", "colour", "ffdnet/FFDNet_color.mat", "FFDNet", colour=True),
)
DATASETS = (
    Dataset("BSD68", "denoise-bsd68"),
    Dataset("Set12", "denoise-set12"),
    Dataset("CBSD68", "denoise-cbsd68", colour=True),
)

_FFDNET_PAPER = "Zhang et al., FFDNet, IEEE TIP 27(9), 2018"
_FFDNET: Mapping[str, tuple[float, float, float]] = {"BSD68": (31.63, 29.19, 26.29), "CBSD68": (33.87, 31.21, 27.96)}
"""PSNR at `LEVELS`."""


def published_psnr(dataset: str, method: str, sigma: int) -> tuple[float | None, str]:
    """Return the PSNR that a paper prints for a method, and the paper; None where we know of no figure."""
    if method == "FFDNet":
        figures = dict(zip(LEVELS, _FFDNET.get(dataset, ()), strict=False))
        return figures.get(sigma), _FFDNET_PAPER
    for cell in find_published(dataset, "standard", "as-is", [f"awgn {sigma}"], ["psnr"]):
        if cell.method == method:
            return cell.value, cell.source
    return None, ""


def run(bench: Bench) -> None:
    """Export and judge all networks on all pictures that fit them, and write the result file."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        print(f"skipped: {', '.join(missing)} is not installed; run: pip install 'retouch[train]'")
        return
    if not MODELS.is_dir():
        print(f"skipped: {MODELS} is absent")
        return
    place = SCRATCH / ("quick" if bench.quick else "full")
    shutil.rmtree(place, ignore_errors=True)  # results of an older version must not be taken for today's
    record = Record(bench, "released-denoisers", PROTOCOL)
    with tempfile.TemporaryDirectory() as folder:
        files = {released.label: export(released, Path(folder)) for released in RELEASED}
        for dataset in DATASETS:
            for sigma in ONE_LEVEL if bench.quick else LEVELS:
                chosen = [one for one in RELEASED if one.colour == dataset.colour and sigma in one.sigmas]
                judge(bench, record, place, dataset, sigma, {files[one.label]: one for one in chosen})
    record.write()


def export(released: Released, folder: Path) -> str:
    """Write weights as an ONNX file and return the name of the method that runs it."""
    file = folder / f"{Path(released.file).stem}.onnx"
    card = export_net(ExportOrder(released.network, str(MODELS / released.file), str(file), preset=released.preset))
    print(f"  {released.label:20} exported, largest difference from torch {card.difference:.1e}", flush=True)
    return f"{NET_PREFIX}{file}"


def judge(
    bench: Bench, record: Record, place: Path, dataset: Dataset, sigma: int, methods: Mapping[str, Released]
) -> None:
    """Add a case for each network on one data set at one level of noise; one that fails on a picture ends the run."""
    summary = retouch.evaluate(
        SHARED / dataset.folder,
        place / f"{dataset.label}-{sigma}",
        task="denoise",
        methods=list(methods),
        noise=[f"awgn:{sigma}"],
        metrics=COLUMNS,
        dataset=dataset.label.lower(),
        limit=2 if bench.quick else None,
        n_workers=bench.n_threads,
    ).summary
    if summary.failures:
        raise RuntimeError(f"{methods[summary.failures[0].method].label}: {summary.failures[0].reason}")
    for row in summary.rows:
        if row.condition != f"awgn {sigma}":
            continue
        released, scores = methods[row.method], plain_row(row)
        published, source = published_psnr(dataset.label, released.published_as, sigma)
        names = {"method": released.label, "file": released.file, "dataset": dataset.label, "sigma": sigma}
        record.add(**names, **scores, published=published, source=source)
        print(f"  {released.label:20} {dataset.label:6} {sigma}: {scores['scores']['psnr'][0]:.3f} dB, {published}")
