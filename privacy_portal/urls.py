from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.utils.translation import gettext_lazy
from django.views.generic import RedirectView

from consents.receipts.views import public_keys
from members.second_factor.doors import may_open_admin, way_into_admin

# One way to sign in, and to change a password, for everybody: the admin has no form of its own for either, and no way
# in for members.
admin.site.login = way_into_admin  # type: ignore[method-assign, assignment]
# And only with a second factor: every page of the admin asks this before it opens.
admin.site.has_permission = may_open_admin  # type: ignore[method-assign]
admin.site.password_change = RedirectView.as_view(pattern_name="account_reset_password")  # type: ignore[assignment, method-assign]
admin.site.index_title = gettext_lazy("Home")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("members.account_urls")),
    path("", include("members.urls")),
    path("my/", include("consents.urls")),
    path("", include("requests.urls")),
    path("api/v1/", include("consents.api.urls")),
    path("policy/", include("privacy_portal.policy.urls")),
    path("language/", include("django.conf.urls.i18n")),
    path(".well-known/jwks.json", public_keys, name="jwks"),
    path("admin/", admin.site.urls),
]
if settings.DEMO:
    urlpatterns.append(path("demo/naver/", include("members.naver.standin.urls")))
