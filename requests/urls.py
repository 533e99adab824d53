"""The pages of requests. Those of one request are reached in two ways: by its member, and by a visitor's link."""

from django.urls import URLPattern, URLResolver, include, path

from .views import business_documents, copies, filing, licence, listing, own, visiting

app_name = "requests"


def of_a_request(prefix: str) -> list[URLPattern]:
    return [
        path("", own.page, name=f"{prefix}page"),
        path("send/", own.send, name=f"{prefix}send"),
        path("cancel/", own.cancel, name=f"{prefix}cancel"),
        path("object/", filing.object_to, name=f"{prefix}object"),
        path("withdraw/", own.withdraw_consent, name=f"{prefix}withdraw"),
        path("package/", own.package, name=f"{prefix}package"),
        path("documents/<uuid:document>/", own.document, name=f"{prefix}document"),
    ]


mine: list[URLPattern | URLResolver] = [
    path("", listing.own_requests, name="list"),
    path("new/", listing.choose, name="choose"),
    path("new/<slug:code>/", filing.new, name="new"),
    path("<str:reference>/", include(of_a_request(""))),
    path("<str:reference>/filed/", own.filed, name="filed"),
]
of_visitors: list[URLPattern | URLResolver] = [
    path("new/", visiting.choose, name="visitor_choose"),
    path("new/<slug:code>/", visiting.new, name="visitor_new"),
    path("filed/", visiting.filed, name="visitor_filed"),
    path("follow/", visiting.ask_for_link, name="ask_for_link"),
    path("follow/<str:token>/", include(of_a_request("followed_"))),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("my/requests/", include(mine)),
    path("my/data/business-licence/", licence.licence, name="licence"),
    path("my/data/business-licence/file/", licence.licence_file, name="licence_file"),
    path("my/payment-methods/add/business-documents/", business_documents.add, name="add_business_documents"),
    path(
        "my/payment-methods/<uuid:number>/licence/", business_documents.licence_file, name="business_documents_licence"
    ),
    path("my/data/copy/", copies.copy, name="copy"),
    path("my/data/copy/ask/", copies.ask, name="ask_for_copy"),
    path("my/data/copy/<uuid:copy_id>/", copies.download, name="download_copy"),
    path("requests/", include(of_visitors)),
]
