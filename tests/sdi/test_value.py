"""Values are kept as they were given or refused, never bent."""

import pytest

from sdi.declaration import Field, Label
from sdi.errors import InputError
from sdi.value import checked

COUNT = Field("count", "integer", Label("Số", "Count"))


def test_a_whole_number_keeps_every_digit():
    assert checked(COUNT, [2**53 + 1, -(2**63)]) == [2**53 + 1, -(2**63)]


@pytest.mark.parametrize("value", [2**63, 1e300, 10**400])
def test_a_number_that_the_store_cannot_hold_is_refused(value):
    with pytest.raises(InputError, match="too large"):
        checked(COUNT, [value])


@pytest.mark.shows("shared-model")
def test_zero_is_kept_without_a_sign():
    """Else a depth of -0.0 has another hash on a store that keeps the sign."""
    depth = Field("depth", "number", Label("Độ sâu", "Depth"))
    series = Field("levels", "series", Label("Mực nước", "Levels"))
    assert repr(checked(depth, [-0.0, -1.5])) == "[0.0, -1.5]"
    assert checked(series, [[-0.0, 2.0]]) == ["[0.0,2.0]"]
