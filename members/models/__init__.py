"""Accounts that sign in, the members behind them, and what each of them holds."""

from .account import LANGUAGE_CHOICES, Account, AccountManager
from .member import MEMBERSHIP_ITEMS, OPTIONAL_ITEMS, REQUIRED_ITEMS, Member

__all__ = [
    "LANGUAGE_CHOICES",
    "MEMBERSHIP_ITEMS",
    "OPTIONAL_ITEMS",
    "REQUIRED_ITEMS",
    "Account",
    "AccountManager",
    "Member",
]
