"""The one detector of full card numbers: files, filters, paths, names and the journal ask it alike.

A card number is 13 to 19 digits in the range of a brand for that length, the last one the check digit of
the others. It may stand in groups, whatever separates them, in digits of any script, or behind the tag of a
chip's data; those of a printed card may stand far apart. What proves itself something else is none
(``app.rules.lookalikes``). Sources: ISO/IEC 7812-1 and the ranges that the brands publish;
``research/security-reliability.md``, traps 2 and 70.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from heapq import merge
from itertools import accumulate
from operator import attrgetter

from app.rules import lookalikes, separators

#: No number has fewer digits than these: what is shorter need not be looked at.
FEWEST_DIGITS = 13
#: The digits of a number that may be shown.
SHOWN_DIGITS = 4
_HEAD = 6
# Twice each digit, as the sum of the digits of that.
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
# Brand ranges as (first, last, lengths) over the six first digits.
_BRANDS = (
    (220000, 220499, range(16, 20)),  # Mir
    (222100, 272099, (16,)),  # Mastercard
    (300000, 305999, range(14, 20)),  # Diners
    (340000, 349999, (15,)),  # American Express
    (352800, 358999, range(16, 20)),  # JCB
    (360000, 369999, range(14, 20)),  # Diners
    (370000, 379999, (15,)),  # American Express
    (380000, 399999, range(14, 20)),  # Diners
    (400000, 499999, (13, 16, 19)),  # Visa
    (500000, 509999, range(13, 20)),  # Maestro, RuPay and national schemes
    (510000, 559999, (16,)),  # Mastercard
    (560000, 699999, range(13, 20)),  # Maestro, Discover, UnionPay, RuPay
    (810000, 829999, range(16, 20)),  # UnionPay, RuPay
)
_SEPARATORS = str.maketrans(dict.fromkeys(separators.SIGNS, " "))
_KEPT = frozenset({separators.NOTHING, separators.TAB})
_CLOSE = 3
_NOTHING = f"{separators.NOTHING}*"
_BLANK = f"(?: {_NOTHING})"
# Two tabs have an empty column between them: what stands on either side is one number if it is printed so.
_GAP = rf"{_NOTHING}(?:{_BLANK}{{0,{_CLOSE}}}|{_BLANK}{{0,2}}{separators.TAB}{_NOTHING}{_BLANK}?)"
_CHAIN = re.compile(rf"[0-9](?:{_GAP}[0-9]){{12,}}")
_GROUP = re.compile("[0-9]+")
# As people write a card: digits in a row, or in groups of four, of 4-6-5 (American Express) or 4-6-4, or one
# by one, with the same signs between them.
_MOST_SIGNS = 40
_SIGNS = f"[^0-9A-Za-z]{{1,{_MOST_SIGNS}}}"
_PRINTED = re.compile(
    rf"[0-9]{{13,19}}|[0-9]{{4}}({_SIGNS})[0-9]{{4}}(?:\1[0-9]{{1,4}}){{2,3}}"
    rf"|[0-9]{{4}}({_SIGNS})[0-9]{{6}}\2[0-9]{{4,5}}|[0-9]({_SIGNS})[0-9](?:\3[0-9]){{11,17}}"
)
_SIZES = re.compile("444[1-4]|4444[1-3]|46[45]|1{13,19}")
_LETTER = re.compile("[A-Za-z]")
# Digits enough for a number, whatever signs are between them.
_APART = re.compile(f"[0-9](?:[^0-9A-Za-z]{{0,{_MOST_SIGNS}}}[0-9]){{12}}")
# What stands before a number in a dump of a chip's data: EMV tags 5A (number), 57 and 9F6B (track 2), each
# with a length of one byte.
_TAG = re.compile(r"(?:5A|9F6B|(?<![0-9])57)[0-9A-F]{2}(?=[0-9]{13})", re.IGNORECASE)


@dataclass(frozen=True)
class CardNumber:
    """A number that looks like a card's: its bounds in its text and its digits (never shown)."""

    start: int
    end: int
    digits: str


def find(text: str) -> Iterator[CardNumber]:
    """The card numbers of ``text``, in the order in which they begin; several may overlap.

    Every window of 13 to 19 digits that begins a group and ends one is looked at, so that a security code or
    an expiry behind a number hides nothing. The time grows with the length of ``text`` and no faster.
    """
    plain = _ascii_digits(separators.folded(text))
    spaced = plain.translate(_SEPARATORS)
    if not (_CHAIN.search(spaced) or _APART.search(spaced)):
        return
    plain = lookalikes.hidden(plain)
    spaced = plain.translate(_SEPARATORS)
    tags = [tag.end() for tag in _TAG.finditer(plain)]
    close = (number for chain in _CHAIN.finditer(spaced) for number in _windows(_groups(chain), tags))
    yield from merge(close, _apart(spaced), key=attrgetter("start"))


def holds_card(text: str) -> bool:
    """Whether ``text`` holds what may be a full card number."""
    return next(find(text), None) is not None


