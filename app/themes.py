"""White label: a theme is data in ``themes/<reseller slug>/``, loaded and checked at start.

A folder holds ``theme.toml`` (name, hosts, support, legal line), ``tokens.css`` (values for the
custom properties that ``static/css/tokens.css`` declares, nothing else), ``logo.svg`` and two icons.
A broken theme stops the start: a maintainer's colours never make a page unreadable.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.config import LOCAL_HOSTS, ROOT, is_plain_address

FOLDER = ROOT / "themes"
TOKENS = ROOT / "app" / "static" / "css" / "tokens.css"
DEFAULT = "default"
#: What a browser may ask of a theme, and its type.
FILES = {
    "tokens.css": "text/css; charset=utf-8",
    "logo.svg": "image/svg+xml",
    "icon-192.png": "image/png",
    "icon-512.png": "image/png",
}
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
    ("--info", "--info-ground"),
)
CONTRAST = 4.5
SHORT_NAME = 12  # what a home screen shows under an icon

_DECLARATION = re.compile(r"(--[a-z0-9-]+):\s*([^;{}]+);")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_DARK = "@media (prefers-color-scheme: dark)"


class ThemeError(Exception):
    """A theme cannot be used; the message names the folder and every fault."""


@dataclass(frozen=True)
class Theme:
    """A maintainer's name, hosts and colours. ``version`` changes with any of its files.

    ``sender`` is the address that his mail comes from, empty for that of the whole portal.
    """

    slug: str
    name: str
    short_name: str
    hosts: tuple[str, ...]
    support: str
    legal: str
    ground: str
    ground_dark: str
    brand: str
    version: str
    sender: str = ""

    def file(self, name: str) -> Path:
        """One of the FILES of this theme."""
        return FOLDER / self.slug / name


@dataclass(frozen=True)
class Themes:
    """Every theme, by slug and by host."""

    by_slug: Mapping[str, Theme]
    by_host: Mapping[str, Theme]

    def of_host(self, host: str) -> Theme:
        """The theme that names ``host``; on this machine's own names the only maintainer's; else the default.

        Among several maintainers none is guessed: whoever is not signed in learns of none.
        """
        maintainers = [theme for slug, theme in self.by_slug.items() if slug != DEFAULT]
        if host in LOCAL_HOSTS and len(maintainers) == 1:
            return maintainers[0]
        return self._naming(host)

    def of_reseller(self, slug: str, host: str) -> Theme:
        """The reseller's own theme when there is one, else the one that names ``host`` or the default."""
        return self.by_slug.get(slug) or self._naming(host)

    def _naming(self, host: str) -> Theme:
        return self.by_host.get(host, self.by_slug[DEFAULT])


def load_themes(folder: Path = FOLDER) -> Themes:
    """Load every theme. Raises ThemeError naming all that is wrong in all of them."""
    faults: list[str] = []
    declared = _values(TOKENS.read_text(encoding="utf-8"))
    themes = [
        theme
        for path in sorted(path for path in folder.iterdir() if path.is_dir())
        if (theme := _load(path, declared, faults)) is not None
    ]
    by_host = _by_host(themes, faults)
    if not any(theme.slug == DEFAULT for theme in themes) and not faults:
        faults.append(f"themes/{DEFAULT} is missing")
    if faults:
        raise ThemeError("\n".join(faults))
    return Themes({theme.slug: theme for theme in themes}, by_host)


def _by_host(themes: Iterable[Theme], faults: list[str]) -> dict[str, Theme]:
    by_host: dict[str, Theme] = {}
    for theme in themes:
        for host in theme.hosts:
            if host in by_host:
                faults.append(f"{host} belongs to two themes: {by_host[host].slug} and {theme.slug}")
            by_host[host] = theme
    return by_host


