"""Passwords: argon2id at the parameters OWASP names, and nothing that tells who exists."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MINIMUM_LENGTH = 12
#: Argon2 takes any length; beyond this it is no password but an attempt to tire the server.
MAXIMUM_LENGTH = 1024

# m = 19 MiB, t = 2, p = 1: OWASP Password Storage Cheat Sheet.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Verified in place of a hash when nobody has that address, so that both answers take as long.
_nobody = _hasher.hash(secrets.token_hex())


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
