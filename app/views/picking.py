"""Choosing among hundreds of outlets: by department, found by a few letters, those chosen first.

``portal.js`` does the same in the browser as one types. Without it each step is a request of the form, which
comes back with what was chosen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from app.accounts.departments import NAMES, department
from app.wording.i18n import gettext
from app.wording.searching import folded

#: Up to this many outlets the list is plain: no search, no departments.
FEW = 12
#: From how many digits on what is typed is looked for in SIRETs: fewer mean a postcode.
SIRET_PART = 6
ELSEWHERE = "other"


@dataclass(frozen=True)
class OutletChoice:
    """An outlet to choose; ``code`` is its department's. A number in its ``street`` is not searched."""

    id: int
    name: str
    street: str
    town: str
    siret: str
    code: str

    @property
    def area(self) -> str:
        """Its department, such as « 69 Rhône »."""
        return f"{self.code} {NAMES[self.code]}" if self.code in NAMES else gettext("Elsewhere")

    def answers(self, sought: str) -> bool:
        """Whether each word of ``sought`` begins one of its own, or its SIRET holds the digits sought."""
        digits = "".join(sought.split())
        if digits.isdigit() and len(digits) >= SIRET_PART:
            return digits in self.siret
        own = f" {folded(f'{self.name} {self.town} {self.area}')}"
        return all(f" {word}" in own for word in folded(sought).split())


@dataclass(frozen=True)
class DepartmentChoice:
    """The outlets of a department that are not chosen yet."""

    code: str
    title: str
    outlets: list[OutletChoice]


@dataclass(frozen=True)
class Picker:
    """The list as the form shows it: ``chosen`` ones, and ``groups`` of the others that answer ``sought``."""

    chosen: list[OutletChoice]
    groups: list[DepartmentChoice]
    total: int
    shown: int
    sought: str
    only_chosen: bool

    @property
    def is_long(self) -> bool:
        """Whether it needs a search."""
        return self.total > FEW


def outlet_choice(outlet: Any) -> OutletChoice:
    """A row of ``id, trade_name, address, postcode, city, siret`` as something to choose."""
    town = " ".join(filter(None, (outlet.postcode, outlet.city)))
    code = department(outlet.postcode) or ELSEWHERE
    return OutletChoice(outlet.id, outlet.trade_name, outlet.address or "", town, outlet.siret, code)


def picker(
    outlets: Collection[OutletChoice], chosen: Collection[int], sought: str, *, only_chosen: bool = False
) -> Picker:
    """The list of ``outlets``, of which those of the ids ``chosen`` come first, or are alone."""
    answering = [each for each in outlets if each.answers(sought)]
    others = [each for each in answering if each.id not in chosen]
    return Picker(
        chosen=[each for each in outlets if each.id in chosen],
        groups=[] if only_chosen else _groups(others),
        total=len(outlets),
        shown=len(answering),
        sought=sought,
        only_chosen=only_chosen,
    )


def after_step(
    outlets: Iterable[OutletChoice], chosen: frozenset[int], step: str, sought: str
) -> frozenset[int]:
    """What is chosen after ``step``: all that answer, or a department's, are chosen or let go."""
    answering = [each for each in outlets if each.answers(sought)]
    action, _, code = step.partition("-")
    if action == "choose":
        return chosen | {each.id for each in answering if code in ("", each.code)}
    if action == "clear":
        return chosen - {each.id for each in answering}
    return chosen


def _groups(outlets: Iterable[OutletChoice]) -> list[DepartmentChoice]:
    by_code = sorted(outlets, key=lambda each: (each.code == ELSEWHERE, each.code))
    found = groupby(by_code, key=lambda each: each.code)
    return [DepartmentChoice(code, (members := list(group))[0].area, members) for code, group in found]
