"""What trainings of networks that fill holes have in common: how they are asked for a picture, and judged.

Updates are simultaneous throughout: the losses of generator and critics are computed from the same weights, and all
networks are moved after that.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from torch import Tensor, nn

from retouch.errors import InputError
from retouch.training.batch import Batch
from retouch.training.steps.contract import Context
from retouch.training.steps.scoring import composite, hole_scores

Loss = TypeVar("Loss")
_FINAL = ("refined", "picture")


class Filling(Generic[Loss]):
    """A training whose generator takes picture and mask; `step` is the paper's own.

    Parameters
    ----------
    networks : mapping of str to nn.Module
        By role; "generator" gives a picture, or several of which the last or the one named "refined" counts.
    loss : dataclass
        Settings of the kind.
    """

    def __init__(self, networks: Mapping[str, nn.Module], loss: Loss) -> None:
        self.networks = dict(networks)
        self.loss = loss

    @property
    def generator(self) -> Any:
        """Return the network that people want."""
        return self.networks["generator"]

    def given(self, batch: Batch) -> Tensor:
        """Return the pictures as the generator is given them: the truth, whose holes networks do not read, or a guess.

        Raises
        ------
        InputError
            If the generator improves on a guess (its first argument is named so) and the batch has none: it would be
            shown the truth.
        """
        if not _takes_guess(self.generator):
            return batch.image
        if "guess" not in batch.tensors:
            raise InputError(
                'this generator improves on a picture whose holes are filled already, and the batch has no "guess"; '
                'set data.kind = "guesses"'
            )
        return batch.tensors["guess"]

    def painted(self, batch: Batch, context: Context) -> Tensor:
        """Return the whole pictures as the generator paints them."""
        return final_picture(context.run(self.generator, self.given(batch), batch.mask))

    def paint(self, batch: Batch, context: Context) -> Tensor:
        """Return the filled pictures, their known pixels untouched."""
        return composite(self.painted(batch, context), batch.image, batch.mask)

    def validate(self, batch: Batch, context: Context) -> Mapping[str, Tensor]:
        """Return psnr, mse and l1 of the holes."""
        return hole_scores(self.paint(batch, context), batch.image, batch.mask)


def _takes_guess(generator: nn.Module) -> bool:
    return "guess" in inspect.signature(generator.forward).parameters


def final_picture(output: Any) -> Tensor:
    """Return the picture that a user would get from what a network of the catalogue gives.

    >>> import torch
    >>> final_picture(torch.ones(1, 3, 2, 2)).shape
    torch.Size([1, 3, 2, 2])
    """
    if isinstance(output, Tensor):
        return output
    for name in _FINAL:
        if hasattr(output, name):
            picture: Tensor = getattr(output, name)
            return picture
    raise InputError(
        f"a network that fills holes must give a picture, or a tuple that names one of {', '.join(_FINAL)}; got "
        f"{type(output).__name__}; take a network of the catalogue's task 'inpaint'"
    )


def require_role(networks: Mapping[str, nn.Module], role: str, wish: str) -> Any:
    """Return the network of a role that is optional but that the settings ask for.

    Parameters
    ----------
    networks : mapping by role
    role, wish : str
        Its name, and what needs it, as people would write it: "adversarial_weight = 0.1".

    Raises
    ------
    InputError
        If there is no such network.
    """
    if role not in networks:
        raise InputError(f"{wish} needs a network of the role '{role}', and the recipe has none; add it or set it off")
    return networks[role]


def full_structure(batch: Batch, instead: str = "") -> Tensor:
    """Return the smooth version of the truth, as large as the picture.

    Parameters
    ----------
    batch : Batch
    instead : str
        What else can be done about a batch without it, for the message.

    Raises
    ------
    InputError
        If the batch has none, or one of another size.
    """
    structure = batch.tensors.get("structure")
    if structure is None or structure.shape != batch.image.shape:
        found = "none" if structure is None else f"one of {structure.shape[2]}x{structure.shape[3]} px"
        raise InputError(
            f"this training needs the smooth version of every picture at full size, and the batch has {found}; set the "
            f"data's option structure = {{scale = 1}}{instead}"
        )
    return structure


def signed_l1(painted: Tensor, image: Tensor) -> Tensor:
    """Return the mean absolute error as papers count it that work in [-1, 1]; the pictures here are in [0, 1].

    >>> import torch
    >>> signed_l1(torch.ones(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)).item()
    2.0
    """
    return 2 * (painted - image).abs().mean()
