from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.utils.translation import gettext_lazy
from django.views.generic import RedirectView

# One way to sign in, and to change a password, for everybody: the admin has no form of its own for either, and no way
# in for members.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.password_change = RedirectView.as_view(pattern_name="account_reset_password")  # type: ignore[assignment, method-assign]
admin.site.index_title = gettext_lazy("Home")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("members.account_urls")),
    path("", include("members.urls")),
    path("my/", include("consents.urls")),
    path("", include("requests.urls")),
    path("policy/", include("privacy_portal.policy.urls")),
    path("language/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
]
