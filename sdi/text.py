"""Vietnamese text: one spelling for storage, one folding for search, one test of what a Vietnamese word is.

What a byte means, and how text that was read with the wrong table is repaired, stands in `sdi/encoding.py`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

_D_STROKE = re.compile("[đĐðÐ]")
"""The letter đ has no decomposition, and its capital is often typed as the Icelandic Ð (U+00D0)."""

_TONES = "\u0300\u0301\u0303\u0309\u0323"
"""Huyền, sắc, ngã, hỏi, nặng."""
_STOPPED_TONES = {"", "\u0301", "\u0323"}
"""A syllable that ends in p, t, c or ch carries sắc or nặng; without a mark it is left to the dictionary."""


def _words(table: str) -> frozenset[str]:
    """Read a table of words."""
    return frozenset(table.split())


_ONSETS = _words("b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x") | {""}
_RIMES = _words("""
    a ac ach ai am an ang anh ao ap at au ay  ăc ăm ăn ăng ăp ăt  âc âm ân âng âp ât âu ây
    e ec em en eng eo ep et  ê êch êm ên ênh êp êt êu
    i ia ich im in inh ip it iu  iêc iêm iên iêng iêp iêt iêu  y yêm yên yêng yêt yêu ych ynh yt
    o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong ooc oong
    op ot  ô ôc ôi ôm ôn ông ôp ôt  ơ ơi ơm ơn ơp ơt
    u ua uân uâng uât uây uc uê uêch uênh uêu ui um un ung uơ up ut
    uy uya uych uyên uyêt uyn uynh uyp uyt uyu  uôc uôi uôm uôn uông uôt
    ư ưa ưc ưi ưm ưn ưng ưt ưu  ươc ươi ươm ươn ương ươp ươt ươu
""")
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile("[\x00-\x7f\u0300-\u036f]*")
"""Latin letters, decomposed: what is not ASCII is a mark, and all of it is dropped at once."""
_FINAL_Y = re.compile(r"y(?:(?<=[bcdghklmnpqrstvx]y)\b|(?<=quy))")
_TOKEN = re.compile(r"\w+(?:[-/]\w+|(?<=\d)\.\d\w*)*")
"""A dot joins digits only: «30.4» is one word, «P.Tân An» are three."""
_SPACES = re.compile(r"[\s\u00a0]+")
PLAIN_SIGNS = frozenset("–—‘’“”„…°²³·×½¼¾•«»€₫₂§№")
"""Signs outside ASCII that are at home in names, units and notes."""

_TONE_PLACES = {"oa": ("òa", "oà"), "oe": ("òe", "oè"), "uy": ("ùy", "uỳ")}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Control characters, invisible characters and the marks that turn the writing direction."""


def nfc(text: str) -> str:
    """Compose letters and their marks into single characters, as everything stored is written."""
    return unicodedata.normalize("NFC", text)


def normalise(text: str) -> str:
    """Give a delivered text its stored form: composed, single spaces, none at the ends, đ as đ.

    Parameters
    ----------
    text : str
        As delivered.

    Returns
    -------
    str
        Empty for a text of spaces.

    Examples
    --------
    >>> normalise("  Ðông  Hiệp ")
    'Đông Hiệp'
    """
    spaced = _SPACES.sub(" ", nfc(text)).strip()
    if "Ð" not in spaced and "ð" not in spaced:
        return spaced
    return _WORD.sub(lambda word: _with_d_stroke(word.group()), spaced)


def _with_d_stroke(word: str) -> str:
    """Replace the Icelandic letter where the word is Vietnamese with đ; an Icelandic word stays as it is."""
    candidate = word.replace("Ð", "Đ").replace("ð", "đ")
    return candidate if is_syllable(candidate) else word


