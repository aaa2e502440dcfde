"""Acceptance case 20: Vietnamese text."""

from __future__ import annotations

import unicodedata
from contextlib import closing

import numpy as np
import pytest
import shapely

from sdi.publishing import projector
from sdi.recording import Batch

pytestmark = [pytest.mark.shows("shared-model"), pytest.mark.both_stores]
STREETS = ["Đường Trần Hưng Đạo", "Đường Hòa Bình", "Đường Mỹ Thuận", "Đường Lê Lợi"]
ASKED = {
    "Đường Trần Hưng Đạo": [
        "duong tran hung dao", "Đường Trần Hưng Đạo", unicodedata.normalize("NFD", "Đường Trần Hưng Đạo"),
        "\u00d0\u01b0\u1eddng Tr\u1ea7n H\u01b0ng \u00d0\u1ea1o", "TRẦN HƯNG ĐẠO", "tran hung dao",
    ],
    "Đường Hòa Bình": ["Hoà Bình", "Hòa Bình", "hoa binh", unicodedata.normalize("NFD", "Hoà Bình")],
    "Đường Mỹ Thuận": ["Mỹ Thuận", "Mĩ Thuận", "mi thuan", "my thuan"],
}  # fmt: skip


def test_every_spelling_finds_the_street(workspace, registry, figure):
    """`duong tran hung dao`, `Đường Trần Hưng Đạo` (NFC and NFD), `Hoà`/`Hòa`, `Mỹ`/`Mĩ` all find the street;
    `Ð` (U+00D0) folds like `Đ` (U+0110)."""
    lines = [shapely.LineString([(584_000, y), (584_100, y)]) for y in range(1_109_000, 1_109_400, 100)]
    batch = Batch({"street_class": ["local"] * 4}, np.array(lines), names={"vi": STREETS}, valid_from="2020-01-01")
    with registry.transaction("test", "streets") as tx:
        registry.register("street").add(batch, tx)
    projector.refresh(workspace, registry)
    with closing(workspace.publication("public")) as public:
        for street, spellings in ASKED.items():
            for text in spellings:
                found = public.search(text, limit=5)
                assert [(one.hit.texts["name"], one.hit.how) for one in found] == [(street, "exact")], text
    figure("spellings that find their street", sum(map(len, ASKED.values())), "1")
