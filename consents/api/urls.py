from django.urls import path

from privacy_portal.policy import converters  # noqa: F401  (registers "code")

from . import schema, views

app_name = "api"
urlpatterns = [
    path("collections", views.CollectionsView.as_view(), name="collections"),
    path("collections/<code:code>", views.CollectionView.as_view(), name="collection"),
    path("notices/<code:code>", views.NoticeView.as_view(), name="notice"),
    path("consents/check", views.CheckView.as_view(), name="check"),
    path("schema/", schema.schema, name="schema"),
    path("docs/", schema.docs, name="docs"),
]
