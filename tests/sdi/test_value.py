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