def holds_card_number(text: str) -> bool:
    """Whether ``text`` holds a card number as people write one.

    Numbers of a bank's label that only make one together (a contract, a remittance, a day) are none.
    """
    folded = separators.folded(text)
    if not _PRINTED.search(folded):
        return False
    return any(_PRINTED.fullmatch(folded[card.start : card.end]) for card in find(folded))


def masked(text: str) -> str:
    """``text`` with at most the last four digits of each card number in it, as long as before."""
    letters, folded = list(text), separators.folded(text)
    for card in find(folded):
        places = [place for place in range(card.start, card.end) if folded[place].isdecimal()]
        for place in places[:-SHOWN_DIGITS]:
            letters[place] = "*"
    return "".join(letters)


def looks_like_card(digits: str) -> bool:
    """Whether ``digits`` has a length and a beginning of a brand's and passes the Luhn check."""
    return len(digits) in _lengths(digits[:_HEAD]) and passes_luhn(digits)


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of the others."""
    return (sum(map(int, digits[-1::-2])) + sum(_DOUBLED[int(digit)] for digit in digits[-2::-2])) % 10 == 0


def _ascii_digits(text: str) -> str:
    """``text`` as long as before, with digits of any script as ASCII and a blank for what nobody sees."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_plain_letter, text))


@lru_cache(maxsize=4096)
def _plain_letter(letter: str) -> str:
    digit = unicodedata.digit(letter, None)
    if digit is not None:
        return str(digit)
    return " " if letter not in _KEPT and separators.is_blank(letter) else letter


def _windows(groups: list[tuple[int, str]], tags: list[int]) -> Iterator[CardNumber]:
    """The card numbers of groups of digits that begin a group, or follow one of ``tags``.

    A number ends with a group; where all of it stands in one group, anywhere.
    """
    digits = "".join(group for _, group in groups)
    places = [place for start, group in groups for place in range(start, start + len(group))]
    sums = _luhn_sums(digits)
    ends = set(accumulate(len(group) for _, group in groups))
    for first, end in _starts(groups, tags):
        for length in _lengths(digits[first : first + _HEAD]):
            last = first + length
            doubled = sums[last % 2]
            if (last < end or last in ends) and (doubled[last] - doubled[first]) % 10 == 0:
                yield CardNumber(places[first], places[last - 1] + 1, digits[first:last])


def _groups(chain: re.Match[str]) -> list[tuple[int, str]]:
    """The groups of digits of a chain, and where each begins."""
    return [(group.start() + chain.start(), group[0]) for group in _GROUP.finditer(chain[0])]


def _apart(text: str) -> Iterator[CardNumber]:
    """The card numbers in groups as printed that no chain holds, since more than that is between them."""
    for groups in _runs(text):
        for card in _windows(groups, []):
            written = text[card.start : card.end]
            sizes = "".join(str(len(group)) for group in _GROUP.findall(written))
            if _SIZES.fullmatch(sizes) and not _CHAIN.fullmatch(written):
                yield card


def _runs(text: str) -> Iterator[list[tuple[int, str]]]:
    """Groups of digits between which the same signs stand, or blanks only, and where each begins."""
    run: list[tuple[int, str]] = []
    before, gap = 0, ""
    for group in _GROUP.finditer(text):
        found = text[before : group.start()]
        if len(run) > 1 and not (found == gap or (found.isspace() and gap.isspace())):
            yield run
            run = run[-1:]
        if len(found) > _MOST_SIGNS or _LETTER.search(found):
            yield run
            run = []
        run.append((group.start(), group[0]))
        before, gap = group.end(), found
    yield run


def _starts(groups: list[tuple[int, str]], tags: list[int]) -> Iterator[tuple[int, int]]:
    """Where a number may begin in a chain, and where its group ends, both counted in digits."""
    before = 0
    for start, group in groups:
        end = before + len(group)
        if not lookalikes.passes_ean(group):
            yield before, end
        inside = tags[bisect_right(tags, start) : bisect_left(tags, start + len(group))]
        yield from ((before + tag - start, end) for tag in inside)
        before = end


def _luhn_sums(digits: str) -> tuple[list[int], list[int]]:
    """The Luhn sums of the first 0, 1, 2… digits, those at even and at odd places doubled.

    Whatever window one looks at, its sum is then the difference of two.
    """
    even, odd = [0], [0]
    for place, digit in enumerate(map(int, digits)):
        doubled = _DOUBLED[digit]
        even.append(even[-1] + (digit if place % 2 else doubled))
        odd.append(odd[-1] + (doubled if place % 2 else digit))
    return even, odd


@lru_cache(maxsize=100_000)
def _lengths(head: str) -> tuple[int, ...]:
    """The lengths of the card numbers that begin with ``head`` (6 digits)."""
    number = int(head) if len(head) == _HEAD else 0
    return tuple(length for first, last, lengths in _BRANDS if first <= number <= last for length in lengths)
