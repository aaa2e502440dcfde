"""What can be computed again is kept, and a broken copy of it is no harm."""

from __future__ import annotations

import os

import numpy as np
import pytest

from sdi.store import arrays


def test_what_is_kept_comes_back_as_it_was(tmp_path):
    path = tmp_path / "cache" / "one.npz"
    first, cell = np.array([0, 2, 2]), np.array([7.5, np.nan])
    arrays.keep(path, {"first": first, "cell": cell})
    found = arrays.recall(path)
    np.testing.assert_array_equal(found["first"], first)
    np.testing.assert_array_equal(found["cell"], cell)


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 cut off", b"no archive at all"])
def test_what_is_not_there_or_broken_is_not_recalled(tmp_path, content):
    path = tmp_path / "one.npz"
    if content is not None:
        path.write_bytes(content)
    assert arrays.recall(path) is None


def test_only_numbers_are_kept(tmp_path):
    with pytest.raises(ValueError, match="allow_pickle"):
        arrays.keep(tmp_path / "one.npz", {"things": np.array([object()])})
    assert arrays.recall(tmp_path / "one.npz") is None


def test_only_the_newest_stay(tmp_path):
    for age, name in enumerate(("c", "b", "a")):
        arrays.keep(tmp_path / f"{name}.npz", {"x": np.zeros(1)})
        os.utime(tmp_path / f"{name}.npz", (1_000_000 - age, 1_000_000 - age))
    (tmp_path / "other.txt").write_text("stays")
    arrays.forget(tmp_path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.npz", "c.npz", "other.txt"]
    arrays.forget(tmp_path / "missing", 0)
