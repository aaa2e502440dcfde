"""Small deliveries, written by tests of reading and checking."""

from __future__ import annotations

import json
import struct

import geopandas as gpd
import numpy as np
import pytest
import shapely

from sdi import source
from sdi.entry import SourceOptions
from sdi.errors import RefusedError
from sdi.source import Limits

CAN_THO = [105.75, 10.03]


def options(**declared):
    return SourceOptions(path="delivery", **declared)


def geojson(*features, **members):
    return json.dumps({"type": "FeatureCollection", "features": list(features), **members}, ensure_ascii=False)


def feature(coordinates=CAN_THO, kind="Point", **properties):
    geometry = None if coordinates is None else {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def write(folder, content, name="delivery.geojson"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(path, code, limits=None, **declared):
    with pytest.raises(RefusedError) as caught:
        source.read(path, options(**declared), limits or Limits())
    assert caught.value.code == code, caught.value.message
    assert caught.value.details["cure"] in caught.value.message
    return caught.value


def codes(delivery):
    return {finding.code for finding in delivery.findings}


def shapefile(folder, texts, cpg=None):
    """A shapefile whose one text column holds these bytes."""
    names = {"name": ["x" * 40] * len(texts)}
    frame = gpd.GeoDataFrame(names, geometry=[shapely.Point(CAN_THO)] * len(texts), crs=4326)
    frame.to_file(folder / "t.shp")
    content = bytearray((folder / "t.dbf").read_bytes())
    _, start, width = struct.unpack("<IHH", content[4:12])
    size = width - 1
    for row, value in enumerate(texts):
        begin = start + row * width + 1
        content[begin : begin + size] = value.ljust(size)[:size]
    content[29] = 0
    (folder / "t.dbf").write_bytes(content)
    (folder / "t.cpg").unlink(missing_ok=True)
    if cpg:
        (folder / "t.cpg").write_text(cpg)
    return folder / "t.shp"


def kilometres():
    """Sixty points with a Vietnamese name, a code with leading zeros, and a whole number that is missing once."""
    points = shapely.points(np.linspace(105.7, 105.8, 60), np.linspace(10.0, 10.1, 60))
    names = [f"Cây số {number}" for number in range(60)]
    columns = {"name": names, "code": [f"{n:05d}" for n in range(60)], "count": [None, *range(1, 60)]}
    return gpd.GeoDataFrame(columns, geometry=points, crs="EPSG:4326").astype({"count": "Int64"})
