"""Accounts that sign in, the members behind them, and what each of them holds."""

from .account import LANGUAGE_CHOICES, Account, AccountManager
from .address_change import AddressChange
from .member import MEMBERSHIP_ITEMS, OPTIONAL_ITEMS, REQUIRED_ITEMS, Member
from .naver import NaverLink, NaverUnlinking, PendingNaver
from .payment_method import PaymentKind, PaymentMethod
from .representative import ConsentMethod, Delivery, RepresentativeConsent, RepresentativeEvent
from .rights import RightsChange, RightsRequest, RightsReview
from .sign_in_session import SignInSession

__all__ = [
    "LANGUAGE_CHOICES",
    "MEMBERSHIP_ITEMS",
    "OPTIONAL_ITEMS",
    "REQUIRED_ITEMS",
    "Account",
    "AccountManager",
    "AddressChange",
    "ConsentMethod",
    "Delivery",
    "Member",
    "NaverLink",
    "NaverUnlinking",
    "PaymentKind",
    "PaymentMethod",
    "PendingNaver",
    "RepresentativeConsent",
    "RepresentativeEvent",
    "RightsChange",
    "RightsRequest",
    "RightsReview",
    "SignInSession",
]
