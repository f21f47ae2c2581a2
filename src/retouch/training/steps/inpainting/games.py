"""Games between a generator and a critic, by name, for critics that give scores in any form.

Source: the losses stand in `retouch.losses`: `hinge`, `adversarial` (least squares, non-saturating) and
`games.relativistic`.
Departures: a critic with several maps of scores plays one game on each, and their mean counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor

from retouch.losses.adversarial import least_squares_loss, nonsaturating_loss
from retouch.losses.games.relativistic import relativistic_critic_loss, relativistic_generator_loss
from retouch.losses.hinge import hinge_critic_loss, hinge_generator_loss
from retouch.training.steps.contract import Context

GameName: TypeAlias = Literal["hinge", "least_squares", "vanilla", "relativistic"]
View: TypeAlias = Literal["unit", "signed", "signed_with_mask"]


class Game(NamedTuple):
    """Losses of both players, each from scores of real and of made pictures."""

    of_critic: Callable[[Tensor, Tensor], Tensor]
    of_generator: Callable[[Tensor, Tensor], Tensor]


def _labelled(loss: Callable[..., Tensor], real: Tensor, fake: Tensor) -> Tensor:
    """Return the mean of the critic's two errors."""
    return 0.5 * (loss(real, as_real=True) + loss(fake, as_real=False))


def _hoped(loss: Callable[..., Tensor], _: Tensor, fake: Tensor) -> Tensor:
    """Return the error of made pictures that are to be called real."""
    return loss(fake, as_real=True)


GAMES: Mapping[GameName, Game] = {
    "hinge": Game(hinge_critic_loss, lambda _, fake: hinge_generator_loss(fake)),
    "least_squares": Game(partial(_labelled, least_squares_loss), partial(_hoped, least_squares_loss)),
    "vanilla": Game(partial(_labelled, nonsaturating_loss), partial(_hoped, nonsaturating_loss)),
    "relativistic": Game(relativistic_critic_loss, relativistic_generator_loss),
}


class Verdict(NamedTuple):
    """What a game costs both, and the mean scores by which one sees who is ahead."""

    generator: Tensor
    critic: Tensor
    real_score: Tensor
    fake_score: Tensor


def play(
    game: GameName, context: Context, critic: Callable[..., Any], real: Tensor, fake: Tensor, *others: Any
) -> Verdict:
    """Return the losses of one round.

    Parameters
    ----------
    game : {"hinge", "least_squares", "vanilla", "relativistic"}
    context : Context
    critic : nn.Module
        Its answer may be scores, scores and features, or several maps of scores.
    real, fake : (N, C, H, W)
        As the critic wants to see them; the gradient runs through `fake`.
    *others
        Further inputs of the critic, the same for both.
    """
    rules = GAMES[game]
    on_real = score_maps(context.run(critic, real, *others))
    on_fake = score_maps(context.run(critic, fake.detach(), *others))
    hoped = score_maps(context.run(critic, fake, *others))
    return Verdict(
        _mean([rules.of_generator(truth.detach(), made) for truth, made in zip(on_real, hoped, strict=True)]),
        _mean([rules.of_critic(*pair) for pair in zip(on_real, on_fake, strict=True)]),
        _mean([scores.detach().mean() for scores in on_real]),
        _mean([scores.detach().mean() for scores in on_fake]),
    )


def score_maps(answer: Any) -> list[Tensor]:
    """Return the maps of scores in a critic's answer.

    >>> scores, features = torch.ones(2), [torch.ones(2, 8)]
    >>> len(score_maps(scores)), len(score_maps((scores, features))), len(score_maps([scores, scores]))
    (1, 1, 2)
    """
    if isinstance(answer, Tensor):
        return [answer]
    return [answer[0]] if isinstance(answer, tuple) else list(answer)


def as_seen(picture: Tensor, mask: Tensor, view: View) -> Tensor:
    """Return a picture in [0, 1] as a critic wants it: so, in [-1, 1], or that with the mask as a fourth channel.

    >>> as_seen(torch.ones(1, 3, 2, 2), torch.zeros(1, 1, 2, 2), "signed_with_mask").shape
    torch.Size([1, 4, 2, 2])
    """
    if view == "unit":
        return picture
    signed = 2 * picture - 1
    return signed if view == "signed" else torch.cat([signed, mask], dim=1)


def _mean(values: list[Tensor]) -> Tensor:
    return torch.stack(values).mean()
