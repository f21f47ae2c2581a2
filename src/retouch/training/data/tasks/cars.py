"""Stanford Cars: cars_train/%05d.jpg with boxes and classes in devkit/cars_train_annos.mat; cars_test is left alone.

Source: J. Krause, M. Stark, J. Deng, L. Fei-Fei, "3D object representations for fine-grained categorization", ICCV
workshops 2013.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image as PillowImage
from scipy.io import loadmat

from retouch.errors import InputError
from retouch.io.wording import fault
from retouch.training.data.sources.contract import Source
from retouch.training.data.sources.files import Entry, PictureFiles
from retouch.training.data.tasks.annotations import Boxed
from retouch.training.recipes.settings import DataSettings

_FOLDER, _ANNOTATIONS = "cars_train", "devkit/cars_train_annos.mat"
_ENDS = ("bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2")


def read_cars(root: Path) -> list[Boxed]:
    """Return the training pictures, each with one box; classes count from 0.

    Raises
    ------
    InputError
        If the annotations are missing or not in the set's form.

    Notes
    -----
    Boxes are stated in pixels, so the header of every picture is read.
    """
    file = root / _ANNOTATIONS
    try:
        lines = loadmat(file, squeeze_me=True)["annotations"].reshape(-1)
        return [_boxed(root, line) for line in lines]
    except InputError:
        raise
    except Exception as error:  # scipy's reader raises many kinds
        raise InputError(f"{file} must be the annotations of Stanford Cars, but: {fault(error)}") from error


def open_cars(data: DataSettings) -> Source:
    """Return the training pictures without their boxes: pictures to be filled, as in Yeh et al., CVPR 2017.

    Raises
    ------
    InputError
        If there are none.
    """
    folder = Path(data.root).expanduser() / _FOLDER
    names = sorted(path.name for path in folder.glob("*.jpg"))
    if not names:
        raise InputError(f"{data.root} must hold {_FOLDER}/*.jpg, got none; give the folder of Stanford Cars")
    return PictureFiles([Entry(f"{_FOLDER}/{name}", folder / name) for name in names], data.channels)


def _boxed(root: Path, line: np.void) -> Boxed:
    """Return the picture of a line of the annotations; its corners count pixels from 1 and are inclusive."""
    name = str(line["fname"])
    with PillowImage.open(root / _FOLDER / name) as image:
        width, height = image.size
    x1, y1, x2, y2 = (float(line[end]) for end in _ENDS)
    box = ((x1 - 1) / width, (y1 - 1) / height, x2 / width, y2 / height)
    return Boxed(Entry(f"{_FOLDER}/{name}", root / _FOLDER / name), (box,), (int(line["class"]) - 1,))