def _load(path: Path, declared: Mapping[str, tuple[str, str]], faults: list[str]) -> Theme | None:
    missing = [name for name in ("theme.toml", *FILES) if not (path / name).is_file()]
    if missing:
        faults.append(f"themes/{path.name}: {', '.join(missing)} missing")
        return None
    facts = tomllib.loads((path / "theme.toml").read_text(encoding="utf-8"))
    style = (path / "tokens.css").read_text(encoding="utf-8")
    found = [*_facts_faults(facts), *_style_faults(style, declared)]
    tokens = _values(style, declared)
    found += _contrast_faults(tokens)
    faults += [f"themes/{path.name}: {fault}" for fault in found]
    if found:
        return None
    return Theme(
        slug=path.name,
        **{**facts, "hosts": tuple(facts["hosts"])},
        ground=tokens["--ground"][0],
        ground_dark=tokens["--ground"][1],
        brand=tokens["--brand"][0],
        version=_version(path),
    )


def _version(path: Path) -> str:
    content = b"".join((path / name).read_bytes() for name in ("theme.toml", *FILES))
    return hashlib.sha256(content).hexdigest()[:12]


def _facts_faults(facts: Mapping[str, Any]) -> list[str]:
    """What is wrong with theme.toml."""
    faults = [
        f"{key} must be a text in theme.toml"
        for key in ("name", "short_name", "support", "legal")
        if not isinstance(facts.get(key), str)
    ]
    hosts = facts.get("hosts")
    if not isinstance(hosts, list) or not all(isinstance(h, str) and _HOST.fullmatch(h) for h in hosts):
        faults.append("hosts must be a list of host names in lower case in theme.toml")
    if "sender" in facts and not (isinstance(facts["sender"], str) and is_plain_address(facts["sender"])):
        faults.append("sender must be a plain mail address in theme.toml")
    unknown = sorted(set(facts) - {"name", "short_name", "support", "legal", "hosts", "sender"})
    faults += [f"theme.toml has an unknown key {key}" for key in unknown]
    if isinstance(facts.get("short_name"), str) and len(facts["short_name"]) > SHORT_NAME:
        faults.append(f"short_name has more than {SHORT_NAME} characters")
    return faults


def _style_faults(style: str, declared: Mapping[str, object]) -> list[str]:
    """A theme may set known properties to plain colours or lengths, once for each scheme."""
    rest = _DECLARATION.sub("", re.sub(r"/\*.*?\*/", "", style, flags=re.DOTALL))
    rest = rest.replace(_DARK, "").replace(":root", "")
    faults = [] if re.fullmatch(r"[\s{}]*", rest) else ["tokens.css may only set custom properties on :root"]
    for name, value in _DECLARATION.findall(style):
        if name not in declared:
            faults.append(f"tokens.css sets an unknown property {name}")
        elif not re.fullmatch(r"#[0-9a-f]{6}|[0-9.]+(rem|px)", value):
            faults.append(f"tokens.css: {name} must be a colour as #rrggbb or a length")
    return faults


def _values(style: str, under: Mapping[str, tuple[str, str]] | None = None) -> dict[str, tuple[str, str]]:
    """Each custom property with its light and its dark value, laid over those of ``under``.

    As in the cascade, a value set outside the dark scheme also holds inside it.
    """
    light, _, dark = style.partition(_DARK)
    values = dict(under or {})
    values |= {name: (value, value) for name, value in _DECLARATION.findall(light)}
    values |= {name: (values.get(name, (value,))[0], value) for name, value in _DECLARATION.findall(dark)}
    return values


def _contrast_faults(tokens: Mapping[str, tuple[str, str]]) -> list[str]:
    faults = []
    for text, ground in PAIRS:
        for scheme, index in (("light", 0), ("dark", 1)):
            colours = tokens[text][index], tokens[ground][index]
            if not all(_COLOUR.fullmatch(colour) for colour in colours):
                faults.append(f"{text} and {ground} must be colours as #rrggbb")
            elif (ratio := contrast(*colours)) < CONTRAST:
                faults.append(f"{text} on {ground} has a contrast of {ratio:.2f} in the {scheme} scheme")
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
