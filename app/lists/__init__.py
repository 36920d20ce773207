"""What can be listed, declared once, and everything that reads the declaration."""

from app.lists.remittances import REMITTANCES
from app.lists.transactions import TRANSACTIONS

__all__ = ["REMITTANCES", "TRANSACTIONS"]
