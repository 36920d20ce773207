"""The page of one row: its sections. A test holds that no field is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.listing.field import Field
from app.listing.kinds import Row
from app.listing.spec import ListSpec
from app.wording.i18n import gettext


@dataclass(frozen=True)
class DetailSection:
    """A group of fields with its title."""

    title: str
    fields: tuple[Field, ...]


def sections(spec: ListSpec, row: Row) -> Iterator[DetailSection]:
    """The sections of ``row``; one that knows nothing at all is left out."""
    for title in spec.sections:
        fields = spec.section(title)
        if any(row[field.name] is not None for field in fields):
            yield DetailSection(gettext(title), fields)
