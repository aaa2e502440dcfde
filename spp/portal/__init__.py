"""The public map of a city and its plain pages.

`pages` gives the routes that `pipelines/serve.py` composes with the service: the map at ``/``, its files below
``/static``, the description of its layers below ``/portal``, and ``/plain`` for browsers without scripts or WebGL.
"""

from spp.portal.routes import pages
from spp.portal.site import Site

__all__ = ["Site", "pages"]
