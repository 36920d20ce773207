"""Accounts: people, their ways in, and what they may see."""
