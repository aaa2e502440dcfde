"""Labels: what is painted on a manhole or nailed to a tree, read aloud over the telephone and typed with gloves on.

Eight characters of Crockford's base 32, drawn by chance, and one that checks them: the number modulo 37. Capital and
small letters are the same, O is read as 0, I and L as 1, hyphens and spaces as nothing. One wrong character and two
exchanged ones are always noticed, because 37 is a prime and the powers of 32 up to the ninth all differ modulo 37.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sdi.errors import InputError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits 0 to 31; without I, L and O, which look like digits, and U."""
LENGTH = 8
"""Characters of a label before the one that checks them."""
_CHECKED = 37
_READ = str.maketrans("OIL", "011", "- \u2010\u2011\u2012\u2013")


def canonical(text: str) -> str:
    """Return a label as it is kept, from how somebody typed it; other texts come out changed, but unharmed.

    Examples
    --------
    >>> canonical("4f7k-2q9x-o")
    '4F7K2Q9X0'
    """
    return text.strip().upper().translate(_READ)


def check_character(body: str) -> str | None:
    """Return the character that checks others.

    Parameters
    ----------
    body : str
        Characters of the alphabet.

    Returns
    -------
    str or None
        ``None`` where Crockford's is a sign outside the alphabet: such labels are not made.
    """
    number = 0
    for character in body:
        number = number * 32 + ALPHABET.index(character)
    rest = number % _CHECKED
    return ALPHABET[rest] if rest < len(ALPHABET) else None


def looks_like_one(text: str) -> bool:
    """Tell whether a text has the length and the characters of a label, rightly typed or not."""
    found = canonical(text)
    return len(found) == LENGTH + 1 and set(found) <= set(ALPHABET)


def is_right(text: str) -> bool:
    """Tell whether a text is a label without a typing error."""
    found = canonical(text)
    return looks_like_one(text) and check_character(found[:-1]) == found[-1]


def read(text: str) -> str:
    """Return a label as it is kept.

    Parameters
    ----------
    text : str
        As somebody typed it.

    Raises
    ------
    InputError
        If it is none, or there is a typing error in it.
    """
    if not looks_like_one(text):
        raise InputError(
            f"{text!r} is no label; expected {LENGTH + 1} letters and digits such as 4F7K2Q9X7, without U",
            code="label-invalid",
        )
    if not is_right(text):
        raise InputError(
            f"label {text!r} has a typing error: its last character does not fit the others; read it again",
            code="label-mistyped",
        )
    return canonical(text)


def make(count: int, random_bytes: Callable[[int], bytes], taken: Callable[[Sequence[str]], set[str]]) -> list[str]:
    """Make labels that nothing bears yet.

    Parameters
    ----------
    count : int
        How many.
    random_bytes : callable
        ``n -> bytes`` of that length.
    taken : callable
        Which of some labels are borne already.

    Returns
    -------
    list of str (n,)
        All different.
    """
    made: dict[str, None] = {}
    while len(made) < count:
        fresh = dict.fromkeys(filter(None, (_drawn(random_bytes(LENGTH)) for _ in range(count - len(made)))))
        borne = taken(list(fresh))
        made |= {one: None for one in fresh if one not in borne}
    return list(made)


def _drawn(noise: bytes) -> str | None:
    """Return a label from random bytes; ``None`` where its check character would be none of the alphabet."""
    body = "".join(ALPHABET[one % 32] for one in noise)
    last = check_character(body)
    return body + last if last else None
