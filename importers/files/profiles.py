"""Profiles of sources: where their files are, what they hold, and what these leave open.

A profile is said by command or at the desk; both come here, where it is checked. Source: shared format page
"Money", section 5.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection, select, text, update

from app.config import ARCHIVE, QUARANTINE, SUPERSEDED
from app.database.patterns import is_pattern
from app.models import (
    DELIMITERS,
    ENCODINGS,
    SCALES,
    UNCLAIMED_MERCHANT,
    ExpectedDays,
    Merchant,
    MovementKind,
    Source,
    SourceRole,
    SourceSettings,
)
from app.rules import account_keys, time_zones
from app.rules.cards import holds_card
from app.rules.source_columns import LABELS, NO_PATTERN
from app.wording.i18n import N_
from importers.card_lines import HINTS, NO_CARDS, is_label_pattern
from importers.formats import formats
from importers.formats.mapped_csv import mapping as mappings
from importers.records import adopt
from importers.refusals import FileRefusedError, Refusal

#: What of a profile is a column of its own; all else are settings.
COLUMNS: Final = ("role", "format", "file_pattern", "inbox", "time_zone", "expected_at", "expected_days")
_LONGEST: Final = 200
_COPIES: Final = frozenset({ARCHIVE, QUARANTINE, SUPERSEDED})
#: Each is held against all lines of a statement, while the files of others wait.
MOST_PATTERNS: Final = 50
_FOLDER: Final = re.compile(r"[\w][\w .-]{0,79}")
_APPLICATION: Final = re.compile(r"[0-9A-Z][0-9A-Z+ ]{0,19}", re.ASCII)
_RANK: Final = re.compile(r"[0-9]{3}", re.ASCII)
_CONTRACT: Final = re.compile(r"[0-9A-Za-z]{1,15}", re.ASCII)
# The feed of one merchant is theirs, also what came of it before that was said; no other file is for it.
_CLAIM = """
WITH waiting AS MATERIALIZED (
  SELECT reseller_id, number, source_id FROM acceptor WHERE merchant_id = :unclaimed
), owned AS MATERIALIZED (
  SELECT DISTINCT reseller_id, number FROM acceptor WHERE merchant_id <> :unclaimed
)
INSERT INTO acceptor (merchant_id, id, reseller_id, number, by_desk)
SELECT s.merchant_id, nextval('party_id'), s.reseller_id, w.number, true
FROM source s
JOIN waiting w ON w.reseller_id = s.reseller_id AND w.source_id = s.id
LEFT JOIN owned ON owned.reseller_id = s.reseller_id AND owned.number = w.number
WHERE s.id = :source AND s.merchant_id IS NOT NULL AND owned.number IS NULL
"""
_SAME_PLACE = """
SELECT name FROM source WHERE id <> :id AND inbox IS NOT DISTINCT FROM :inbox
  AND file_pattern IS NOT DISTINCT FROM :file_pattern AND COALESCE(inbox, file_pattern) IS NOT NULL
ORDER BY name LIMIT 1
"""


class UnknownSourceError(LookupError):
    """No source has this name."""


@dataclass(frozen=True, kw_only=True)
class SourceProfile:
    """A source as it is stored, with the code of its merchant, if it is one merchant's alone."""

    id: int
    name: str
    reseller_id: int
    merchant: str | None
    columns: Mapping[str, Any]
    settings: SourceSettings

    def said(self) -> dict[str, Any]:
        """All that is said, by the names of :func:`change`."""
        return {**self.columns, "merchant": self.merchant, **self.settings.stored()}


def of(connection: Connection, name: str) -> SourceProfile:
    """The profile of a source. Raises UnknownSourceError."""
    row = connection.execute(
        select(*Source.__table__.columns, Merchant.code)
        .outerjoin(Merchant, Merchant.id == Source.merchant_id)
        .where(Source.name == name)
    ).one_or_none()
    if row is None:
        raise UnknownSourceError(name)
    return SourceProfile(
        id=row.id,
        name=row.name,
        reseller_id=row.reseller_id,
        merchant=row.code,
        columns={column: getattr(row, column) for column in COLUMNS},
        settings=SourceSettings.of(row.settings),
    )


def change(connection: Connection, name: str, **said: Any) -> None:
    """Change what is said of a known source; what is not said stays, what is said empty goes.

    ``said`` are :data:`COLUMNS`, ``merchant`` (a code), ``account`` (an IBAN or a RIB) and the other fields
    of :class:`SourceSettings`. Raises UnknownSourceError, and FileRefusedError, which names the fields at
    fault: then nothing has changed.
    """
    profile = of(connection, name)
    said = {field: value or None for field, value in said.items()}
    wanted = _settings(profile.settings, said)
    columns = {column: said.get(column, value) for column, value in profile.columns.items()}
    columns["role"] = columns["role"] or SourceRole.PAYMENTS
    merchant_id = _merchant_id(connection, profile, said)
    faults = [*_faults(connection, profile, columns, said), *_setting_faults(wanted, said)]
    if faults:
        raise FileRefusedError(faults)
    values = {**columns, "settings": wanted.stored(), "merchant_id": merchant_id}
    connection.execute(update(Source).where(Source.id == profile.id).values(values))
    connection.execute(text(_CLAIM), {"source": profile.id, "unclaimed": UNCLAIMED_MERCHANT})
    adopt(connection)


