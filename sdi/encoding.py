"""Which table a text was written with, and its repair where the wrong one was used to read it.

Four things happen to Vietnamese text on its way: UTF-8 is read as Western European («HÃ²a BÃ¬nh»), and the old tables
TCVN3 (one byte per letter) and VNI (a letter and a mark, two bytes) are read as Western European too, without any
error. Each is recognised by what comes out: a repair is accepted only if it can be undone and its result reads as
Vietnamese where the delivered text does not.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from encodings.aliases import aliases
from typing import Literal

from sdi.errors import InputError
from sdi.text import PLAIN_SIGNS, nfc, plausibility

Table = Literal["utf-8", "tcvn3", "vni", "windows-1258"]

_ENOUGH = 0.8
"""Share of plausible words [1] from which a table is believed."""
_BETTER = 0.3
"""By how much [1] the repaired text must read better than the delivered one."""

_TCVN3 = dict(
    zip(
        "\xa1\xa2\xa3\xa4\xa5\xa6\xa7"
        "\xa8\xa9\xaa\xab\xac\xad\xae"
        "\xb5\xb6\xb7\xb8\xb9\xbb\xbc\xbd\xbe\xc6\xc7\xc8\xc9\xca\xcb\xcc\xce\xcf\xd0\xd1\xd2\xd3\xd4\xd5\xd6"
        "\xd7\xd8\xdc\xdd\xde\xdf\xe1\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\xea\xeb\xec\xed\xee\xef\xf1\xf2\xf3\xf4"
        "\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe",
        "ĂÂÊÔƠƯĐăâêôơưđàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ",
        strict=True,
    )
)
"""TCVN 5712:1993, form 3, keyed by the Western European reading of the byte.

