"""What pygeoapi is told of a collection of features: its fields. Features themselves are served without it."""

from __future__ import annotations

from typing import Any

from pygeoapi.provider.base import BaseProvider


class PublicationProvider(BaseProvider):  # type: ignore[misc] # pygeoapi is not typed
    """Fields of a published collection.

    Parameters
    ----------
    definition : dict
        Provider definition with ``schema``, the JSON Schema of the collection.
    """

    def __init__(self, definition: dict[str, Any]) -> None:
        self._schema = definition["schema"]
        super().__init__(definition)
        self.get_fields()

    def get_fields(self) -> dict[str, Any]:
        """Describe the properties, in their published order.

        Returns
        -------
        dict of str to dict
            Name to JSON Schema, without places.
        """
        properties = self._schema["properties"]
        self._fields = {name: dict(one) for name, one in properties.items() if "type" in one}
        return self._fields
