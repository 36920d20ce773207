"""White label: a theme is data in ``themes/<reseller slug>/``, loaded and checked at start.

A folder holds ``theme.toml`` (name, hosts, support, legal line), ``tokens.css`` (values for the
custom properties that ``static/css/tokens.css`` declares, nothing else), ``logo.svg`` and the icons of
home screens. A reseller's colours never make a page unreadable: broken ones are named, and that
reseller's pages wear the default look until they are mended. Only a broken default stops the start.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import textwrap
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.config import LOCAL_HOSTS, ROOT, THEMES
from app.logs import logger
from app.themes.checks import (
    DARK,
    DECLARATION,
    SHORT_NAME,
    contrast_faults,
    facts_faults,
    is_name,
    picture_faults,
    style_faults,
)
from app.wording.i18n import gettext

FOLDER = ROOT / "themes"
TOKENS = ROOT / "app" / "static" / "css" / "tokens.css"
DEFAULT = "default"
#: What a browser may ask of a theme, and its type.
FILES = {
    "tokens.css": "text/css; charset=utf-8",
    "logo.svg": "image/svg+xml",
    "icon-180.png": "image/png",
    "icon-192.png": "image/png",
    "icon-512.png": "image/png",
    "icon-maskable.png": "image/png",
}
#: What a maintainer changes first: the header, and what can be pressed.
FIRST_TOKENS = ("--brand", "--on-brand", "--accent", "--on-accent", "--link")

_log = logger("themes")
_SLUG = re.compile(r"[0-9a-z_-]{1,40}")


class ThemeError(Exception):
    """A theme cannot be used or made; the message names its folder and every fault."""


@dataclass(frozen=True)
class Theme:
    """A reseller's name, hosts and colours. ``version`` changes with any of its files.

    ``folder`` holds its files. ``sender`` is the address that mail comes from, empty for that of the
    whole portal; ``phone`` is the number that helps, as people write it, empty for none. ``issuers`` are
    the names of those of titres-restaurant by the first digits of their cards.
    """

    slug: str
    folder: Path
    name: str
    short_name: str
    hosts: tuple[str, ...]
    support: str
    legal: str
    ground: str
    ground_dark: str
    brand: str
    brand_dark: str
    on_brand: str
    accent: str
    on_accent: str
    version: str
    phone: str = ""
    sender: str = ""
    issuers: Mapping[str, str] = field(default_factory=dict)

    @property
    def dial(self) -> str:
        """The address that dials ``phone``, empty for none."""
        return f"tel:{re.sub(r'[ .]', '', self.phone)}" if self.phone else ""

    def file(self, name: str) -> Path:
        """One of the FILES of this theme."""
        return self.folder / name


@dataclass(frozen=True)
class Themes:
    """Every theme, by slug and by host; ``faults`` says what is wrong in those of resellers."""

    by_slug: Mapping[str, Theme]
    by_host: Mapping[str, Theme]
    faults: tuple[str, ...] = ()

    def of_host(self, host: str) -> Theme:
        """The theme that names ``host``; on this machine's own names the only reseller's; else the default.

        Among several resellers with hosts none is guessed: whoever is not signed in learns of none.
        """
        maintainers = [theme for slug, theme in self.by_slug.items() if slug != DEFAULT and theme.hosts]
        if host in LOCAL_HOSTS and len(maintainers) == 1:
            return maintainers[0]
        return self._naming(host)

    def of_reseller(self, slug: str, host: str) -> Theme:
        """The reseller's own theme when there is one, else the one that names ``host`` or the default."""
        return self.by_slug.get(slug) or self._naming(host)

    def _naming(self, host: str) -> Theme:
        return self.by_host.get(host, self.by_slug[DEFAULT])


def themes_of(data: Path) -> Themes:
    """The themes that come with the portal, and those of its operator, who has the last word."""
    return load_themes(FOLDER, data / THEMES)


def load_themes(*folders: Path) -> Themes:
    """Load the themes of ``folders``, of the same name the later one. Raises ThemeError for the default."""
    found = {path.name: path for folder in folders or (FOLDER,) for path in _folders(folder)}
    declared = _values(TOKENS.read_text(encoding="utf-8"))
    default = _default(found.pop(DEFAULT, None), declared)
    themes, faults = [default], list[str]()
    for slug, path in sorted(found.items()):
        if not _SLUG.fullmatch(slug):
            faults.append(
                gettext("themes/%(slug)s is not named like a maintainer, and is left alone", slug=slug)
            )
        elif theme := _load(path, declared, faults, instead=default):
            themes.append(theme)
    by_host = _by_host(themes, faults)
    return Themes({theme.slug: theme for theme in themes}, by_host, tuple(faults))


def report(themes: Themes) -> None:
    """Log what is wrong in the themes of resellers: their pages wear the default until it is mended."""
    for fault in themes.faults:
        _log.warning("theme_broken", fault=fault)


