"""Orthogonal matching pursuit: against a plain one that solves least squares anew for each atom, and with holes."""

from __future__ import annotations

import numpy as np
import pytest
from jaxtyping import Bool, Float32
from skimage.data import brick

from retouch.classical.diffusion.total_variation import inpaint_total_variation
from retouch.denoising.patches.pieces import Average, all_corners, take_patches
from retouch.denoising.sparse import omp
from retouch.denoising.sparse.dictionaries import cosine_dictionary
from retouch.denoising.sparse.omp import Codes, composed, sparse_codes, sparse_codes_of_known
from retouch.errors import InputError

N_PATCHES, N_PIXELS, N_ATOMS = 40, 12, 30


def random_dictionary(n_atoms: int = N_ATOMS, n_pixels: int = N_PIXELS) -> Float32[np.ndarray, "K d"]:
    atoms = np.random.default_rng(0).standard_normal((n_atoms, n_pixels))
    return np.asarray(atoms / np.linalg.norm(atoms, axis=1, keepdims=True), np.float32)


def random_patches(n: int = N_PATCHES) -> Float32[np.ndarray, "N d"]:
    return np.random.default_rng(1).standard_normal((n, N_PIXELS)).astype(np.float32)


def random_knowledge() -> Bool[np.ndarray, "N d"]:
    return np.random.default_rng(2).random((N_PATCHES, N_PIXELS)) < 0.6


def plain_codes(
    patch: Float32[np.ndarray, " d"],
    known: Bool[np.ndarray, " d"],
    dictionary: Float32[np.ndarray, "K d"],
    most_error: float,
    most_atoms: int,
) -> tuple[list[int], np.ndarray]:
    """Pursue one patch on its known pixels in float64 by the textbook."""
    data, atoms = patch[known].astype(np.float64), dictionary[:, known].astype(np.float64)
    lengths = np.linalg.norm(atoms, axis=1)
    chosen: list[int] = []
    values, left = np.zeros(0), data
    target = most_error * known.mean()
    while len(chosen) < min(most_atoms, known.sum()) and left @ left > target:
        chosen.append(int(np.argmax(np.abs(atoms @ left) / lengths)))
        values = np.linalg.lstsq(atoms[chosen].T, data, rcond=None)[0]
        left = data - values @ atoms[chosen]
    return chosen, values


def check_against_plain(codes: Codes, known: Bool[np.ndarray, "N d"], most_error: float, most_atoms: int) -> None:
    for n, patch in enumerate(random_patches()):
        chosen, values = plain_codes(patch, known[n], random_dictionary(), most_error, most_atoms)
        assert codes.atoms[n, : codes.counts[n]].tolist() == chosen
        np.testing.assert_allclose(codes.values[n, : codes.counts[n]], values, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("most_error", "most_atoms"), [(0.0, 3), (4.0, 12), (1.0, 5)])
def test_codes_are_those_of_the_plain_pursuit(most_error: float, most_atoms: int) -> None:
    codes = sparse_codes(random_patches(), random_dictionary(), most_error, most_atoms)
    check_against_plain(codes, np.ones((N_PATCHES, N_PIXELS), bool), most_error, most_atoms)


@pytest.mark.parametrize(("most_error", "most_atoms"), [(0.0, 3), (4.0, 12)])
def test_codes_of_known_pixels_are_those_of_the_plain_pursuit_on_them(most_error: float, most_atoms: int) -> None:
    known = random_knowledge()
    codes = sparse_codes_of_known(random_patches(), known, random_dictionary(), most_error, most_atoms)
    check_against_plain(codes, known, most_error, most_atoms)


def test_both_agree_where_everything_is_known() -> None:
    patches, dictionary = random_patches(), random_dictionary()
    whole = sparse_codes(patches, dictionary, 2.0, 6)
    masked = sparse_codes_of_known(patches, np.ones(patches.shape, bool), dictionary, 2.0, 6)
    np.testing.assert_array_equal(masked.atoms, whole.atoms)
    np.testing.assert_allclose(masked.values, whole.values, atol=1e-4)


def test_the_error_is_within_its_target() -> None:
    patches, dictionary = random_patches(), random_dictionary()
    codes = sparse_codes(patches, dictionary, 3.0, N_PIXELS)
    errors = ((patches - composed(codes, dictionary)) ** 2).sum(axis=1)
    assert errors.max() <= 3.0 * (1 + 1e-4)
    assert codes.counts.max() < N_PIXELS


