"""What the guide of keys says, held against what is there."""

from __future__ import annotations

import re
from pathlib import Path

from sdi.access import jwks, keyring, token
from sdi.access.right import Right
from sdi.access.token import Issuer
from sdi.service.access import bucket, gate
from sdi.settings import Settings

GUIDE = Path(__file__).resolve().parents[4] / "docs" / "guides" / "keys.md"


def test_the_file_about_tokens_in_the_guide_is_read_as_it_stands(tmp_path):
    text = re.search(r"```yaml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[1]
    (tmp_path / "tokens.yaml").write_text(text, encoding="utf-8")
    found = Issuer.read(tmp_path / "tokens.yaml")
    assert found.keys == f"{found.issuer}/protocol/openid-connect/certs"
    assert found.roles == {
        "planner": Right("restricted"),
        "lamp-crew": Right("restricted", frozenset({"street-lights"})),
        "citizen": Right("public"),
    }
    keys = jwks.KeySet(found.keys, found.algorithms)
    assert not keys.is_known, "to read the file asks nobody"


def test_every_limit_in_the_guide_is_the_one_that_holds():
    said = " ".join(GUIDE.read_text(encoding="utf-8").split())
    limits = (gate.MAXIMUM_QUERY, gate.MAXIMUM_HEADERS, gate.MAXIMUM_BODY, token.MAXIMUM_LENGTH)
    assert [one for one in limits if f"{one:,}" not in said] == []
    assert f"{gate.MAXIMUM_PARAMETERS} parameters" in said
    assert (jwks.MAXIMUM_BYTES, jwks._FETCH_S, jwks._EVERY_S, jwks._SOON_S, jwks._FILE_EVERY_S) == (
        2**18,
        10,
        600,
        10,
        5,
    )
    assert (bucket.BURST_S, keyring._USE_EVERY_S) == (10, 300)
    assert (Settings().rate, Settings().key_rate, Settings().answer_s, Settings().origins) == (50, 200, 60, ())
