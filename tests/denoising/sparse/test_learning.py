"""Learning a dictionary: the error falls, and what made the signals is found again."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

import numpy as np
from jaxtyping import Float32

from retouch.denoising.sparse.learning import improved, learn_dictionary
from retouch.denoising.sparse.omp import Codes, composed, sparse_codes


def unit_rows(rows: np.ndarray) -> Float32[np.ndarray, "K d"]:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def signals(
    n: int = 1500, n_atoms: int = 50, n_pixels: int = 20
) -> tuple[Float32[np.ndarray, "N d"], Float32[np.ndarray, "K d"]]:
    """Return sums of two atoms each with noise 20 dB below them, and the atoms (section 7 of the sheet)."""
    rng = np.random.default_rng(0)
    atoms = unit_rows(rng.standard_normal((n_atoms, n_pixels)))
    pairs = np.stack([rng.choice(n_atoms, 2, replace=False) for _ in range(n)])
    clean = np.einsum("ns,nsd->nd", rng.standard_normal((n, 2)), atoms[pairs])
    noise = rng.standard_normal(clean.shape)
    noise *= 0.1 * np.linalg.norm(clean) / np.linalg.norm(noise)
    return np.asarray(clean + noise, np.float32), atoms


def error(patches: np.ndarray, dictionary: np.ndarray, codes: Codes) -> float:
    return float(((patches - composed(codes, dictionary)) ** 2).sum())


def test_a_known_dictionary_is_found_again() -> None:
    """Four of five atoms at a correlation above 0.99 within 50 iterations, from signals drawn at random."""
    patches, atoms = signals()
    start = unit_rows(patches[np.random.default_rng(1).choice(len(patches), len(atoms), replace=False)])
    code = partial(sparse_codes, most_error=0.0, most_atoms=2)
    *_, learned = learn_dictionary(patches, start, 50, code)
    found = np.abs(atoms @ learned.T).max(axis=1) > 0.99
    assert found.mean() >= 0.8


def test_improving_never_raises_the_error_and_keeps_the_atoms_chosen() -> None:
    patches, atoms = signals(300)
    dictionary = unit_rows(atoms + 0.3 * np.random.default_rng(2).standard_normal(atoms.shape))
    codes = sparse_codes(patches, dictionary, 0.0, 2)
    errors = [error(patches, dictionary, codes)]
    for _ in range(10):
        dictionary, codes = improved(patches, dictionary, codes)
        errors.append(error(patches, dictionary, codes))
    assert all(after <= before * (1 + 1e-6) for before, after in pairwise(errors))
    assert errors[-1] < 0.9 * errors[0]
    np.testing.assert_allclose(np.linalg.norm(dictionary, axis=1), 1, atol=1e-5)


def test_the_error_falls_from_iteration_to_iteration() -> None:
    """Coding anew need not lower it in theory; on these signals it does, and no atom is idle."""
    patches, atoms = signals(600)
    start = unit_rows(atoms + 0.3 * np.random.default_rng(2).standard_normal(atoms.shape))
    code = partial(sparse_codes, most_error=0.0, most_atoms=2)
    errors = [error(patches, d, code(patches, d)) for d in (start, *learn_dictionary(patches, start, 6, code))]
    assert all(after < before for before, after in pairwise(errors))


def test_one_atom_becomes_the_main_direction_of_its_users() -> None:
    """Alternating on one atom is the power iteration, whose limit is the first singular vector."""
    patches = signals(200)[0]
    dictionary = unit_rows(patches[:1])
    codes = sparse_codes(patches, dictionary, 0.0, 1)
    for _ in range(200):
        dictionary, codes = improved(patches, dictionary, codes)
    expected = np.linalg.svd(patches.astype(np.float64))[2][0]
    assert abs(expected @ dictionary[0]) > 0.9999


def test_an_idle_atom_and_a_double_give_way_to_patches_composed_worst() -> None:
    """All patches but one are multiples of the first atom; the second doubles it and the third is far from all."""
    patches = np.zeros((20, 4), np.float32)
    patches[:, 0] = np.arange(1, 21)
    patches[7] = (0, 3, 0, 4)
    start = np.array([[1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]], np.float32)
    (learned,) = learn_dictionary(patches, start, 1, partial(sparse_codes, most_error=1e-6, most_atoms=1))
    assert np.abs(learned @ np.array([0, 0.6, 0, 0.8], np.float32)).max() > 0.999
    assert np.abs(learned[0, 0]) > 0.999


def test_the_start_is_left_as_it_is() -> None:
    patches, atoms = signals(100)
    before = atoms.copy()
    list(learn_dictionary(patches, atoms, 2, partial(sparse_codes, most_error=0.0, most_atoms=2)))
    np.testing.assert_array_equal(atoms, before)