Letters with a tone have one code for both cases; capitals came from a second font.
"""

_VNI_SINGLE = dict(zip("ñÑöÖôÔæÆóÓòÒîÎ", "đĐưƯơƠỉỈĩĨịỊỵỴ", strict=True))
_VNI_TONES = {"ù": "\u0301", "ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ï": "\u0323"}
_VNI_CIRCUMFLEX = {"â": "", "á": "\u0301", "à": "\u0300", "å": "\u0309", "ã": "\u0303", "ä": "\u0323"}
_VNI_BREVE = {"ê": "", "é": "\u0301", "è": "\u0300", "ú": "\u0309", "ü": "\u0303", "ë": "\u0323"}


def _vni_pairs() -> dict[str, str]:
    """Build the two-character letters of VNI from a vowel and its mark, in both cases."""
    pairs: dict[str, str] = {}
    for vowel in "aeouy":
        pairs |= {vowel + mark: vowel + tone for mark, tone in _VNI_TONES.items()}
    for vowel, letter in {"ö": "ư", "ô": "ơ"}.items():
        pairs |= {vowel + mark: letter + tone for mark, tone in _VNI_TONES.items()}
    for vowel in "aeo":
        pairs |= {vowel + mark: vowel + "\u0302" + tone for mark, tone in _VNI_CIRCUMFLEX.items()}
    pairs |= {"a" + mark: "a\u0306" + tone for mark, tone in _VNI_BREVE.items()}
    lower = {pair: nfc(letter) for pair, letter in pairs.items()}
    upper = {pair.upper(): letter.upper() for pair, letter in lower.items()}
    # A capital often keeps the mark of the small letter, as keyboards of the time produced it.
    mixed = {pair[0].upper() + pair[1]: letter.upper() for pair, letter in lower.items()}
    return lower | mixed | upper


_VNI = _vni_pairs() | _VNI_SINGLE
_VNI_PATTERN = re.compile("|".join(sorted(map(re.escape, _VNI), key=len, reverse=True)))


@dataclass(frozen=True, slots=True)
class Repair:
    """What a text becomes when it is read with the right table."""

    table: Table
    text: str
    case_certain: bool = True
    """False where the table does not say whether a letter is a capital."""


_WESTERN = {byte: byte for byte in range(256)} | {
    ord(character): byte for byte in range(256) if (character := bytes([byte]).decode("cp1252", "ignore"))
}
"""Characters of windows-1252, whose five gaps are filled as ISO 8859-1 fills them, to bytes."""


def western_bytes(text: str) -> bytes | None:
    """Give back the bytes behind a text that was read as Western European.

    Parameters
    ----------
    text : str
        Text as delivered.

    Returns
    -------
    bytes or None
        None where a character cannot come from one byte.
    """
    try:
        return codecs.charmap_encode(text, "strict", _WESTERN)[0]
    except UnicodeEncodeError:
        return None


def read_western(data: bytes) -> str:
    """Read bytes as windows-1252, whose five gaps are filled as ISO 8859-1 fills them."""
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in data)


def from_mojibake(text: str) -> str | None:
    """Undo the reading of UTF-8 as Western European, once or twice.

    Parameters
    ----------
    text : str
        Text as delivered.

    Returns
    -------
    str or None
        None where the bytes behind the text are not UTF-8.

    Examples
    --------
    >>> from_mojibake("HÃ²a BÃ¬nh")
    'Hòa Bình'
    """
    if text.isascii():
        return None
    data = western_bytes(text)
    if data is None:
        return None
    try:
        repaired = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return from_mojibake(repaired) or nfc(repaired)


def from_tcvn3(text: str) -> str:
    """Read a text in TCVN3 whose bytes were taken for Western European.

    Parameters
    ----------
    text : str
        Text as delivered, such as «C¸i KhÕ».

    Returns
    -------
    str
        Letters with a tone are small unless the rest of their word is in capitals, or every other word begins with
        one; see :func:`is_case_certain`.
    """
    data = western_bytes(text)
    western = data.decode("latin-1") if data is not None else text
    words = [_raised(word) for word in "".join(_TCVN3.get(character, character) for character in western).split(" ")]
    certain = [word for word in words if word[:1].isalpha() and word[0] not in _TONED]
    if len(certain) > 1 and all(word[0].isupper() for word in certain):
        words = [word[:1].upper() + word[1:] for word in words]
    return " ".join(words)


def from_vni(text: str) -> str:
    """Read a text in VNI whose bytes were taken for Western European; the longest match counts.

    Parameters
    ----------
    text : str
        Text as delivered, such as «Phöôøng Caùi Kheá».

    Returns
    -------
    str
        The text in composed letters.
    """
    return _VNI_PATTERN.sub(lambda match: _VNI[match.group()], text)


def from_windows_1258(text: str) -> str | None:
    """Read a text in windows-1258 whose bytes were taken for Western European; None where that is impossible."""
    data = western_bytes(text)
    try:
        return nfc(data.decode("cp1258")) if data is not None else None
    except UnicodeDecodeError:
        return None


def is_case_certain(text: str) -> bool:
    """Tell whether a text read from TCVN3 shows its capitals.

    Parameters
    ----------
    text : str
        Result of :func:`from_tcvn3`.

    Returns
    -------
    bool
        False where a word begins with a letter that carries a tone, or is in capitals and contains one: the case was
        taken from the neighbours («Nhơn Ái», «THÀNH»), and somebody should look.
    """
    words = re.findall(r"[^\W\d_]+", text)
    return not any(
        word[0].lower() in _TONED or (len(word) > 1 and word.isupper() and _TONED & set(word.lower())) for word in words
    )


_TONED = frozenset(letter for code, letter in _TCVN3.items() if code >= "\xb5")


def _raised(word: str) -> str:
    """Raise one word if it has at least two certain letters, all of them capitals («THàNH» was typed as «THÀNH»)."""
    certain = [letter for letter in word if letter.isalpha() and letter not in _TONED]
    return word.upper() if len(certain) > 1 and "".join(certain).isupper() else word


def detect(texts: Iterable[str]) -> Table | None:
    """Find the old table in which the texts of one column were written.

    Parameters
    ----------
    texts : iterable of str
        Texts of one column, as delivered.

    Returns
    -------
    {'tcvn3', 'vni', 'windows-1258'} or None
        None where the texts read well as they are, or no table makes them Vietnamese.
    """
    foreign = [text for text in texts if not text.isascii() and from_mojibake(text) is None]
    # What no byte stands for was not written with a table of bytes.
    foreign = [text for text in foreign if western_bytes(text) is not None]
    delivered = plausibility(foreign)
    if delivered.evidence == 0 or delivered.share > 1 - _BETTER:
        return None
    scores = {table: plausibility(reader(text) or text for text in foreign).share for table, reader in _READERS.items()}
    best = max(scores, key=lambda table: scores[table])
    return best if scores[best] >= _ENOUGH and scores[best] >= delivered.share + _BETTER else None


_READERS: dict[Table, Callable[[str], str | None]] = {
    "tcvn3": from_tcvn3,
    "vni": from_vni,
    "windows-1258": from_windows_1258,
}


def repair(text: str, table: Table | None = None) -> Repair | None:
    """Repair one text, given the table its column was found to be written in.

    Parameters
    ----------
    text : str
        Text as delivered.
    table : {'tcvn3', 'vni', 'windows-1258'}, optional
        Result of :func:`detect` for the column.

    Returns
    -------
    Repair or None
        None where the text is to stay as it is.

    Examples
    --------
    >>> repair("Hòa Bình") is None
    True
    """
    if text.isascii():
        return None
    unmixed = from_mojibake(text)
    if unmixed is not None and plausibility([unmixed]).share >= _ENOUGH:
        old = repair(unmixed, table)
        return old or Repair("utf-8", unmixed)
    # A letter that no byte stands for was typed in Unicode: in a column of both, «Cái Răng» would become «Cỏi Răng».
    repaired = _READERS[table](text) if table in _READERS and western_bytes(text) is not None else None
    if table is None or repaired is None or repaired == text:
        return None
    return Repair(table, repaired, table != "tcvn3" or is_case_certain(repaired))


_PYTHON_NAMES = {
    re.sub(r"[^a-z0-9]", "", alias): name
    for alias, name in [*((name, name) for name in aliases.values()), *aliases.items()]
    # Codecs that turn bytes into bytes are no encodings of text.
    if not name.endswith("_codec") and name not in ("rot_13", "mbcs")
}
"""Every name Python knows an encoding by, without its hyphens, to Python's own name."""


