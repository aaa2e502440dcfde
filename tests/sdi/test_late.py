from __future__ import annotations

import subprocess
import sys

import pytest

from sdi.late import late


def test_a_late_function_does_what_the_function_does():
    assert late("json:dumps")({"b": 1, "a": [2]}, sort_keys=True) == '{"a": [2], "b": 1}'


def test_its_module_is_imported_when_it_is_called_and_not_before(root):
    program = (
        "import sys; from sdi.late import late; table = late('wave:open'); before = 'wave' in sys.modules\n"
        "try: table('nowhere.wav')\n"
        "except FileNotFoundError: print(before, 'wave' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=root).stdout
    assert said.split() == ["False", "True"]


def test_a_name_that_nothing_has_is_an_error_of_the_call():
    with pytest.raises(AttributeError, match="dump_it"):
        late("json:dump_it")()
