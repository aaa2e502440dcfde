"""What schemathesis is told of the service; it runs in a process of its own and imports this there."""

from __future__ import annotations

from typing import Any

import schemathesis


@schemathesis.hook
def before_load_schema(context: Any, schema: dict[str, Any]) -> None:
    """Take out what more is answered than is said.

    The standard has a maximum of ``limit``, and wants a larger one answered all the same. The page of the search is
    there before anybody has said what to look for.
    """
    parameters = schema["components"]["parameters"]
    for name in ("limit", "few"):
        parameters[name]["schema"].pop("maximum", None)
    parameters["q"]["schema"].pop("minLength")
    parameters["q"]["required"] = False
