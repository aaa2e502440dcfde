"""What somebody may see who has a role, or several."""

from __future__ import annotations

import pytest

from sdi.access.right import Right, widest
from sdi.errors import InputError


def test_a_right_is_a_level_or_some_collections_of_it():
    assert Right.read("restricted") == Right("restricted")
    assert Right.read({"level": "public", "collections": ["lamps"]}) == Right("public", frozenset({"lamps"}))


@pytest.mark.parametrize(
    "said", ["secret", "admin", None, 1, [], {}, {"level": "public", "collections": []}, {"collections": ["lamps"]},
             {"level": "public", "collections": "lamps"}, {"level": "public", "area": "ward"}],
)  # fmt: skip
def test_anything_else_is_refused_and_nobody_has_a_right_to_what_is_secret(said):
    with pytest.raises(InputError, match="is no right"):
        Right.read(said)


def test_of_several_rights_the_widest_counts():
    lamps, posts = Right("restricted", frozenset({"lamps"})), Right("restricted", frozenset({"posts"}))
    assert widest([]) is None
    assert widest([Right("public"), lamps, posts]) == Right("restricted", frozenset({"lamps", "posts"}))
    assert widest([lamps, Right("restricted")]) == Right("restricted")
