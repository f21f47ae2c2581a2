"""How many threads kernels and numpy's products may use."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from retouch.arrays.threads import n_threads, single_threaded_products
from retouch.errors import InputError


def product_threads() -> list[int]:
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def test_products_run_on_one_thread_meanwhile_and_as_before_afterwards() -> None:
    assert np.ones((2, 2)).sum() == 4  # numpy's library is loaded
    before = product_threads()
    with single_threaded_products():
        assert set(product_threads()) == {1}
    assert product_threads() == before


def test_the_setting_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETOUCH_THREADS", "3")
    assert n_threads() == 3


@pytest.mark.parametrize("setting", ["0", "-1", "two", "1.5"])
def test_a_setting_that_is_no_count_is_refused(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETOUCH_THREADS", setting)
    with pytest.raises(InputError, match="RETOUCH_THREADS"):
        n_threads()
