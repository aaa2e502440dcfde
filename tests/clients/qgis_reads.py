"""Questions that QGIS is asked about a service; run by the Python that QGIS came with, which knows nothing of us.

``python3 qgis_reads.py http://HOST:PORT`` prints one JSON document.
"""

from __future__ import annotations

import json
import os
import sys

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFeatureRequest,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorTileBasicRenderer,
    QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor


def layer(address, name, size=1000, **more):
    words = {"url": f"{address}/ogc/", "typename": name, "pageSize": str(size), **more}
    found = QgsVectorLayer(" ".join(f"{key}='{value}'" for key, value in words.items()), name, "OAPIF")
    assert found.isValid(), name
    return found


def tags(found, request=None):
    return [one["landmark_tag"] for one in found.getFeatures(request or QgsFeatureRequest())]


def described(address):
    found = layer(address, "landmarks", 100)
    first = next(found.getFeatures(QgsFeatureRequest().setFilterExpression("\"landmark_tag\" = 'L0'")))
    return {
        "version": Qgis.QGIS_VERSION,
        "count": found.featureCount(),
        "read": sum(1 for _ in found.getFeatures()),
        "crs": found.crs().authid(),
        "fields": {one.name(): one.typeName() for one in found.fields()},
        "name": first["name"],
        "place": [first.geometry().asPoint().x(), first.geometry().asPoint().y()],
    }


def chosen(address):
    box = QgsRectangle(105.7795, 10.0295, 105.7825, 10.0305)
    whole = layer(address, "landmarks")
    high = layer(address, "landmarks")
    assert high.setSubsetString("grade = 'high'")
    metres = QgsFeatureRequest().setDestinationCrs(
        QgsCoordinateReferenceSystem("EPSG:5897"), QgsProject.instance().transformContext()
    )
    moved = next(layer(address, "landmarks").getFeatures(metres)).geometry().asPoint()
    expression = QgsFeatureRequest().setFilterExpression('"grade" = \'high\' AND "floors" > 3')
    return {
        "box": tags(layer(address, "landmarks", restrictToRequestBBOX="1"), QgsFeatureRequest().setFilterRect(box)),
        "expression": len(tags(whole, expression)),
        "subset": [high.featureCount(), len(tags(high))],
        "moved": [moved.x(), moved.y()],
        "polygons": sum(one.geometry().area() > 0 for one in layer(address, "plots").getFeatures()),
    }


def drawn(address):
    """Draw vector tiles around the first landmarks and count the pixels that are not paper."""
    pattern = f"{address}/ogc/collections/landmarks/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}"
    found = QgsVectorTileLayer(f"type=xyz&url={pattern}&zmin=0&zmax=16", "landmarks")
    assert found.isValid()
    renderer = QgsVectorTileBasicRenderer()
    renderer.setStyles(QgsVectorTileBasicRenderer.simpleStyleWithRandomColors())
    found.setRenderer(renderer)
    settings = QgsMapSettings()
    settings.setLayers([found])
    settings.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:3857"))
    settings.setExtent(QgsRectangle(11_775_000, 1_122_000, 11_777_000, 1_124_000))
    settings.setOutputSize(QSize(256, 256))
    settings.setBackgroundColor(QColor("white"))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    paper = QColor("white").rgb()
    return {"drawn": sum(image.pixel(x, y) != paper for x in range(256) for y in range(256))}


if __name__ == "__main__":
    application = QgsApplication([], False)
    application.initQgis()
    asked = (described, chosen, drawn)
    found = {key: value for ask in asked for key, value in ask(sys.argv[1]).items()}
    sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    os._exit(0)  # QGIS 3.22 breaks when it is put away in order
