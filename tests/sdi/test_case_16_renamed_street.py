"""Acceptance case 16: street renamed and renumbered."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest
import shapely

from sdi.entry import Accuracy
from sdi.publishing import projector
from sdi.recording import Batch

pytestmark = [pytest.mark.shows("shared-model"), pytest.mark.both_stores]
RENAMED = "2025-01-01"
HOUSE = shapely.box(584_000, 1_109_000, 584_012, 1_109_020)
STREET = shapely.LineString([(583_900, 1_109_000), (584_100, 1_109_000)])
SURVEY = Accuracy(0.05, method="survey_gnss_rtk")


def record(registry, kind, geometry, **columns):
    """Add one thing."""
    with registry.transaction("test", kind) as tx:
        batch = Batch(geometry=np.array([geometry]), valid_from="2010-01-01", accuracy=SURVEY, **columns)
        return registry.register(kind).add(batch, tx)[0]


def change(registry, kind, eid, values, **options):
    """Change one thing from the date on which the street was renamed."""
    with registry.transaction("council", "resolution on street names", decision="QĐ 1/2025") as tx:
        registry.register(kind).change(eid, values, tx, valid_from=RENAMED, **options)


def test_addresses_change_location_and_entity_do_not_and_the_old_address_is_still_found(workspace, registry):
    """Street renamed and renumbered: addresses change, location and entity do not; the old address is still found."""
    street = record(registry, "street", STREET, values={"street_class": ["local"]}, names={"vi": ["Đường Lộ 20"]})
    parcel = record(registry, "parcel", HOUSE, values={"address": ["12 Đường Lộ 20"]})
    before = registry.register("parcel").find(parcel)
    change(registry, "street", street, {}, names={"vi": "Đường Trần Hoàng Na"})
    change(registry, "parcel", parcel, {"address": "35 Đường Trần Hoàng Na"})
    after = registry.register("parcel").find(parcel)
    assert (after.eid, after.location, after.geometry) == (before.eid, before.location, before.geometry)
    projector.refresh(workspace, registry)
    with closing(workspace.publication("public")) as public:
        (old,) = public.search("12 duong lo 20", limit=5)
        (new,) = public.search("35 tran hoang na", limit=5)
        assert (old.hit.eid, old.hit.field, old.hit.valid_to[:10]) == (parcel, "address", RENAMED)
        assert old.document("vi")["now"] == "35 Đường Trần Hoàng Na"
        assert (new.hit.eid, new.hit.valid_to, new.box) == (parcel, None, old.box)
        first = public.search("Lộ 20", limit=5)[0]
        assert (first.hit.eid, first.document("vi")["now"]) == (street, "Đường Trần Hoàng Na")
