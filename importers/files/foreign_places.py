"""The places of other maintainers: what one of them may not name as a source's own at the desk.

All maintainers of a portal share its inbox. Names without a folder would reach the files of others, and so
would a folder of theirs; whoever runs the portal may say both, with ``bordereau source``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, text

from app.config import INBOX
from app.refusals import OTHERS_FOLDER
from app.rules.source_columns import LABELS
from app.wording.i18n import N_
from importers.files.profiles import SourceProfile
from importers.refusals import refuse

_IS_SHARED: Final = text("SELECT EXISTS (SELECT FROM reseller WHERE declared AND id <> :reseller)")
# What waits in quarantine and is nobody's yet may be anybody's.
_IS_OF_OTHERS: Final = text("""
SELECT EXISTS (SELECT FROM source WHERE inbox = :folder AND reseller_id <> :reseller)
  OR EXISTS (SELECT FROM import_file f LEFT JOIN source s ON s.id = f.source_id
    WHERE f.folder = :folder AND CASE WHEN s.id IS NULL THEN f.status = 'quarantined'
      ELSE s.reseller_id <> :reseller END)
""")
# Said by whoever runs the portal, whatever its name is.
_IS_OWN: Final = text("SELECT EXISTS (SELECT FROM source WHERE inbox = :folder AND reseller_id = :reseller)")
# Slugs may begin alike: a name is of the longest that it begins with.
_OWNER_OF_NAME: Final = text("""
SELECT id FROM reseller WHERE declared AND starts_with(lower(:name), slug || '-')
ORDER BY length(slug) DESC LIMIT 1
""")
_NAMED_FOR: Final = N_(
    "on a portal of several maintainers, the name of a new source begins with %(start)s: files that name "
    "their source may be another's"
)
_FOLDER_NAMED_FOR: Final = N_(
    "on a portal of several maintainers, the name of a folder begins with the maintainer's own: what comes "
    "in another may be another's"
)
_ONLY_NAMES: Final = N_(
    "on a portal of several maintainers, names alone reach the files of all: say a folder too"
)


def owner_of_name(connection: Connection, name: str) -> int | None:
    """The maintainer with whose own name that of a source or a folder begins."""
    owner: int | None = connection.scalar(_OWNER_OF_NAME, {"name": name})
    return owner


def refuse_name(connection: Connection, name: str, reseller_id: int, slug: str) -> None:
    """Raise FileRefusedError where a new source would have a name that others' files may bear."""
    if not connection.scalar(_IS_SHARED, {"reseller": reseller_id}):
        return
    if owner_of_name(connection, name) != reseller_id:
        raise refuse(_NAMED_FOR, column=N_("Name of the source"), start=f"{slug}-")


def refuse_them(connection: Connection, profile: SourceProfile, said: Mapping[str, Any]) -> None:
    """Raise FileRefusedError where ``said`` gives a source a place that reaches the files of others."""
    before = {name: profile.columns[name] for name in ("inbox", "file_pattern")}
    place = {name: said.get(name, value) or None for name, value in before.items()}
    reseller = {"reseller": profile.reseller_id}
    if place == before or not any(place.values()) or not connection.scalar(_IS_SHARED, reseller):
        return
    folder = place["inbox"]
    if folder is None:
        raise refuse(_ONLY_NAMES, column=LABELS["inbox"])
    own = {**reseller, "folder": folder}
    # First, so that nobody learns which folders others have.
    if not connection.scalar(_IS_OWN, own) and owner_of_name(connection, f"{folder}-") != profile.reseller_id:
        raise refuse(_FOLDER_NAMED_FOR, column=LABELS["inbox"])
    if folder == INBOX or connection.scalar(_IS_OF_OTHERS, own):
        raise refuse(OTHERS_FOLDER, column=LABELS["inbox"])
