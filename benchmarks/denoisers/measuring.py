"""Starts one measured process per denoiser and picture, in the right environment, and scores what it returns."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.denoisers.engines import OURS, PACKAGES, Values
from benchmarks.measuring import ROOT, Bench
from retouch.metrics.pixels.psnr import psnr
from retouch.metrics.structure.ssim import ssim

_PRIME_PX = 128
_WHITE = 255


def present(bench: Bench, engines: Sequence[str]) -> list[str]:
    """Return the engines whose packages are there, and say which are not."""
    found = []
    for engine in engines:
        package = PACKAGES.get(engine)
        if package is None or _has_package(bench, package):
            found.append(engine)
        else:
            print(f"  skipped: {engine}, as {bench.rivals_python} has no package {package}", flush=True)
    return found


def prime(bench: Bench, engines: Sequence[str]) -> None:
    """Fill our on-disk kernel cache in processes that are not measured: compiling would count as their memory."""
    flat = np.full((_PRIME_PX, _PRIME_PX), 0.5, np.float32)
    for engine in engines:
        if engine.startswith(OURS):
            run_process(bench, engine, flat, 25 / _WHITE, repeats=1)


def measure(
    bench: Bench,
    engine: str,
    truth: npt.NDArray[np.uint8],
    noisy: Values,
    sigma: float | None,
    repeats: int | None = None,
) -> dict[str, Any]:
    """Denoise one picture in a process of its own; return what was measured, with PSNR and SSIM of 8 bits.

    Parameters
    ----------
    bench : Bench
    engine : str
        See `benchmarks.denoisers.engines`.
    truth : (H, W) or (H, W, 3) uint8
        The engine never sees it.
    noisy : array of the same shape
    sigma : float or None
    repeats : int or None
        Timed runs; None takes those of the bench.
    """
    report, clean = run_process(bench, engine, noisy, sigma, repeats or bench.repeats)
    report |= likeness(truth, clean)
    print(
        f"  {engine:30} wall {min(report['wall_s']):8.3f} s  cpu {min(report['cpu_s']):8.3f} s  "
        f"peak {report['peak_mb']:7.1f} MB  {report['psnr']:6.2f} dB",
        flush=True,
    )
    return report


def likeness(truth: npt.NDArray[np.uint8], clean: Values) -> dict[str, float]:
    """Return PSNR and SSIM of a picture that is rounded to 8 bits first, if it is not of 8 bits."""
    levels = clean if clean.dtype == np.uint8 else np.rint(np.clip(clean, 0, 1) * _WHITE).astype(np.uint8)
    return {"psnr": round(psnr(truth, levels), 3), "ssim": round(ssim(truth, levels), 4)}


def run_process(
    bench: Bench, engine: str, noisy: Values, sigma: float | None, repeats: int
) -> tuple[dict[str, Any], Values]:
    """Return what the worker measured, and the clean picture.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        places = {name: str(Path(folder, f"{name}.npy")) for name in ("noisy", "clean")}
        np.save(places["noisy"], noisy)
        job_file = Path(folder, "job.json")
        job_file.write_text(json.dumps({**places, "engine": engine, "sigma": sigma, "repeats": repeats}))
        command = [bench.python_of(engine), "-m", "benchmarks.denoisers.worker", str(job_file)]
        done = subprocess.run(command, cwd=ROOT, env=bench.environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{engine} failed on {noisy.shape}:\n{done.stderr}")
        return json.loads(done.stdout.splitlines()[-1]), np.load(places["clean"])


def _has_package(bench: Bench, package: str) -> bool:
    code = f"from importlib.util import find_spec; raise SystemExit(find_spec({package!r}) is None)"
    return subprocess.run([str(bench.rivals_python), "-c", code], check=False).returncode == 0
