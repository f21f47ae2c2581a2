"""Iterated restoration: each stage restores what the one before gave; a policy says which stage to try next.

Source: L. M. Quan, Y.-G. Kim, "Iterative Application of Autoencoders for Video Inpainting and Fingerprint Denoising",
in S. Escalera et al. (eds.), "Inpainting and Denoising Challenges", Springer 2019 (team hcilab): stages trained one by
one against the clean picture, and the "switcher" between architectures.

Departures
----------
- A stage that does not lower the error on validation pictures is thrown away; the authors switch after it but do not
  say whether they keep it.
- Stages hand pictures on as they are; the authors store them as JPEG in between, which only loses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor, nn

from retouch.errors import InputError

_TOO_MANY = 20


class IterativeRefiner(nn.Module):
    """Stages, one after the other.

    Parameters
    ----------
    stages : iterable of nn.Module
        At least one. The first takes pictures, each other what the one before gives.
    """

    def __init__(self, stages: Iterable[nn.Module]) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        if not self.stages:
            raise InputError("an iterated net needs at least one stage, got none")

    def forward(self, picture: Float[Tensor, "N C H W"]) -> Float[Tensor, "N D H W"]:
        """Return what the last stage gives."""
        return self.refine_stepwise(picture)[-1]

    def refine_stepwise(self, picture: Float[Tensor, "N C H W"]) -> list[Float[Tensor, "N D H W"]]:
        """Return what every stage gives, in order; the last but one is what a new last stage is trained on."""
        results = []
        for stage in self.stages:
            picture = stage(picture)
            results.append(picture)
        return results

    def with_stage(self, stage: nn.Module) -> IterativeRefiner:
        """Return a net of the same stages and one more; weights are shared, and this net stays as it is."""
        return IterativeRefiner([*self.stages, stage])


@dataclass(frozen=True)
class Trial:
    """A stage that was trained and judged.

    Attributes
    ----------
    n_layers : int or None
        Its architecture; None for a first stage of a form of its own, which is never tried again.
    error : float
        Mean squared error on validation pictures of the whole net with this stage at its end.
    """

    n_layers: int | None
    error: float


@dataclass(frozen=True)
class Proposal:
    """What to try next.

    Attributes
    ----------
    n_layers : int
        The architecture.
    warm_start : int or None
        Number of the earlier trial whose weights the stage starts from, None for fresh weights.
    """

    n_layers: int
    warm_start: int | None


def kept_trials(trials: Sequence[Trial]) -> list[int]:
    """Return the numbers of the trials that had a lower error than all before them; an error of NaN is never kept.

    >>> kept_trials([Trial(5, 0.3), Trial(5, 0.4), Trial(7, 0.3), Trial(6, 0.2)])
    [0, 3]
    """
    best, kept = float("inf"), []
    for number, trial in enumerate(trials):
        if trial.error < best:
            best = trial.error
            kept.append(number)
    return kept


@dataclass(frozen=True)
class SwitchPolicy:
    """The switcher: keeps an architecture while it helps, else draws another.

    Attributes
    ----------
    fewest, most : int
        Layers of a stage; `most` is below 20, which keeps stages light, as the source says.

    Raises
    ------
    InputError
        If they are no such range.

    Examples
    --------
    >>> policy, rng = SwitchPolicy(2, 3), np.random.default_rng(0)
    >>> policy.propose([Trial(2, error=0.5), Trial(2, error=0.4)], rng)
    Proposal(n_layers=2, warm_start=1)
    >>> policy.propose([Trial(2, error=0.5), Trial(2, error=0.6)], rng)
    Proposal(n_layers=3, warm_start=None)
    """

    fewest: int
    most: int

    def __post_init__(self) -> None:
        if not 1 <= self.fewest <= self.most < _TOO_MANY:
            raise InputError(f"layers must be 1 <= fewest <= most < {_TOO_MANY}, got {self.fewest} and {self.most}")

    def propose(self, trials: Sequence[Trial], rng: np.random.Generator) -> Proposal:
        """Return the next architecture after all trials so far, those that were thrown away too.

        Parameters
        ----------
        trials : sequence of Trial
            In order, at least one: the first is the stage that the iteration starts from.
        rng : numpy.random.Generator
            Read only where the architecture changes.
        """
        kept, last = kept_trials(trials), trials[-1].n_layers
        improved = len(trials) - 1 in kept
        n_layers = last if improved and last is not None else self._draw(last, rng)
        equal = [number for number in kept if trials[number].n_layers == n_layers]
        return Proposal(n_layers, equal[-1] if equal else None)

    def _draw(self, last: int | None, rng: np.random.Generator) -> int:
        """Draw another number of layers than the last one, if the range has another."""
        choice = [n for n in range(self.fewest, self.most + 1) if n != last] or [self.fewest]
        return int(rng.choice(choice))


@dataclass(frozen=True)
class StageWork:
    """What growing a net leaves to its caller.

    Attributes
    ----------
    build : callable
        `build(n_layers)` gives a fresh stage.
    train : callable
        `train(net)` trains the last stage of the net, in place, and none of the others.
    validate : callable
        `validate(net)` gives the mean squared error on validation pictures.
    """

    build: Callable[[int], nn.Module]
    train: Callable[[IterativeRefiner], None]
    validate: Callable[[IterativeRefiner], float]


def grow_refiner(
    first: nn.Module, work: StageWork, policy: SwitchPolicy, *, n_trials: int, rng: np.random.Generator
) -> tuple[IterativeRefiner, list[Trial]]:
    """Add stages to a trained first one; a stage that makes the validation error no smaller is never kept.

    Parameters
    ----------
    first : nn.Module
        Trained; of a form of its own.
    work : StageWork
    policy : SwitchPolicy
    n_trials : int
        Stages to try after the first.
    rng : numpy.random.Generator

    Returns
    -------
    net : IterativeRefiner
        Of the first stage and those that were kept.
    trials : list of Trial
        All of them, the first stage's included.
    """
    net = IterativeRefiner([first])
    trials, tried = [Trial(None, work.validate(net))], [first]
    for _ in range(n_trials):
        proposal = policy.propose(trials, rng)
        stage = work.build(proposal.n_layers)
        if proposal.warm_start is not None:
            stage.load_state_dict(tried[proposal.warm_start].state_dict())
        longer = net.with_stage(stage)
        work.train(longer)
        trials.append(Trial(proposal.n_layers, work.validate(longer)))
        tried.append(stage)
        net = longer if len(trials) - 1 in kept_trials(trials) else net
    return net, trials
