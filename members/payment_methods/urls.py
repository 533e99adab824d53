from django.urls import path

from ..models import PaymentKind
from . import views

urlpatterns = [
    path("", views.payment_methods, name="payment_methods"),
    path("add/card/", views.add, {"kind": PaymentKind.CREDIT_CARD}, name="add_card"),
    path("add/account/", views.add, {"kind": PaymentKind.ACCOUNT_TRANSFER}, name="add_account"),
    path("<uuid:number>/remove/", views.remove, name="remove_payment_method"),
]
