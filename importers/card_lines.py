"""Card money on a bank statement: which lines are, and what their labels hint at.

Source: shared format page "Money", section 6. The first test that applies gives the kind; what none
recognises is counted and summed with its statement, never stored.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.models import MovementKind, SourceSettings
from app.wording.i18n import N_
from importers.refusals import refuse

Truths = NDArray[np.bool_]

#: How long the patterns of a source may take over one file, in seconds of the processor: all files wait.
PATTERN_SECONDS: Final = 20.0
#: So many lines are looked at first, and twice as many each time that it took less than this many seconds.
_FIRST_LINES, _QUICK_SECONDS = 64, 0.25


class PatternTime:
    """The time of the processor that is left for the patterns of a source, over one file."""

    def __init__(self) -> None:
        self.left = PATTERN_SECONDS

    def over(self, texts: pd.Series[Any], find: Callable[[pa.Array], pa.Array]) -> list[Any]:
        """What ``find`` finds in each of some texts. Raises FileRefusedError when no time is left."""
        found: list[Any] = []
        lines, whole = _FIRST_LINES, pa.array(texts.tolist(), pa.string())
        while len(found) < len(whole):
            if self.left <= 0:
                raise refuse(_TOO_SLOW, seconds=round(PATTERN_SECONDS))
            began = time.thread_time()
            found += find(whole.slice(len(found), lines)).to_pylist()
            took = time.thread_time() - began
            self.left -= took
            lines *= 2 if took < _QUICK_SECONDS else 1
        return found


@dataclass(frozen=True, kw_only=True)
class LabelPatterns:
    """Patterns of labels, over capitals without accents.

    ``own`` are those of a source, which decide first: by pattern the kind of line, or :data:`NO_CARDS`; their
    groups may be named as :data:`HINTS`. ``own_payers`` has the payers of transfers by pattern. ``time`` is
    what both may take over the file that is read.
    """

    own: Mapping[str, str] = field(default_factory=dict)
    own_payers: Mapping[str, str] = field(default_factory=dict)
    time: PatternTime = field(default_factory=PatternTime, compare=False)

    card: str = r"\b(?:CB|CARTES?|TPE)\b"
    refund: str = r"REMISE CREDIT|CREDIT CB"
    paid_back: str = r"\bREMB"
    chargeback: str = r"IMPAYE|REJET CB|CONTESTATION"
    fee: str = (
        r"\b(?:COM|COMM|COMMISSIONS?|FRAIS)(?: SUR)?(?: REMISES?)? ?(?:CB|CARTES?)\b|\bCOM REMISE|\bCOMCB\b"
        r"|\bCOMMISSIONS? ET FRAIS\b.*\b(?:CB|CARTES?)\b"
    )
    remittance: str = r"REMCB|REMISES? CB|REMISES? CARTES?|FACTURES CARTES REMISES|\bCBD[0-9]+|\bTPE[0-9]+"
    payers: tuple[str, ...] = (
        "AMERICAN EXPRESS",
        "EDENRED",
        "PLUXEE",
        "UP",
        "SWILE",
        "BIMPLI",
        "ADYEN",
        "STRIPE",
        "SUMUP",
        "WORLDLINE",
        "PAYPLUG",
        "ZETTLE",
        "PAYPAL",
        "CHECKOUT",
    )

    @classmethod
    def of(cls, settings: SourceSettings) -> LabelPatterns:
        """The patterns of a source: ours, and its own."""
        return cls(own=settings.labels, own_payers=settings.payers)

    @property
    def payer(self) -> str:
        """Any of the payers, as whole words."""
        return rf"\b(?:{'|'.join(map(re.escape, self.payers))})\b"


#: What labels hint at: patterns whose named groups are columns of :data:`HINTS`, tried in this order.
DEFAULT_HINTS: Final = (
    r"REMISES? (?:CREDIT )?CB (?P<contract_number>[0-9]{7})(?P<contract_rank>[0-9]{3})\b",
    r"REMCB(?P<remittance_number>[0-9]+) NB(?P<count>[0-9]+)(?: CBD(?P<contract_number>[0-9]{7})[0-9]{2})?",
    r"\bTPE(?P<contract_number>[0-9]{7})[0-9]{2}\b",
    r"^(?P<contract_number>[0-9]{7})(?P<contract_rank>[0-9]{3})\b",
    r"\bCB\b.* (?P<sold_on>(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])[0-9]{2})\b",
    r"\bPAYMENT (?P<settlement_number>[0-9A-Z]+)\b",
    r"\bBATCH (?P<settlement_number>[0-9]+)\b",
    r"\b(?P<settlement_number>PO_[0-9A-Z]+)\b",
)
HINTS: Final = ("contract_number", "contract_rank", "remittance_number", "settlement_number", "sold_on")

#: What a source says of lines that are no card money, whatever they look like.
NO_CARDS: Final = "ignored"
_TOO_SLOW: Final = N_(
    "the labels that its source says take more than %(seconds)s seconds over it: say them more simply"
)
_CREDITS: Final = frozenset({MovementKind.REMITTANCE, MovementKind.CHARGEBACK_REVERSAL, MovementKind.PAYOUT})
_GROUP: Final = re.compile(r"\(\?P<(\w+)>")
_CREDIT_CODES = ("30", "PMNT/MCRD/POSP", "PMNT/MCRD/POSC", "PMNT/MCRD/SMCD")
_REFUND_CODES = (*_CREDIT_CODES, "36")
_UNPAID_CODE, _UNPAID_CAMT = "38", "PMNT/MCRD/UPCT"
_NO_CODE = ""  # the CSV of a bank has none: its labels alone tell
_FEE_CODES = ("62", "64", "65", "66")
_CAMT_FEE_CODES = ("PMNT/MCRD/COMM", "PMNT/MCRD/CHRG", "PMNT/MCRD/FEES")
_OWN_CARD_CODES = ("11", "28", "29")


def kinds(
    movements: pd.DataFrame, patterns: LabelPatterns | None = None, numbers: Iterable[str] = ()
) -> pd.Series[Any]:
    """The kind of each line of card money, None for any other. ``numbers`` are contracts of the merchant."""
    found = patterns or LabelPatterns()
    labels = words(movements)
    code = movements["code"].to_numpy(dtype=str)
    own_number = _contains(labels, _any_of(numbers))
    credit, debit = (movements["amount"] > 0).to_numpy(), (movements["amount"] < 0).to_numpy()
    card = _contains(labels, found.card) | own_number
    unpaid = _contains(labels, found.chargeback) & card
    refund = _contains(labels, found.refund) | (_contains(labels, found.paid_back) & card)
    fee = np.isin(code, _CAMT_FEE_CODES) | (
        np.isin(code, _FEE_CODES) & (_contains(labels, found.fee) | own_number)
    )
    fee |= (code == _NO_CODE) & _contains(labels, found.fee)
    paid_out = _contains(labels, found.payer) | _contains(plain(movements["payer"]), found.payer)
    own_card = np.isin(code, _OWN_CARD_CODES) | np.strings.find(code, "/CCRD/") >= 0
    remittance = _contains(labels, found.remittance)
    unpaid_code = np.isin(code, (_UNPAID_CODE, _UNPAID_CAMT))
    tests: list[tuple[Truths, str]] = [
        *_own_tests(labels, plain(movements["payer"]), credit, found),
        (np.isin(code, _CREDIT_CODES) & credit, MovementKind.REMITTANCE),
        (debit & ((unpaid_code) | unpaid), MovementKind.CHARGEBACK),
        (credit & ((code == _UNPAID_CAMT) | unpaid), MovementKind.CHARGEBACK_REVERSAL),
        (debit & fee, MovementKind.FEE),
        (debit & (np.isin(code, _REFUND_CODES) | refund), MovementKind.REFUND),
        (credit & paid_out & ~own_card, MovementKind.PAYOUT),
        (credit & remittance, MovementKind.REMITTANCE),
        (debit & remittance, MovementKind.REFUND),
    ]
    chosen = np.select([test for test, _ in tests], [str(kind) for _, kind in tests], default="")
    return pd.Series(chosen, index=movements.index, dtype=object).replace(["", NO_CARDS], None)


def _own_tests(
    labels: pd.Series[Any], payer: pd.Series[Any], credit: Truths, patterns: LabelPatterns
) -> Iterator[tuple[Truths, str]]:
    """What a source says of its lines, of each kind in the direction that its money goes."""
    for pattern, kind in patterns.own.items():
        fits = _matches(labels, pattern, patterns.time)
        yield (fits if kind == NO_CARDS else fits & (credit == (kind in _CREDITS))), kind
    for pattern in patterns.own_payers:
        yield _pays(labels, payer, pattern, patterns.time) & credit, MovementKind.PAYOUT


def _pays(labels: pd.Series[Any], payer: pd.Series[Any], pattern: str, within: PatternTime) -> Truths:
    return _matches(labels, pattern, within) | _matches(payer, pattern, within)


def _matches(texts: pd.Series[Any], pattern: str, within: PatternTime) -> Truths:
    """Where a pattern of a source is found: in linear time, whatever it is."""
    find = partial(pc.match_substring_regex, pattern=_unaccented(pattern), ignore_case=True)
    return np.asarray(within.over(texts, find), dtype=np.bool_)


def _unaccented(pattern: str) -> str:
    return unicodedata.normalize("NFKD", pattern).encode("ascii", "ignore").decode("ascii")


def is_label_pattern(written: str) -> bool:
    """Whether a source may have this pattern: of the grammar and size of RE2, its groups named as hints."""
    nothing = pd.Series([""])
    try:
        _matches(nothing, written, PatternTime())
        if _GROUP.search(written):
            _own_groups(nothing, written, PatternTime())
    except pa.ArrowInvalid:
        return False
    return set(_GROUP.findall(written)) <= set(HINTS)


def hints(movements: pd.DataFrame, patterns: LabelPatterns | None = None) -> pd.DataFrame:
    """What labels, complements and references hint at: the columns of :data:`HINTS`, empty where nothing."""
    found = pd.DataFrame("", index=movements.index, columns=list(HINTS), dtype=object)
    for groups in _hinting(movements, patterns or LabelPatterns()):
        for name in found.columns.intersection(groups.columns):
            found[name] = found[name].where(found[name] != "", groups[name])
    return found


def own_contracts(lines: pd.DataFrame, numbers: Iterable[str]) -> pd.Series[Any]:
    """The contract of each line, as ``derived.line_contracts`` stores it: one of ``numbers``, or ""."""
    known = frozenset(numbers)
    runs = words(lines).str.findall("[0-9]+")
    named = runs.map(lambda found: max(known.intersection(found), key=len, default="")).astype(object)
    return (
        lines["contract_number"]
        .mask(lines["contract_number"] == "", named)
        .where(lambda one: one.isin(known), "")
    )


def _hinting(movements: pd.DataFrame, patterns: LabelPatterns) -> Iterator[pd.DataFrame]:
    """The groups of patterns that hint at something: those of the source first, in the texts of its kinds."""
    label, details, reference = (plain(movements[name]) for name in ("label", "details", "reference"))
    for pattern in filter(_GROUP.search, patterns.own):
        yield from (_own_groups(text, pattern, patterns.time) for text in (words(movements), reference))
    for pattern in DEFAULT_HINTS:
        yield from (_groups(text, pattern) for text in (label, details, reference))


def _groups(texts: pd.Series[Any], pattern: str) -> pd.DataFrame:
    return texts.str.extract(pattern).fillna("")


def _own_groups(texts: pd.Series[Any], pattern: str, within: PatternTime) -> pd.DataFrame:
    found = within.over(texts, partial(pc.extract_regex, pattern=f"(?i){_unaccented(pattern)}"))
    return pd.DataFrame([one or {} for one in found], index=texts.index).fillna("")


def payers(movements: pd.DataFrame, patterns: LabelPatterns | None = None) -> pd.Series[Any]:
    """Who pays each line, of those who pay for cards by transfers of their own; empty where none does."""
    known = patterns or LabelPatterns()
    labels, payer = words(movements), plain(movements["payer"])
    whole = rf"({known.payer})"
    found = labels.str.extract(whole)[0].fillna(payer.str.extract(whole)[0]).fillna("").astype(object)
    for pattern, name in known.own_payers.items():
        found = found.mask(_pays(labels, payer, pattern, known.time), name.upper())
    return found


def words(movements: pd.DataFrame) -> pd.Series[Any]:
    """Label and complement of each line, in capitals without accents."""
    return plain((movements["label"] + " " + movements["details"]).str.strip())


def plain(texts: pd.Series[Any]) -> pd.Series[Any]:
    """Texts in capitals, without accents."""
    return texts.map(_plain).astype(object)


def _plain(text: str) -> str:
    upper = text.upper()
    if upper.isascii():
        return upper
    return unicodedata.normalize("NFKD", upper).encode("ascii", "ignore").decode("ascii")


def _contains(texts: pd.Series[Any], pattern: str) -> Truths:
    if not pattern:
        return np.zeros(len(texts), dtype=np.bool_)
    return texts.str.contains(pattern, regex=True).to_numpy(dtype=np.bool_)


def _any_of(numbers: Iterable[str]) -> str:
    """Any of some numbers, as a whole number, longest first."""
    ordered = sorted(set(numbers), key=len, reverse=True)
    return rf"(?<![0-9])(?:{'|'.join(map(re.escape, ordered))})(?![0-9])" if ordered else ""
