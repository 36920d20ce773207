"""Checks of a theme: what ``theme.toml`` says, the style, the contrast of its colours, its pictures.

A fault is a sentence in the language of the moment.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.config import is_plain_address
from app.wording import formats
from app.wording.i18n import N_, gettext

#: The width and height of each icon, in pixels.
ICONS = {"icon-180.png": 180, "icon-192.png": 192, "icon-512.png": 512, "icon-maskable.png": 512}
#: Text and the ground it stands on: each pair must reach the contrast of WCAG 2.1 AA.
PAIRS = (
    ("--text", "--ground"),
    ("--text", "--surface"),
    ("--text-soft", "--ground"),
    ("--text-soft", "--surface"),
    ("--text-soft", "--surface-sunk"),
    ("--link", "--ground"),
    ("--link", "--surface"),
    ("--on-accent", "--accent"),
    ("--on-brand", "--brand"),
    ("--good", "--good-ground"),
    ("--warn", "--warn-ground"),
    ("--bad", "--bad-ground"),
    ("--bad", "--surface"),
    ("--good", "--surface"),
    ("--warn", "--surface"),
    ("--link", "--surface-sunk"),
    ("--link", "--info-ground"),
    ("--text", "--bad-ground"),
    ("--text", "--warn-ground"),
    ("--info", "--info-ground"),
)
CONTRAST = 4.5
SHORT_NAME = 12  # what a home screen shows under an icon
#: A custom property and its value.
DECLARATION = re.compile(r"(--[a-z0-9-]+):\s*([^;{}]+);")
#: What begins the colours of the dark scheme.
DARK = "@media (prefers-color-scheme: dark)"

#: Of the light scheme, and of the dark one.
_TOO_LITTLE = (
    N_("%(text)s on %(ground)s has a contrast of %(ratio)s in the light scheme"),
    N_("%(text)s on %(ground)s has a contrast of %(ratio)s in the dark scheme"),
)
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_SVG = re.compile(r"<svg[\s>]")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_PHONE = re.compile(r"\+?[0-9][0-9 .]{2,24}")
_KEYS = frozenset({"name", "short_name", "support", "legal", "hosts", "sender", "phone", "issuers"})
_PREFIX = re.compile(r"[0-9]{1,6}")


def facts_faults(facts: Mapping[str, Any]) -> list[str]:
    """What is wrong with theme.toml."""
    faults = [
        gettext("%(key)s must be a text in theme.toml", key=key)
        for key in ("name", "short_name", "support", "legal")
        if not isinstance(facts.get(key), str)
    ]
    faults += [
        gettext("%(key)s must be one line in theme.toml, and not empty", key=key)
        for key in ("name", "short_name")
        if isinstance(facts.get(key), str) and not is_name(facts[key])
    ]
    support = facts.get("support")
    if isinstance(support, str) and support and not is_plain_address(support):
        faults.append(gettext("support must be a plain email address in theme.toml, or empty"))
    hosts = facts.get("hosts")
    if not isinstance(hosts, list) or not all(isinstance(h, str) and _HOST.fullmatch(h) for h in hosts):
        faults.append(gettext("hosts must be a list of host names in lower case in theme.toml"))
    if "sender" in facts and not (isinstance(facts["sender"], str) and is_plain_address(facts["sender"])):
        faults.append(gettext("sender must be a plain email address in theme.toml"))
    if "phone" in facts and not (isinstance(facts["phone"], str) and _PHONE.fullmatch(facts["phone"])):
        faults.append(gettext("phone must be a telephone number in theme.toml, such as 01 99 00 12 34"))
    if not _are_issuers(facts.get("issuers", {})):
        faults.append(gettext("issuers must name an issuer for each prefix of 1 to 6 digits in theme.toml"))
    unknown = sorted(set(facts) - _KEYS)
    faults += [gettext("theme.toml has an unknown key %(key)s", key=key) for key in unknown]
    if isinstance(facts.get("short_name"), str) and len(facts["short_name"]) > SHORT_NAME:
        faults.append(gettext("short_name has more than %(most)s characters", most=SHORT_NAME))
    return faults


def is_name(text: str) -> bool:
    """Whether ``text`` is one line with something in it: it stands in headers of mails."""
    return bool(text.strip()) and len(text.splitlines()) == 1


def _are_issuers(table: object) -> bool:
    return isinstance(table, dict) and all(
        isinstance(name, str) and name.strip() and _PREFIX.fullmatch(prefix) for prefix, name in table.items()
    )


def style_faults(style: str, declared: Mapping[str, object]) -> list[str]:
    """A theme may set known properties to plain colours or lengths, once for each scheme."""
    rest = DECLARATION.sub("", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL))
    rest = rest.replace(DARK, "").replace(":root", "")
    faults = (
        []
        if re.fullmatch(r"[\s{}]*", rest)
        else [gettext("tokens.css may only set custom properties on :root")]
    )
    for name, value in DECLARATION.findall(style):
        if name not in declared:
            faults.append(gettext("tokens.css sets an unknown property %(name)s", name=name))
        elif not re.fullmatch(r"#[0-9a-f]{6}|[0-9.]+(rem|px)", value):
            faults.append(gettext("tokens.css: %(name)s must be a colour as #rrggbb or a length", name=name))
    return faults


def picture_faults(path: Path) -> list[str]:
    """What is wrong with the logo and the icons: a browser would show nothing, or nothing sharp."""
    faults = [
        gettext("%(name)s must be a PNG of %(size)s by %(size)s pixels", name=name, size=size)
        for name, size in ICONS.items()
        if (path / name).read_bytes()[:24] != _png_heading(size)
    ]
    if not _SVG.search((path / "logo.svg").read_text(encoding="utf-8", errors="replace")):
        faults.append(gettext("logo.svg must be an SVG"))
    return faults


def _png_heading(size: int) -> bytes:
    """How a PNG of ``size`` by ``size`` pixels begins: its signature, and the first half of its heading."""
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", size, size)


def contrast_faults(tokens: Mapping[str, tuple[str, str]]) -> list[str]:
    """The pairs of colours that cannot be read, in either scheme."""
    faults = []
    for text, ground in PAIRS:
        named = {"text": text, "ground": ground}
        for colours, too_little in zip(
            zip(tokens[text], tokens[ground], strict=True), _TOO_LITTLE, strict=True
        ):
            if not all(_COLOUR.fullmatch(colour) for colour in colours):
                faults.append(gettext("%(text)s and %(ground)s must be colours as #rrggbb", **named))
            elif (ratio := contrast(*colours)) < CONTRAST:
                faults.append(gettext(too_little, **named, ratio=formats.number(round(ratio, 2))))
    return faults


def contrast(one: str, other: str) -> float:
    """The contrast of two ``#rrggbb`` colours, 1 to 21 (WCAG 2.1)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    # The sRGB curve: a straight line near black, a power above.
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]  # noqa: PLR2004
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
