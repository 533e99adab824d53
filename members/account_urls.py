"""The pages of allauth that the portal uses, under the names allauth knows them by.

Not among them: the page on which allauth lists and adds e-mail addresses, which would store them in clear.
"""

from allauth.account import views as allauth
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes.views import view_recovery_codes
from allauth.mfa.webauthn.views import list_webauthn, reauthenticate_webauthn
from django.urls import path, re_path

from .second_factor import views as second_factor
from .views import ConfirmEmail, choose_kind

urlpatterns = [
    path("sign-up/", choose_kind, name="account_signup"),
    path("account/login/", allauth.login, name="account_login"),
    path("account/logout/", allauth.logout, name="account_logout"),
    path("account/inactive/", allauth.account_inactive, name="account_inactive"),
    path("account/reauthenticate/", allauth.reauthenticate, name="account_reauthenticate"),
    path("account/confirm-email/", allauth.email_verification_sent, name="account_email_verification_sent"),
    re_path(r"^account/confirm-email/(?P<key>[-:\w]+)/$", ConfirmEmail.as_view(), name="account_confirm_email"),
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
    path("account/2fa/", second_factor.Index.as_view(), name="mfa_index"),
    path("account/2fa/authenticate/", mfa.authenticate, name="mfa_authenticate"),
    path("account/2fa/reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("account/2fa/app/", second_factor.SetUpApp.as_view(), name="mfa_activate_totp"),
    path("account/2fa/app/remove/", second_factor.RemoveApp.as_view(), name="mfa_deactivate_totp"),
    path("account/2fa/recovery-codes/", view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "account/2fa/recovery-codes/new/",
        second_factor.NewRecoveryCodes.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path("account/2fa/passkeys/", list_webauthn, name="mfa_list_webauthn"),
    path("account/2fa/passkeys/add/", second_factor.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("account/2fa/passkeys/reauthenticate/", reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("account/2fa/passkeys/<int:pk>/name/", second_factor.RenamePasskey.as_view(), name="mfa_edit_webauthn"),
    path("account/2fa/passkeys/<int:pk>/remove/", second_factor.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
]
