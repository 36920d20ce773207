"""The formats the portal reads: one module, one format, in its ``FORMAT``.

A format is recognised by the name of the file and by its first line; exactly one must claim it.
Others come as wheels of their own, through the entry points of group ``bordereau.formats``.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Final, Protocol

from app.models import CardNumbers, SourceSettings
from app.rules.card_lines import Candidate
from app.wording.i18n import N_
from importers.records import Origin, Records
from importers.records.remote_payments.profile import PaymentProfile
from importers.refusals import FileRefusedError, Refusal, refuse

#: Any finished file: not hidden, and not named as one that is still being written.
ANY_NAME = re.compile(r"(?is)(?!\.)(?!.*\.(?:tmp|part|filepart|swp)\Z).+\Z")

EMPTY: Final = N_("the file is empty: have it delivered again")
UNKNOWN_FORMAT: Final = N_("not a known format: its first line belongs to none")


def _of_nobody(_data: bytes) -> Origin:
    return Origin()


def _far_from(_data: bytes) -> Refusal | None:
    return None


def first_column(data: bytes) -> Origin:
    """The resellers that the first column of a declaration names."""
    rows = data.splitlines()[1:]
    names = (row.split(b";", 1)[0].decode("utf-8", "replace").lower() for row in rows)
    return Origin(resellers=frozenset(names))


def searched_by_field(_data: bytes) -> tuple[()]:
    """No candidate: the reader itself looks for card numbers, in each declared field, until it refuses."""
    return ()


def searched_by_heading(_data: bytes) -> tuple[()]:
    """No candidate: the reader itself looks for card numbers, in each column, though it refuses."""
    return ()


@dataclass(frozen=True, kw_only=True)
class FileContext:
    """The context of a file besides its bytes: its name, and what the profile of its source says.

    ``source`` is the name of the one source of its folder and name, ``format`` the one that it delivers,
    ``time_zone`` the clock of its times; each is empty where nobody has said so. ``payments`` is what its
    files of payments leave unsaid, None where it delivers none. ``rivals`` are the names of the several
    sources of its folder and name, of which none can be said to be its own.
    """

    name: str = ""
    source: str = ""
    format: str = ""
    time_zone: str = ""
    settings: SourceSettings = field(default_factory=SourceSettings)
    payments: PaymentProfile | None = None
    rivals: tuple[str, ...] = ()

    @property
    def own_payments(self) -> PaymentProfile | None:
        """The profile of payments that no terminal delivers; None unless somebody says that there are any.

        Files that tell of money name payments, too: taken for payments by default, they would count twice.
        """
        return self.payments if self.settings.application else None

    @property
    def cards(self) -> CardNumbers:
        """What becomes of full card numbers in fields that are made for them."""
        return self.settings.cards


class Beginning(Protocol):
    """The beginning of a format: ``match`` is true of the bytes of its files."""

    def match(self, data: bytes, /) -> object:
        """Whether ``data`` begins so."""


def bytes_alone(read: Callable[[bytes], Records]) -> Callable[[bytes, FileContext], Records]:
    """A reader that needs nothing but the bytes."""
    return lambda data, _context: read(data)


@dataclass(frozen=True, kw_only=True)
class Format:
    """A format: how it is recognised and read.

    ``find_cards`` yields the card numbers of a file: it knows the places that hold such numbers by design,
    where a field of fixed width begins, and what may be done about each; ``vouchable`` are the columns that
    an operator may vouch for. ``read`` raises FileRefusedError; ``origin`` tells, of any file, whose it says
    it is. ``archived`` says whether the original may be kept once it is loaded: not what holds other people's
    money. ``has_card_fields``: full numbers stand in fields made for them, which a source may mask. ``lacks``
    says of a file that no format claims what it lacks to be of this one, where it may be.
    """

    name: str
    first_line: Beginning
    find_cards: Callable[[bytes], Iterable[Candidate]]
    read: Callable[[bytes, FileContext], Records]
    origin: Callable[[bytes], Origin] = _of_nobody
    vouchable: frozenset[str] = frozenset()
    file_name: re.Pattern[str] = ANY_NAME
    archived: bool = True
    has_card_fields: bool = False
    lacks: Callable[[bytes], Refusal | None] = _far_from

    def claims(self, file_name: str, data: bytes) -> bool:
        """Whether a file of this name and content is of this format."""
        return bool(self.file_name.match(file_name) and self.first_line.match(data))


@cache
def formats() -> tuple[Format, ...]:
    """Ours, then those that are installed beside us."""
    modules = (import_module(found.name) for found in pkgutil.walk_packages(__path__, f"{__name__}."))
    ours = tuple(module.FORMAT for module in modules if hasattr(module, "FORMAT"))
    return ours + tuple(found.load() for found in entry_points(group="bordereau.formats"))


def may_be_archived(name: str | None) -> bool:
    """Whether the original of a file of the format ``name`` may be kept."""
    return all(known.archived for known in formats() if known.name == name)


def recognise(file_name: str, data: bytes, delivered: str = "") -> Format:
    """The one format that claims the file. Raises FileRefusedError when none does, or several do.

    ``delivered`` is the format that its source delivers: a file that nothing claims is of that one, and
    one that another claims is refused.
    """
    claims = [known for known in formats() if known.claims(file_name, data)]
    if delivered:
        return _delivered(claims, delivered)
    if not claims:
        raise _unclaimed(data)
    if len(claims) > 1:
        names = ", ".join(known.name for known in claims)
        raise refuse(N_("claimed by several formats: %(names)s"), names=names)
    return claims[0]


def _unclaimed(data: bytes) -> FileRefusedError:
    if not data.strip():
        return refuse(EMPTY, line=1)
    lacking = (refusal for known in formats() if (refusal := known.lacks(data)))
    return FileRefusedError([next(lacking, Refusal(reason=UNKNOWN_FORMAT, line=1))])


def _delivered(claims: list[Format], name: str) -> Format:
    others = [known.name for known in claims if known.name != name]
    if others and len(others) == len(claims):
        raise refuse(
            N_("a file of %(found)s, where its source delivers %(name)s"), found=others[0], name=name
        )
    return next(known for known in formats() if known.name == name)


def origin_of(file_name: str, data: bytes) -> Origin:
    """Whose a file says it is, however wrong the rest of it may be."""
    claims = [known for known in formats() if known.claims(file_name, data)]
    return claims[0].origin(data) if len(claims) == 1 else Origin()
