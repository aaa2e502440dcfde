"""What the guides show their readers: commands, addresses, filters and words, taken out of the pages themselves."""

from __future__ import annotations

import re
from pathlib import Path

GUIDES = Path(__file__).resolve().parents[1] / "docs" / "guides"
_BLOCK = re.compile(r"```(\w+)\n(.*?)```", flags=re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_ROUTES = r"/(?:ogc|id|search|changes|lookup)(?=[/?]|$)"
_WHOLE = re.compile(rf"(?:GET )?(?:https?://[^/\s]+|…)?({_ROUTES}.*)")
"""Text that is an address from end to end; it may have blanks, as a filter does."""
_WITHIN = re.compile(rf"https?://[^/\s]+({_ROUTES}[^\s\"]*)")
"""Address that stands in a longer text, such as a command."""


def text(*paths: Path) -> str:
    """Return what pages say.

    Parameters
    ----------
    *paths : Path
        The pages.
    """
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def blocks(page: str, *kinds: str) -> list[str]:
    """Return the blocks of a page.

    Parameters
    ----------
    page : str
        What it says.
    *kinds : str
        Languages, such as ``sh``.
    """
    return [body for kind, body in _BLOCK.findall(page) if kind in kinds]


def calls(page: str, *programs: str) -> list[str]:
    """Return the calls of programs in the blocks of a page, in their order.

    Parameters
    ----------
    page : str
        What it says.
    *programs : str
        Names of the programs.
    """
    lines = [line for body in blocks(page, "sh", "text") for line in body.splitlines()]
    found = [call.strip() for line in lines for call in line.split("&&")]
    return [call for call in found if re.match(rf"(\.venv/bin/)?({'|'.join(programs)}) ", call)]


def addresses(page: str, collection: str) -> list[str]:
    """Return the addresses that a page shows, without the host, in their order.

    Parameters
    ----------
    page : str
        What it says.
    collection : str
        What ``…/items`` is about.
    """
    lines = [line for body in blocks(page, "sh", "text") for line in body.splitlines()]
    parts = [re.split(r"\s{2,}", line)[0] for line in lines] + _SPAN.findall(_BLOCK.sub("", page))
    found = [re.sub(r"^…/(?!ogc/|id/)", f"/ogc/collections/{collection}/", part) for part in parts]
    shown = [address for part in found for address in _addresses_of(part)]
    return [address for address in shown if not address.endswith("…")]


def _addresses_of(part: str) -> list[str]:
    """Return the address that a text is, or those that stand in it."""
    whole = _WHOLE.fullmatch(part)
    return [whole[1]] if whole else _WITHIN.findall(part)


def column(page: str, heading: str) -> list[str]:
    """Return what a table shows as code in the column of a heading.

    Parameters
    ----------
    page : str
        What it says.
    heading : str
        Of the column, which is one of two.
    """
    table = page[: page.index("\n\n", page.index(f"{heading} |"))].rsplit("\n\n", 1)[1].splitlines()
    place = [cell.strip() for cell in table[0].split("|")].index(heading)
    return [span for row in table[2:] for span in _SPAN.findall(row.split("|")[place])]
