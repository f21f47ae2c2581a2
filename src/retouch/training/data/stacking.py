"""Samples into a batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from retouch.arrays.types import AnyArray
from retouch.training.batch import Batch
from retouch.training.data.samples import Sample

_WHITE = np.float32(255)


def stack_samples(samples: Sequence[tuple[str, Sample]]) -> Batch:
    """Return the batch of some named samples; see `Sample` for what becomes of each type."""
    names = tuple(name for name, _ in samples)
    made = [sample for _, sample in samples]
    tensors = {key: stack_arrays([sample.tensors[key] for sample in made]) for key in made[0].tensors}
    return Batch(tensors, names, tuple(sample.group for sample in made))


def stack_arrays(arrays: Sequence[AnyArray]) -> Tensor:
    """Return arrays of one shape as one contiguous tensor, (N, ...).

    >>> stack_arrays([np.array([0, 51], np.uint8), np.array([255, 0], np.uint8)])
    tensor([[0.0000, 0.2000],
            [1.0000, 0.0000]])
    """
    stacked = np.stack([np.asarray(array) for array in arrays])
    if stacked.dtype == np.uint8:
        return torch.from_numpy(np.divide(stacked, _WHITE, dtype=np.float32, order="C"))
    dtype = np.float32 if stacked.dtype.kind in "fb" else np.int64
    return torch.from_numpy(np.ascontiguousarray(stacked, dtype))
