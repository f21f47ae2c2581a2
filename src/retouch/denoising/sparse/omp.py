"""Orthogonal matching pursuit over many patches at once, and over the known pixels of patches with holes.

Source: Y. Pati, R. Rezaiifar, P. Krishnaprasad, "Orthogonal matching pursuit", Asilomar 1993; R. Rubinstein, M.
Zibulevsky, M. Elad, "Efficient implementation of the K-SVD algorithm using batch orthogonal matching pursuit", Technion
CS-2008-08, 2008 (Gram matrix computed once, Cholesky factor grown by a row for each atom); J. Mairal, M. Elad, G.
Sapiro, "Sparse representation for color image restoration", IEEE Trans. Image Processing 17(1), 2008 (holes: atoms cut
to the known pixels and brought to length 1 there).
Departures: none.

D     (K, d)    dictionary, atoms as rows of length 1
Y     (N, d)    patches
G     (K, K)    D D', or D_known D_known' of atoms brought to length 1 on the known pixels
I, c            the atoms chosen so far, and their values: G_II c = (D y)_I
L               lower triangular, L L' = G_II
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, no_type_check

import numpy as np
from jaxtyping import Bool, Float32, Int32
from numba import njit

from retouch.arrays.threads import n_threads
from retouch.errors import InputError

_PATCHES_AT_ONCE = 2048
_LEAST_NEW = 1e-5  # squared part of an atom that those chosen do not span; below it the system is singular
_LEAST_KNOWN = 1e-3  # squared part of an atom on the known pixels; below it its value there is mostly noise


class Codes(NamedTuple):
    """What patches are composed of.

    Attributes
    ----------
    atoms : (N, S) int32
        Rows of the dictionary in the order they were chosen; -1 beyond the count.
    values : (N, S) float32
        Their weights; 0 beyond the count.
    counts : (N,) int32
    """

    atoms: Int32[np.ndarray, "N S"]
    values: Float32[np.ndarray, "N S"]
    counts: Int32[np.ndarray, " N"]


def sparse_codes(
    patches: Float32[np.ndarray, "N d"], dictionary: Float32[np.ndarray, "K _"], most_error: float, most_atoms: int
) -> Codes:
    """Compose each patch of few atoms: one more at a time until the squared error is within its target.

    Parameters
    ----------
    patches : (N, d) float32
    dictionary : (K, d) float32
        Rows of length 1.
    most_error : float
        Squared error of a patch, summed over its pixels, at which to stop; 0 takes `most_atoms` wherever it can.
    most_atoms : int
        S, 1 to d.

    Returns
    -------
    Codes

    Raises
    ------
    InputError
        If lengths differ or a number is out of range.

    Notes
    -----
    One matrix product for all patches, then about K S operations for each atom of each patch: 5 microseconds for a
    patch of three atoms and K = 256. The result is the same for any number of threads.

    Examples
    --------
    >>> codes = sparse_codes(np.float32([[0, 3, 1]]), np.eye(3, dtype=np.float32), most_error=1.0, most_atoms=3)
    >>> codes.atoms.tolist(), codes.values.tolist()
    ([[1, -1, -1]], [[3.0, 0.0, 0.0]])
    """
    _check(patches, dictionary, most_error, most_atoms)
    gram = dictionary @ dictionary.T
    codes = _no_codes(len(patches), most_atoms)

    def code(part: slice) -> None:
        here = patches[part]
        energies = np.einsum("nd,nd->n", here, here, dtype=np.float64)
        code_band(here @ dictionary.T, energies, gram, most_error, *(array[part] for array in codes))

    _for_parts(code, len(patches))
    return codes


def sparse_codes_of_known(
    patches: Float32[np.ndarray, "N d"],
    known: Bool[np.ndarray, "_ _"],
    dictionary: Float32[np.ndarray, "K _"],
    most_error: float,
    most_atoms: int,
) -> Codes:
    """Compose what is known of each patch of few atoms; the same atoms then say what is missing.

    Parameters
    ----------
    patches : (N, d) float32
        Values where `known` is False are never read.
    known : (N, d) bool
    dictionary : (K, d) float32
        Rows of length 1.
    most_error : float
        As in `sparse_codes`, for a patch that is known as a whole; others get a share by their known pixels.
    most_atoms : int
        S, 1 to d.

    Returns
    -------
    Codes
        Values for the whole atoms. A patch of which nothing is known has none.

    Raises
    ------
    InputError
        If shapes differ or a number is out of range.

    Notes
    -----
    K d operations for each atom of each patch, as every patch has a Gram matrix of its own.

    Examples
    --------
    Of a constant patch half is known:

    >>> known = np.array([[True, True, False, False]])
    >>> patch, dictionary = np.float32([[4, 4, np.nan, np.nan]]), np.full((1, 4), 0.5, np.float32)
    >>> sparse_codes_of_known(patch, known, dictionary, 0.0, 1).values.tolist()
    [[8.0]]
    """
    _check(patches, dictionary, most_error, most_atoms)
    if known.shape != patches.shape:
        raise InputError(f"known must have the shape of the patches {patches.shape}, got {known.shape}")
    squares = dictionary**2
    codes = _no_codes(len(patches), most_atoms)

    def code(part: slice) -> None:
        here = np.where(known[part], patches[part], np.float32(0))
        lengths = known[part].astype(np.float32) @ squares.T
        code_known_band(here, known[part], dictionary, lengths, most_error, *(array[part] for array in codes))

    _for_parts(code, len(patches))
    return codes


def composed(codes: Codes, dictionary: Float32[np.ndarray, "K d"]) -> Float32[np.ndarray, "N d"]:
    """Return the patches that codes stand for.

    >>> composed(Codes(np.int32([[1]]), np.float32([[3]]), np.int32([1])), np.eye(2, dtype=np.float32)).tolist()
    [[0.0, 3.0]]
    """
    patches = np.empty((len(codes.counts), dictionary.shape[1]), np.float32)
    compose_all(*codes, dictionary, patches)
    return patches


def _check(
    patches: Float32[np.ndarray, "N d"], dictionary: Float32[np.ndarray, "K _"], most_error: float, most_atoms: int
) -> None:
    if not most_error >= 0 or not 1 <= most_atoms <= patches.shape[1]:
        raise InputError(
            f"most_error must be 0 or more and most_atoms 1 to {patches.shape[1]}, got {most_error} and {most_atoms}"
        )
    if dictionary.shape[1] != patches.shape[1]:
        raise InputError(f"atoms must be as long as patches, got {dictionary.shape[1]} and {patches.shape[1]}")


def _no_codes(n: int, most_atoms: int) -> Codes:
    shape = (n, most_atoms)
    return Codes(np.full(shape, -1, np.int32), np.zeros(shape, np.float32), np.zeros(n, np.int32))


def _parts(n: int) -> Iterator[slice]:
    for first in range(0, n, _PATCHES_AT_ONCE):
        yield slice(first, min(first + _PATCHES_AT_ONCE, n))


def _for_parts(work: Callable[[slice], None], n: int) -> None:
    """Run `work` over all patches, some thousands at a time, on all threads."""
    with ThreadPoolExecutor(n_threads()) as pool:
        for _ in pool.map(work, _parts(n)):
            pass


@njit(cache=True, nogil=True)
@no_type_check
def _grow(factor, column, n):
    """Add a row to the Cholesky factor for an atom whose products with the n chosen are `column`; False if singular."""
    new = 1.0
    for i in range(n):
        total = column[i]
        for j in range(i):
            total -= factor[i, j] * factor[n, j]
        factor[n, i] = total / factor[i, i]
        new -= factor[n, i] ** 2
    if new <= _LEAST_NEW:
        return False
    factor[n, n] = np.sqrt(new)
    return True


@njit(cache=True, nogil=True)
@no_type_check
def _solve(factor, right, n, values):
    """Solve L L' c = right for n unknowns."""
    for i in range(n):
        total = right[i]
        for j in range(i):
            total -= factor[i, j] * values[j]
        values[i] = total / factor[i, i]
    for i in range(n - 1, -1, -1):
        total = values[i]
        for j in range(i + 1, n):
            total -= factor[j, i] * values[j]
        values[i] = total / factor[i, i]


