"""The maintainer's desk: pages for his staff alone, always within his own merchants."""

from app.views.desk import contracts, deliveries, files, look, merchants, referentials
from app.views.desk.place import blueprint

__all__ = ["blueprint", "contracts", "deliveries", "files", "look", "merchants", "referentials"]
