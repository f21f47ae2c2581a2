"""The measured process of the benchmark networks: one exported network at one size, in ONNX Runtime and in torch.

Started by speed.networks as `python -m benchmarks.network_worker JOB`, where JOB is a JSON file; prints what it
measured as JSON. What ONNX Runtime needs is measured before torch is imported, as a user's process never imports it.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from retouch.arrays.threads import n_threads
from retouch.arrays.types import AnyArray
from retouch.nets.catalogue.entries import read_axes
from retouch.nets.catalogue.listing import build_preset, find_net, find_preset
from retouch.runtime.cards import read_card
from retouch.runtime.memory import PeakMemory
from retouch.runtime.session import Net, open_net

SEED = 0
"""Of the inputs, and of the initial weights: that of an export without a checkpoint."""

SLOW_S, SLOW_REPEATS = 2.0, 3
"""Where a first call takes longer, there are so many timed runs."""

REST_S = 0.02
"""Before each timed run: threads of the other engine look for work for some milliseconds after it is done."""

_SIGMA = 25 / 255

Engine = Callable[[], list[AnyArray]]
"""Calls a network once and returns its outputs."""


def draw_inputs(text: str, side_px: int) -> dict[str, AnyArray]:
    """Return what a preset takes, for a batch of one.

    Parameters
    ----------
    text : str
        Inputs as a preset of the catalogue states them.
    side_px : int
        Height and width where these are free.

    Returns
    -------
    dict of str to float32 array
        Uniform in [0, 1]; masks are 1 in the centre square of a quarter of the area; sigma is 25 of 255.
    """
    rng = np.random.default_rng(SEED)
    inputs: dict[str, AnyArray] = {}
    for name, axes in read_axes(text).items():
        shape = [side_px if isinstance(length, str) else length for length in axes]
        if name in ("mask", "masks"):
            inputs[name] = _centre_hole(shape)
        elif name == "sigma":
            inputs[name] = np.full(shape, _SIGMA, np.float32)
        else:
            inputs[name] = rng.random(shape, np.float32)
    return inputs


def _centre_hole(shape: list[int]) -> AnyArray:
    mask = np.zeros(shape, np.float32)
    rows, columns = (slice(length // 4, length - length // 4) for length in shape[-2:])
    mask[..., rows, columns] = 1
    return mask


def over_memory(net: Net, inputs: Mapping[str, AnyArray], limit_mb: float) -> bool:
    """Tell whether a call needs more than so many MB by the network's own card, which spares the machine the try."""
    height, width = next(iter(inputs.values())).shape[-2:]
    return read_card(net.facts, net.path).bytes_for(height * width) > limit_mb * 1e6


def first_call(engine: Engine, limit_s: float) -> tuple[dict[str, Any], list[AnyArray]]:
    """Return seconds and memory of a first call, and its outputs; SIGALRM ends this process after `limit_s` seconds."""
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    with PeakMemory() as idle:
        pass
    started = time.perf_counter()
    with PeakMemory() as busy:
        outputs = engine()
    seconds = time.perf_counter() - started
    signal.setitimer(signal.ITIMER_REAL, 0)
    if idle.peak_mb is None or busy.peak_mb is None:
        raise RuntimeError("the system does not tell the peak memory of a process; this benchmark needs Linux")
    return {"first_s": seconds, "peak_mb": busy.peak_mb, "call_mb": busy.peak_mb - idle.peak_mb}, outputs


def torch_engine(network: str, preset_name: str, inputs: Mapping[str, AnyArray]) -> Engine:
    """Return the same network in torch, with the same initial weights, on the same inputs."""
    import torch

    from retouch.nets.export.adapters import adapt

    torch.set_num_threads(n_threads())
    torch.manual_seed(SEED)
    info = find_net(network)
    net = adapt(build_preset(find_preset(info, preset_name)), info)
    tensors = [torch.from_numpy(array) for array in inputs.values()]

    def call() -> list[AnyArray]:
        with torch.inference_mode():
            return [output.numpy() for output in net(*tensors)]

    return call


def alternate(engines: Mapping[str, Engine], repeats: int) -> dict[str, dict[str, list[float]]]:
    """Run engines in turns, so that whatever else the machine does meets them alike.

    Returns
    -------
    dict of str to dict
        By engine: wall_s, and cpu_s of all threads of the process.
    """
    times: dict[str, dict[str, list[float]]] = {name: {"wall_s": [], "cpu_s": []} for name in engines}
    for _ in range(repeats):
        for name, engine in engines.items():
            time.sleep(REST_S)
            wall, cpu = time.perf_counter(), time.process_time()
            engine()
            times[name]["wall_s"].append(round(time.perf_counter() - wall, 5))
            times[name]["cpu_s"].append(round(time.process_time() - cpu, 5))
    return times


def largest_difference(ours: list[AnyArray], theirs: list[AnyArray]) -> float:
    """Return it over all outputs; infinite where a shape is another."""
    if [one.shape for one in ours] != [other.shape for other in theirs]:
        return float("inf")
    return max(float(np.abs(one - other).max(initial=0.0)) for one, other in zip(ours, theirs, strict=True))


def repeats_for(first_s: float, wanted: int) -> int:
    """Return how often a case is timed, given how long the first call of the slower engine took."""
    return min(wanted, SLOW_REPEATS) if first_s > SLOW_S else wanted


def measure(job: Mapping[str, Any]) -> dict[str, Any]:
    """Return what both engines need for one network at one size; `over_mb` alone where it needs too much memory."""
    net = open_net(job["file"])
    inputs = draw_inputs(job["inputs"], job["side_px"])
    if over_memory(net, inputs, job["limit_mb"]):
        return {"over_mb": job["limit_mb"]}

    def onnx() -> list[AnyArray]:
        return list(net.run(**inputs).values())

    memory, ours = first_call(onnx, job["limit_s"])
    if memory["call_mb"] > job["limit_mb"]:
        return {"over_mb": job["limit_mb"]}
    torch = torch_engine(job["network"], job["preset"], inputs)
    started = time.perf_counter()
    theirs = torch()
    slower_s = max(memory["first_s"], time.perf_counter() - started)
    engines = alternate({"onnx": onnx, "torch": torch}, repeats_for(slower_s, job["repeats"]))
    return {
        "engines": engines,
        "peak_mb": round(memory["peak_mb"], 1),
        "call_mb": round(memory["call_mb"], 1),
        "difference": largest_difference(ours, theirs),
    }


def main() -> None:
    """Do the job."""
    print(json.dumps(measure(json.loads(Path(sys.argv[1]).read_text()))))


if __name__ == "__main__":
    main()
