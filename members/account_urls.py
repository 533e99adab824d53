"""The pages of allauth that the portal uses, under the names allauth knows them by.

Not among them: the page on which allauth lists and adds e-mail addresses, which would store them in clear.
"""

from allauth.account import views as allauth
from django.urls import path, re_path

from .views import choose_kind

urlpatterns = [
    path("sign-up/", choose_kind, name="account_signup"),
    path("account/login/", allauth.login, name="account_login"),
    path("account/logout/", allauth.logout, name="account_logout"),
    path("account/inactive/", allauth.account_inactive, name="account_inactive"),
    path("account/reauthenticate/", allauth.reauthenticate, name="account_reauthenticate"),
    path("account/confirm-email/", allauth.email_verification_sent, name="account_email_verification_sent"),
    re_path(r"^account/confirm-email/(?P<key>[-:\w]+)/$", allauth.confirm_email, name="account_confirm_email"),
    path("account/password/reset/", allauth.password_reset, name="account_reset_password"),
    path("account/password/reset/done/", allauth.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^account/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        allauth.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "account/password/reset/key/done/",
        allauth.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
