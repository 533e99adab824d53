from django.urls import path

from . import views

urlpatterns = [
    path("naver/start/", views.start, name="naver_start"),
    path("naver/callback/", views.callback, name="naver_callback"),
    path("sign-up/naver/", views.Join.as_view(), name="naver_join"),
    path("sign-up/naver/give-up/", views.give_up, name="naver_give_up"),
    path("account/naver/confirm/", views.confirm, name="naver_confirm"),
    path("my/account/naver/", views.manage, name="naver"),
    path("my/account/naver/link/", views.link, name="naver_link"),
    path("my/account/naver/link-waiting/", views.link_waiting, name="naver_link_waiting"),
    path("my/account/naver/unlink/", views.unlink, name="naver_unlink"),
]
