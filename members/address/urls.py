from django.urls import path

from . import views

urlpatterns = [
    path("my/account/address/", views.change, name="change_address"),
    path("account/address/<str:token>/", views.link, name="address_link"),
]
