"""Numbers and days as each language writes them."""

from __future__ import annotations

_EXCHANGED = str.maketrans(",.", ".,")


def number(value: float, language: str, decimals: int = 6, *, fixed: bool = False) -> str:
    """Write a number as the language does: ``1.234,5`` in Vietnamese, ``1,234.5`` in English.

    Parameters
    ----------
    value : float
        Any number.
    language : str
        ``vi`` or ``en``.
    decimals : int, optional
        Most decimals written.
    fixed : bool, optional
        Keep zeros at the end, where figures stand below each other.
    """
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text and not fixed else text
    text = "0" if text == "-0" else text
    return text.translate(_EXCHANGED) if language == "vi" else text


def day(value: str, language: str) -> str:
    """Write a day as the language does: ``31/12/2025`` in Vietnamese, ISO 8601 in English.

    Parameters
    ----------
    value : str
        Day as ISO 8601.
    language : str
        ``vi`` or ``en``.
    """
    year, month, last = value.split("-")
    return f"{last}/{month}/{year}" if language == "vi" else value
