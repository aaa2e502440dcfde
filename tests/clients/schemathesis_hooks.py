"""What schemathesis is told of the service; it runs in a process of its own and imports this there."""

from __future__ import annotations

from typing import Any

import schemathesis


@schemathesis.hook
def before_load_schema(context: Any, schema: dict[str, Any]) -> None:
    """Take the maximum of ``limit`` out: the standard has it there, and wants a larger one answered all the same."""
    for name in ("limit", "few"):
        schema["components"]["parameters"][name]["schema"].pop("maximum", None)
