"""Texts without differences of case or of accents, the same in Python and in a database."""

from __future__ import annotations

import re
import unicodedata

MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
"""Combining marks, as ranges of a regular expression."""
STROKES = dict(zip("đĐðÐøØłŁħĦŧŦıƀɨ", "dDdDoOlLhHtTibi", strict=True))
"""Letters whose stroke Unicode does not decompose, with what they are without it."""

_MARK = re.compile(f"[{MARKS}]+")
_STROKES = str.maketrans(STROKES)


def folded(fold: str, text: str) -> str:
    """Bring a text to the form in which CASEI or ACCENTI compares it.

    Parameters
    ----------
    fold : {'casei', 'accenti'}
        What shall make no difference.
    text : str
        Any text.

    Returns
    -------
    str
        Composed (NFC).

    Examples
    --------
    >>> folded("accenti", "Đường Nguyễn Trãi"), folded("casei", "GROẞ")
    ('Duong Nguyen Trai', 'gross')
    """
    return casei(text) if fold == "casei" else accenti(text)


def casei(text: str) -> str:
    """Fold the case of a text as Unicode says (statuses C and F)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def accenti(text: str) -> str:
    """Leave out the accents of a text, and the strokes of letters such as đ."""
    if text.isascii():
        return text
    bare = _MARK.sub("", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", bare).translate(_STROKES)
