"""What a study is: a question, the arms that answer it, what is read from their runs, and what the paper says.

A study is one line of the table in `studies`; its results lie in `results/NAME.json`, its page in docs/evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from retouch.training.recipes.settings import PhaseSettings, Recipe

N_VALIDATIONS = 20
"""On the way of a run: the points of its curve."""


class Column(NamedTuple):
    """A figure of a table: which score of which group of validation samples; "all" is the mean over all samples."""

    label: str
    group: str
    score: str = "psnr"
    unit: str = "dB"
    digits: int = 2


class Claim(NamedTuple):
    """One arm is ahead of another in a column, by more than `margin`; `is_lower` where lower figures are better.

    `worse` is an arm, a baseline, or "" for nothing: then the figure itself must be above the margin.
    """

    better: str
    worse: str
    column: str
    source: str
    margin: float = 0.0
    is_lower: bool = False


class Published(NamedTuple):
    """The paper's own figures: a table, and what a reader must know to compare."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str


@dataclass(frozen=True)
class Arm:
    """One side of a comparison.

    Attributes
    ----------
    name : str
    recipe : str
        Name of a recipe inside the package.
    settings : tuple of str
        Changes to it, as on the command line.
    note : str
        What it is, in a few words.
    needs : str
        A folder without which it cannot run; it is then passed over and named.
    on_request : bool
        Runs only where it is named.
    """

    name: str
    recipe: str
    settings: tuple[str, ...] = ()
    note: str = ""
    needs: str = ""
    on_request: bool = False


@dataclass(frozen=True)
class Study:
    """A comparison at equal steps.

    Attributes
    ----------
    name, title, question : str
    paper : str
        Where the paper says so.
    published : Published
    claims : tuple of Claim
        The order of arms that the paper finds.
    bars : tuple of Claim
        What this project asks of its own runs.
    arms : tuple of Arm
    reference : str
        The arm that all others are compared with, seed by seed; "" where arms are not to be compared.
    columns : tuple of Column
    curve : Column
        What is drawn against the steps.
    steps : int
    settings : tuple of str
        Of all arms, before their own: what makes them comparable.
    seeds : tuple of int
    probe : str
        "module:function", called with the folder of a finished run and its recipe; returns further scores by group.
    samples : str
        "module:function", called with a recipe; gives further batches that the baselines are scored on.
    has_baselines : bool
        Whether classical fills are scored on the same validation samples.
    notes : tuple of str
        What a reader must know.
    """

    name: str
    title: str
    question: str
    paper: str
    published: Published
    claims: tuple[Claim, ...]
    bars: tuple[Claim, ...]
    arms: tuple[Arm, ...]
    reference: str
    columns: tuple[Column, ...]
    curve: Column
    steps: int
    settings: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (0, 1, 2)
    probe: str = ""
    samples: str = ""
    has_baselines: bool = True
    notes: tuple[str, ...] = ()

    def arm(self, name: str) -> Arm:
        """Return the arm of that name.

        Raises
        ------
        KeyError
            If there is none.
        """
        return {arm.name: arm for arm in self.arms}[name]

    def column(self, label: str) -> Column:
        """Return the column of that label."""
        return {column.label: column for column in self.columns}[label]


def recipe_of(study: Study, arm: Arm, seed: int, steps: int | None = None) -> Recipe:
    """Return what one run of an arm trains.

    Phases keep their shares of the run, rounded to whole steps of at least one.

    Parameters
    ----------
    study : Study
    arm : Arm
    seed : int
    steps : int, optional
        Instead of the study's.
    """
    from retouch.training.door import prepare_recipe  # needs torch, which the pages do without

    recipe = prepare_recipe(arm.recipe, settings=[*study.settings, *arm.settings])
    n_steps = study.steps if steps is None else steps
    every = max(1, n_steps // N_VALIDATIONS)
    run = replace(
        recipe.run,
        steps=n_steps,
        seed=seed,
        validate_every=every,
        checkpoint_every=max(every, n_steps // 4),
        sheet_every=0,
        log_every=every,
    )
    return replace(recipe, run=run, phases=fit_phases(recipe.phases, n_steps))


def fit_phases(phases: Sequence[PhaseSettings], n_steps: int) -> tuple[PhaseSettings, ...]:
    """Return phases with the same shares of a run of another length.

    >>> first, second = PhaseSettings("a", 900, ("generator",)), PhaseSettings("b", 100, ("critic",))
    >>> [phase.steps for phase in fit_phases((first, second), 50)]
    [45, 5]
    """
    total = sum(phase.steps for phase in phases)
    return tuple(replace(phase, steps=max(1, round(phase.steps * n_steps / total))) for phase in phases)


Scores = Mapping[str, Mapping[str, float]]
"""Group to score to mean."""