def test_missing_pixels_are_filled_by_atoms_found_on_the_others() -> None:
    """Two cosines, two thirds of the pixels: those atoms are the only pair that composes what is known exactly."""
    dictionary = cosine_dictionary(8, 64)
    patch = 2 * dictionary[5] - dictionary[17]
    known = np.random.default_rng(3).random((1, 64)) < 2 / 3
    codes = sparse_codes_of_known(patch[None], known, dictionary, 1e-8, 8)
    np.testing.assert_allclose(composed(codes, dictionary)[0], patch, atol=1e-4)


def test_what_is_unknown_is_never_read() -> None:
    patches, known, dictionary = random_patches(), random_knowledge(), random_dictionary()
    expected = sparse_codes_of_known(patches, known, dictionary, 1.0, 4)
    spoilt = np.where(known, patches, np.float32(np.nan))
    np.testing.assert_array_equal(sparse_codes_of_known(spoilt, known, dictionary, 1.0, 4).values, expected.values)


def test_a_patch_of_zeros_and_one_of_which_nothing_is_known_have_no_atoms() -> None:
    dictionary = random_dictionary()
    zeros = np.zeros((1, N_PIXELS), np.float32)
    assert sparse_codes(zeros, dictionary, 0.0, 4).counts.tolist() == [0]
    nothing = np.zeros((1, N_PIXELS), bool)
    assert sparse_codes_of_known(zeros + 1, nothing, dictionary, 0.0, 4).counts.tolist() == [0]


def test_an_atom_that_stands_twice_is_taken_once() -> None:
    """A second copy is spanned by the first: the system would be singular."""
    twice = np.repeat(random_dictionary()[:1], 2, axis=0)
    codes = sparse_codes(random_patches(), twice, 0.0, 2)
    assert codes.counts.max() == 1


@pytest.mark.parametrize("n", [1, 3])
def test_codes_are_the_same_for_any_number_of_threads(monkeypatch: pytest.MonkeyPatch, n: int) -> None:
    patches, dictionary = np.tile(random_patches(), (120, 1)), random_dictionary()  # more than are coded at once
    expected = sparse_codes(patches, dictionary, 1.0, 5)
    monkeypatch.setattr(omp, "n_threads", lambda: n)
    np.testing.assert_array_equal(sparse_codes(patches, dictionary, 1.0, 5).values, expected.values)


@pytest.mark.parametrize(("error", "most"), [(-1.0, 3), (float("nan"), 3), (1.0, 0), (1.0, N_PIXELS + 1)])
def test_targets_out_of_range_are_refused(error: float, most: int) -> None:
    with pytest.raises(InputError, match="most_error must be 0 or more and most_atoms 1 to 12"):
        sparse_codes(random_patches(), random_dictionary(), error, most)


def test_other_lengths_are_refused() -> None:
    with pytest.raises(InputError, match="atoms must be as long as patches, got 13 and 12"):
        sparse_codes(random_patches(), random_dictionary(n_pixels=13), 1.0, 3)
    with pytest.raises(InputError, match="known must have the shape"):
        sparse_codes_of_known(random_patches(), np.ones((1, 1), bool), random_dictionary(), 1.0, 3)


def test_the_cosine_dictionary_spans_all_patches_and_only_its_first_atom_has_a_mean() -> None:
    dictionary = cosine_dictionary(8, 256)
    np.testing.assert_allclose(np.linalg.norm(dictionary, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(dictionary[0], 1 / 8, atol=1e-7)
    np.testing.assert_allclose(dictionary[1:].mean(axis=1), 0, atol=1e-7)
    assert np.linalg.matrix_rank(dictionary) == 64


@pytest.mark.parametrize("n_atoms", [255, 49])
def test_a_number_of_cosines_that_is_no_square_or_too_few_is_refused(n_atoms: int) -> None:
    with pytest.raises(InputError, match="square number of at least 8"):
        cosine_dictionary(8, n_atoms)


def test_half_of_a_texture_is_filled_a_decibel_better_than_by_total_variation() -> None:
    """Section 7 of the sheet: every second pixel of bricks is missing, at random; the cosines are not even learned."""
    texture = np.asarray(brick()[:96, :96, None] / np.float32(255), np.float32)
    mask = np.random.default_rng(4).random((96, 96)) < 0.5
    tops, lefts = all_corners(96, 96, 8, 2)
    known = take_patches((~mask[:, :, None]).astype(np.float32), tops, lefts, 8) > 0
    patches = take_patches(texture, tops, lefts, 8)
    codes = sparse_codes_of_known(patches, known, cosine_dictionary(8, 256), 64 * 0.02**2, 16)
    average = Average.empty(texture.shape)
    average.add(composed(codes, cosine_dictionary(8, 256)), tops, lefts)
    by_atoms = average.mean(otherwise=texture)
    errors = [np.mean((x - texture)[mask] ** 2) for x in (by_atoms, inpaint_total_variation(texture, mask))]
    assert errors[0] < errors[1] / 10**0.1
