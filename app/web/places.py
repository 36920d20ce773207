"""Places in addresses: ``/m/<merchant_id>/…`` is one merchant, ``/gestion/<reseller_id>/…`` one desk.

A blueprint is registered at a kind of place once, and its views know nothing of it: the id is taken out of
each address before the view is called, and put into each address that is built. So whatever a page leads to
stays at the place of the page. Each address also stands without its place, for whoever has only one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from flask import Blueprint, Flask, current_app, g, request, url_for
from werkzeug.routing import IntegerConverter, Map

from app.accounts.place import UNNAMED, Place
from app.rules.row_ids import LARGEST
from app.web.context import known_principal


class RowId(IntegerConverter):
    """``<id:…>`` in a rule: the id of a row. What no column can hold is no address."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=LARGEST)


@dataclass(frozen=True)
class PlaceKind:
    """A kind of place: what its addresses begin with, in full and in short, and the name of its id there."""

    root: str
    short_root: str
    argument: str

    @property
    def prefix(self) -> str:
        """What the rules of its routes begin with."""
        return f"{self.root}/<id:{self.argument}>"

    def address(self, place_id: int, short: str) -> str:
        """The ``short`` address at the place of that id."""
        return f"{self.root}/{place_id}{short.removeprefix(self.short_root)}"


MERCHANT: Final = PlaceKind("/m", "", "merchant_id")
DESK: Final = PlaceKind("/gestion", "/gestion", "reseller_id")
#: So many addresses that are the same everywhere are kept: those of the files of a few dozen themes.
MOST_COMMON: Final = 512
#: And so many that are the same at a place: those of a few hundred merchants.
MOST_PLACED: Final = 4096


def register_at(app: Flask, blueprints: Mapping[PlaceKind, Iterable[Blueprint]]) -> None:
    """Register blueprints at their kinds of place; their own prefixes come after the place."""
    kinds: dict[str, PlaceKind] = {}
    app.extensions["bordereau.places"] = kinds
    app.url_value_preprocessor(_take_place)
    app.url_defaults(_give_place)
    for kind, placed in blueprints.items():
        for blueprint in placed:
            kinds[blueprint.name] = kind
            app.register_blueprint(blueprint, url_prefix=kind.prefix + (blueprint.url_prefix or ""))
            _add_short_addresses(app, kind, blueprint)


def _add_short_addresses(app: Flask, kind: PlaceKind, blueprint: Blueprint) -> None:
    """Let each route of ``blueprint`` answer without its place too.

    Werkzeug builds the rule with the most arguments that it has: the short one only where there is no place.
    """
    for rule in [rule for rule in app.url_map.iter_rules() if _blueprint_of(rule.endpoint) == blueprint.name]:
        app.add_url_rule(
            kind.short_root + rule.rule.removeprefix(kind.prefix),
            rule.endpoint,
            methods=(rule.methods or set()) - {"HEAD", "OPTIONS"},
            defaults=rule.defaults,
        )


def kind_of(endpoint: str | None) -> PlaceKind | None:
    """The kind of place that a route stands at; None for one that is the same everywhere."""
    kinds: dict[str, PlaceKind] = current_app.extensions["bordereau.places"]
    return kinds.get(_blueprint_of(endpoint or ""))


def common_address(endpoint: str, **values: Any) -> str:
    """The address of what is the same at every place, made once for everybody: a page has a dozen of them.

    Raises LookupError for what stands at a place.
    """
    return _made(request.script_root, endpoint, **values)


@lru_cache(maxsize=MOST_COMMON)
def _made(_root: str, endpoint: str, **values: Any) -> str:
    """The same, below what the server puts in front of every address."""
    if kind_of(endpoint) is not None:
        raise LookupError(endpoint)
    return url_for(endpoint, **values)


def placed_address(endpoint: str, **values: Any) -> str:
    """The address of what stands at the place of this page, made once for each: a page has a dozen of them.

    Not for those of rows, of which there are too many to keep.
    """
    asking = known_principal()
    access, desk = asking.access, asking.desk
    merchant_id, reseller_id = access and access.merchant_id, desk and desk.reseller_id
    return _made_at(request.script_root, merchant_id, reseller_id, endpoint, **values)


@lru_cache(maxsize=MOST_PLACED)
def _made_at(
    _root: str, _merchant_id: int | None, _reseller_id: int | None, endpoint: str, **values: Any
) -> str:
    return url_for(endpoint, **values)


def named_place() -> Place:
    """The place that the address of this request names."""
    place: Place = g.get("place", UNNAMED)
    return place


def _blueprint_of(endpoint: str) -> str:
    return endpoint.rpartition(".")[0]


def _take_place(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Keep the place of an address out of its view."""
    kind = kind_of(endpoint)
    if kind is not None and values is not None:
        g.place = Place(**{kind.argument: values.pop(kind.argument, None)})


def _give_place(endpoint: str, values: dict[str, Any]) -> None:
    """Put the place of this page, or else the one its reader was at last, into an address that is built."""
    kind = kind_of(endpoint)
    if kind is None or kind.argument in values:
        return
    here = _merchant_here() if kind is MERCHANT else _desk_here()
    if here is not None:
        values[kind.argument] = here


def _merchant_here() -> int | None:
    access = known_principal().access
    return access.merchant_id if access is not None else None


def _desk_here() -> int | None:
    desk = known_principal().desk
    return desk.reseller_id if desk is not None else None