def _settings(known: SourceSettings, said: Mapping[str, Any]) -> SourceSettings:
    empty = asdict(SourceSettings())
    new = {name: value or empty[name] for name, value in said.items() if name in empty}
    if "scales" in new:
        new["scales"] = {
            key: int(value) if str(value).isdigit() else 0 for key, value in new["scales"].items()
        }
    if "application" in new:
        new["application"] = new["application"].upper()
    if new.get("account"):
        new["account"] = account_keys.of_declared(new["account"]) or ""
    return SourceSettings.of(asdict(known) | new)


def _merchant_id(connection: Connection, profile: SourceProfile, said: Mapping[str, Any]) -> int | None:
    """The merchant that is said, 0 for one that there is not, else the one before."""
    code = said.get("merchant", profile.merchant)
    if code is None:
        return None
    found: int | None = connection.scalar(
        select(Merchant.id).where(Merchant.reseller_id == profile.reseller_id, Merchant.code == code)
    )
    return found or UNCLAIMED_MERCHANT


def _fault(column: str, reason: str, **params: Any) -> Refusal:
    return Refusal(reason=reason, column=LABELS[column], params=params)


def _faults(
    connection: Connection, profile: SourceProfile, columns: Mapping[str, Any], said: Mapping[str, Any]
) -> Iterator[Refusal]:
    """What is wrong with the columns of a profile."""
    for column, is_right, reason, params in _CHECKS:
        if columns.get(column) is not None and not is_right(columns[column]):
            yield _fault(column, reason, **params)
    pattern = columns["file_pattern"]
    if pattern is not None and not (len(pattern) <= _LONGEST and is_pattern(connection, pattern)):
        yield _fault("file_pattern", NO_PATTERN)
    if said.get("application") and columns["role"] != SourceRole.PAYMENTS:
        yield _fault("role", N_("an application is that of payments: say that payments is its role"))
    if _merchant_id(connection, profile, said) == UNCLAIMED_MERCHANT:
        yield _fault("merchant", N_("no merchant of the maintainer has this code"))
    place = {"id": profile.id, **{name: columns[name] for name in ("inbox", "file_pattern")}}
    twin = connection.scalar(text(_SAME_PLACE), place)
    if twin is not None:
        yield _fault("inbox", N_("the source %(name)s has this folder and these names already"), name=twin)


_CHECKS: Final[tuple[tuple[str, Callable[[Any], bool], str, dict[str, Any]], ...]] = (
    ("role", lambda said: said in set(SourceRole), N_("expected payments or money"), {}),
    (
        "format",
        lambda said: any(said == known.name for known in formats()),
        N_("no format has this name"),
        {},
    ),
    ("inbox", lambda said: bool(_FOLDER.fullmatch(said)), N_("expected the name of one folder"), {}),
    ("inbox", lambda said: said not in _COPIES, N_("the portal's own folder of copies"), {}),
    ("time_zone", lambda said: said in time_zones.known(), N_("expected a time zone such as UTC"), {}),
    ("expected_days", lambda said: said in set(ExpectedDays), N_("not one of the known days"), {}),
)


def _setting_faults(wanted: SourceSettings, said: Mapping[str, Any]) -> Iterator[Refusal]:
    """What is wrong with the settings of a profile."""
    if said.get("account") and not wanted.account:
        yield _fault("account", N_("expected an IBAN or a RIB whose check digits are right"))
    if wanted.encoding not in ("", *ENCODINGS):
        yield _fault("encoding", N_("must be %(words)s"), words=list(ENCODINGS))
    if wanted.delimiter not in ("", *DELIMITERS):
        yield _fault("delimiter", N_("expected a semicolon, a tab, a comma or a vertical bar"))
    if not set(wanted.scales) <= {"net", "commission"} or not set(wanted.scales.values()) <= set(SCALES):
        yield _fault("scales", N_("expected 100 or 10000 for net and for commission"))
    if not all(_CONTRACT.fullmatch(number) for number in wanted.contracts.values()):
        yield _fault("contracts", N_("expected a contract number: letters and digits"))
    if wanted.application and not _APPLICATION.fullmatch(wanted.application):
        yield _fault("application", N_("expected the code of an application, such as CBVAD"))
    if wanted.rank and not _RANK.fullmatch(wanted.rank):
        yield _fault("rank", N_("expected 3 digits"))
    paired = ("contracts", "aliases", "words", "labels", "payers")
    said_of = {name: [part for pair in getattr(wanted, name).items() for part in pair] for name in paired}
    for name, texts in {"title": [wanted.title], **said_of}.items():
        if any(len(part) > _LONGEST or holds_card(part) for part in texts):
            yield _fault(name, N_("too long, or what looks like a full card number"))
    yield from _label_faults(wanted)
    yield from _mapping_faults(wanted)


def _label_faults(wanted: SourceSettings) -> Iterator[Refusal]:
    """What is wrong with the patterns of labels."""
    kinds = {*MovementKind, NO_CARDS}
    if not set(wanted.labels.values()) <= kinds:
        yield _fault("labels", N_("must be %(words)s"), words=sorted(kinds))
    for name in ("labels", "payers"):
        if len(getattr(wanted, name)) > MOST_PATTERNS:
            yield _fault(name, N_("more than %(most)s of them"), most=MOST_PATTERNS)
        elif not all(is_label_pattern(pattern) for pattern in getattr(wanted, name)):
            reason = N_("no regular expression, or a group that is none of: %(names)s")
            yield _fault(name, reason, names=", ".join(HINTS))


def _mapping_faults(wanted: SourceSettings) -> Iterator[Refusal]:
    try:
        mappings.of_settings(wanted)
    except FileRefusedError as refused:
        yield from (_fault("mapping", one.reason, **one.params) for one in refused.refusals)
