"""MobileSAM without torch gives what it gives with torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tests.tiny_graphs import filler

from retouch.errors import InputError, WeightsError
from retouch.nets.detection.mobilesam import mobile_sam_tiny, segment
from retouch.runtime.exporting import ExportOrder, export_net
from retouch.runtime.segmenters.sam import ClickedMasks, open_clicked_masks

SIDE = 64  # of the tiny preset


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a checkpoint of the tiny preset and its export."""
    folder = tmp_path_factory.mktemp("sam")
    torch.manual_seed(3)
    torch.save(mobile_sam_tiny().state_dict(), folder / "sam.pth")
    export_net(ExportOrder("mobile_sam", str(folder / "sam.pth"), str(folder / "sam.onnx"), preset="tiny"))
    return folder


@pytest.fixture(scope="module")
def masks(folder: Path) -> ClickedMasks:
    return open_clicked_masks(folder / "sam.onnx")


def photo(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(1).random((height, width, 3), np.float32)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("size", [(SIDE, SIDE), (SIDE // 2, SIDE)])
def test_the_mask_is_that_of_torch(folder: Path, masks: ClickedMasks, size: tuple[int, int]) -> None:
    """In pictures whose longer side is the net's, which neither has to resize; a click at the middle of a pixel."""
    net = mobile_sam_tiny().eval()
    net.load_state_dict(torch.load(folder / "sam.pth", weights_only=True))
    picture = photo(*size)
    with torch.no_grad():
        tensor = torch.from_numpy(picture.transpose(2, 0, 1)[None].copy())
        logits = segment(net, tensor, torch.tensor([[[20.5, 10.5]]]))[0, 0].numpy()
    found = masks.segment_at(picture, [(10, 20)])
    mask = np.zeros(size, bool) if found is None else found.mask
    assert ((logits > 0) == mask)[np.abs(logits) > 1e-3].all()


def test_a_click_outside_or_none_is_refused(masks: ClickedMasks) -> None:
    with pytest.raises(InputError, match="x,y = 9,0"):
        masks.segment_at(photo(8, 9), [(0, 9)])
    with pytest.raises(InputError, match="got none"):
        masks.segment_at(photo(8, 9), [], [(1, 1)])


def test_another_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="export mobile_sam"):
        open_clicked_masks(filler(tmp_path / "filler.onnx"))
