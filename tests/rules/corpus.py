"""Numbers drawn at random: card numbers as people disguise them, and honest numbers that look like them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from app.rules.cards import passes_luhn

#: First digits and length: Visa, Mastercard, American Express, Diners, JCB, Discover, UnionPay, Maestro, Mir
#: and RuPay.
BRANDS = (
    ("4", 13), ("4", 16), ("4", 19), ("51", 16), ("55", 16), ("2221", 16), ("2720", 16), ("34", 15),
    ("37", 15), ("300", 14), ("36", 14), ("38", 16), ("3528", 16), ("3589", 19), ("6011", 16), ("65", 16),
    ("62", 16), ("62", 17), ("62", 19), ("81", 16), ("50", 13), ("50", 16), ("57", 13), ("58", 18),
    ("63", 19), ("67", 14), ("2200", 16), ("2204", 19), ("60", 16), ("82", 16),
)  # fmt: skip


def _by(size: int, between: str) -> Callable[[str], str]:
    return lambda number: between.join(number[at : at + size] for at in range(0, len(number), size))


def _cut(*sizes: int) -> Callable[[str], str]:
    def shape(number: str) -> str:
        parts = []
        for size in sizes:
            parts.append(number[:size])
            number = number[size:]
        return " ".join(filter(None, (*parts, number)))

    return shape


def _mixed(number: str) -> str:
    return f"{number[:4]} {number[4:8]}-{number[8:12]}.{number[12:]}"


_BETWEEN = (
    " ", "  ", "   ", "\u00a0", "\u202f", "\u2009", ".", "-", "\u2011", "\u2013", "\u2212", "/", "_", ",",
    "\u200b", "\u2060", " - ", "\t",
)  # fmt: skip
#: What stands between the groups of a card that is printed wide, or in a table of others.
_APART = (
    "    ", " " * 12, "\t\t", "\t\t\t\t", "\u00a0" * 4, "\u2009" * 5, "  -  ", "....", "----", "____", "|",
    " | ", ":", ";", "; ", "*", "+", "=", "#", "~", "\\", "\u2022", '","', '" "', '", "', ") (", "\r\n", "?",
)  # fmt: skip
#: Blanks as HTML, addresses and JSON write them.
_WRITTEN = (
    "<br>", "<BR />", "&nbsp;", "&#160;", "&#xA0;", "&#8239;", "&ndash;", "&thinsp;", "&shy;", "%20",
    "%C2%A0", "%2d", "%20%20", "\\u00a0", "\\u202F", "\\n", "\\t", "</td><td>", '</td> <td class="r">',
    "</b> <b>", "<wbr>", " <br>\t",
)  # fmt: skip
#: How a number is written, and what may stand around it.
SHAPES: dict[str, Callable[[str], str]] = {
    **{f"by {size} with {between!r}": _by(size, between) for size in (2, 3, 4, 5) for between in _BETWEEN},
    **{f"by {size} with {between!r}": _by(size, between) for size in (1, 4) for between in _APART},
    **{f"by {size} with {between!r}": _by(size, between) for size in (1, 4, 5, 6) for between in _WRITTEN},
    "plain": str,
    "one by one": _by(1, " "),
    "8-8": _cut(8, 8),
    "6-10": _cut(6, 10),
    "12-4": _cut(12, 4),
    "4-6-5": _cut(4, 6, 5),
    "mixed": _mixed,
    "full width": lambda number: "".join(chr(ord(digit) + 0xFEE0) for digit in number),
    "Arabic digits": lambda number: "".join(chr(ord(digit) + 0x630) for digit in number),
    "wide and uneven": lambda number: "   \t  ".join(
        (_by(4, "     ")(number[:8]), _by(4, "      ")(number[8:]))
    ),
    "wide behind a number": lambda number: f"0386     {_by(4, '     ')(number)}",
    "wide before a code": lambda number: f"{_by(4, '|')(number)}|123",
    "with expiry": lambda number: f"{_by(4, ' ')(number)} 12/28",
    "with code": lambda number: f"{number} 123",
    "code glued": lambda number: f"{number}123",
    "behind a number": lambda number: f"038612 {_by(4, ' ')(number)}",
    "letters around": lambda number: f"PAN{number}X",
    "track 2": lambda number: f"{number}=28121010000000000000",
    "track 2 of a chip": lambda number: f"57{len(number):02}{number}D2812101",
    "number of a chip": lambda number: f"5A{len(number):02}{number}",
}


def digits(draw: Random, count: int) -> str:
    return "".join(draw.choice("0123456789") for _ in range(count))


def ean_check(body: str) -> str:
    return str(-sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body)) % 10)


def card(draw: Random, start: str, length: int) -> str:
    """A card number; one of 13 digits is no EAN-13 at the same time, which nothing could tell."""
    while True:
        body = start + digits(draw, length - len(start) - 1)
        number = next(body + check for check in "0123456789" if passes_luhn(body + check))
        if length != 13 or ean_check(number[:12]) != number[12]:
            return number


def iban(draw: Random) -> str:
    """A French IBAN of a bank that exists, its keys right, in groups of four or plain."""
    bank = draw.choice(("30004", "30003", "30002", "18206", "10278", "40978", "45559"))
    account = f"{bank}{digits(draw, 5)}{digits(draw, 11)}"
    key = 97 - int(f"{account}00") % 97
    number = f"{account}{key:02}"
    check = 98 - int(f"{number}152700") % 97
    code = f"FR{check:02}{number}"
    return draw.choice((_by(4, " ")(code), _by(4, "     ")(code), code))


def ean(draw: Random) -> str:
    body = draw.choice(("40", "41", "50", "54", "30", "36", "60")) + digits(draw, 10)
    return f"ART {body}{ean_check(body)} {draw.randint(1, 99)},{digits(draw, 2)}"


def siret(draw: Random) -> str:
    start = draw.choice(("36", "38", "300", "552", "443"))
    body = start + digits(draw, 13 - len(start))
    number = next(body + check for check in "0123456789" if passes_luhn(body + check))
    grouped = f"{number[:3]} {number[3:6]} {number[6:9]} {number[9:]}"
    return draw.choice((f"SIRET {grouped}", f"SIRET : {number}", f"N° SIRET: {number}"))


def moment(draw: Random) -> str:
    day, month, year = draw.randint(1, 28), draw.randint(1, 12), draw.randint(2024, 2031)
    hour, minute = draw.randint(0, 23), draw.randint(0, 59)
    return draw.choice(
        (
            f"LE {day:02}/{month:02}/{year} {hour:02}:{minute:02}:{minute:02}",
            f"{day:02}.{month:02}.{year} {hour:02}.{minute:02}",
            f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}",
            f"{day:02}/{month:02}/{year % 100:02} {hour:02}:{minute:02} {digits(draw, 6)}",
        )
    )


def order(draw: Random) -> str:
    return f"CMD-2026-{digits(draw, 8)} TEL 01 99 00 {digits(draw, 2)} {digits(draw, 2)}"


def sums(draw: Random) -> str:
    return f"NB {draw.randint(1, 400)} MONTANT {digits(draw, 4)},{digits(draw, 2)} EUR N° {digits(draw, 6)}"


def truncated(draw: Random) -> str:
    return f"497010******{digits(draw, 4)} AUTO {digits(draw, 6)}"


def table(draw: Random) -> str:
    """A line of a table that is printed wide: a day, a contract, a rank, a number, an amount."""
    between = draw.choice(("    ", "        ", "\t\t", " | ", '";"'))
    day = f"{draw.randint(1, 28):02}/{draw.randint(1, 12):02}/2026"
    amount = f"{draw.randint(1, 9999)},{digits(draw, 2)}"
    return between.join((day, digits(draw, 7), digits(draw, 3), digits(draw, 6), amount, digits(draw, 4)))


HONEST: dict[str, Callable[[Random], str]] = {
    "IBAN": iban,
    "EAN-13 and price": ean,
    "SIRET": siret,
    "date and time": moment,
    "order and telephone": order,
    "count and amount": sums,
    "truncated card": truncated,
    "table": table,
}
