"""Nothing personal of the public samples is stored: searched in all tables, the archive and the log."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from tests.importers.conftest import Operator
from tests.importers.money.samples import content, expected, stand_beside_the_checkout
from tests.importers.money.test_samples_loaded import COLLECTIONS, delivered
from tests.importers.money.test_samples_loaded import operator as operator  # noqa: PLC0414

_PARTIES = re.compile(r"<(?:\w+:)?RltdPties>.*?</(?:\w+:)?RltdPties>", re.DOTALL)
_NAME = re.compile(r"<(?:\w+:)?Nm>([^<]+)<")
_IBAN = re.compile(r"<(?:\w+:)?IBAN>([^<]+)<")
_OWN_ACCOUNT = re.compile(r"<(?:\w+:)?Acct>.*?</(?:\w+:)?Acct>", re.DOTALL)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[a-z]{2,}")
#: Complements of CFONB 120 that name a payer, a payee, or whom they stand for.
_COMPLEMENT = re.compile(r"05\d{5}.{4}\d{5}.{5}.{11}.{2}\d{6}.{5}(?:NPY|NBE|NPO|NBU)(.{1,70})")
#: Where EMCBK has the name of the cardmember, counted from 1.
_CARDMEMBER = slice(1575, 1606)
#: Shorter words stand in anything.
_LEAST = 6


def test_no_name_address_or_account_of_a_third_party_is_stored(operator, caplog):
    stand_beside_the_checkout()
    with caplog.at_level(logging.DEBUG):
        for collection in COLLECTIONS:
            for name in (one for one in expected() if one.startswith(f"{collection}/")):
                delivered(operator, collection, name)
    kept = dumped(operator) + archived(operator.data / "archive") + caplog.text
    assert operator.count("bank_movement") > 0
    assert operator.count("settlement_line") > 0
    found = {word for word in personal() if word in kept}
    assert found == set()


def personal() -> set[str]:
    """The names, e-mail addresses and accounts of third parties that the samples hold."""
    words: set[str] = set()
    own: set[str] = set()
    for name in expected():
        text = content(name).decode("latin-1")
        words |= set(_EMAIL.findall(text))
        if name.startswith("camt/"):
            said = "".join(_PARTIES.findall(text))
            own |= set(_IBAN.findall("".join(_OWN_ACCOUNT.findall(_PARTIES.sub("", text)))))
            words |= set(_NAME.findall(said)) | set(_IBAN.findall(said))
        elif name.startswith("cfonb120/"):
            words |= set(_COMPLEMENT.findall(text))
        elif "emcbk" in name:
            words |= {line[_CARDMEMBER] for line in text.splitlines() if line.startswith("DEMCBK")}
    return {word.strip() for word in words - own if len(word.strip()) >= _LEAST}


def dumped(operator: Operator) -> str:
    """The rows of all tables."""
    tables = operator.rows(
        "SELECT oid::regclass::text FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    return "\n".join(
        row for (table,) in tables for (row,) in operator.rows(f"SELECT to_jsonb(t)::text FROM {table} t")
    )


def archived(folder: Path) -> str:
    """The files of the archive, as they are kept."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return "\n".join(path.read_bytes().decode("latin-1") for path in files)
