"""The style sheets of the portal, one for each component, sent as one file: a page asks once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from flask import current_app

from app.web.places import common_address

#: The order of layers is declared in the first; within a layer, what is special comes after what is shared.
SHEETS = (
    "tokens",
    "base",
    "layout",
    "components",
    "header",
    "forms",
    "accounts",
    "tables",
    "sending",
    "desk",
    "prose",
    "lists",
    "panels",
    "answer",
    "groups",
    "rows",
    "details",
    "print",
)
#: Where the application keeps the file.
EXTENSION = "bordereau.styles"


@dataclass(frozen=True)
class StyleSheet:
    """The one file: its text, and a short hash of it."""

    text: str
    version: str

    @classmethod
    def of_folder(cls, folder: Path) -> StyleSheet:
        """The sheets of ``folder`` in their order."""
        text = "".join((folder / f"{name}.css").read_text(encoding="utf-8") for name in SHEETS)
        return cls(text, hashlib.sha256(text.encode()).hexdigest()[:12])


def style_sheet() -> StyleSheet:
    """The file of this application."""
    found: StyleSheet = current_app.extensions[EXTENSION]
    return found


def styles_address() -> str:
    """The address of the file; it changes with the file."""
    return common_address("branding.styles", v=style_sheet().version)