@njit(cache=True, nogil=True)
@no_type_check
def code_band(products, energies, gram, most_error, atoms, values, counts):
    """Code patches by their products with all atoms, (N, K), and their squared lengths, in place of the last three."""
    n_atoms, most = gram.shape[0], atoms.shape[1]
    factor, column, right, found = np.empty((most, most)), np.empty(most), np.empty(most), np.empty(most)
    left = np.empty(n_atoms, np.float32)
    for n in range(products.shape[0]):
        left[:] = products[n]
        count, error = 0, energies[n]
        while count < most and error > most_error:
            best, k = np.float32(0), -1
            for a in range(n_atoms):
                if abs(left[a]) > best:
                    best, k = abs(left[a]), a
            if k < 0:
                break
            for i in range(count):
                column[i] = gram[k, atoms[n, i]]
            if not _grow(factor, column, count):
                break
            atoms[n, count], right[count] = k, products[n, k]
            count += 1
            _solve(factor, right, count, found)
            left[:] = products[n]
            error = energies[n]
            for i in range(count):
                value, row = np.float32(found[i]), gram[atoms[n, i]]
                for a in range(n_atoms):
                    left[a] -= value * row[a]
                error -= found[i] * right[i]
        for i in range(count):
            values[n, i] = found[i]
        counts[n] = count


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
@no_type_check
def _best_known(left, dictionary, lengths):
    """Return the atom that takes most from what is left on the known pixels, or -1 if none takes anything."""
    best, found = np.float32(0), -1
    for k in range(dictionary.shape[0]):
        if lengths[k] > _LEAST_KNOWN:
            product = np.float32(0)
            for p in range(dictionary.shape[1]):
                product += dictionary[k, p] * left[p]
            taken = product * product / lengths[k]
            if taken > best:
                best, found = taken, k
    return found


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
@no_type_check
def _write_column(atom, known, dictionary, chosen, lengths, column):
    """Write the products of an atom with those chosen, all brought to length 1 on the known pixels."""
    for i in range(len(chosen)):
        product = 0.0
        for p in range(dictionary.shape[1]):
            if known[p]:
                product += dictionary[atom, p] * dictionary[chosen[i], p]
        column[i] = product / np.sqrt(lengths[atom] * lengths[chosen[i]])


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
@no_type_check
def _write_left(patch, known, dictionary, chosen, values, left):
    """Write what values of the chosen atoms leave of a patch on its known pixels; return the squared length of it."""
    error = 0.0
    for p in range(dictionary.shape[1]):
        left[p] = patch[p]
        if known[p]:
            for i in range(len(chosen)):
                left[p] -= np.float32(values[i]) * dictionary[chosen[i], p]
        error += left[p] ** 2
    return error


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
@no_type_check
def code_known_band(  # noqa: PLR0917 - as above
    patches, known, dictionary, lengths, most_error, atoms, values, counts
):
    """Code patches, 0 where unknown, by their known pixels; `lengths` are the atoms' squared lengths there, (N, K)."""
    n_pixels, most = dictionary.shape[1], atoms.shape[1]
    factor, column, right, found = np.empty((most, most)), np.empty(most), np.empty(most), np.empty(most)
    left = np.empty(n_pixels, np.float32)
    for n in range(patches.shape[0]):
        n_known, count = known[n].sum(), 0
        error = _write_left(patches[n], known[n], dictionary, atoms[n, :0], found[:0], left)
        while count < min(most, n_known) and error > most_error * n_known / n_pixels:
            k = _best_known(left, dictionary, lengths[n])
            if k < 0:
                break
            _write_column(k, known[n], dictionary, atoms[n, :count], lengths[n], column)
            if not _grow(factor, column, count):
                break
            product = 0.0
            for p in range(n_pixels):
                product += dictionary[k, p] * patches[n, p]
            atoms[n, count], right[count] = k, product / np.sqrt(lengths[n, k])
            count += 1
            _solve(factor, right, count, found)
            for i in range(count):
                values[n, i] = found[i] / np.sqrt(lengths[n, atoms[n, i]])
            error = _write_left(patches[n], known[n], dictionary, atoms[n, :count], values[n, :count], left)
        counts[n] = count


@njit(cache=True, nogil=True)
@no_type_check
def compose_all(atoms, values, counts, dictionary, patches):
    """Write the sum of each patch's atoms times their values."""
    for n in range(atoms.shape[0]):
        patches[n] = 0
        for i in range(counts[n]):
            for p in range(dictionary.shape[1]):
                patches[n, p] += values[n, i] * dictionary[atoms[n, i], p]
