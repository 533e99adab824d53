from django.urls import include, path

from . import views
from .sessions import views as sessions

app_name = "members"
urlpatterns = [
    path("", views.home, name="home"),
    path("language/", views.change_language, name="change_language"),
    path("signed-in/", views.after_sign_in, name="after_sign_in"),
    path("my/data/<slug:item>/take-back/", views.take_back, name="take_back"),
    path("closed/", views.closed, name="closed"),
    path("my/account/close/", views.close_membership, name="close"),
    path("my/account/", views.account, name="account"),
    path("", include("members.address.urls")),
    path("", include("members.naver.urls")),
    path("sign-up/under-14/", include("members.representatives.urls")),
    path("my/payment-methods/", include("members.payment_methods.urls")),
    path("account/sessions/", sessions.sessions, name="sessions"),
    path("account/sessions/end-others/", sessions.end_other_sessions, name="end_other_sessions"),
    path("account/sessions/<uuid:session>/end/", sessions.end_session, name="end_session"),
    path("account/session/", sessions.session_state, name="session_state"),
    path("account/session/keep/", sessions.keep_session, name="keep_session"),
    path("account/session/again/", sessions.signed_in_again, name="signed_in_again"),
    path("sign-up/<slug:kind>/", views.SignUp.as_view(), name="sign_up"),
]
