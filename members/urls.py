from django.urls import path

from . import views

app_name = "members"
urlpatterns = [
    path("", views.home, name="home"),
    path("language/", views.change_language, name="change_language"),
    path("signed-in/", views.after_sign_in, name="after_sign_in"),
    path("my/data/<slug:item>/take-back/", views.take_back, name="take_back"),
    path("closed/", views.closed, name="closed"),
    path("my/account/close/", views.close_membership, name="close"),
    path("my/account/", views.account, name="account"),
    path("sign-up/under-14/", views.under_14, name="under_14"),
    path("sign-up/<slug:kind>/", views.SignUp.as_view(), name="sign_up"),
]
