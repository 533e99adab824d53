from django.urls import path

from privacy_portal.policy import converters  # noqa: F401  (registers "code")

from . import views
from .receipts import views as receipts

app_name = "consents"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("welcome/", views.welcome, name="welcome"),
    path("data/", views.data, name="data"),
    path("consents/", views.consent_list, name="list"),
    path("consents/<code:code>/", views.detail, name="detail"),
    path("consents/<code:code>/receipt/", receipts.receipt, name="receipt"),
    path("consents/<code:code>/withdraw/", views.withdraw_consent, name="withdraw"),
    path("consents/<code:code>/renew/", views.renew_consent, name="renew"),
    path("consents/<code:code>/items/<slug:item>/agree/", views.agree_to_item, name="agree_to_item"),
    path("consents/<code:code>/items/<slug:item>/take-back/", views.take_back_item, name="take_back_item"),
]