def decode(data: bytes, encoding: str) -> str:
    """Decode bytes with a declared encoding; the old Vietnamese tables count as encodings.

    Parameters
    ----------
    data : bytes
        Bytes as delivered.
    encoding : str
        Name as Python, a ``.cpg`` file or people write it: ``UTF-8``, ``1258``, ``Big-5``, ``TCVN3``, ``VNI``.

    Returns
    -------
    str
        U+FFFD stands where bytes mean nothing in that encoding.
    """
    name = python_name(encoding)
    if name in ("tcvn3", "vni"):
        return _READERS[name](read_western(data)) or ""  # type: ignore[index]
    return data.decode(name, "replace")


def belies(data: bytes, encoding: str) -> bool:
    """Tell whether bytes that are declared to be in an old Vietnamese table are UTF-8.

    Every byte is a letter in those tables, so that nothing else would show the false declaration.

    Parameters
    ----------
    data : bytes
        Bytes as delivered.
    encoding : str
        Declared name.

    Returns
    -------
    bool
        False for ASCII, which is the same in all of them.
    """
    if data.isascii() or python_name(encoding) not in ("tcvn3", "vni", "cp1258"):
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def python_name(encoding: str) -> str:
    """Find Python's name of an encoding.

    Parameters
    ----------
    encoding : str
        Name as delivered.

    Returns
    -------
    str
        Name that :func:`decode` understands.

    Raises
    ------
    InputError
        If nobody knows the encoding.
    """
    plain = re.sub(r"[^a-z0-9]", "", encoding.lower())
    if plain in ("tcvn3", "vni"):
        return plain
    for candidate in (plain, plain.removeprefix("ansi"), f"cp{plain}", f"iso{plain}"):
        if candidate in _PYTHON_NAMES:
            return _PYTHON_NAMES[candidate]
    raise InputError(
        f"encoding {encoding!r} is not known; expected a name such as UTF-8, windows-1258, TCVN3 or VNI",
        code="encoding-unknown",
    )


def is_western(texts: Iterable[str]) -> bool:
    """Tell whether texts read as windows-1252 look like a Western European language.

    Parameters
    ----------
    texts : iterable of str
        Texts as read.

    Returns
    -------
    bool
        False where a word has more foreign letters than others, or a sign that no name holds.
    """
    for text in texts:
        if any(not (c.isascii() or c.isalpha() or c.isspace() or c in PLAIN_SIGNS) for c in text):
            return False
        words = [word for word in re.findall(r"[^\W\d_]+", text) if not word.isascii()]
        if any(2 * sum(c.isascii() for c in word) < len(word) for word in words):
            return False
    return True
