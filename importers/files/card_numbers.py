"""Card numbers in a file on its way in: it is refused, or they are left out, or masked where vouched for.

A file is loaded, archived and known again as what is left of it: no full card number reaches a table, the
archive or the quarantine.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from typing import Final

from app.models import CardNumbers
from app.refusals import CARD_BESIDES, CARD_NUMBER, CARD_OR_REFERENCE, Refusal
from app.rules import card_lines, separators, unread_files
from app.rules.card_lines import Candidate, Treatment
from importers.files.archive import IncomingFile
from importers.formats import Format, searched_by_field
from importers.refusals import MOST_REASONS, FileRefusedError

#: What a file counts besides its records.
LEFT_OUT: Final = "certificates_left_out"
MASKED: Final = "references_masked"
_COUNTED = {Treatment.LEAVE_OUT: LEFT_OUT, Treatment.MASK_IF_VOUCHED: MASKED}
#: The columns that an operator vouches for, by source.
Vouched = Callable[[str], frozenset[str]]


def refuse_any(data: bytes) -> None:
    """Raises FileRefusedError when a file that no format knows holds a card number anywhere.

    Nobody knows what its columns are: a number may stand in several, a group in each.
    """
    data = separators.folded_bytes(data).replace(b";", b"|")
    _refuse(islice(card_lines.find(data, lambda _candidate, _line: False), MOST_REASONS), None)


def said_besides(
    refused: FileRefusedError, data: bytes, known: Format | None, cards: CardNumbers
) -> FileRefusedError:
    """Why a file is refused, and that a card number stands in it, if one does: then no copy is kept.

    A reader that looks into each field for numbers has not come to all of them. Where the source masks
    ``cards`` in fields made for them, the number is no reason of its own.
    """
    if refused.holds_card_number or known is None or known.find_cards is not searched_by_field:
        return refused
    line = unread_files.line_with_card(data)
    if line is None:
        return refused
    masks = known.has_card_fields and cards is CardNumbers.MASK
    besides = Refusal(reason=CARD_BESIDES if masks else CARD_NUMBER, line=line)
    return FileRefusedError([*refused.refusals[: MOST_REASONS - 1], besides])


def cleaned(file: IncomingFile, known: Format, vouched: Vouched) -> tuple[IncomingFile, Mapping[str, int]]:
    """The file without what looks like a card number and need not be there, and how often, by name.

    Raises FileRefusedError, naming lines and columns, for every other number that looks like one.
    """
    candidates = iter(known.find_cards(file.data))
    first = next(candidates, None)
    if first is None:
        return file, {}
    source = known.origin(file.data).source
    allowed = vouched(source) if source else frozenset()
    found = list(_until_refused(chain([first], candidates), allowed))
    _refuse([candidate for candidate in found if not _may_stay(candidate, allowed)], source)
    data = card_lines.redacted(file.data, found)
    cells = {(candidate.line, candidate.column): candidate.treatment for candidate in found}
    counts: dict[str, int] = {}
    for treatment in cells.values():
        counts[_COUNTED[treatment]] = counts.get(_COUNTED[treatment], 0) + 1
    return replace(file, data=data, sha256=hashlib.sha256(data).hexdigest()), counts


def _until_refused(candidates: Iterable[Candidate], allowed: frozenset[str]) -> Iterator[Candidate]:
    """All candidates, or those up to the last that a person will read of."""
    refused = 0
    for candidate in candidates:
        yield candidate
        refused += not _may_stay(candidate, allowed)
        if refused == MOST_REASONS:
            return


def _may_stay(candidate: Candidate, vouched: frozenset[str]) -> bool:
    """Whether the file may be loaded without a number."""
    if candidate.treatment is Treatment.MASK_IF_VOUCHED:
        return candidate.name in vouched
    return candidate.treatment is Treatment.LEAVE_OUT


def _refuse(found: Iterable[Candidate], source: str | None) -> None:
    refusals = {(candidate.line, candidate.name): _refusal(candidate, source) for candidate in found}
    if refusals:
        raise FileRefusedError(refusals[key] for key in sorted(refusals))


def _refusal(candidate: Candidate, source: str | None) -> Refusal:
    if source is None or candidate.treatment is not Treatment.MASK_IF_VOUCHED:
        return Refusal(reason=CARD_NUMBER, line=candidate.line)
    command = f"bordereau source {shlex.quote(source)} --vouch {candidate.name}"
    return Refusal(reason=CARD_OR_REFERENCE, line=candidate.line, params={"command": command})
