"""The maintainer's desk: pages for his staff alone, always within his own merchants."""

from app.views.desk import contracts, deliveries, directories, files, merchants, view_as
from app.views.desk.common import blueprint

__all__ = ["blueprint", "contracts", "deliveries", "directories", "files", "merchants", "view_as"]
