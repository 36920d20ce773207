"""The query of a page whose rows are no list of payments: the journal, the desk."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response
from werkzeug.datastructures import MultiDict

from app.listing.criteria import shown_name, unknown_parameter
from app.listing.cursor import BROKEN_CURSOR
from app.listing.filters import CARD_TEXT, InvalidValueError, clean
from app.listing.parameter_fault import ParameterFault, too_many
from app.rules.cards import holds_card
from app.rules.directory_columns import is_siret
from app.rules.row_ids import row_id
from app.wording.i18n import N_

#: What reads the text of a parameter. Raises InvalidValueError.
Reader = Callable[[str], Any]


@dataclass(frozen=True)
class PageQuery:
    """The texts of an address by parameter, the ids after which its pages start, and its faults.

    Where there is a fault, no row is to be shown: they would be those of another question.
    """

    texts: Mapping[str, str]
    starts: Mapping[str, int]
    faults: Mapping[str, ParameterFault]

    @property
    def after(self) -> int | None:
        """The id after which the page starts."""
        return self.starts.get("after")

    def text(self, name: str) -> str:
        """What is asked by a parameter, "" for nothing."""
        return self.texts.get(name, "")

    def typed(self, name: str) -> str:
        """What to show again in the input of a parameter."""
        return self.faults[name].typed if name in self.faults else self.text(name)

    def told(self) -> list[dict[str, str]]:
        """Each parameter that is not understood, and why, for a document."""
        return [
            {"parameter": shown_name(name), "message": fault.text()} for name, fault in self.faults.items()
        ]

    def refusal(self) -> Response:
        """What a file answers to a question that is not understood: each parameter, and why."""
        lines = (f"{fault['parameter']}: {fault['message']}\n" for fault in self.told())
        return Response("".join(lines), 422, mimetype="text/plain")


def page_query(
    args: MultiDict[str, str],
    *,
    words: Collection[str] = ("q",),
    choices: Mapping[str, Collection[str]] | None = None,
    cursors: Collection[str] = ("after",),
) -> PageQuery:
    """Read an address: ``words`` are searched for, ``choices`` have a few values, ``cursors`` are ids."""
    readers: dict[str, Reader] = dict.fromkeys(words, _words)
    readers |= dict.fromkeys(cursors, _start)
    readers |= {name: _one_of(values) for name, values in (choices or {}).items()}
    found: dict[str, Any] = {}
    faults: dict[str, ParameterFault] = {}
    for name, given in args.lists():
        texts = list(dict.fromkeys(text for text in given if text.strip()))
        try:
            value = _value(name, texts, readers)
        except InvalidValueError as refused:
            faults[name] = ParameterFault.of(refused, next(iter(texts), ""))
        else:
            found |= {} if value is None else {name: value}
    starts = {name: found.pop(name) for name in cursors if name in found}
    return PageQuery(found, starts, faults)


def _value(name: str, texts: Sequence[str], readers: Mapping[str, Reader]) -> Any:
    """The value of a parameter, None without one. Raises InvalidValueError."""
    if name not in readers:
        raise unknown_parameter(name)
    if len(texts) > 1:
        raise too_many(1)
    return readers[name](texts[0]) if texts else None


def _words(text: str) -> str:
    written = clean(text)
    if holds_card(written) and not is_siret(re.sub(r"\s", "", written)):
        raise InvalidValueError(CARD_TEXT, secret=True)
    return written


def _one_of(values: Collection[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in values:
            raise InvalidValueError(N_("Choose one of the values of the list"))
        return text

    return read


def _start(text: str) -> int:
    found = row_id(text)
    if found is None:
        raise InvalidValueError(BROKEN_CURSOR)
    return found
