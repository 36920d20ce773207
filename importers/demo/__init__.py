"""The demo: a reseller's merchants and fifteen months of their payments, invented from one seed."""

from importers.demo.accounts import ACCOUNTS, STAFF, DemoAccount
from importers.demo.generation import DemoManifest, generate
from importers.demo.profiles import RESELLER, SOURCE

__all__ = ["ACCOUNTS", "RESELLER", "SOURCE", "STAFF", "DemoAccount", "DemoManifest", "generate"]
