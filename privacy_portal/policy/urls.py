from django.urls import path

from . import converters, views  # noqa: F401  (the first registers "code")

app_name = "policy"
urlpatterns = [
    path("", views.policy, name="policy"),
    path("<code:code>/", views.versions, name="versions"),
]
