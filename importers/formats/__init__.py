"""The formats the portal reads: one module, one format.

A format is recognised by the name of the file and by its first line; exactly one must claim it.
Others come as wheels of their own, through the entry points of group ``bordereau.formats``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points

from app.rules.card_numbers import Candidate
from app.wording.i18n import N_
from importers.files.refusals import refuse
from importers.formats import merchant_directory, remise_tpe
from importers.records import Origin, Records

#: Any finished file: not hidden, and not named as one that is still being written.
ANY_NAME = re.compile(r"(?i)^(?!\.)(?!.*\.(?:tmp|part|filepart|swp)$).+$")


def _of_nobody(_data: bytes) -> Origin:
    return Origin()


@dataclass(frozen=True, kw_only=True)
class Format:
    """How a format is recognised and read.

    ``belongs(data, candidate, line)`` tells the places that hold card-like numbers by design;
    ``read`` raises Refused; ``origin`` tells, of any file, whose it says it is.
    """

    name: str
    first_line: re.Pattern[bytes]
    belongs: Callable[[bytes, Candidate, bytes], bool]
    read: Callable[[bytes], Records]
    origin: Callable[[bytes], Origin] = _of_nobody
    file_name: re.Pattern[str] = ANY_NAME

    def claims(self, file_name: str, data: bytes) -> bool:
        """Whether a file of this name and content is of this format."""
        return bool(self.file_name.match(file_name) and self.first_line.match(data))


OURS = (
    Format(
        name=remise_tpe.NAME,
        first_line=remise_tpe.FIRST_LINE,
        belongs=remise_tpe.belongs,
        read=remise_tpe.read,
        origin=remise_tpe.origin,
    ),
    Format(
        name=merchant_directory.NAME,
        first_line=merchant_directory.FIRST_LINE,
        belongs=merchant_directory.belongs,
        read=merchant_directory.read,
        origin=merchant_directory.origin,
    ),
)


@cache
def formats() -> tuple[Format, ...]:
    """Ours, then those that are installed beside us."""
    return OURS + tuple(found.load() for found in entry_points(group="bordereau.formats"))


def recognise(file_name: str, data: bytes) -> Format:
    """The one format that claims the file. Raises Refused when none does, or several do."""
    claims = [known for known in formats() if known.claims(file_name, data)]
    if not claims:
        raise refuse(N_("not a known format: its first line belongs to none"), line=1)
    if len(claims) > 1:
        names = ", ".join(known.name for known in claims)
        raise refuse(N_("claimed by several formats: %(names)s"), names=names)
    return claims[0]


def origin_of(file_name: str, data: bytes) -> Origin:
    """Whose a file says it is, however wrong the rest of it may be."""
    claims = [known for known in formats() if known.claims(file_name, data)]
    return claims[0].origin(data) if len(claims) == 1 else Origin()