def new_theme(folder: Path, slug: str, name: str) -> Path:
    """A theme of that name in ``folder``, as the default looks. Raises ThemeError; nothing is overwritten."""
    made = folder / slug
    if not _SLUG.fullmatch(slug) or slug == DEFAULT:
        raise ThemeError(gettext("A theme is named like its maintainer: small letters, digits, - and _."))
    if not is_name(name):
        raise ThemeError(gettext("A maintainer's name is one line, and not empty."))
    if made.exists():
        raise ThemeError(gettext("%(folder)s is there already.", folder=made))
    made.mkdir(parents=True)
    for each in FILES:
        shutil.copyfile(FOLDER / DEFAULT / each, made / each)
    facts = {"name": name, "short_name": _shortened(name), "support": "", "legal": ""}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in facts.items()]
    (made / "theme.toml").write_text("".join([*lines, "hosts = []\n"]), encoding="utf-8")
    (made / "tokens.css").write_text(_starting_style(), encoding="utf-8")
    return made


def _shortened(name: str) -> str:
    """The first words of a name that a home screen has room for; of a long first word, what fits."""
    return textwrap.shorten(name, SHORT_NAME, placeholder="") or name.strip()[:SHORT_NAME]


def _starting_style() -> str:
    """The colours that a maintainer changes first, as the default has them, light and dark."""
    declared = _values(TOKENS.read_text(encoding="utf-8"))
    light, dark = (
        "".join(f"  {name}: {declared[name][scheme]};\n" for name in FIRST_TOKENS) for scheme in (0, 1)
    )
    return f":root {{\n{light}}}\n\n{DARK} {{\n:root {{\n{dark}}}\n}}\n"


def _folders(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []


def _default(path: Path | None, declared: Mapping[str, tuple[str, str]]) -> Theme:
    """The theme that all others fall back on. Raises ThemeError."""
    faults: list[str] = [] if path else [gettext("themes/%(slug)s is missing", slug=DEFAULT)]
    theme = _load(path, declared, faults) if path else None
    if theme is None or faults:
        raise ThemeError("\n".join(faults))
    return theme


def _by_host(themes: Iterable[Theme], faults: list[str]) -> dict[str, Theme]:
    """The theme of each host. One that two themes name stays with the first."""
    by_host: dict[str, Theme] = {}
    for theme in themes:
        for host in theme.hosts:
            if host in by_host:
                other = by_host[host].slug
                said = gettext("%(host)s stays with %(other)s, which names it too", host=host, other=other)
                faults.append(f"themes/{theme.slug}: {said}")
            by_host.setdefault(host, theme)
    return by_host


def _load(
    path: Path, declared: Mapping[str, tuple[str, str]], faults: list[str], instead: Theme | None = None
) -> Theme | None:
    """The theme of a folder; where its look is broken, that of ``instead``. None without its facts."""
    facts, wrong = _facts(path)
    tokens, ugly = _tokens(path, declared)
    faults += [f"themes/{path.name}: {fault}" for fault in dict.fromkeys((*wrong, *ugly))]
    if wrong:
        return None
    if ugly:
        return replace(instead, slug=path.name, **facts) if instead else None
    return Theme(
        slug=path.name,
        folder=path,
        **facts,
        ground=tokens["--ground"][0],
        ground_dark=tokens["--ground"][1],
        brand=tokens["--brand"][0],
        brand_dark=tokens["--brand"][1],
        on_brand=tokens["--on-brand"][0],
        accent=tokens["--accent"][0],
        on_accent=tokens["--on-accent"][0],
        version=_version(path),
    )


def _facts(path: Path) -> tuple[dict[str, Any], list[str]]:
    """What ``theme.toml`` says, and what is wrong with it."""
    try:
        facts = tomllib.loads((path / "theme.toml").read_text(encoding="utf-8"))
    except OSError as error:
        return {}, [gettext("theme.toml cannot be read: %(reason)s", reason=error.strerror)]
    except ValueError as error:  # not TOML, or not UTF-8
        return {}, [gettext("theme.toml is not TOML in UTF-8: %(reason)s", reason=error)]
    faults = facts_faults(facts)
    return ({} if faults else {"sender": "", **facts, "hosts": tuple(facts["hosts"])}), faults


def _tokens(
    path: Path, declared: Mapping[str, tuple[str, str]]
) -> tuple[dict[str, tuple[str, str]], list[str]]:
    """The custom properties of a theme laid over those ``declared``, and what is wrong with its look."""
    missing = [name for name in FILES if not os.access(path / name, os.R_OK)]
    if missing:
        return {}, [gettext("missing or not readable: %(names)s", names=", ".join(missing))]
    style = (path / "tokens.css").read_text(encoding="utf-8", errors="replace")
    tokens = _values(style, declared)
    return tokens, [*style_faults(style, declared), *contrast_faults(tokens), *picture_faults(path)]


def _version(path: Path) -> str:
    content = b"".join((path / name).read_bytes() for name in ("theme.toml", *FILES))
    return hashlib.sha256(content).hexdigest()[:12]


def _values(style: str, under: Mapping[str, tuple[str, str]] | None = None) -> dict[str, tuple[str, str]]:
    """Each custom property with its light and its dark value, laid over those of ``under``.

    As in the cascade, a value set outside the dark scheme also holds inside it.
    """
    light, _, dark = style.partition(DARK)
    values = dict(under or {})
    values |= {name: (value, value) for name, value in DECLARATION.findall(light)}
    values |= {name: (values.get(name, (value,))[0], value) for name, value in DECLARATION.findall(dark)}
    return values
