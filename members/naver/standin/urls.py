from django.urls import path

from . import views

app_name = "naver_standin"
urlpatterns = [
    path("oauth2.0/authorize", views.authorize, name="authorize"),
    path("oauth2.0/token", views.token, name="token"),
    path("v1/nid/me", views.me, name="me"),
]
