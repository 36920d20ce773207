"""The ticket lines that came with the file: kept as printed, but for what no ticket may show.

A terminal's journal is often the merchant's copy: it may bear the expiry of the card, its first digits,
or more. The card is brought down to its last four digits, the expiry is taken out; a line that had
nothing else goes with it. Where it is in doubt, a number is masked: the field it repeats is on the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.rules.cards import passes_luhn
from app.tickets.ticket import CARD_MASK, DUPLICATE, LAST_DIGITS, AsPrinted, Block, Row, clean

#: A SIRET passes the check of card numbers too; of these, only some that begin with 3 are as long.
_SIRET_LENGTH = 14

#: A number in which stars, or on some printers dots, stand for digits; it may be in groups.
_MASKED = re.compile(
    r"(?<![0-9])(?P<head>(?:[0-9]{4}[ .\-]?){0,3}[0-9]{0,6})"
    r"(?:(?:[*#xX•][ .\-]?){4,}|(?<=[0-9]{4})[.]{4,})"
    r"(?P<tail>[0-9]{0,8})(?![0-9]|[.,][0-9])"
)
#: A whole number: as long as a card's, or in the groups that stand on cards. None begins with 0 (AIDs do).
_NUMBER = re.compile(
    r"(?<![0-9*#])(?=[1-9])(?:[0-9]{13,19}"
    r"|[0-9]{4}([ .\-])[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?:\1[0-9]{3})?"
    r"|[0-9]{4}([ .\-])[0-9]{6}\2[0-9]{4,5})(?![0-9])"
)
#: A part of a number, behind a word that says whose it is.
_NAMED = re.compile(
    r"(?P<name>\b(?:CARTE|CARD|PAN|PORTEUR)\b\s*(?:(?:N[°ºo.]{0,2}|NUM[ÉE]RO)(?![A-Z]))?\s*[:.]?\s*)"
    r"(?P<number>[0-9]{5,19})(?![0-9A-Z,])",
    re.IGNORECASE,
)

_MONTH, _YEAR = "(?:0[1-9]|1[0-2])", "(?:20)?[0-9]{2}"
#: Where a number that stands by itself may begin and end.
_ALONE, _ENDED = r"(?<![0-9#/.,\-])", r"(?![0-9/.,\-])"
#: A word that announces an expiry, and what looks like one behind it: never a whole date.
_EXPIRY = re.compile(
    r"(?:\bDATE\s+(?:D['’]?\s*)?)?"
    r"\b(?:EXP(?:IR[A-ZÉ]*|Y)?|FIN|VAL(?:ID[A-ZÉ]*|ABLE)?|[ÉE]CH(?:[ÉE]ANCE)?)(?![A-ZÉ])"
    r"(?:[\s:.]*\b(?:DATE|CARTE|FIN|DE|DU|AU|LE|[AÀ]|JUSQU['’]AU|VALIDIT[ÉE]|VAL|THRU|UNTIL|END)\b)*[\s:.]*"
    r"(?:[0-9]{4}\s?[/.\-]\s?[0-9]{2}|[0-9]{2}\s?[/.\-]?\s?(?:20)?[0-9]{2})"
    r"(?![0-9]|[/.\-][0-9])",
    re.IGNORECASE,
)
_LONE_EXPIRY = re.compile(rf"\s*{_MONTH}\s?[/\-]\s?{_YEAR}\s*")
_BESIDE_CARD = re.compile(rf"{_ALONE}{_MONTH}\s?[/\-]?\s?{_YEAR}{_ENDED}")


def as_printed(row: Row) -> tuple[Block, ...]:
    """The lines of the file in one block; nothing when it has none."""
    kept = tuple(_lines(row))
    if not any(line.strip() for line in kept):
        return ()
    return (tuple(AsPrinted(line) for line in kept),)


def _lines(row: Row) -> Iterator[str]:
    """The lines without secrets, without those that these emptied, and without a mark of our own."""
    for line in (row["ticket"] or "").replace("\r\n", "\n").split("\n"):
        printed = clean(line).rstrip()
        shown = without_expiry(mask_cards(printed, row), row).rstrip()
        if (shown or not printed) and shown.strip(" *-") != DUPLICATE:
            yield shown


def mask_cards(line: str, row: Row) -> str:
    """``line`` with at most the last four digits of any card."""
    last = _last_digits(row)
    line = _MASKED.sub(lambda found: _masked(found, last), line)
    line = _NUMBER.sub(lambda found: _number(found, row), line)
    line = _NAMED.sub(lambda found: found["name"] + CARD_MASK + found["number"][-LAST_DIGITS:], line)
    return _without_bin(line, row)


def _last_digits(row: Row) -> str:
    card = row.get("card")
    return card[-LAST_DIGITS:] if card else "#" * LAST_DIGITS


def _masked(found: re.Match[str], last: str) -> str:
    """A truncated number in our own form; stars that hide nothing of a card are an ornament."""
    tail = found["tail"]
    if len(tail) < LAST_DIGITS and not found["head"]:
        return found[0]
    shown = CARD_MASK + (tail[-LAST_DIGITS:] if len(tail) >= LAST_DIGITS else last)
    return shown.ljust(len(found[0]))  # what follows keeps its column


def _number(found: re.Match[str], row: Row) -> str:
    """A number as long as a card's, masked when it could be one and is none of the row's own."""
    digits = re.sub("[^0-9]", "", found[0])
    own = {row.get(name) for name in ("siret", "certificate", "serial", "contract", "order_reference")}
    if _token(found) in own or _is_siret(digits, found.string):
        return found[0]
    is_card = digits.endswith(_last_digits(row)) or passes_luhn(digits)
    return CARD_MASK + digits[-LAST_DIGITS:] if is_card else found[0]


def _is_siret(digits: str, line: str) -> bool:
    return len(digits) == _SIRET_LENGTH and ("SIRET" in line.upper() or not digits.startswith("3"))


def _token(found: re.Match[str]) -> str:
    """The letters and digits that the match is a part of."""
    before = re.search("[0-9A-Za-z]*$", found.string[: found.start()])
    after = re.match("[0-9A-Za-z]*", found.string[found.end() :])
    return (before[0] if before else "") + found[0] + (after[0] if after else "")


def _without_bin(line: str, row: Row) -> str:
    """``line`` without the first digits of the row's own card, wherever they stand."""
    first = (row.get("card") or "")[:6]
    if not first.isdigit():
        return line
    return re.sub("[ .-]?".join(first), "#" * len(first), line)


def without_expiry(line: str, row: Row) -> str:
    """``line`` with blanks in place of an expiry and of the words that announce it."""
    if _LONE_EXPIRY.fullmatch(line):
        return ""
    line = _EXPIRY.sub(_blank, line)
    if CARD_MASK in line:
        line = _BESIDE_CARD.sub(_blank, line)
    if not row.get("expiry"):
        return line
    month, year = row["expiry"][:2], row["expiry"][2:]
    separator = r"\s?[/\-]?\s?" if _last_digits(row) in line else r"\s?[/\-]\s?"
    return re.sub(rf"{_ALONE}{month}{separator}(?:20)?{year}{_ENDED}", _blank, line)


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])
