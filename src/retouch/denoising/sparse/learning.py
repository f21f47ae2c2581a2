"""Learning a dictionary from the patches that it is to compose: approximate K-SVD.

Source: M. Aharon, M. Elad, A. Bruckstein, "K-SVD: an algorithm for designing overcomplete dictionaries for sparse
representation", IEEE Trans. Signal Processing 54(11), 2006; R. Rubinstein, M. Zibulevsky, M. Elad, Technion CS-2008-08,
2008 (one alternation in place of the singular value decomposition).
Departures: none.

D     (K, d)   dictionary, atoms as rows of length 1
R     (N, d)   what the codes leave of the patches; R_I of those that use an atom
x     their values of that atom
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from jaxtyping import Float32, Int64

from retouch.denoising.sparse.omp import Codes, composed

_LEAST_USERS = 4
_MOST_ALIKE = 0.99


def learn_dictionary(
    patches: Float32[np.ndarray, "N d"],
    dictionary: Float32[np.ndarray, "K d"],
    iterations: int,
    code: Callable[[Float32[np.ndarray, "N d"], Float32[np.ndarray, "K d"]], Codes],
) -> Iterator[Float32[np.ndarray, "K d"]]:
    """Give a better dictionary after each iteration.

    Parameters
    ----------
    patches : (N, d) float32
    dictionary : (K, d) float32
        To start from, rows of length 1; left as it is.
    iterations : int
    code : callable
        `code(patches, dictionary)` returns the codes, such as `sparse_codes` with its targets.

    Yields
    ------
    (K, d) float32
        Atoms that fewer than 4 patches use or that double an earlier one have given way to the patches that are
        composed worst.
    """
    for _ in range(iterations):
        codes = code(patches, dictionary)
        dictionary, codes = improved(patches, dictionary, codes)
        dictionary = _without_idle_atoms(patches, dictionary, codes)
        yield dictionary


def improved(
    patches: Float32[np.ndarray, "N d"], dictionary: Float32[np.ndarray, "K d"], codes: Codes
) -> tuple[Float32[np.ndarray, "K d"], Codes]:
    """Turn each atom, and set its values, to what compose its users best; the error of the whole cannot rise."""
    dictionary, values = dictionary.copy(), codes.values.copy()
    left = patches - composed(codes, dictionary)
    for k, (users, places) in enumerate(_users(codes, len(dictionary))):
        if len(users) == 0:
            continue
        own = values[users, places]
        error = left[users] + own[:, None] * dictionary[k]
        turned = own @ error
        length = np.linalg.norm(turned)
        if length > 0:
            dictionary[k] = turned / length
            values[users, places] = error @ dictionary[k]
            left[users] = error - values[users, places][:, None] * dictionary[k]
    return dictionary, codes._replace(values=values)


def _users(codes: Codes, n_atoms: int) -> Iterator[tuple[Int64[np.ndarray, " u"], Int64[np.ndarray, " u"]]]:
    """Give for each atom the patches that use it and where in their codes it stands."""
    patch, place = np.nonzero(codes.atoms >= 0)
    atoms = codes.atoms[patch, place]
    order = np.argsort(atoms, kind="stable")
    bounds = np.searchsorted(atoms[order], np.arange(n_atoms + 1))
    for first, last in pairwise(bounds):
        chosen = order[first:last]
        yield patch[chosen], place[chosen]


def _without_idle_atoms(
    patches: Float32[np.ndarray, "N d"], dictionary: Float32[np.ndarray, "K d"], codes: Codes
) -> Float32[np.ndarray, "K d"]:
    """Put the worst composed patches in the places of atoms that are hardly used or doubled."""
    n_users = np.bincount(codes.atoms[codes.atoms >= 0], minlength=len(dictionary))
    doubled = (np.abs(np.tril(dictionary @ dictionary.T, -1)) > _MOST_ALIKE).any(axis=1)
    idle = np.flatnonzero((n_users < _LEAST_USERS) | doubled)
    left = patches - composed(codes, dictionary)
    worst = np.argsort(-np.einsum("nd,nd->n", left, left), kind="stable")[: len(idle)]
    lengths = np.linalg.norm(patches[worst], axis=1)
    usable = lengths > 0
    dictionary[idle[: len(worst)][usable]] = patches[worst][usable] / lengths[usable, None]
    return dictionary