def fold(text: str) -> str:
    """Reduce a text to what people type without a Vietnamese keyboard.

    Parameters
    ----------
    text : str
        Any spelling, composed or decomposed.

    Returns
    -------
    str
        Without marks, đ as d, without case; equal for «Hoà» and «Hòa».

    Examples
    --------
    >>> fold("Đường Trần Hưng Đạo")
    'duong tran hung dao'
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFD", _D_STROKE.sub("d", text))
    if _LATIN.fullmatch(decomposed):
        return decomposed.encode("ascii", "ignore").decode().lower()
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).casefold()


def fold_alias(text: str) -> str:
    """Fold a text and write a final y as i, so that «Mỹ» and «Mĩ», «Quý» and «Quí» meet.

    Parameters
    ----------
    text : str
        Any spelling.

    Returns
    -------
    str
        Key for finding names; not for showing.

    Examples
    --------
    >>> fold_alias("Mỹ Xuyên") == fold_alias("Mĩ Xuyên")
    True
    """
    folded = " ".join(fold(text).split())
    return _FINAL_Y.sub("i", folded) if "y" in folded else folded


def words(text: str) -> tuple[str, ...]:
    """Take a text apart into the words by which it is found.

    Parameters
    ----------
    text : str
        Any spelling.

    Returns
    -------
    tuple of str
        Folded words in their order; what a hyphen or slash joins stays one word, as house numbers and codes are.

    Examples
    --------
    >>> words("12/3A Đường Mỹ Thuận, MP-T001-0001")
    ('12/3a', 'duong', 'mi', 'thuan', 'mp-t001-0001')
    """
    return tuple(_TOKEN.findall(fold_alias(text)))


_DESIGNATORS = _words("số nhà đường phố phường xã quận huyện tỉnh d p x q h tp tx tt street road ward commune district")
_PAIRS = {("thanh", "pho"), ("thi", "tran"), ("thi", "xa")}
GENERIC = frozenset(map(fold, _DESIGNATORS))
"""Folded words that say what follows; a name or an address is known without them."""


def told_apart(text: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """Separate the words that tell a name or an address from others from those that only say what follows.

    Parameters
    ----------
    text : str
        Any spelling. A word says what follows where a part of the text begins with it: «Phường» in «12 Tân An, Phường
        Cái Khế», not in «Hoa Phượng»; where marks are typed, they count: «Dương» is no «Đường».

    Returns
    -------
    tuple of tuple of str, and frozenset of str
        Folded words in their order, each once; and those that say what follows. A text of the latter alone tells by
        them.

    Examples
    --------
    >>> told_apart("Đường Trần Phú")[0]
    ('tran', 'phu')
    """
    telling: list[str] = []
    generic: set[str] = set()
    for part in re.split("[,;]", text):
        left = words(part)
        count = _designators(left, _TOKEN.findall(nfc(part).lower()))
        numbers = [word for word in left[:count] if any(map(str.isdigit, word))]
        generic |= set(left[:count]) - set(numbers)
        telling += [*numbers, *left[count:]]
    return tuple(dict.fromkeys(telling or words(text))), frozenset(generic) if telling else frozenset()


def _designators(folded: Sequence[str], typed: Sequence[str]) -> int:
    """Count the words at the beginning that only say what follows, the house number between them included."""
    if len(typed) != len(folded):
        typed = folded
    place = 0
    while place < len(folded):
        known = folded[place] in GENERIC and (typed[place].isascii() or typed[place] in _DESIGNATORS)
        if tuple(folded[place : place + 2]) in _PAIRS:
            place += 2
        elif known or any(map(str.isdigit, folded[place])):
            place += 1
        else:
            break
    return place


def tone_alias(text: str) -> str:
    """Write the tone of open «oa», «oe», «uy» on the first vowel: «Hoà», «Thuỷ» become «Hòa», «Thủy».

    Parameters
    ----------
    text : str
        Any spelling.

    Returns
    -------
    str
        One spelling for both habits; «Hoàn», «quý» stay as they are.
    """
    return _WORD.sub(lambda word: _moved_tone(word.group()), nfc(text))


def _moved_tone(word: str) -> str:
    """Move the tone mark of one word whose syllable ends in a bare oa, oe or uy."""
    tone, plain = _split_tone(word)
    ending = plain[-2:].lower()
    if not tone or ending not in _TONE_PLACES or plain[:-1].lower().endswith("qu"):
        return word
    return nfc(plain[:-1] + tone + plain[-1])


def _split_tone(word: str) -> tuple[str, str]:
    """Separate the tone marks of a word from its letters, which keep their own shape (ă, ê, ơ)."""
    decomposed = unicodedata.normalize("NFD", word)
    tone = "".join(mark for mark in decomposed if mark in _TONES)
    return tone, nfc("".join(mark for mark in decomposed if mark not in _TONES))


@cache
def is_syllable(word: str) -> bool:
    """Tell whether a word can be a Vietnamese syllable: onset, rime and tone fit together.

    Parameters
    ----------
    word : str
        One word, composed or not, any case.

    Returns
    -------
    bool
        True says that it may be spelled so, not that it means something.

    Examples
    --------
    >>> is_syllable("Thuỷ"), is_syllable("Thuûy")
    (True, False)
    """
    tone, plain = _split_tone(word.lower())
    if len(tone) > 1 or (plain.endswith(("p", "t", "c", "ch")) and tone not in _STOPPED_TONES):
        return False
    return any(plain[:cut] in _ONSETS and plain[cut:] in _RIMES for cut in range(min(4, len(plain) + 1)))


@dataclass(frozen=True, slots=True)
class Plausibility:
    """How much of what is not ASCII in some texts reads as Vietnamese."""

    syllables: int
    """Words with letters beyond ASCII that can be Vietnamese syllables."""
    others: int
    """Words with letters beyond ASCII that cannot be, and signs that have no place in a name."""

    @property
    def share(self) -> float:
        """Share of plausible words [1]; 1 where everything is ASCII."""
        total = self.syllables + self.others
        return self.syllables / total if total else 1.0

    @property
    def evidence(self) -> int:
        """Number of words and signs counted."""
        return self.syllables + self.others


def plausibility(texts: Iterable[str]) -> Plausibility:
    """Judge how Vietnamese some texts are.

    Parameters
    ----------
    texts : iterable of str
        Texts; those in ASCII say nothing and count nothing.

    Returns
    -------
    Plausibility
        Zero counts for no text.
    """
    syllables = others = 0
    for text in texts:
        if text.isascii():
            continue
        composed = nfc(text)
        words = [word for word in _WORD.findall(composed) if not word.isascii()]
        good = sum(is_syllable(word) for word in words)
        syllables += good
        others += len(words) - good + sum(map(_is_odd_sign, composed))
    return Plausibility(syllables, others)


def _is_odd_sign(character: str) -> bool:
    """Tell whether a character is a sign that betrays a wrong table, such as ¸ or a soft hyphen."""
    return not (character.isascii() or character.isalpha() or character.isspace() or character in PLAIN_SIGNS)


def control_characters(text: str) -> tuple[str, ...]:
    """Name the control and invisible characters of a text.

    Parameters
    ----------
    text : str
        Any text; line breaks and tabulators are allowed.

    Returns
    -------
    tuple of str
        Code points such as ``U+0007``, each once; empty for a clean text.
    """
    return tuple(sorted({f"U+{ord(character):04X}" for character in _CONTROL.findall(text)}))


def without_control_characters(text: str) -> str:
    """Remove what :func:`control_characters` names."""
    return _CONTROL.sub("", text)


def has_lost_letters(text: str) -> bool:
    """Tell whether letters were lost before delivery: the text holds the replacement character U+FFFD."""
    return "\ufffd" in text
